"""What is copied is marked, so that a clipboard's history leaves it out; it can be switched off."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QTextEdit

import slmdesk
from slmdesk.ui.kit.base.clipboard import copy_data, copy_text, marks

pytestmark = [pytest.mark.gui, pytest.mark.qt_log_ignore("This plugin does not support")]
HINT = "x-kde-passwordManagerHint"


@pytest.fixture(autouse=True)
def usual(qapp):
    """The setting is the application's."""
    before = qapp.property("copies_as_usual")
    qapp.setProperty("copies_as_usual", None)
    yield
    qapp.setProperty("copies_as_usual", before)


def clipboard():
    return QGuiApplication.clipboard()


def test_the_marks_of_each_system():
    assert dict(marks("linux")) == {HINT: b"secret"}
    windows = marks("win32")
    assert len(windows) == 3
    assert set(windows.values()) == {bytes(4)}
    assert 'application/x-qt-windows-mime;value="CanUploadToCloudClipboard"' in windows
    assert dict(marks("darwin")) == {}


def test_texts_and_data_are_marked_and_still_there(qapp):
    copy_text("Grüße")
    assert clipboard().text() == "Grüße"
    assert clipboard().mimeData().data(HINT) == b"secret"
    data = QMimeData()
    data.setText("a")
    data.setHtml("<b>a</b>")
    copy_data(data)
    mime = clipboard().mimeData()
    assert (mime.text(), mime.html(), mime.data(HINT)) == ("a", "<b>a</b>", b"secret")
    qapp.setProperty("copies_as_usual", True)
    copy_text("b")
    assert clipboard().mimeData().formats() == ["text/plain"]


def test_what_qts_own_fields_copy_is_marked_as_well_unless_it_is_switched_off_in_the_settings(program):
    for kind, name in ((QLineEdit, "setText"), (QPlainTextEdit, "setPlainText"), (QTextEdit, "setHtml")):
        field = kind(program.window)
        getattr(field, name)("some words")
        field.show()
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
        assert clipboard().text() == "some words"
        assert clipboard().mimeData().data(HINT) == b"secret"
        field.cut()
        assert clipboard().mimeData().data(HINT) == b"secret"
        clipboard().clear()
        field.deleteLater()
    clipboard().clear()
    assert not clipboard().mimeData(), "nothing is made of an empty one"
    switch = program.setting("private_copies")
    assert switch.isChecked()
    program.click(switch)
    program.wait(lambda: not program.ask(lambda services: services.settings.current.private_copies))
    program.wait(lambda: QGuiApplication.instance().property("copies_as_usual"))
    copy_text("words")
    assert not clipboard().mimeData().hasFormat(HINT)


def test_nothing_is_put_on_the_clipboard_in_another_way():
    root = Path(slmdesk.__file__).parent
    files = {
        str(path.relative_to(root))
        for path in root.rglob("*.py")
        if re.search(r"clipboard\(\)\.set|clipboard\.set", path.read_text("utf-8"))
    }
    assert files == {"ui/kit/base/clipboard.py"}
