"""Changes in a document: what was looked at again after an edit is what looking at all of it gives."""

from __future__ import annotations

import os
import random

import pytest
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from slmdesk.ui.kit.base.text import size16
from slmdesk.ui.kit.base.theme import LIGHT
from slmdesk.ui.writing.tracked import Proposal, TrackedText

pytestmark = pytest.mark.gui
WORDS = ("recieved", "keys", "Größe", "😀", "a", "\n", "\n\n", " ", "two\nlines", "")


@pytest.fixture
def chance():
    seed = int(os.environ.get("SLMDESK_TEST_SEED", "0")) or random.randrange(1 << 30)
    print(f"SLMDESK_TEST_SEED={seed}")
    return random.Random(seed)


def propose(text, chance, number):
    """A change of one word, apart from those there are."""
    words = [word for word in text.plain.split() if word]
    if not words:
        return
    word = chance.choice(words)
    start = text.plain.index(word)
    end = start + len(word)
    if not any(change.start <= end and start <= change.end for change in text.pending):
        text.propose([Proposal(number, start, end, chance.choice(("new", "", "Ü 😀")), chance.random() < 0.5)])


def type_somewhere(edit, chance):
    text = edit.toPlainText()
    start = chance.randint(0, len(text))
    end = min(len(text), start + chance.randint(0, 12))
    cursor = QTextCursor(edit.document())  # set between whole characters only, as no key leads between halves of one
    cursor.setPosition(size16(text[:start]))
    cursor.setPosition(size16(text[:end]), QTextCursor.MoveMode.KeepAnchor)
    cursor.insertText(chance.choice(WORDS))


def decide(text, chance):
    numbers = [change.number for change in text.pending if chance.random() < 0.5]
    (text.accept if chance.random() < 0.5 else text.refuse)(numbers)


@pytest.mark.parametrize("count", [150, pytest.param(3000, marks=pytest.mark.soak)])
def test_any_edits_leave_the_same_as_looking_at_everything(qtbot, chance, count):
    edit = QPlainTextEdit()
    qtbot.addWidget(edit)
    text = TrackedText(edit.document(), LIGHT, edit)
    edit.setPlainText("We recieved it.\nThe two 😀 key was lost.\n\nGrüße")
    steps = (
        lambda: type_somewhere(edit, chance), lambda: propose(text, chance, chance.randrange(1, 1 << 20)),
        lambda: decide(text, chance), edit.undo, edit.undo, edit.redo,
    )  # fmt: skip
    for _ in range(count):
        chance.choice(steps)()
        other = TrackedText(edit.document(), LIGHT, edit)  # has seen nothing yet
        assert text.plain == other.plain
        assert text.pending == other.pending
        for _ in range(3):
            at = chance.randint(0, len(text.plain))
            assert text.at(text.position_of(at)) == at
            assert text.at(text.position_of(at, is_end=True)) == at
        other.setParent(None)
        other.deleteLater()
