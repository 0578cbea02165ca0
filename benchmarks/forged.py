"""python -m benchmarks forged FOLDER …: whether an e-invoice that differs from its pages is told, and what else is.

Of a FOLDER with a manifest.json each PDF named in it was forged: [{file, source, kind, where, old, new}], where `kind`
is total, iban, date, number or party, and `source` the file before. It counts as told if something is said of this
value that is not said of the source. Of the PDFs in other folders all that is said is printed: a person reads whether
it is so.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from slmdesk.children.formats.reading import Reading, reader_of
from slmdesk.children.tasks.reader import chosen_format
from slmdesk.claims.einvoices import Finding, compared, finding_words, unsound

KINDS = {
    "total": ("total.gross", "total.due"), "iban": ("payment.iban",), "date": ("invoice.date",),
    "number": ("invoice.number",), "party": ("seller.name", "buyer.name"),
}  # fmt: skip


def findings(path: Path) -> Iterator[Finding]:
    """What is said of a file by itself, without earlier ones."""
    reading = Reading(str(path))
    pages = list(reader_of(chosen_format(reading, ""))(reading))
    for invoice in reading.einvoices:
        yield from compared(invoice, pages)
        yield from unsound(invoice)


def forged(folder: Path) -> int:
    """Print how many of the forged files are told. Return how many are not."""
    counts: Counter[str] = Counter()
    for entry in json.loads((folder / "manifest.json").read_text("utf-8")):
        before = set(findings(Path(entry["source"])))
        told = [each for each in findings(folder / entry["file"]) if each not in before]
        told = [each for each in told if each.term in KINDS[entry["kind"]]]
        counts["told, red" if any(each.is_sure for each in told) else "told, amber" if told else "not told"] += 1
        print(f"{entry['file']}: {' '.join(map(finding_words, told)) or 'NOT TOLD'}")
    print(f"forged: {', '.join(f'{name} {n}' for name, n in sorted(counts.items()))}")
    return counts["not told"]


def untouched(folder: Path) -> None:
    """Print all that is said of files that nobody forged."""
    counts: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.pdf")):
        said = dict.fromkeys(findings(path))
        counts["files"] += 1
        counts["with an alarm"] += any(each.is_sure for each in said)
        counts["with a doubt alone"] += bool(said) and not any(each.is_sure for each in said)
        for each in said:
            print(f"{path.relative_to(folder)}: {'red' if each.is_sure else 'amber'}: {finding_words(each)}")
    print(f"untouched: {', '.join(f'{name} {n}' for name, n in counts.items())}")


def main(arguments: Sequence[str]) -> int:
    """Status 1 where a forged file is not told."""
    missed = 0
    for folder in map(Path, arguments):
        if (folder / "manifest.json").exists():
            missed += forged(folder)
        else:
            untouched(folder)
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
