"""A report as text that a person can paste: its statements with their places, what is left out, what was read."""

from __future__ import annotations

from collections.abc import Iterator

from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import unlike_marks
from slmdesk.tasks.report import Layout, Report, Section, Statement


def statement_words(statement: Statement) -> str:
    """Return a statement with its place: "The rent rises [p. 3]", and that it is to be checked."""
    warning = "" if statement.is_supported else _(" (check this)")
    place = f" [{statement.place}]" if statement.place else ""
    return unlike_marks(statement.text or statement.missing) + place + warning


def _section_lines(section: Section, *, is_listed: bool) -> Iterator[str]:
    if section.title:
        yield f"**{unlike_marks(section.title)}**\n"
    words = [statement_words(statement) for statement in section.statements]
    if section.is_prose:
        yield " ".join(words)
        return
    for line in words:
        yield f"- {line}" if is_listed else line


def _grid_lines(report: Report) -> Iterator[str]:
    """Yield the cells separated by tabs, as a spreadsheet takes them from the clipboard."""
    yield "\t".join([_("Document"), *(column.name for column in report.columns)])
    for section in report.sections:
        yield "\t".join([section.title, *(statement.text for statement in section.statements)])


def report_words(report: Report) -> str:
    if report.layout is Layout.GRID:
        return "\n".join(_grid_lines(report))
    shown = [section for section in report.sections if not section.is_folded]
    is_listed = len(list(report.statements)) > 1
    blocks = ["\n".join(_section_lines(section, is_listed=is_listed)) for section in shown]
    folded = sum(len(section.statements) for section in report.sections if section.is_folded)
    more = ""
    if folded and report.layout is Layout.LIST:
        more = ngettext("{n:,} more passage.", "{n:,} more passages.", folded)
    parts = (report.lead, *blocks, report.writer, more, report.coverage_words)
    return "\n\n".join(part for part in parts if part)
