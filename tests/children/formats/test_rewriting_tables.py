"""Tables as text given back with other words in some columns, each row in a language of its own."""

from __future__ import annotations

import pytest
from fakes.rewritten import left, pieces_of, texts, written

from slmdesk.base.errors import KnownError
from slmdesk.children.formats.rewriting.rewriters import Unit
from slmdesk.children.formats.rewriting.text_files import rewrite_separated

pytestmark = pytest.mark.pure

REVIEWS = (
    "id;name;review;stars\r\n"
    'a1;Bob Smith;"The room was clean, and the ""staff"" was very kind to us.";5\r\n'
    "b2;Anna Maier;Das Zimmer war leider sehr laut und das Frühstück kalt.;2 \r\n"
    "c3;Luc Petit;La chambre était très propre et le personnel vraiment gentil.;4\r\n"
    "d4;X Y;Super!;5\r\n"
).encode()


def test_columns_of_sentences_are_translated_and_the_others_said():
    assert [text[:9] for text in texts(rewrite_separated, REVIEWS)] == [
        "review",
        "The room ",
        "Das Zimme",
        "La chambr",
        "Super!",
    ]
    assert left(rewrite_separated, REVIEWS) == [
        ("column", "column 1", "id"), ("column", "column 2", "name"), ("column", "column 4", "stars"),
    ]  # fmt: skip


def test_each_row_says_its_language_or_that_it_cannot():
    languages = [unit.language for unit in pieces_of(rewrite_separated, REVIEWS) if isinstance(unit, Unit)]
    assert languages == ["", "en", "de", "fr", ""]


def test_columns_are_chosen_by_number_and_by_name():
    assert texts(rewrite_separated, REVIEWS, columns=(1,))[:2] == ["name", "Bob Smith"]
    assert texts(rewrite_separated, REVIEWS, columns=(" Name ",)) == texts(rewrite_separated, REVIEWS, columns=(1,))
    assert len(texts(rewrite_separated, REVIEWS, columns=("name", 2))) == 10


@pytest.mark.parametrize("column", ["price", 9])
def test_a_column_that_is_not_there_is_named_with_those_that_are(column):
    with pytest.raises(KnownError) as caught:
        texts(rewrite_separated, REVIEWS, columns=(column,))
    assert caught.value.code == "document.no_column"
    assert caught.value.args_for_people["known"] == "id, name, review, stars"


def test_all_else_stays_byte_for_byte():
    assert written(rewrite_separated, REVIEWS, str) == REVIEWS
    made = written(rewrite_separated, REVIEWS).decode()
    assert 'a1;Bob Smith;"tHE ROOM WAS CLEAN, AND THE ""STAFF"" WAS VERY KIND TO US.";5\r\n' in made
    assert "dAS zIMMER WAR LEIDER SEHR LAUT UND DAS fRÜHSTÜCK KALT.;2 \r\n" in made
    assert made.count("\r\n") == made.count("\n") == 5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", "\t", "|", ","])
def test_encodings_marks_and_delimiters_are_kept(encoding, delimiter):
    rows = [["a", "note"], ["1", "Grüße an alle im Büro"], ["2", "Schöne Grüße aus Köln"]]
    data = "\n".join(delimiter.join(row) for row in rows).encode(encoding)
    assert written(rewrite_separated, data, str) == data
    assert written(rewrite_separated, data).decode(encoding).splitlines()[1] == f"1{delimiter}gRÜSSE AN ALLE IM bÜRO"


def test_lines_inside_a_value_and_signs_of_formulas():
    data = b'a;note\r\n1;"One of them\r\nand two of them"\r\n2;three of us here\r\n'
    assert texts(rewrite_separated, data)[1] == "One of them\nand two of them"
    assert written(rewrite_separated, data, str) == data
    made = written(rewrite_separated, data, lambda text: "=1+1; x" if text.startswith("three") else text).decode()
    assert '2;"\'=1+1; x"\r\n' in made


def test_a_table_without_sentences_is_translated_whole():
    assert texts(rewrite_separated, b"name;town\nBob;Bonn\n") == ["name", "town", "Bob", "Bonn"]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"1;2\n3;4\n", b"a"])
def test_small_and_empty_tables(data):
    assert written(rewrite_separated, data, str) == data
