import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.sentences import sentence_spans, sentences

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("language", "text", "requested"),
    [
        (
            "pl",
            "Spotkanie o godz. 15. Byłem tam 3 maja 2020 r. i padało. Koniec.",
            ["Spotkanie o godz. 15.", "Byłem tam 3 maja 2020 r. i padało.", "Koniec."],
        ),
        ("pl", "Umowa z 3 maja 2020 r. Strony ustaliły.", ["Umowa z 3 maja 2020 r.", "Strony ustaliły."]),
        ("ja", "はい、と彼は言った。次の文です。", ["はい、と彼は言った。", "次の文です。"]),
        (
            "de",
            "Am 3. März kam er, z. B. um 5. Dr. Müller sprach.",
            ["Am 3. März kam er, z. B. um 5.", "Dr. Müller sprach."],
        ),
        ("en", '"Is it?" she asked. He paid $1,234.50 to Acme Inc. on May 3. He left.', None),
        ("", "One. Two.\n\nthree", ["One.", "Two.", "three"]),
    ],
)
def test_sentences_are_cut_where_a_reader_would(language: str, text: str, requested: list[str] | None) -> None:
    assert sentences(text, language) == (
        requested or ['"Is it?" she asked.', "He paid $1,234.50 to Acme Inc. on May 3.", "He left."]
    )


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("de", "Ich sah Max.", "Kinder spielten."),
        ("de", "Das ist so.", "Mieter wissen es."),
        ("de", "Gewonnen hat die Nummer 12.", "Zuschauer klatschten."),
        ("nl", "Hij is lid.", "Marie ook."),
        ("pl", "Dał im.", "Marek czekał."),
        ("en", "He sat.", "People waited."),
        ("en", "The firm left the U.S.", "Its staff stayed."),
    ],
)
def test_what_is_an_abbreviation_elsewhere_ends_a_sentence(language: str, first: str, second: str) -> None:
    assert sentences(f"{first} {second}", language) == [first, second]


@given(st.text(max_size=300), st.sampled_from(["", "en", "de", "fr", "it", "pl", "ja"]))
def test_every_sign_of_any_text_is_in_one_span(text: str, language: str) -> None:
    at = 0
    for start, end in sentence_spans(text, language):
        assert at <= start < end
        assert not text[at:start].strip()
        at = end
    assert not text[at:].strip()


def test_a_long_line_takes_no_time() -> None:
    started = time.thread_time()
    assert len(sentence_spans("Dies ist ein Satz. " * 20_000, "de")) == 20_000
    assert sentence_spans("a" * 2_000_000) == [(0, 2_000_000)]
    assert len(sentence_spans("Der Preis gilt. § 4 Die Miete steigt. " * 10_000, "de")) == 20_000
    assert len(sentence_spans("Dr. " * 20_000, "de")) == 1
    assert time.thread_time() - started < 6
