"""python -m benchmarks fields FOLDER [MODEL.gguf]: the fields of papers whose values others wrote down, in a table.

FOLDER holds papers with their values, in one of three forms: PDFs with a truth.json, whose XML is left out of the
copies that are read (github ZUGFeRD/corpus: {file: {number, date, seller, buyer, total, payable, due, iban}}); papers
with a JSON beside each (github invoice-x/invoice2data); or pictures with a JSON beside each (ICDAR's SROIE: company,
date, total).  Printed: how many fields are right, marked, empty, wrong and unmarked, and each of the last kind, so that
a person reads whether it is wrong.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.quality.desk import Desk
from slmdesk.tasks.tables.cells import column_named, preset
from slmdesk.tasks.tables.types import DOUBTFUL, Column, TableCell

CENT = 0.006
Truth = Mapping[str, Any]
SEVEN = {
    "number": "Invoice number", "date": "Invoice date", "seller": "Seller", "buyer": "Customer", "total": "Total",
    "due": "Due date", "iban": "IBAN",
}  # fmt: skip
FOUR = {"invoice_number": "Invoice number", "date": "Invoice date", "issuer": "Seller", "amount": "Total"}
THREE = {"company": "Company", "date": "Date", "total": "Total"}
RECEIPT = ("Company:person", "Date:date", "Total:amount")


def bare(words: object) -> str:
    """Letters and digits alone."""
    return re.sub(r"[\W_]+", "", str(words)).casefold()


def is_number(cell: TableCell, wanted: Sequence[object]) -> bool:
    """Whether a cell has one of these numbers."""
    return any(bare(one) == bare(cell.value) for one in wanted)


def is_day(cell: TableCell, wanted: Sequence[object]) -> bool:
    """Whether a cell has the day.  Receipts write it in figures only: there the figures must be the same."""
    return any(cell.date == str(one)[:10] or bare(one) == bare(cell.value) or same_day(cell, one) for one in wanted)


def same_day(cell: TableCell, wanted: object) -> bool:
    """Whether the figures of a day are those of the cell, in any order."""
    figures = [int(figure) for figure in re.findall(r"\d+", str(wanted))]
    if not cell.date or len(figures) < 3:
        return False
    day = date.fromisoformat(cell.date)
    return {day.day, day.month, day.year % 100} == {figure % 100 for figure in figures[:3]}


def is_party(cell: TableCell, wanted: Sequence[object]) -> bool:
    """Whether one name begins with, or holds, the beginning of the other."""
    said = bare(cell.value)
    return any(bare(one)[:10] in said or said[:10] in bare(one) for one in wanted)


def is_sum(cell: TableCell, wanted: Sequence[object]) -> bool:
    """Whether a cell has one of these amounts."""
    figures = [re.sub(r"[^\d.-]", "", str(one)) for one in wanted]
    return any(cell.number is not None and abs(cell.number - float(one)) < CENT for one in figures if one)


FITS: Mapping[str, Callable[[TableCell, Sequence[object]], bool]] = {
    "number": is_number, "invoice_number": is_number, "iban": is_number, "date": is_day, "due": is_day,
    "seller": is_party, "buyer": is_party, "issuer": is_party, "company": is_party, "total": is_sum, "amount": is_sum,
}  # fmt: skip


def without_xml(path: Path, folder: Path) -> Path:
    """A copy of a PDF's pages alone."""
    import pypdfium2 as pdfium

    source, copy = pdfium.PdfDocument(path), pdfium.PdfDocument.new()
    copy.import_pages(source)
    target = folder / path.name
    copy.save(target)
    return target


def papers(folder: Path, copies: Path) -> tuple[Sequence[tuple[Path, Truth]], Mapping[str, str], Sequence[Column]]:
    """The papers with their values, the columns of these values, and all columns that are asked for."""
    invoice = preset("invoice")
    assert invoice is not None
    whole = folder / "truth.json"
    if whole.is_file():
        known = json.loads(whole.read_text("utf-8"))
        return [(without_xml(folder / name, copies), truth) for name, truth in known.items()], SEVEN, invoice.columns
    found = []
    for path in sorted(folder.iterdir()):
        if path.suffix in (".pdf", ".txt", ".jpg"):
            truth = json.loads(path.with_suffix(".json").read_text("utf-8"))
            found.append((path, truth[0] if isinstance(truth, list) else truth))
    if any(path.suffix == ".jpg" for path, __ in found):
        return found, THREE, [column_named(name) for name in RECEIPT]
    return found, FOUR, invoice.columns


def wanted_of(truth: Truth, field: str) -> Sequence[object]:
    """All that is right for a field; the sum to pay too where the total is asked for."""
    value = truth.get(field)
    values = [*value] if isinstance(value, list) else [value]
    if field == "total":
        values.append(truth.get("payable"))
    return [value for value in values if value and value != "--"]


def judged(field: str, cell: TableCell, wanted: Sequence[object]) -> str:
    """What a cell is worth."""
    if not cell.value:
        return "empty"
    if FITS[field](cell, wanted):
        return "right, marked" if cell.flag in DOUBTFUL else "right"
    return "wrong, marked" if cell.flag in DOUBTFUL else "WRONG"


def main(arguments: Sequence[str]) -> int:
    """Print the counts and shares of FOLDER."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as copies, Desk(*arguments[1:2], threads=1) as desk:
        known, fields, columns = papers(Path(arguments[0]), Path(copies))
        names = [column.name for column in columns]
        table = desk.table([desk.read(path) for path, __ in known], columns).result
        for row, (path, truth) in zip(table.rows, known, strict=True):
            for field, column in fields.items():
                wanted, cell = wanted_of(truth, field), row.cells[names.index(column)]
                if wanted:
                    result = judged(field, cell, wanted)
                    counts[result] += 1
                    if result == "WRONG":
                        print(f"{path.name}: {field}: {cell.value!r}, not {wanted}")
    total, right = counts.total(), counts["right"] + counts["right, marked"]
    print(dict(counts))
    print(f"right {right / total:.2f}; wrong and unmarked {counts['WRONG'] / total:.3f}; of right ones marked "
          f"{counts['right, marked'] / max(1, right):.2f}")  # fmt: skip
    return 0
