"""The window that makes a statement for an auditor, by real clicks."""

from __future__ import annotations

import socket
import subprocess
import sys
from datetime import date

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget

from slmdesk.base.walls import ALLOWED, REFUSED
from slmdesk.online.statement import verify
from slmdesk.online.window.statement import STOPPED, StatementWindow

pytestmark = [pytest.mark.gui, pytest.mark.real_child]


def opened(program) -> StatementWindow:
    program.click("network_button")
    program.click("statement_button")
    program.wait(lambda: program.window.findChild(StatementWindow))
    return program.window.findChild(StatementWindow)


def part(window, name: str, kind=QWidget):
    return window.findChild(kind, name)


def choose(program, window, target) -> None:
    program.click(part(window, "statement_make"))
    program.wait(lambda: part(window, "statement_file_dialog"))
    dialog = part(window, "statement_file_dialog", QFileDialog)
    dialog.fileSelected.emit(str(target))
    dialog.close()


def said(window) -> str:
    return part(window, "statement_stage", QLabel).text().replace("\u200b", "")


def test_a_statement_is_made_by_clicks(start, tmp_path):
    program, target = start(), tmp_path / "one.tar"
    window = opened(program)
    assert not part(window, "statement_since").isEnabled()
    assert not part(window, "statement_result").isVisible()
    choose(program, window, target)
    program.wait(lambda: not part(window, "statement_make").isEnabled() or "Written" in said(window))
    program.wait(lambda: "Written to" in said(window))
    new = verify.read(str(target))
    assert new["said"]["pc"]["name"] is None
    assert new["said"]["self_test"]["this_program"]["connection by Qt"] == "allowed", "by Qt's own socket"
    result = part(window, "statement_result", QLabel)
    assert result.isVisible()
    assert "0 requests left this PC" in result.text().replace("\u200b", "")
    assert new["said"]["key"]["fingerprint"] in result.text().replace("\u200b", "")
    program.click(part(window, "statement_copy"))
    assert new["said"]["key"]["fingerprint"] in QGuiApplication.clipboard().text()
    program.click(part(window, "statement_close"))
    program.wait(lambda: program.window.findChild(StatementWindow) is None)


def test_large_letters_cut_nothing_of_the_form_or_the_result(start, tmp_path):
    program = start()
    program.frame.settings.change("font_scale", 150)
    program.window.resize(1024, 700)
    window = opened(program)
    assert window.height() <= 700
    box = part(window, "statement_some", QCheckBox)
    program.wait(lambda: box.width() >= box.sizeHint().width())
    order = [box]
    for _ in range(2):
        order.append(order[-1].nextInFocusChain())
    assert part(window, "statement_since") in order, "Tab goes down the form"
    choose(program, window, tmp_path / "one.tar")
    program.wait(lambda: "Written to" in said(window))
    result = part(window, "statement_result", QLabel)
    program.wait(lambda: result.height() >= result.heightForWidth(result.width()))
    program.wait(lambda: not result.visibleRegion().isEmpty())


def test_a_period_and_the_name_of_the_pc(start, tmp_path):
    program, target = start(), tmp_path / "one.tar"
    window = opened(program)
    program.click(part(window, "statement_some"))
    since, until = part(window, "statement_since", QLineEdit), part(window, "statement_until", QLineEdit)
    program.wait(since.isEnabled)
    today = date.today().isoformat()
    for words, wrong in (("2020-02-30", "year, month"), ("", "year, month"), ("2020-02-28", "before the first")):
        until.clear()
        program.type_into(until, words)
        assert not part(window, "statement_make").isEnabled()
        assert wrong in said(window)
    for field in (since, until):
        field.clear()
        program.type_into(field, today)
    assert said(window) == ""
    program.click(part(window, "statement_host"))
    choose(program, window, target)
    program.wait(lambda: "Written to" in said(window))
    new = verify.read(str(target))["said"]
    assert new["period"] == {"from": today, "to": today}
    assert new["pc"]["name"]


def test_it_can_be_stopped_and_a_refusal_is_shown(start, tmp_path):
    program = start()
    window = opened(program)
    choose(program, window, tmp_path / "no" / "such" / "folder.tar")
    program.wait(lambda: "folder.tar" in said(window))
    assert part(window, "statement_make").isEnabled()
    choose(program, window, tmp_path / "two.tar")
    close = part(window, "statement_close", QPushButton)
    program.wait(lambda: close.text() == "Stop")
    program.click(close)
    program.wait(lambda: said(window) == STOPPED)
    assert close.text() == "Close"
    assert not (tmp_path / "two.tar").exists()


KEPT_OFFLINE = """
import sys
from slmdesk.base.walls import outcome_of
from slmdesk.online.window.statement import connect_by_qt
from slmdesk.hub.barriers import enforce
port = int(sys.argv[1])
print(outcome_of(lambda: connect_by_qt(port)))
assert enforce()
print(outcome_of(lambda: connect_by_qt(port)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is for Linux")
def test_qts_own_socket_is_refused_by_the_system_where_it_keeps_the_window_offline():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        done = subprocess.run([sys.executable, "-c", KEPT_OFFLINE, port], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:2] == [ALLOWED, REFUSED], done.stderr


def test_every_control_has_a_name(start):
    window = opened(start())
    for widget in window.findChildren(QWidget):
        if isinstance(widget, (QPushButton, QCheckBox, QLineEdit)):
            assert widget.objectName(), widget
            assert widget.accessibleName() or widget.text(), widget.objectName()
