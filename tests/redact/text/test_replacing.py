"""Substitutes, and the table of what stands for what."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.text.folding import fold
from slmdesk.redact import Certainty, Find, Kind, Table, table
from slmdesk.redact.finding import find_private
from slmdesk.redact.first_names import first_names
from slmdesk.redact.rules import is_checked
from slmdesk.redact.table import table_for

pytestmark = pytest.mark.pure
TEXT = """Dear Ms Ashworth,

Mr Colin Ashworth lives at 12 Larkspur Road, Sheffield S10 2BD. His IBAN is GB33 BUKB 2020 1555 5555 55, his phone
020 7946 0123, born on 12/03/1970. Hollowell & Sons Ltd pays him. Ashworth's card is 4111 1111 1111 1111, write to
c.ashworth@example.com.
"""


def _table(text: str = TEXT) -> Table:
    return table_for(text, find_private(text, language="en"))


def _of(made: Table, original: str) -> str:
    return next(sub for entry in made for orig, sub in entry.pairs if orig == original)


def test_substitutes_are_of_the_same_shape_and_belong_to_nobody() -> None:
    made = _table()
    for entry in made:
        for original, substitute in entry.pairs:
            assert fold(substitute) not in fold(TEXT)
            if entry.kind in (Kind.IBAN, Kind.CARD, Kind.NUMBER):
                assert [sign.isdigit() for sign in original] == [sign.isdigit() for sign in substitute]
                assert not is_checked(substitute)
    assert _of(made, "c.ashworth@example.com").endswith("@example.org")
    assert _of(made, "Hollowell & Sons Ltd").endswith(" Ltd")
    assert " Road" in _of(made, "12 Larkspur Road")
    assert _of(made, "Colin Ashworth").split()[1] == _of(made, "Ashworth")


def test_words_that_were_found_as_two_kinds_are_a_name() -> None:
    kinds = (("Anna Berg", Kind.PERSON), ("Anna Berg", Kind.OTHER), ("Berg", Kind.PERSON))
    made = table_for("Anna Berg, Berg", [Find(kind, 0, 0, words, Certainty.SURE, "hand") for words, kind in kinds])
    assert _of(made, "Anna Berg").split()[1] == _of(made, "Berg")


def test_no_substitute_has_anything_of_an_original() -> None:
    substitutes = " ".join(sub for entry in _table() for _, sub in entry.pairs)
    for original in ("Ashworth", "Colin", "Larkspur", "GB33 BUKB", "4111", "Hollowell", "12/03/1970", "7946"):
        assert original not in substitutes


def test_a_substitute_that_the_source_holds_is_not_taken() -> None:
    taken = _of(_table(), "Ashworth")
    assert _of(_table(f"{TEXT}Mr Ashworth has met {taken}."), "Ashworth") != taken


@pytest.mark.parametrize("words", ["anna", "von der"])
def test_a_name_written_small_gets_something_else(words: str) -> None:
    text = f"ask {words} today"
    made = table_for(text, [Find(Kind.PERSON, 4, 4 + len(words), words, Certainty.SURE, "hand")])
    assert words not in _of(made, words)


def test_two_originals_with_one_substitute_are_refused(monkeypatch) -> None:
    monkeypatch.setattr(table, "substitute_for", lambda *_: "Corlund")
    finds = [Find(Kind.OTHER, 0, 4, words, Certainty.SURE, "hand") for words in ("Berg", "Tal")]
    with pytest.raises(KnownError, match=r"redaction\.ambiguous"):
        table_for("Berg and Tal", finds)


def test_no_word_of_an_address_stands_for_somebody_too() -> None:
    people = [
        Find(Kind.PERSON, 0, 0, name, Certainty.SURE, "hand") for name in ("Berger", "Tannenkamp", "Adler", "Ohm")
    ]
    places = [Find(Kind.ADDRESS, 0, 0, f"Am Markt {at}, 0410{at} Neustadt", Certainty.SURE, "hand") for at in range(9)]
    for draw in map(str, range(40)):
        made = table_for("", [*people, *places], draw=draw)
        words = [word for entry in made for word in {*entry.substitute.replace(",", "").split()} - {"Am"}]
        names = [word for word in words if word.isalpha() and word != "Markt"]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "sex"), [("Adelheid", "female"), ("Kerstin", "female"), ("Knut", "male")])
def test_a_first_name_that_ends_like_none_of_its_sex_has_one_of_it(name: str, sex: str) -> None:
    made = table_for("", [Find(Kind.PERSON, 0, 0, f"{name} Ostermeyer", Certainty.SURE, "hand")])
    assert fold(made[0].substitute.split()[0]) in first_names()[sex]
