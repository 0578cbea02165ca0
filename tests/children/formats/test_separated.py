"""Tables as text: the delimiter is found, quotation marks hold what they hold, and no row is too long."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.documents import BlockKind, Note, PageKind, PageStatus
from slmdesk.children.formats import sheets
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.sheets import delimiter_of, rows_of

pytestmark = pytest.mark.pure


def read(data):
    reading = Reading("a.csv", data=data.encode() if isinstance(data, str) else data)
    return reading, [*sheets.read_separated(reading)]


def rows(page):
    return [(block.place, page.text[block.start : block.end]) for block in page.blocks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\n1,2\n", ","),
        ("name;sum\nMiller, A.;1,50\nBaker, B.;2,75\n", ";"),
        ("a\tb, c\n1\t2, 3\n", "\t"),
        ("1,50;2,75\n3,10;4,00\n", ";"),
        ("a|b|c\n1|2|3\n", "|"),
        ("one column\nof words\n", ","),
        ('"a;b",c\n"d;e",f\n', ","),
        ("", ","),
    ],
)
def test_the_delimiter_is_found(text, expected):
    assert delimiter_of(text) == expected


def test_rows_have_their_numbers_and_the_first_names_the_columns():
    reading, pages = read('name;sum\n\nMiller;1,50\nBaker;"2\nlines"\n;;\nCook;3\n')
    assert reading.page_kind is PageKind.SHEET
    assert rows(pages[0]) == [
        ("row 1", "name\tsum"),
        ("row 3", "Miller\t1,50"),
        ("row 4", "Baker\t2 lines"),
        ("row 6", "Cook\t3"),
    ]
    assert [block.level for block in pages[0].blocks] == [1, 0, 0, 0]
    assert all(block.kind is BlockKind.TABLE_ROW for block in pages[0].blocks)


def test_a_told_delimiter_is_taken_and_an_encoding_guessed():
    reading, pages = read("sep=|\nGröße|x,y\n".encode("cp1252"))
    assert rows(pages[0]) == [("row 1", "Größe\tx,y")]
    assert reading.notes == [Note.ENCODING_GUESSED]


@given(st.lists(st.lists(st.text("ab\n\",; '", max_size=6), min_size=2, max_size=4), min_size=1, max_size=6))
def test_what_csv_writes_is_read_as_it_was(table):
    file = io.StringIO()
    csv.writer(file, lineterminator="\n").writerows(table)
    assert [*rows_of(file.getvalue(), ",")] == table


def test_a_quotation_mark_without_an_end_swallows_nothing():
    text = 'a,"5\nb,6" screen\n' + 'c,"7\n' * 3
    assert [len(row) for row in rows_of(text, ",")] == [2] * 5
    for hostile in ('"' * 300_000, '"a\n' * 50_000, '""' * 100_000 + "x", ',"' * 50_000):  # the square would be hours
        assert sum(1 for _ in rows_of(hostile, ",")) > 0


def test_long_tables_are_parted_and_long_rows_too():
    reading, pages = read("n,m\n" + "1,2\n" * 500)
    assert [page.label for page in pages] == ["rows 1–200", "rows 201–400", "rows 401–501"]
    assert (reading.page_kind, reading.sheets) == (PageKind.PART, 1)
    _, pages = read("a" * 70_000 + "," + "b" * 10)
    assert [len(text) for _, text in rows(pages[0])] == [20_000, 20_000, 20_000, 10_011]


def test_an_empty_table_is_an_empty_page():
    assert [page.status for page in read("")[1]] == [PageStatus.EMPTY]
    assert [page.status for page in read(",,\n\n")[1]] == [PageStatus.EMPTY]
