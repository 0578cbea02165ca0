"""The measure of tables: the documents are read, and its scores count right and wrong cells as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.few import few

from benchmarks.quality import docx_files
from benchmarks.quality.cells import (
    PRACTICE,
    ExpectedCell,
    FoundCell,
    Score,
    TableDocument,
    Verdict,
    by_rule,
    documents,
    judged,
    pages_of,
    score,
)
from slmdesk.tasks.tables.cells import preset

pytestmark = pytest.mark.pure
DOCUMENTS, MORE = documents(), documents(PRACTICE)
each = pytest.mark.parametrize("document", few([*DOCUMENTS, *MORE]), ids=lambda document: document.name)


def text_of(document: TableDocument) -> str:
    """The words of a document, on one line."""
    return " ".join(" ".join(page.text for page in pages_of(document)).split())


@each
def test_each_has_the_columns_of_its_preset_in_their_order(document: TableDocument) -> None:
    known = preset(document.preset)
    assert known is not None
    assert [cell.column for cell in document.cells] == [column.name for column in known.columns]


@each
def test_what_is_expected_and_what_is_a_trap_stands_in_the_document(document: TableDocument) -> None:
    words = text_of(document).casefold()
    for cell in document.cells:
        for trap in (cell.value, *cell.traps):
            assert trap.casefold() in words, (cell.column, trap)


@each
def test_the_value_is_right_and_a_trap_is_wrong(document: TableDocument) -> None:
    for cell in document.cells:
        if cell.value:
            assert judged(cell, FoundCell(cell.value)) is Verdict.RIGHT, cell.column
            assert judged(cell, FoundCell("")) is Verdict.MISSING, cell.column
        else:
            assert judged(cell, FoundCell("")) is Verdict.RIGHTLY_EMPTY, cell.column
        for trap in cell.traps:
            assert judged(cell, FoundCell(trap, is_marked=True)) is Verdict.WRONG, (cell.column, trap)


@pytest.mark.parametrize("document", few(DOCUMENTS), ids=lambda document: document.name)
def test_the_value_of_a_column_is_right_in_no_other(document: TableDocument) -> None:
    for cell in document.cells:
        for other in {field.value for field in document.cells} - {"", cell.value}:
            if (document.name, cell.column, other) != ("facture-traduction", "Net amount", "1 240,00 €"):
                assert judged(cell, FoundCell(other)) is Verdict.WRONG, (cell.column, other)


CELL = ExpectedCell("Due date", "3 December 2025", (r"2025-12-03",), (r"30 days.*",))


@pytest.mark.parametrize(
    ("cell", "verdict"),
    [
        (FoundCell("3 december  2025"), Verdict.RIGHT),
        (FoundCell("3\u00a0December 2025"), Verdict.RIGHT),
        (FoundCell("2025-12-03"), Verdict.RIGHT),
        (FoundCell("by 3 December 2025."), Verdict.RIGHT),
        (FoundCell("on or before 3 December 2025"), Verdict.WRONG),
        (FoundCell("13 December 2025"), Verdict.WRONG),
        (FoundCell("30 days from now", is_marked=True), Verdict.RIGHT),
        (FoundCell("30 days from now"), Verdict.WRONG),
        (FoundCell(" "), Verdict.MISSING),
    ],
)
def test_a_cell_is_judged_whole(cell: FoundCell, verdict: Verdict) -> None:
    assert judged(CELL, cell) is verdict


def test_a_row_is_counted() -> None:
    cells = [ExpectedCell(letter, letter) for letter in "abcd"] + [ExpectedCell("e", ""), ExpectedCell("f", "")]
    answers = {
        "a": FoundCell("a"), "b": FoundCell("b", is_marked=True), "c": FoundCell("x"),
        "e": FoundCell("x", is_marked=True),
    }  # fmt: skip
    counted = score(cells, answers)
    assert counted == Score(right=2, rightly_empty=1, wrong_unmarked=1, wrong_marked=1, missing=1, right_marked=1)
    assert counted.total == 6
    assert counted.share_right == 0.5
    assert counted.share_wrong_unmarked == pytest.approx(1 / 6)
    assert (counted + counted).total == 12


def test_an_expectation_that_is_not_valid_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Total: 7", "utf-8")
    head = 'preset = "invoice"\nlanguage = "en"\nlayout = ""\n[cells]\n'
    for cell in (
        '"Total" = { value = "7", acept = [] }',
        '"Total" = { accept = ["7"] }',
        '"Total" = { value = "7", accept = ["("] }',
    ):
        (tmp_path / "a.toml").write_text(head + cell, "utf-8")
        with pytest.raises(ValueError, match=r"a\.toml"):
            documents(tmp_path)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(ValueError, match="no document"):
        documents(tmp_path)


def test_documents_of_a_word_processor_are_made_from_their_source() -> None:
    sources = sorted((docx_files.FOLDER / "source").glob("*.md"))
    made = sorted(document.path.stem for document in DOCUMENTS if document.path.suffix == ".docx")
    assert [source.stem for source in sources] == made
    for source in sources:
        written = (docx_files.FOLDER / source.stem).with_suffix(".docx").read_bytes()
        assert written == docx_files.docx_of(source.read_text("utf-8"))


@pytest.mark.parametrize(
    "document", few([document for document in DOCUMENTS if not document.is_aside], 4), ids=lambda paper: paper.name
)
def test_what_rules_give_without_a_model_is_not_wrong(document: TableDocument) -> None:
    assert score(document.cells, by_rule(document)).wrong_unmarked == 0


def test_of_papers_with_many_traps_rules_give_no_wrong_cell() -> None:
    counted = sum((score(paper.cells, by_rule(paper)) for paper in MORE), Score())
    assert counted.total == 144
    assert counted.wrong_unmarked == 0
    assert counted.right >= 15
