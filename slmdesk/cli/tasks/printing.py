"""A report as text: what a command prints, and what a file of text holds."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from slmdesk.base.documents import COME, GONE, Run
from slmdesk.base.texts import _, cut, ngettext
from slmdesk.base.types import unlike_marks
from slmdesk.cli.console import Console, columns_of
from slmdesk.cli.terminal import harmless
from slmdesk.documents.types import coverage_words
from slmdesk.exports import phrases
from slmdesk.tasks.report import Layout, Report, Section, Statement
from slmdesk.tasks.shape import Growth
from slmdesk.tasks.words import statement_words

EMPTY = "–"
MARK = "(!)"
WIDEST = 34
"""Most characters of a cell."""
MOST_ROWS = 40
"""Most rows that are printed of a grid that is counted in charts."""
MOST_DOUBTS = 20
SIGNS = {GONE: "[-{}-]", COME: "{{+{}+}}", "": "{}"}
"""How text that went and text that came is told from what stayed."""
OWN_SIGN = re.compile(r"\[(?=-)|-(?=\])|\{(?=\+)|\+(?=\})")
"""The same signs in the text itself, which are taken apart."""
RED, GREEN, PLAIN = "\x1b[31m", "\x1b[32m", "\x1b[0m"
COLOURS = {
    "[-": f"{RED}[-",
    "-]": f"-]{PLAIN}",
    "{+": f"{GREEN}{{+",
    "+}": f"+}}{PLAIN}",
}
SIGN = re.compile("|".join(map(re.escape, COLOURS)))


def say_report(console: Console, report: Report, *, has_folded: bool = False) -> None:
    """Print a report. On a terminal, what went is red and what came is green."""
    has_colours = report.layout is Layout.PAGES and sys.stdout.isatty()
    for line in lines_of(report, has_folded=has_folded):
        if has_colours:
            console.write_shown(_coloured(harmless(line)) + "\n")
        else:
            console.say(line)
    for note in _notes_on_rows(report):
        console.notify(f"note: {note}")


def _coloured(line: str) -> str:
    return SIGN.sub(lambda sign: COLOURS[sign[0]], line)


def notes_of(report: Report) -> Iterator[str]:
    """Yield what stands beside a report, whether or not that is printed. The notes of a
    list and of changes stand within them.
    """
    if report.layout is Layout.GRID:
        yield from _unread_rows(report)
        yield from report.notes
    yield from report.gaps


def _unread_rows(report: Report) -> Iterator[str]:
    for row in report.sections:
        if row.coverage is None or row.coverage.pages_read:
            continue
        reasons = dict.fromkeys(page.reason for page in row.coverage.unreadable)
        why = ", ".join(reasons) or "empty"
        yield f"{row.title}: no words could be read ({why}), so its row is empty."


def lines_of(report: Report, *, has_folded: bool = False) -> Iterator[str]:
    """Yield the lines of a report. `has_folded`: with what is shown only when asked
    for.
    """
    parts = PARTS[report.layout](report, has_folded)
    paragraphs = filter(None, (report.lead, *parts, report.coverage_words))
    yield from "\n\n".join(paragraphs).split("\n")


def growth_lines(growth: Growth) -> Iterator[str]:
    """Yield what became known while a report is made."""
    for section in growth.sections:
        for statement in section.statements:
            yield f"  · {statement_words(statement)}"


# ---- statements below each other


def _list(report: Report, has_folded: bool) -> Iterator[str]:
    coverage = ""
    for section in report.sections:
        if section.level == 1 and section.title:
            yield coverage  # of the document before
            coverage = ""
            if section.coverage is not None:
                coverage = coverage_words(section.coverage, section.page_kind)
        if section.is_folded and not has_folded:
            count = len(section.statements)
            more = ngettext("{n:,} more passage.", "{n:,} more passages.", count)
            yield section.fold or more
        else:
            yield from _section(section)
    yield coverage

    due = [f"- {due.line}" for due in report.due if due.line]
    if due:
        yield "\n".join((f"**{_(phrases.DEADLINES)}**", "", *due))
    yield report.writer
    yield " ".join(report.notes)


def _section(section: Section) -> Iterator[str]:
    title = " ".join(section.title.split())
    if title and section.level == 1:
        yield f"# {title}"
    elif title:
        yield f"**{unlike_marks(title)}**"

    sentences = list(map(statement_words, section.statements))
    if section.is_prose:
        yield " ".join(sentences)
    else:
        yield "\n".join(f"- {sentence}" for sentence in sentences)
    yield from section.notes


# ---- changes


def _changes(report: Report, _has_folded: bool) -> Iterator[str]:
    """Yield the changes, the most important first, each with its clause."""
    ranked = [
        (statement.rank, number, statement, section.title)
        for number, section in enumerate(report.sections)
        for statement in section.statements
        if statement.rank
    ]
    for _rank, _number, statement, clause in sorted(ranked, key=lambda each: each[:2]):
        yield "\n".join(_change(report, statement, clause))
    yield "\n".join(report.notes)


def _change(report: Report, statement: Statement, clause: str) -> Iterator[str]:
    head = f"{statement.rank}."
    place = ", ".join(filter(None, (clause, statement.place)))
    if place:
        head += f" [{place}]"
    head += f" {statement.heading}"
    is_whole = not statement.text or not statement.other
    if statement.gist and not is_whole:  # else all its words are printed below
        head += f": {statement.gist}"
    yield head

    for note in statement.notes:
        yield f"   {report.model}: {unlike_marks(note)}"
    words = "".join(map(_signed, statement.runs))
    for line in words.split("\n"):
        yield f"     {line}"


def _signed(run: Run) -> str:
    text = OWN_SIGN.sub(r"\g<0> ", run.text)
    return SIGNS[run.change].format(text)


# ---- grids


def _grid(report: Report, _has_folded: bool) -> Iterator[str]:
    """Yield the counts of a grid, and its rows."""
    for chart in report.charts:
        yield "\n".join(columns_of(chart.rows))
    if len(report.sections) == 1:
        yield "\n".join(columns_of(list(_turned(report, report.sections[0]))))
    elif not _is_counted(report):
        head = ["DOCUMENT"]
        head += [column.name.upper() for column in report.columns]
        rows = map(_row, report.sections)
        yield "\n".join(columns_of([head, *rows]))


def _is_counted(report: Report) -> bool:
    """Return whether a grid is so long that its counts stand for its rows."""
    return bool(report.charts) and len(report.sections) > MOST_ROWS


def _turned(report: Report, row: Section) -> Iterator[Sequence[str]]:
    """Yield a line for each cell of the only row, with all there is to know of it:
    where it stands, what is doubtful, why it is empty.
    """
    for column, cell in zip(report.columns, row.statements, strict=True):
        certainty = ""
        if cell.value and cell.value.certainty:
            certainty = _("{share:.0%} certain").format(share=cell.value.certainty)
        about = (cell.place, certainty, cell.doubts, *cell.notes, cell.missing)
        yield column.name, cell.text or EMPTY, ", ".join(filter(None, about))


def _row(row: Section) -> list[str]:
    return [cut(row.title, WIDEST), *map(_cell, row.statements)]


def _cell(cell: Statement) -> str:
    behind = ""
    if cell.value and cell.value.certainty:
        behind += f" {cell.value.certainty:.0%}"
    if cell.sources:
        behind += f" [{cell.sources[0].page}]"
    if cell.is_to_check:
        behind += f" {MARK}"
    return cut(cell.text or EMPTY, WIDEST - len(behind)) + behind


def _notes_on_rows(report: Report) -> Iterator[str]:
    """Yield what is to be known of the rows of a grid that were printed, and what is to
    be checked in them.
    """
    if report.layout is not Layout.GRID or len(report.sections) == 1:
        return
    if _is_counted(report):
        yield f"with -o a file keeps all {len(report.sections):,} rows."
        return
    kinds = dict.fromkeys(row.page_kind for row in report.sections)
    page = " or ".join(kinds)
    yield (
        f"the number in brackets is the {page}. With -o a file keeps the quotations, "
        "too."
    )

    doubts = list(_doubts(report))
    yield from doubts[:MOST_DOUBTS]
    more = len(doubts) - MOST_DOUBTS
    if more > 0:
        yield f"{MARK} and {more} more to review; with -o a file names them all."


def _doubts(report: Report) -> Iterator[str]:
    for row in report.sections:
        for column, cell in zip(report.columns, row.statements, strict=True):
            if cell.is_to_check:
                yield f"{MARK} {row.title}, {column.name}: {cell.doubts}"


PARTS: Mapping[Layout, Callable[[Report, bool], Iterator[str]]] = {
    Layout.LIST: _list,
    Layout.GRID: _grid,
    Layout.PAGES: _changes,
}
"""How each layout is told in paragraphs."""
