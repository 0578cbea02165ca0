"""How long a key takes with 10,000 chats and 5,000 documents: measured and printed, with no limit asserted."""

from __future__ import annotations

import random
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slmdesk.base.records import DocumentStatus, Passage, Status
from slmdesk.base.types import Role, TextPart
from slmdesk.store import open_store

pytestmark = [pytest.mark.gui, pytest.mark.soak]
CHATS, DOCUMENTS = 10_000, 5_000
TYPED = ("lease agreement", "e", "translate", "invoice 2024", "tranlate", "qqqq", "new chat")


@pytest.fixture
def words():
    chance = random.Random(5)
    known = ["lease", "agreement", "invoice", "translate", "harbour", "rent", "übergabe", "letter"]
    made = ["".join(chance.choices("abcdefghijklmnoprstuvwxyz", k=chance.randrange(2, 10))) for _ in range(3000)]

    def some(count: int) -> str:
        return " ".join(chance.choice(known) if chance.random() < 0.05 else chance.choice(made) for _ in range(count))

    return some


@pytest.fixture
def large_home(paths, words):
    """A history of this size, written straight into the store."""
    store = open_store(paths, instance_id="many").store
    with store.database.writing():
        for number in range(CHATS):
            chat = store.items.add("chat", f"{words(4)} {number}").id
            asked = store.messages.add(
                chat, parent=None, role=Role.USER, parts=(TextPart(words(12)),), status=Status.COMPLETE
            )
            store.messages.add(chat, parent=asked.id, role=Role.ASSISTANT, text=words(30), status=Status.COMPLETE)
        for number in range(DOCUMENTS):
            path = f"/papers/{number}.pdf".encode()
            name = f"{words(3)} {2000 + number % 25}.pdf"
            document = store.documents.add(
                path=path, name=name, sha256=f"{number:064x}", format="pdf", bytes=9, mtime_ns=1, reader="1"
            )
            store.documents.change(document.id, status=DocumentStatus.READ)
            store.passages.add(document.id, [Passage(0, document.id, 1, 1, 0, 200, words(30))])
    store.close()


def test_each_key_with_a_large_history(large_home, start):
    program = start()
    palette = program.frame.palette
    began = time.perf_counter()
    QTest.keyClick(program.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    opened_s = time.perf_counter() - began
    program.wait(lambda: len(palette.controller.names.now.library.names) == DOCUMENTS)
    names_s = time.perf_counter() - began
    assert len(palette.controller.names.now.chats.names) == CHATS
    frame = program.find("palette_panel")
    keys, own, complete = [], [], []
    for typed in TYPED:
        palette.panel.line.clear()
        program.wait(lambda: palette.panel._listing.is_complete)
        for letter in typed:
            began, began_own = time.perf_counter(), time.thread_time()
            QTest.keyClick(palette.panel.line, letter)
            frame.repaint()
            keys.append(time.perf_counter() - began)
            own.append(time.thread_time() - began_own)
            QApplication.processEvents()
        began = time.perf_counter()
        program.wait(lambda: palette.panel._listing.is_complete)
        complete.append(time.perf_counter() - began)
        assert palette.panel._listing.words == typed
    print(
        f"\nopened {opened_s * 1000:.0f} ms, names there after {names_s * 1000:.0f} ms; {len(keys)} keys: "
        f"{_spread(keys)}, of them computing in the window's thread {_spread(own)}; texts complete after the last key: "
        f"{[round(one * 1000) for one in complete]} ms"
    )


def _spread(seconds: list[float]) -> str:
    ordered = [second * 1000 for second in sorted(seconds)]
    return f"median {ordered[len(ordered) // 2]:.1f} ms, slowest {ordered[-1]:.1f} ms"
