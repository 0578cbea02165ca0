"""A report as text that a person can paste.

Its statements with their places, what is left out, what was read.
"""

from __future__ import annotations

from collections.abc import Iterator

from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import unlike_marks
from slmdesk.exports import phrases
from slmdesk.tasks.report import Layout, Report, Section, Statement


def statement_words(statement: Statement, document: str = "") -> str:
    """Return a statement with its place, and that it is to be checked.

    As "The rent rises [p. 3]". `document`: the only one there is, by its name.
    """
    words = unlike_marks(statement.text or statement.missing)
    if statement.place and document:
        words += f" [{document}, {statement.place}]"
    elif statement.place:
        words += f" [{statement.place}]"
    if not statement.is_supported:
        words += _(phrases.CHECK_THIS)
    return words


def folded_words(report: Report) -> str:
    """Return how many statements are left out, or "" if none is."""
    folded = 0
    for section in report.sections:
        if section.is_folded:
            folded += len(section.statements)
    if not folded:
        return ""
    return ngettext("{n:,} more passage.", "{n:,} more passages.", folded)


def only_document(report: Report) -> str:
    """Return the name of the only document: what is pasted elsewhere stands alone."""
    if len(report.documents) != 1:
        return ""
    return report.documents[0][1]


def _deadline_words(report: Report) -> str:
    """Return the days that were reckoned, or "": no statement names them."""
    lines = [f"- {unlike_marks(due.line)}" for due in report.due if due.line]
    if not lines:
        return ""
    return "\n".join((f"**{_(phrases.DEADLINES)}**\n", *lines))


def _section_lines(
    section: Section, document: str, *, is_listed: bool
) -> Iterator[str]:
    if section.title:
        yield f"**{unlike_marks(section.title)}**\n"
    lines = [statement_words(statement, document) for statement in section.statements]
    if section.is_prose:
        yield " ".join(lines)
    elif is_listed:
        yield from (f"- {line}" for line in lines)
    else:
        yield from lines


def _grid_lines(report: Report) -> Iterator[str]:
    """Yield the cells separated by tabs, as a spreadsheet takes what is pasted."""
    names = [column.name for column in report.columns]
    yield "\t".join([_(phrases.DOCUMENT), *names])
    for section in report.sections:
        texts = [statement.text for statement in section.statements]
        yield "\t".join([section.title, *texts])


def report_words(report: Report) -> str:
    if report.layout is Layout.GRID:
        return "\n".join(_grid_lines(report))
    is_listed = len(list(report.statements)) > 1
    document = only_document(report)
    parts = [report.lead]
    for section in report.sections:
        if not section.is_folded:
            lines = _section_lines(section, document, is_listed=is_listed)
            parts.append("\n".join(lines))
    parts += [_deadline_words(report), report.writer]
    if report.layout is Layout.LIST:
        parts.append(folded_words(report))
    parts.append(report.coverage_words)
    return "\n\n".join(filter(None, parts))
