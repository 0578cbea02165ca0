from __future__ import annotations

import csv
import datetime
import io
import tempfile

import openpyxl
import pytest

from slmdesk.base.record import changed
from slmdesk.documents.types import Coverage, Unread
from slmdesk.exports.spreadsheets import Noted, to_xlsx
from slmdesk.tasks.export import book_of, csv_of, paper_of
from slmdesk.tasks.tables.report import report_of
from slmdesk.tasks.tables.types import DOUBTFUL, Column, ColumnKind, Flag, Table, TableCell, TableRow

pytestmark = pytest.mark.pure


TABLE = Table(
    (Column("=Rent", ColumnKind.AMOUNT), Column("Due", ColumnKind.DATE), Column("Who")),
    (
        TableRow("d1", "=cmd|' /C calc'!A0.pdf", "page", (
            TableCell("1.234,50 €", "Die Miete ist 1.234,50 €", 3, flag=Flag.NONE, number=1234.5, unit="EUR"),
            TableCell("4 March 2024", page=2, flag=Flag.NONE, date="2024-03-04"),
            TableCell("=HYPERLINK(\"http://x\")", page=1, flag=Flag.ELSEWHERE),
        ), Coverage(4, 3, 9, 9, (Unread(4, "scanned"),), ("winmail.dat",))),
        TableRow("d2", "b.txt", "section", (
            TableCell("-45", page=1, flag=Flag.NONE, number=-45.0), TableCell(),
            TableCell("+49 30 1", flag=Flag.NONE, edited=True),
        ), Coverage(1, 1, 9, 9), is_whole=False),
    ),
)  # fmt: skip


def sheets_of(table: Table) -> bytes:
    return to_xlsx(book_of(report_of("Rents", table)).sheets)


def test_no_cell_of_the_csv_begins_as_a_formula() -> None:
    data = csv_of(report_of("Rents", TABLE))
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == ["Document", "'=Rent", "'=Rent: page", "Due", "Due: page", "Who", "Who: page",
                       "Needs review"]  # fmt: skip
    assert rows[1][0] == "'=cmd|' /C calc'!A0.pdf"
    assert rows[1][1:3] == ["1.234,50 €", "3"]
    assert rows[1][5] == '\'=HYPERLINK("http://x")'
    assert rows[2][1] == "-45", "a plain number stays one"
    odd = [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert set(odd) <= {"-45", "+49 30 1"}


def test_no_part_of_a_cell_begins_as_a_formula_where_a_semicolon_parts_cells() -> None:
    evil = TableCell("ACME;=cmd|' /C calc'!A1", page=1)
    row = changed(TABLE.rows[0], cells=(evil, TableCell(), TableCell()))
    data = csv_of(report_of("Rents", changed(TABLE, rows=(row,)))).decode("utf-8-sig")
    assert ";'=cmd" in data
    assert ";=" not in data


def test_a_spreadsheet_is_made_without_files_elsewhere(monkeypatch, tmp_path):
    """openpyxl wrote each sheet into the system's temporary folder first."""
    expected = openpyxl.Workbook()
    expected.active.append(["control"])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        expected.save(io.BytesIO())
    data = to_xlsx({"One": [("Name",), (Noted("words", "a note"),)], "Two": []})
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert (book.sheetnames, book["One"]["A2"].value) == (["One", "Two"], "words")
    assert book["One"]["A2"].comment.text == "a note"


def test_numbers_and_days_are_such_in_the_spreadsheet_and_words_are_never_formulas() -> None:
    book = openpyxl.load_workbook(io.BytesIO(sheets_of(TABLE)))
    sheet = book["Table"]
    heads = ["Document", "=Rent", "Page", "Due", "Page", "Who", "Page", "Needs review"]
    assert [cell.value for cell in sheet[1]] == heads
    assert {cell.data_type for cell in sheet[1]} == {"s"}
    assert sheet["B2"].value == 1234.5
    assert sheet["B2"].number_format == "#,##0.00 [$EUR]"
    assert sheet["C2"].value == 3
    assert "Die Miete ist" in sheet["B2"].comment.text
    assert "p. 3" in sheet["B2"].comment.text
    assert sheet["D2"].value == datetime.datetime(2024, 3, 4)
    assert sheet["D2"].number_format == "mm-dd-yy"  # each program shows it as its reader writes days
    assert (sheet["F2"].data_type, sheet["F2"].value) == ("s", '=HYPERLINK("http://x")')
    assert sheet["A2"].data_type == "s"
    assert sheet["H2"].value == "Who: in the document, but not in the passage quoted"
    assert (sheet["B3"].value, sheet["D3"].value or "", sheet["G3"].value) == (-45, "", None)
    assert sheet["H3"].value == "Who: changed by hand"
    read = book["What was read"]
    assert [cell.value for cell in read[2]][1:] == [4, 3, "4 (scanned), winmail.dat", "whole"]
    assert read["E3"].value == "the passages that fit best"


def test_a_cell_of_an_e_invoice_says_so_and_an_empty_one_why_it_is_marked(monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.tasks.tables.types.DOUBTFUL", doubtful := DOUBTFUL | {Flag.NOT_THERE})
    monkeypatch.setattr("slmdesk.tasks.tables.report.DOUBTFUL", doubtful)
    cells = (
        TableCell("900,00", page=1, flag=Flag.NONE, origin="e-invoice", number=900.0, note="PayableAmount"),
        TableCell(flag=Flag.NOT_THERE), TableCell(flag=Flag.UNASKED),
    )  # fmt: skip
    made = changed(TABLE, rows=(changed(TABLE.rows[0], cells=cells),))
    rows = sheets_of(made)
    sheet = openpyxl.load_workbook(io.BytesIO(rows))["Table"]
    assert "from the e-invoice" in sheet["B2"].comment.text
    (found, *__) = report_of("T", made).sections[0].statements
    assert (found.place, *found.notes) == ("p. 1", "from the e-invoice", "PayableAmount")
    assert (sheet["D2"].value or "", "not in the document" in sheet["D2"].comment.text) == ("", True)
    assert sheet["F2"].value == "not looked for"
    assert sheet["H2"].value == "Due: left empty: the model's value is not in the document; Who: not looked for"


def test_as_a_paper_it_says_what_was_read() -> None:
    paper = paper_of(report_of("Table: rents", TABLE))
    words = repr(paper)
    assert "4 (scanned)" in words
    assert "1.234,50 €" in words
