"""Plays a recording beside the times of its passages. Its sound comes piece by piece and stays in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QSlider, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.base.times import shown_time
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.sound import RATE, Speaker
from slmdesk.ui.kit.widgets.build import named, plain_label, row, set_icon, tool_button

if TYPE_CHECKING:
    from slmdesk.services import Services

STEP_S, AHEAD_S = 5, 8
"""Seconds of a step by keys, and of sound that is left when more is asked for."""
TICK_MS = 200
_BYTES_S = 2 * RATE
_PLAY, _PAUSE = _("Play (Space)"), _("Pause (Space)")
_KEYS = {Qt.Key.Key_Left: -STEP_S, Qt.Key.Key_Right: STEP_S}


class Sound(Record):
    """What is here of a recording, from a second on."""

    start: float = 0.0
    sound: bytes = b""
    is_whole: bool = False
    """Whether it goes to the recording's end."""


class PlayBar(QFrame):
    """Play and pause, and where in the recording it plays. Space and the arrow keys work in `keys_of` too."""

    def __init__(self, bridge: Bridge, keys_of: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "play_bar", label=_("Recording"))
        self._bridge, self._keys_of = bridge, keys_of
        self._path: Path | None = None
        self._sound = Live(bridge, self, self._next, Sound(), refused=self._on_refused, is_watched=False)
        self._sound.changed.connect(self._on_sound)
        self._is_on = False
        self.speaker = Speaker(self)
        self.speaker.failed.connect(self._on_failed)
        self._button = tool_button("play_button", self, icon="play", label=_PLAY, tip=_PLAY, on=self.toggle)
        self._slider = named(QSlider(Qt.Orientation.Horizontal, self), "play_position", label=_("Position"))
        self._slider.setSingleStep(STEP_S)
        self._slider.setPageStep(6 * STEP_S)
        self._slider.actionTriggered.connect(lambda _action: self.seek(self._slider.sliderPosition()))
        self._words = plain_label("", self, name="play_time", kind="small", wraps=False)
        row(self._button, (self._slider, 1), self._words, into=self, gap=theme.SPACE_8, margins=(theme.SPACE_8, 0))
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._on_tick)
        keys_of.installEventFilter(self)
        self.hide()

    def show_recording(self, path: Path | None, seconds: float) -> None:
        """Show the bar for a recording of this length. None: there is none."""
        if path != self._path:
            self.pause()
            self._path = path
            self._begin(0.0)
        self._slider.setMaximum(round(seconds))
        self.setVisible(path is not None)
        self._show()

    @property
    def second(self) -> float:
        return self._sound.value.start + self.speaker.at / _BYTES_S

    def play_at(self, second: float) -> None:
        self.seek(second)
        self._is_on = True
        self._show()

    def seek(self, second: float) -> None:
        """Go to a second, and go on playing if it plays."""
        second = min(max(0.0, second), float(self._slider.maximum()))
        self.speaker.stop()
        self._begin(second)
        self._ask()
        self._show()

    def toggle(self) -> None:
        if self._is_on:
            self.pause()
        else:
            self.play_at(self.second if self.second < self._slider.maximum() else 0)

    def pause(self) -> None:
        self._is_on = False
        self.speaker.stop()
        self._tick.stop()
        self._show()

    def _begin(self, second: float) -> None:
        self._sound.put(Sound(second))
        self.speaker.at = 0

    def _ask(self) -> None:
        if not self._sound.is_coming:
            self._sound.again()
            self._sound.refresh()

    def _next(self) -> Any:
        now, path = self._sound.value, self._path
        if path is None or now.is_whole:
            return None

        def more(services: Services) -> Pending[Sound]:
            piece = services.voice.sound(path, now.start + len(now.sound) / _BYTES_S)
            return piece.map(lambda sound: changed(now, sound=now.sound + sound, is_whole=not sound))

        return more

    def _on_sound(self) -> None:
        is_first = not self.speaker.sound
        self.speaker.sound = self._sound.value.sound
        if is_first and self._is_on and self.speaker.sound:
            self.speaker.start()
            self._tick.start()

    def _on_tick(self) -> None:
        left = len(self.speaker.sound) - self.speaker.at
        if left < AHEAD_S * _BYTES_S:
            self._ask()
        if not left and self._sound.value.is_whole:
            self.pause()
        self._show()

    def _on_refused(self, problem: Problem) -> None:
        self.pause()
        self._bridge.problem_met.emit(problem)

    def _on_failed(self) -> None:
        self.pause()
        self._words.setText(_("No loudspeaker"))

    def _show(self) -> None:
        label = _PAUSE if self._is_on else _PLAY
        if self._button.accessibleName() != label:
            set_icon(self._button, "pause" if self._is_on else "play")
            self._button.setAccessibleName(label)
            self._button.setToolTip(label)
        if not self._slider.isSliderDown():
            self._slider.setValue(round(self.second))
        self._words.setText(f"{shown_time(self.second)} / {shown_time(self._slider.maximum())}")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if self.isHidden() or not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() == Qt.Key.Key_Space:
            self.toggle()
        elif event.key() in _KEYS:
            self.seek(self.second + _KEYS[Qt.Key(event.key())])
        else:
            return False
        return True
