"""G1: no form of image or HTML makes the view open a file or a connection, where a plain QTextBrowser does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from chat.window.view.made_up import answer
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QTextBrowser

pytestmark = pytest.mark.gui

IMAGE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000a49444154789c6360000000020001e221bc33"
    "0000000049454e44ae426082"
)  # one pixel


def forms(path):
    """Every way a text can name an image: Markdown, HTML, CSS."""
    addresses = [
        path, f"file://{path}", f"file://localhost{path}", "http://127.0.0.1:9/a.png", "//server/share/a.png",
        "\\\\\\\\server\\\\share\\\\a.png", "data:image/png;base64,iVBORw0KGgo=", "qrc:/a.png", ":/a.png",
    ]  # fmt: skip
    made = []
    for address in addresses:
        made += [
            f"![words](<{address}>)", f"![words]({address})", f"[![words](<{address}>)](<{address}>)",
            f"<img src='{address}'>", f'<table background="{address}"><tr><td>x</td></tr></table>',
            f"<p style=\"background-image: url('{address}')\">x</p>", f"<body background='{address}'>",
            f"<style>@import url('{address}');</style>", f"<object data='{address}'></object>",
            f"<link rel='stylesheet' href='{address}'>", f"<iframe src='{address}'></iframe>",
        ]  # fmt: skip
    return made


def test_g1_no_resource_is_asked_for(view, monkeypatch, tmp_path):
    asked = []

    def load(self, kind, name):
        asked.append(name)
        return QImage()

    monkeypatch.setattr("slmdesk.ui.kit.markdown.message.MessageText.loadResource", load)
    image = tmp_path / "a.png"
    image.write_bytes(IMAGE)
    view.show_conversation([answer("a", "\n\n".join(forms(str(image))))])
    view.grab()
    assert asked == []
    assert "[image: words]" in view.rows[0].widget.text.toPlainText()


def test_g1_whatever_is_asked_for_is_a_null_image(view):
    view.show_conversation([answer("a", "x")])
    text = view.rows[0].widget.text
    got = text.loadResource(QTextDocument.ResourceType.ImageResource.value, QUrl("file:///etc/passwd"))
    assert isinstance(got, QImage)
    assert got.isNull()


def test_g1_a_fifo_is_not_opened(view, tmp_path):
    fifo = tmp_path / "pipe.png"
    os.mkfifo(fifo)
    opened = threading.Event()

    def wait():
        with fifo.open("wb"):  # returns when somebody opens the other end
            opened.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    view.show_conversation([answer("a", "\n\n".join(forms(str(fifo))))])
    view.grab()
    assert not opened.is_set()
    with fifo.open("rb"):  # the control: opening is seen
        assert opened.wait(60)
    thread.join(10)


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from PySide6.QtWidgets import QApplication, QTextBrowser
app = QApplication([])
from chat.window.view.made_up import answer
from chat.window.view.test_safe import forms
from slmdesk.ui.chat.view import ConversationView
if {control}:
    shown = QTextBrowser()
    shown.setHtml("<img src='{image}'>")
else:
    shown = ConversationView()
    shown.show_conversation([answer(str(i), form) for i, form in enumerate(forms({image!r}))])
shown.resize(800, 6000)
shown.show()
shown.grab()
"""


def opens_seen_by_the_system(tmp_path, *, control):
    image = tmp_path / "seen-by-strace.png"
    image.write_bytes(IMAGE)
    tests = str(Path(__file__).resolve().parents[3])
    script = SCRIPT.format(tests=tests, control=control, image=str(image))
    log = tmp_path / f"log-{control}"
    subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=%file,connect", "-o", str(log), sys.executable, "-c",
         script],
        check=True, timeout=120, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, cwd=Path(tests).parent,
    )  # fmt: skip
    lines = log.read_text("utf-8", "replace").splitlines()
    named = [line for line in lines if "seen-by-strace.png" in line and "execve" not in line]
    connected = [line for line in lines if "connect(" in line and "AF_INET" in line]
    return named, connected


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_g1_the_system_sees_no_open_and_no_connection(tmp_path):
    named, _ = opens_seen_by_the_system(tmp_path, control=True)
    assert any("open" in line for line in named), "the control: a plain QTextBrowser opens the file"
    named, connected = opens_seen_by_the_system(tmp_path, control=False)
    assert named == []
    assert connected == []


def test_g1_the_control_opens_in_process(qtbot, tmp_path):
    image = tmp_path / "a.png"
    image.write_bytes(IMAGE)
    plain = QTextBrowser()
    qtbot.addWidget(plain)
    plain.setHtml(f"<img src='{image}'>")
    plain.grab()
    assert plain.document().resource(QTextDocument.ResourceType.ImageResource.value, QUrl(str(image))) is not None
