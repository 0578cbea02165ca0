"""The small finder: what it sees, where it stands in the text, and that a find ends with its line."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import Stopped
from slmdesk.redact import Find, Kind

pytest.importorskip("onnxruntime")
from slmdesk.children.formats.redacting.finder import MOST_CHARACTERS, seen_in
from slmdesk.children.tasks.job import Job
from slmdesk.children.tasks.reader import private_words

TEXT = "Yesterday I met Krisztina Szöllösy in the park.\n\nShe lives at 17 Harcourt Terrace, Dublin 2.\n"


def _words(finds: list[Find], kind: Kind) -> list[str]:
    return [find.text for find in finds if find.kind is kind]


def test_names_and_addresses_are_seen_where_they_stand():
    finds = [*seen_in(TEXT)]
    assert _words(finds, Kind.PERSON) == ["Krisztina Szöllösy"]
    assert _words(finds, Kind.ADDRESS)[0].startswith("17 Harcourt Terrace")
    assert all(TEXT[find.start : find.end] == find.text for find in finds)


def test_a_long_paragraph_is_seen_in_parts_of_which_none_is_lost():
    text = "The weather was fine and nothing happened. " * (2 * MOST_CHARACTERS // 40) + TEXT
    finds = [*seen_in(text)]
    assert _words(finds, Kind.PERSON) == ["Krisztina Szöllösy"]
    assert all(text[find.start : find.end] == find.text for find in finds)


def test_no_find_runs_over_the_end_of_a_line():
    assert not [find for find in seen_in("To Krisztina Szöllösy\n17 Harcourt Terrace\nDublin 2\n") if "\n" in find.text]


def test_a_town_alone_is_no_secret():
    assert not [*seen_in("The court of Dublin met on Tuesday.")]


@pytest.mark.parametrize("text", ["", " ", "\0", "A" * 5_000, "한국어 " * 150])
def test_odd_texts_are_no_fault(text):
    list(seen_in(text))


def test_it_stops_between_two_looks():
    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        list(seen_in(TEXT, stop))


def test_a_long_look_shows_that_it_is_alive():
    signs = list[int]()
    job = Job("1", {"text": TEXT * 40})
    job.worked = lambda: signs.append(1)
    list(private_words(job))
    assert len(signs) > 1
