"""A report as text: what a command prints, and what a file of text holds."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from slmdesk.base.documents import COME, GONE, Run
from slmdesk.base.texts import _, cut, ngettext
from slmdesk.base.types import unlike_marks
from slmdesk.command.console import Console, columns_of
from slmdesk.command.terminal import harmless
from slmdesk.exports import phrases
from slmdesk.library.types import coverage_words
from slmdesk.tasks.report import Layout, Report, Section, Statement
from slmdesk.tasks.shape import Growth
from slmdesk.tasks.words import statement_words

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
COLOURS = {"[-": "\x1b[31m[-", "-]": "-]\x1b[0m", "{+": "\x1b[32m{+", "+}": "+}\x1b[0m"}


def say_report(console: Console, report: Report, *, has_folded: bool = False) -> None:
    """Print a report. On a terminal, what went is red and what came is green."""
    for line in lines_of(report, has_folded=has_folded):
        if report.layout is Layout.PAGES and sys.stdout.isatty():
            signs = "|".join(map(re.escape, COLOURS))
            console.write_shown(re.sub(signs, lambda sign: COLOURS[sign[0]], harmless(line)) + "\n")
        else:
            console.say(line)
    for note in _about_rows(report):
        console.notify(f"note: {note}")


def notes_of(report: Report) -> Sequence[str]:
    """Return what is told beside a report, whether or not it is printed. That of a list stands within it."""
    if report.layout is not Layout.GRID:
        return report.gaps
    return (*_rows_unread(report), *report.notes, *report.gaps)


def _rows_unread(report: Report) -> Iterator[str]:
    for row in report.sections:
        if row.coverage is not None and not row.coverage.pages_read:
            reasons = ", ".join(dict.fromkeys(page.reason for page in row.coverage.unreadable)) or "empty"
            yield f"{row.title}: no words could be read ({reasons}), so its row is empty."


def lines_of(report: Report, *, has_folded: bool = False) -> Iterator[str]:
    """Yield the lines of a report. `has_folded`: with what is shown only when asked for."""
    parts = filter(None, (report.lead, *PARTS[report.layout](report, has_folded), report.coverage_words))
    yield from "\n\n".join(parts).split("\n")


def growth_lines(growth: Growth) -> Iterator[str]:
    """Yield what became known while a report is made."""
    for section in growth.sections:
        for statement in section.statements:
            yield f"  · {statement_words(statement)}"


# ---- statements below each other


def _paragraphs(report: Report, has_folded: bool) -> Iterator[str]:
    covered = ""
    for section in report.sections:
        if section.level == 1 and section.title:
            yield covered
            covered = coverage_words(section.coverage, section.page_kind) if section.coverage else ""
        yield from _section(section, has_folded)
    yield covered
    due = [f"- {due.line}" for due in report.due if due.line]
    if due:
        yield "\n".join((f"**{_(phrases.DEADLINES)}**", "", *due))
    yield from (report.writer, " ".join(report.notes))


def _section(section: Section, has_folded: bool) -> Iterator[str]:
    if section.is_folded and not has_folded:
        yield ngettext("{n:,} more passage.", "{n:,} more passages.", len(section.statements))
        return
    if section.title:
        name = " ".join(section.title.split())
        yield f"# {name}" if section.level == 1 else f"**{unlike_marks(name)}**"
    said = list(map(statement_words, section.statements))
    yield " ".join(said) if section.is_prose else "\n".join(f"- {words}" for words in said)
    yield from section.notes


# ---- changes


def _changes(report: Report, _has_folded: bool) -> Iterator[str]:
    """Yield the changes, the most important first, each with its clause."""
    ranked = [(each, section.title) for section in report.sections for each in section.statements if each.rank]
    for statement, clause in sorted(ranked, key=lambda pair: pair[0].rank):
        place = ", ".join(filter(None, (clause, statement.place)))
        is_told = statement.gist and statement.text and statement.other  # else all its words are printed below
        parts = (
            f"{statement.rank}.",
            f"[{place}]" if place else "",
            f"{statement.heading}: {statement.gist}" if is_told else statement.heading,
        )
        notes = (f"   {report.model}: {unlike_marks(note)}" for note in statement.notes)
        words = "".join(map(_marked, statement.runs)).split("\n")
        yield "\n".join((" ".join(filter(None, parts)), *notes, *(f"     {line}" for line in words)))
    yield "\n".join(report.notes)


def _marked(run: Run) -> str:
    return SIGNS[run.change].format(OWN_SIGN.sub(r"\g<0> ", run.text))


# ---- grids


def _grid(report: Report, _has_folded: bool) -> Iterator[str]:
    """Yield the counts of a grid, and its rows. A grid of one row is turned, and says all of each cell."""
    for chart in report.charts:
        yield "\n".join(columns_of(chart.rows))
    if len(report.sections) == 1:
        cells = zip(report.columns, report.sections[0].statements, strict=True)
        yield "\n".join(columns_of([(column.name, cell.text or "–", beside(cell)) for column, cell in cells]))
    elif not _is_counted(report):
        head = ("DOCUMENT", *(column.name.upper() for column in report.columns))
        rows = [(cut(row.title, WIDEST), *map(_cell, row.statements)) for row in report.sections]
        yield "\n".join(columns_of([head, *rows]))


def _is_counted(report: Report) -> bool:
    """Whether a grid is so long that its counts stand for it."""
    return bool(report.charts) and len(report.sections) > MOST_ROWS


def beside(cell: Statement) -> str:
    """Return what there is to know of a cell beside its value: where it stands, what is doubtful, why it is empty."""
    certain = ""
    if cell.value and cell.value.certainty:
        certain = _("{share:.0%} certain").format(share=cell.value.certainty)
    return ", ".join(filter(None, (cell.place, certain, cell.doubts, *cell.notes, cell.missing)))


def _cell(cell: Statement) -> str:
    page = f" [{cell.sources[0].page}]" if cell.sources else ""
    mark = f" {MARK}" if cell.is_to_check else ""
    certainty = f" {cell.value.certainty:.0%}" if cell.value and cell.value.certainty else ""
    behind = f"{certainty}{page}{mark}"
    return cut(cell.text or "–", WIDEST - len(behind)) + behind


def _about_rows(report: Report) -> Iterator[str]:
    """Yield what is to be known of the rows of a grid that were printed, and what is to be checked in them."""
    if report.layout is not Layout.GRID or len(report.sections) == 1:
        return
    if _is_counted(report):
        yield f"with -o a file keeps all {len(report.sections):,} rows."
        return
    kinds = " or ".join(dict.fromkeys(row.page_kind for row in report.sections))
    yield f"the number in brackets is the {kinds}. With -o a file keeps the quotations, too."
    doubts = [
        f"{MARK} {row.title}, {column.name}: {cell.doubts}"
        for row in report.sections
        for column, cell in zip(report.columns, row.statements, strict=True)
        if cell.is_to_check
    ]
    yield from doubts[:MOST_DOUBTS]
    if len(doubts) > MOST_DOUBTS:
        yield f"{MARK} and {len(doubts) - MOST_DOUBTS} more to review; with -o a file names them all."


PARTS: Mapping[Layout, Callable[[Report, bool], Iterator[str]]] = {
    Layout.LIST: _paragraphs,
    Layout.GRID: _grid,
    Layout.PAGES: _changes,
}
