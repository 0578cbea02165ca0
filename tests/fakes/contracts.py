"""A contract in two versions, as a Word file and as a PDF, with twelve changes that are known."""

from __future__ import annotations

from pathlib import Path

from fakes.tiny_pdf import Text, TinyPdf

_LINES = """# Service agreement

This agreement is made between Northwind Cleaning Ltd and the Harbour Street Library.

## 1. Services

The contractor cleans the reading rooms, the offices and the stairs of the library every working day before
eight o'clock. The contractor brings all machines and materials that are needed for the work.

The windows are cleaned four times a year. The contractor tells the library the days at least 14 days before.

## 2. Price

The library pays EUR 2,400 a month for the services of this agreement. Invoices are due within 30 days of their
receipt.

The price may be raised once a year, by 3 % at most. A rise must be announced in writing.

## 3. Staff

The contractor names Ms Keller as the person who answers for the work. All members of the staff carry a badge
with their name while they are in the house.

The contractor may use subcontractors for the windows and for the outside of the building.

## 4. Keys

The library hands over three sets of keys. Keys that were lost must be reported on the same day.

## 5. Liability

The contractor is liable for damage that its staff causes in the rooms of the library. The contractor keeps an
insurance for damage to persons and things.

## 6. Term

This agreement begins on 1 March 2024 and runs for two years. It is prolonged by one year unless one of the
parties ends it three months before its end.

The agreement may be ended at once where the other party does not keep to it in spite of a warning.

## 7. Place

Disputes are settled by the courts of Hamburg. Changes of this agreement must be made in writing.
"""
OLD = "\n\n".join(" ".join(part.split()) for part in _LINES.strip().split("\n\n")) + "\n"

EDITS = (
    ("name", "Northwind Cleaning Ltd", "Northwind Facility Ltd"),
    ("number", "at least 14 days before", "at least 21 days before"),
    ("amount", "EUR 2,400", "EUR 2,650"),
    ("number", "within 30 days", "within 60 days"),
    ("percent", "by 3 % at most", "by 5 % at most"),
    ("name", "Ms Keller", "Mr Brandt"),
    ("negation", "The contractor may use subcontractors", "The contractor may not use subcontractors"),
    ("removed", "Keys that were lost must be reported on the same day.", ""),
    ("date", "1 March 2024", "1 April 2024"),
    ("changed", "in spite of a warning", "in spite of a written warning"),
    ("added", "Changes of this agreement must be made in writing.",
     "Changes of this agreement must be made in writing. Should one clause be void, the others stay in force."),
)  # fmt: skip
MOVED = (
    "The contractor is liable for damage that its staff causes in the rooms of the library. "
    "The contractor keeps an insurance for damage to persons and things."
)
"""The twelfth: the clause stands before the term of the old version, and at the end of the new one."""


def new_text() -> str:
    """The new version."""
    text = OLD
    for _, old, new in EDITS:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    text = text.replace(f"## 5. Liability\n\n{MOVED}\n\n", "")
    return text + f"\n## 5. Liability\n\n{MOVED}\n"


def write_docx(path: Path, markdown: str) -> Path:
    """A Word file of it."""
    from slmdesk.base.documents import Paper
    from slmdesk.exports.markdown import pieces_of
    from slmdesk.exports.word import to_docx

    path.write_bytes(to_docx(Paper("", tuple(pieces_of(markdown)))))
    return path


def write_pdf(path: Path, markdown: str) -> Path:
    """A PDF of it: lines broken and words hyphenated anew, pages with a running head and their number."""
    shown: list[tuple[str, bool]] = []
    for part in markdown.strip().split("\n\n"):
        is_heading = part.startswith("#")
        shown += [(line, is_heading) for line in _broken(part.lstrip("# "), 62)]
        shown.append(("", False))
    pdf = TinyPdf()
    pages = [shown[at : at + 26] for at in range(0, len(shown), 26)]
    for number, page in enumerate(pages, 1):
        texts = [Text(60, 770, "Service agreement - second draft", size=8)]
        texts += [
            Text(60, 730 - 16 * at, line, size=14 if is_heading else 10, font="bold" if is_heading else "plain")
            for at, (line, is_heading) in enumerate(page)
            if line
        ]
        pdf.page(*texts, Text(280, 30, f"Page {number} of {len(pages)}", size=8))
    path.write_bytes(bytes(pdf))
    return path


def _broken(text: str, width: int) -> list[str]:
    """Lines of at most `width` letters; long words are cut with a hyphen."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) + 1 <= width:
            line = f"{line} {word}".strip()
        elif len(word) > 9 and word.isalpha() and width - len(line) > 7:
            lines.append(f"{line} {word[:5]}-")
            line = word[5:]
        else:
            lines.append(line)
            line = word
    return [*lines, line]
