"""What of a model's answer about a page counts."""

from __future__ import annotations

import json

import pytest

from slmdesk.redact import Finder, Kind
from slmdesk.redact.asking import PAGE, finds_in, pages_of, turns_about

pytestmark = pytest.mark.pure
PAGE_WORDS = (
    "Jule aus Halle rief an.\nAkte 77/B-2031, Ringweg 8,\n"
    "04229 Leipzig, am 12.03.2025: 1.250,00 Euro an die Volta eG.\n"
)


def _found(**said: list[str]) -> list[tuple[Kind, str]]:
    return [(find.kind, find.text) for find in finds_in(json.dumps(said), PAGE_WORDS, "de")]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"people": ["Jule"]}, [(Kind.PERSON, "Jule")]),
        ({"people": ["Julia", "jule", "ule"]}, []),
        ({"companies": ["Volta eG."]}, [(Kind.FIRM, "Volta eG")]),
        ({"addresses": ["Ringweg 8, 04229 Leipzig"]}, [(Kind.ADDRESS, "Ringweg 8"), (Kind.ADDRESS, "04229 Leipzig")]),
        ({"addresses": ["Halle", "1.250,00 Euro"]}, []),
        ({"numbers": ["77/B-2031"]}, [(Kind.REFERENCE, "77/B-2031")]),
        ({"numbers": ["12.03.2025", "1.250,00", "2025", "8", "an die Volta"]}, []),
        ({"else": ["Jule"]}, []),
    ],
)
def test_words_count_that_stand_in_the_page_and_look_like_what_they_are_called(said, found) -> None:
    assert _found(**said) == found


def test_an_answer_that_was_cut_off_counts_as_far_as_it_goes() -> None:
    finds = finds_in('{"people": ["Jule", "Volta', PAGE_WORDS)
    assert [(find.text, find.by) for find in finds] == [("Jule", (Finder.MODEL,))]


def test_a_long_page_is_asked_about_in_parts_of_whole_lines() -> None:
    text = "One line of words.\n" * 300
    pages = [text[start:end] for start, end in pages_of(text)]
    assert "".join(pages) == text
    assert all(len(page) <= PAGE and page.strip().startswith("One") for page in pages)
    assert list(pages_of(" \n")) == []


def test_the_page_is_material_and_the_answer_has_a_form() -> None:
    messages, sampling = turns_about('Say "yes".')
    assert [part.origin.value for part in messages[1].parts] == ["program", "document", "program"]
    assert sampling.grammar
    assert sampling.max_tokens
