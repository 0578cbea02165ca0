"""What a pane of questions shows, and a press on one of its rows."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slmdesk.ui.tasks.rows import RowKind


def rows_of(pane):
    return pane.view.lists[0].rows.rows


def questions_in(pane) -> list[str]:
    """The questions that were asked, as they stand there."""
    return [row.text for row in rows_of(pane) if row.kind is RowKind.TITLE and row.section.level == 1]


def quotations_in(pane):
    return [statement for statement in pane.view.statements if statement.is_quotation]


def words_in(pane) -> list[str]:
    """All that stands there, line by line."""
    return [line for row in rows_of(pane) for line in (row.text, *row.statement.notes)]


def is_answered(pane, question: str) -> bool:
    if pane is None:  # it has not been made yet
        return False
    return questions_in(pane)[-1:] == [question] and not any(one.is_open for one in pane.view.statements)


def press(pane, statement) -> None:
    shown = pane.view.lists[0]
    shown.scrollTo(shown.rows.index_of(statement))
    place = shown.visualRect(shown.rows.index_of(statement)).center()
    QTest.mouseClick(shown.viewport(), Qt.MouseButton.LeftButton, pos=place)


def ask(program, words: str, pane: str = "question_pane") -> None:
    """Type a question and press Enter."""
    line = program.find(pane.removesuffix("pane") + "line")
    program.type_into(line, words)
    QTest.keyClick(line, Qt.Key.Key_Return)
