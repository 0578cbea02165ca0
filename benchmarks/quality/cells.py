"""python -m benchmarks.quality.cells [--open | --aside | --practice] [--each] [--model GGUF]

The cells of 16 documents.

Without a model by rule alone; with one through the real services, and with the time of a table of three invoices.

The documents are made for this; beside each stands what the cells of its row must be, and here how a row is judged.

`tables/NAME.txt|.md|.html|.docx` is an invoice or a contract; `tables/NAME.toml` beside it names the preset whose
columns are asked for, the language, the layout in a few words, and under `[cells]` for each column of the preset

    value    as it stands in the document; empty where the document says nothing of the kind, so that the cell is
             rightly empty
    accept   regular expressions of the whole cell that are right as well: other spellings, a part that is enough
    marked   the same, but right only in a cell that is marked to be looked at: "30 days" where a day is asked for
    traps    words of the document that look right and are not; only tests read them

Case, white space, a full stop at the end and a small word before a date ("by", "bis zum") do not matter.  A model's
table is judged by the same `score`, its cells by way of `found_cells`.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.quality import is_aside
from benchmarks.quality.desk import Desk
from slmdesk.base.documents import Page
from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.tasks.tables.cells import preset
from slmdesk.tasks.tables.rules import Rules
from slmdesk.tasks.tables.types import DOUBTFUL, Column, TableCell

FOLDER = Path(__file__).resolve().parent / "tables"
PRACTICE = FOLDER.parent / "practice"
"""Sixteen more, harder ones, written when the rules were made for the open half; the rules were mended with them."""
_SMALL_WORDS = (
    "by|until|on|from|of|bis(?: zum)?|zum|am|vom|den|von|le|du|de|au(?: plus tard le)?|à|el|hasta el|il|entro il|di"
)


class Verdict(StrEnum):
    """What a cell is."""

    RIGHT = "right"
    RIGHTLY_EMPTY = "rightly empty"
    WRONG = "wrong"
    """It has a value that is not the right one."""
    MISSING = "missing"
    """It is empty, and the document has a value."""


@dataclass(frozen=True, slots=True)
class ExpectedCell:
    """What a cell may be."""

    column: str
    value: str
    accept: tuple[str, ...] = ()
    marked: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableDocument:
    """A document and the cells of its row."""

    name: str
    path: Path
    language: str
    layout: str
    preset: str
    """Whose columns are asked for."""
    cells: tuple[ExpectedCell, ...]

    @property
    def is_aside(self) -> bool:
        """Whether it is looked at only once, at the end."""
        return is_aside(self.name)


@dataclass(frozen=True, slots=True)
class FoundCell:
    """A cell of a table that was made."""

    value: str
    is_marked: bool = False
    """It is shown as one to be looked at."""


@dataclass(frozen=True, slots=True)
class Score:
    """The cells of one or several documents, counted."""

    right: int = 0
    rightly_empty: int = 0
    wrong_unmarked: int = 0
    wrong_marked: int = 0
    missing: int = 0
    right_marked: int = 0
    """Of the right ones those that are marked: doubt without a reason."""

    def __add__(self, other: Score) -> Score:
        """Count both."""
        return Score(*(getattr(self, slot) + getattr(other, slot) for slot in self.__slots__))

    @property
    def total(self) -> int:
        """All cells."""
        return self.right + self.rightly_empty + self.wrong_unmarked + self.wrong_marked + self.missing

    @property
    def share_right(self) -> float:
        """Right or rightly empty, of all."""
        return (self.right + self.rightly_empty) / self.total if self.total else 0.0

    @property
    def share_wrong_unmarked(self) -> float:
        """Wrong without a mark, of all."""
        return self.wrong_unmarked / self.total if self.total else 0.0


def documents(folder: Path = FOLDER) -> list[TableDocument]:
    """All documents by name.  Raises ValueError where one has no document or an expectation is not valid."""
    return [_document(path) for path in sorted(folder.glob("*.toml"))]


def judged(expected: ExpectedCell, answer: FoundCell) -> Verdict:
    """Judge one cell."""
    value = _bare(_flat(answer.value))
    if not value:
        return Verdict.MISSING if expected.value else Verdict.RIGHTLY_EMPTY
    patterns = list(expected.accept)
    if expected.value:
        patterns.append(re.escape(_bare(_flat(expected.value))))
    if answer.is_marked:
        patterns += expected.marked
    return Verdict.RIGHT if any(_matches(pattern, value) for pattern in patterns) else Verdict.WRONG


def score(expected: Iterable[ExpectedCell], answers: Mapping[str, FoundCell]) -> Score:
    """Count the cells of a row; a column that `found` lacks is an empty cell."""
    verdicts: Counter[tuple[Verdict, bool]] = Counter()
    for target in expected:
        cell = answers.get(target.column, FoundCell(""))
        verdicts[judged(target, cell), cell.is_marked] += 1

    def count(verdict: Verdict) -> int:
        return verdicts[verdict, False] + verdicts[verdict, True]

    return Score(
        right=count(Verdict.RIGHT),
        rightly_empty=count(Verdict.RIGHTLY_EMPTY),
        wrong_unmarked=verdicts[Verdict.WRONG, False],
        wrong_marked=verdicts[Verdict.WRONG, True],
        missing=count(Verdict.MISSING),
        right_marked=verdicts[Verdict.RIGHT, True],
    )


def found_cells(columns: Sequence[Column], cells: Sequence[TableCell]) -> dict[str, FoundCell]:
    """The cells of a row that the program made, by the names of their columns."""
    return {
        column.name: FoundCell(cell.value, cell.flag in DOUBTFUL) for column, cell in zip(columns, cells, strict=True)
    }


def pages_of(document: TableDocument) -> list[Page]:
    """Its pages as the program reads them."""
    path = document.path
    return list(reader_of(path.suffix[1:])(Reading(str(path), data=path.read_bytes())))


def by_rule(document: TableDocument) -> dict[str, FoundCell]:
    """The cells that the program finds without a model."""
    known = preset(document.preset)
    if known is None:
        raise ValueError(f"{document.name}: no such preset: {document.preset}")
    rules = Rules(known.columns)
    for page in pages_of(document):
        rules.feed(page, document.language)
    cells = rules.result()
    return found_cells(known.columns, [cells.get(at, TableCell()) for at in range(len(known.columns))])


def by_model(documents: Sequence[TableDocument], desk: Desk) -> dict[str, dict[str, FoundCell]]:
    """The cells of the program's tables, for each document by its name."""
    answers: dict[str, dict[str, FoundCell]] = {}
    for name in sorted({document.preset for document in documents}):
        known = preset(name)
        assert known is not None
        some = [document for document in documents if document.preset == name]
        made = desk.table([desk.read(document.path) for document in some], known.columns)
        print(f"{name}: {len(some)} documents, first cell {made.first_s:.1f} s, all {made.seconds:.1f} s")
        for document, row in zip(some, made.result.rows, strict=True):
            answers[document.name] = found_cells(known.columns, row.cells)
    return answers


def main(arguments: Sequence[str]) -> None:
    """Print the figures of the open half, of the half aside, or of both."""
    chosen = {argument.removeprefix("--") for argument in arguments} & {"open", "aside"} or {"open", "aside"}
    some = [document for document in documents() if ("aside" if document.is_aside else "open") in chosen]
    if "--practice" in arguments:
        chosen, some = {"practice"}, documents(PRACTICE)
    if "--model" in arguments:
        desk = Desk(arguments[arguments.index("--model") + 1])
        try:
            invoices = [document for document in some if document.preset == "invoice"][:3]
            print("Three invoices, the model not yet loaded:")
            by_model(invoices, desk)
            answers = by_model(some, desk)
        finally:
            desk.close()
    else:
        answers = {document.name: by_rule(document) for document in some}
    for half in sorted(chosen, reverse=True):
        print(f"| {' | '.join(('document', 'half', *_HEAD))} |\n{'|---' * (len(_HEAD) + 2)}|")
        total = Score()
        for document in (paper for paper in some if half == "practice" or paper.is_aside is (half == "aside")):
            counted = score(document.cells, answers[document.name])
            total += counted
            print(_line(document.name, half, counted))
            if "--each" in arguments:
                _print_each(document, answers[document.name])
        print(_line("**all**", half, total))


def _print_each(document: TableDocument, answers: Mapping[str, FoundCell]) -> None:
    for cell in document.cells:
        answer = answers[cell.column]
        verdict = judged(cell, answer)
        marked = ", marked" if answer.is_marked else ""
        print(f"    {cell.column}: {verdict}{marked}" + (f": {answer.value!r}" if verdict is Verdict.WRONG else ""))


_HEAD = ("cells", "right", "rightly empty", "wrong, unmarked", "wrong, marked", "missing", "right, yet marked")


def _line(name: str, half: str, sums: Score) -> str:
    cells = (
        name, half, sums.total, sums.right, sums.rightly_empty, sums.wrong_unmarked, sums.wrong_marked, sums.missing,
        sums.right_marked,
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def _matches(pattern: str, value: str) -> bool:
    return re.fullmatch(pattern, value, re.IGNORECASE) is not None


def _bare(value: str) -> str:
    """Without a full stop at its end, and without the small word before a date or an amount: "by 3 December"."""
    return re.sub(rf"^(?:{_SMALL_WORDS})\s+(?=\d)", "", value.rstrip(".,;:"), flags=re.IGNORECASE)


def _flat(text: str) -> str:
    """White space, also the kinds that do not break a line, is one space."""
    return " ".join(text.replace("\u2019", "'").split())


def _document(expectation: Path) -> TableDocument:
    shape = tomllib.loads(expectation.read_text("utf-8"))
    path = next(
        (path for path in sorted(expectation.parent.glob(f"{expectation.stem}.*")) if path != expectation), None
    )
    if path is None:
        raise ValueError(f"{expectation.name} has no document beside it")
    try:
        cells = tuple(_cell(column, cell) for column, cell in shape["cells"].items())
        return TableDocument(
            expectation.stem, path, shape["language"], shape["layout"], shape["preset"], cells
        )  # fmt: skip
    except (KeyError, TypeError, re.error) as error:
        raise ValueError(f"{expectation.name}: {error}") from error


def _cell(column: str, shape: Mapping[str, str | list[str]]) -> ExpectedCell:
    if unknown := shape.keys() - {"value", "accept", "marked", "traps"}:
        raise KeyError(f"{column}: {', '.join(sorted(unknown))}")
    lists = {key: tuple(map(str, shape.get(key, ()))) for key in ("accept", "marked", "traps")}
    for pattern in (*lists["accept"], *lists["marked"]):
        re.compile(pattern)
    return ExpectedCell(column, str(shape["value"]), lists["accept"], lists["marked"], lists["traps"])


if __name__ == "__main__":
    main(sys.argv[1:])
