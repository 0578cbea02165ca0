"""A recording beside its words: times before passages, and what plays its seconds. No loudspeaker is needed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider, QToolButton, QWidget

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.runtime.events import Pending
from slmdesk.ui.documents import playing
from slmdesk.ui.documents.page_text import PageWords
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.theme import LIGHT, window_fonts

pytestmark = [pytest.mark.gui, pytest.mark.quick]
SECONDS = 60
FIRST, SECOND = "The meeting begins.", "The roof is paid by May."
TEXT = f"{FIRST}\n{SECOND}"
PAGE = Page(
    1, "0:00–0:26", TEXT, PageStatus.READ,
    (
        Block(BlockKind.PARAGRAPH, 0, len(FIRST), place="0:00.4–0:02.9"),
        Block(BlockKind.PARAGRAPH, len(FIRST) + 1, len(TEXT), place="0:07.2–0:11.9"),
    ),
)  # fmt: skip


class Voice:
    """Gives twenty seconds of sound for each question."""

    def __init__(self):
        self.asked = []

    def sound(self, path, start):
        self.asked.append((path, start))
        pending = Pending()
        pending.end(bytes(2 * 16_000) * max(0, min(20, int(SECONDS - start))))
        return pending


@pytest.fixture
def player(qtbot, monkeypatch):
    monkeypatch.setattr(playing.Speaker, "start", lambda speaker: setattr(speaker, "is_on", True))
    monkeypatch.setattr(playing.Speaker, "stop", lambda speaker: setattr(speaker, "is_on", False))
    bridge, voice = Bridge(), Voice()
    bridge.attach(SimpleNamespace(service_thread=SimpleNamespace(post=lambda work: work()), voice=voice))
    window = QWidget()
    qtbot.addWidget(window)
    keys = QWidget(window)
    made = playing.PlayBar(bridge, keys, window)
    made.voice, made.keys, made.window_ = voice, keys, window
    window.show()
    made.show_recording(Path("/meeting.m4a"), SECONDS)
    return made


def press(player, key):
    QTest.keyClick(player.keys, key)


def test_it_plays_from_a_second_pauses_and_goes_on(player, qtbot):
    player.play_at(7.2)
    qtbot.waitUntil(lambda: player.speaker.is_on)
    assert player.voice.asked == [(Path("/meeting.m4a"), 7.2)]
    player.speaker.at = 2 * 16_000 * 3
    assert player.second == pytest.approx(10.2)
    button = player.findChild(QToolButton, "play_button")
    assert button.accessibleName() == "Pause (Space)"
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not player.speaker.is_on
    assert button.accessibleName() == "Play (Space)"
    press(player, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: player.speaker.is_on)
    assert player.voice.asked[-1][1] == pytest.approx(10.2)


def test_the_arrow_keys_go_five_seconds_and_never_past_the_ends(player, qtbot):
    player.play_at(3)
    qtbot.waitUntil(lambda: player.speaker.is_on)
    press(player, Qt.Key.Key_Right)
    assert player.second == 8
    for __ in range(3):
        press(player, Qt.Key.Key_Left)
    assert player.second == 0
    player.seek(SECONDS - 1)
    press(player, Qt.Key.Key_Right)
    assert player.second == SECONDS
    slider = player.findChild(QSlider, "play_position")
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert player.second == SECONDS - 5


def test_more_sound_is_asked_for_before_it_ends_and_the_end_pauses(player, qtbot):
    player.play_at(30)
    qtbot.waitUntil(lambda: player.speaker.is_on)
    player.speaker.at = 2 * 16_000 * 15
    qtbot.waitUntil(lambda: len(player.speaker.sound) == 2 * 16_000 * 30)
    assert [start for __, start in player.voice.asked] == [30, 50]
    player.speaker.at = len(player.speaker.sound)
    qtbot.waitUntil(lambda: not player.speaker.is_on)
    assert player.second == SECONDS


def test_a_seek_drops_what_was_asked_for_before(player, qtbot):
    player.play_at(10)
    player.play_at(40)
    qtbot.waitUntil(lambda: player.speaker.is_on)
    assert len(player.speaker.sound) == 2 * 16_000 * 20
    assert player.second == 40


def test_another_document_silences_it(player, qtbot):
    player.play_at(10)
    qtbot.waitUntil(lambda: player.speaker.is_on)
    player.show_recording(None, 0)
    assert not player.speaker.is_on
    assert player.isHidden()


def test_times_stand_before_the_passages_and_not_in_the_text(qtbot):
    fonts = window_fonts()
    words = PageWords(PAGE, width=600, fonts=fonts, theme=LIGHT)
    shown = words.parts[0][1].document.toPlainText()
    assert shown == f"0:00\u2003{FIRST}\n0:07\u2003{SECOND}"
    start = len(FIRST) + 1
    left = 600 * 0.07 + 4
    top = words.top_of(start) + fonts.points()
    assert words.character_at(QPointF(left, top)) == start
    assert words.struck.spans([(start, len(TEXT))]) == [(start + 10, len(TEXT) + 10)]
