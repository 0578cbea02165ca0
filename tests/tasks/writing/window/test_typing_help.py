"""Help while a text is typed on the page Write: misspelled words are underlined."""

from __future__ import annotations

import pytest
from fakes import tiny_dictionary
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest

pytestmark = [
    pytest.mark.gui,
    pytest.mark.qt_log_ignore("This plugin does not support|OpenType support missing", extend=True),
]
CTRL = Qt.KeyboardModifier.ControlModifier
LINE = "The letter was sennt on Monday and received by the court"
CORRECTED = {f"{LINE}.": f"{LINE}.".replace("sennt", "sent").replace("court", "corut")}


@pytest.fixture
def writer(begin, tmp_path, request, monkeypatch):
    """The page Write, with the focus in it and an English dictionary; the parameter: how the engine answers."""
    tiny_dictionary.write(tmp_path / "dictionaries")
    tiny_dictionary.install(monkeypatch, tmp_path / "dictionaries")
    program = begin(**request.param)
    program.wait(program.is_in_front)
    program.edit.setFocus()
    program.marks = program.edit.findChild(QObject, "spell_marks")
    return program


@pytest.mark.parametrize("writer", [{"known": CORRECTED}], indirect=True)
def test_where_changes_wait_for_a_decision_nothing_is_marked(writer):
    program = writer
    QTest.keyClicks(program.edit, f"{LINE}.")
    program.wait(lambda: program.marks.words == ["sennt"])
    program.click("writing_correct")
    program.wait(lambda: not program.writing.corrections.is_busy and program.edit.tracked.pending)
    program.wait(lambda: not program.marks.words and not program.marks.findChild(QTimer, "spelling_timer").isActive())
