"""Notices at the foot of the window: a message, details to copy, one action."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QLabel,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.runtime.events import Problem
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.clipboard import copy_text
from slmdesk.window.widgets.build import button, column, row, tool_button
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import CutLabel, breakable
from slmdesk.window.widgets.text_dialog import TextDialog

MOST_BARS = 2
MOST_LINES = 2
AREA_SHARE = 1 / 3
"""Share of the window's height for notices; older ones wait until newer ones are closed."""
BUTTONS_SHARE = 0.5
"""Share of a notice's width; wider buttons stand under the text."""
UNDO_MS = 10_000
LONG_MS = 30_000


class Notice(Record):
    text: str
    details: str = ""
    """For *Copy details*; no text of the person's when it comes from a fault."""
    action: str = ""
    on_action: Callable[[], None] | None = None
    other: str = ""
    on_other: Callable[[], None] | None = None
    life_ms: int = 0
    """0: until it is closed."""
    key: str = ""
    """A second notice with the same key takes the first one's place."""
    is_error: bool = False
    report: str = ""
    """Of our own fault: shown in the error dialog instead of a bar."""
    topic: str = ""
    """What it is about: it goes when that is over (`NoticeArea.drop_topic`)."""
    full: str = ""
    """All of it, where `text` only sums it up: shown by *More*."""


def notice_of(
    problem: Problem, *, action: str = "", on_action: Callable[[], None] | None = None, topic: str = ""
) -> Notice:
    """The notice for a problem; it replaces one of the same problem.  Its topic, unless given, is its code."""
    key = f"{problem.code} {sorted(problem.args.items())}"
    args = "".join(f"\n{name}: {value}" for name, value in problem.args.items())
    details = problem.report or f"{problem.sentence}\n{problem.code}{args}"
    return Notice(
        problem.sentence,
        details,
        action,
        on_action,
        key=key,
        is_error=True,
        report=problem.report,
        topic=topic or problem.code,
    )


def trashed(item: Item, restore: Callable[[str], None], *, what: str = "") -> Notice:
    words = f"{what}“{item.title}” was moved to the trash."
    return Notice(words, action="Undo", on_action=partial(restore, item.id), life_ms=LONG_MS, key=f"trash {item.id}")


def trash(bridge: Bridge, id: str, restored: Callable[[Item], None] | None = None, *, what: str = "") -> None:
    """Move an item of the history to the trash; a notice offers to undo it, then `restored` is called with it."""

    def restore(id: str) -> None:
        bridge.ask(bridge.services.history.restore(id), restored)

    def gone(item: Item) -> None:
        bridge.notice_raised.emit(trashed(item, restore, what=what))

    bridge.ask(bridge.services.history.trash(id), gone)


class NoticeBar(QFrame):
    closed = Signal()

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "notice_bar", label="Notice")
        self.notice = notice
        self._timer = QTimer(self, singleShot=True, interval=max(notice.life_ms, 1))
        self._build_ui()
        self._connect()
        if notice.life_ms:
            self._timer.start()

    def _build_ui(self) -> None:
        self._sign = named(QLabel(self), "notice_sign")
        self._sign.setVisible(self.notice.is_error)
        set_icon(self._sign, "triangle-alert", "danger")
        self._label = CutLabel(breakable(self.notice.text), self, name="notice_text", lines=MOST_LINES)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        notice = self.notice
        self._more = button("More", "notice_more", self, tip="Show all of this notice", on=self._on_more)
        self._more.setVisible(bool(notice.full))
        copy = button("Copy details", "copy_details_button", self)
        copy.clicked.connect(lambda: copy_text(notice.details))
        copy.setVisible(bool(notice.details))
        act = button(notice.action, "notice_action", self, on=self._on_act)
        act.setVisible(bool(notice.action))
        other = button(notice.other, "notice_other_action", self, on=self._on_other)
        other.setVisible(bool(notice.other))
        tip = "Close this notice"
        close = tool_button("notice_close", self, tip=tip, label=tip, icon="x", on=self.closed)
        words = row(self._sign, (self._label, 1), gap=theme.SPACE_8)
        centre = Qt.AlignmentFlag.AlignVCenter
        self._buttons = row(*((one, centre) for one in (self._more, copy, act, other, close)), gap=theme.SPACE_8)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(theme.SPACE_16, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        self._layout.setSpacing(theme.SPACE_8)
        self._layout.addLayout(words, 1)
        self._layout.addLayout(self._buttons)
        self._layout.setAlignment(self._buttons, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)

    def _connect(self) -> None:
        self._label.was_cut.connect(lambda is_cut: self._more.setVisible(is_cut or bool(self.notice.full)))
        self._timer.timeout.connect(self.closed)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self.notice.life_ms:
            self._timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self._buttons.sizeHint().width() > event.size().width() * BUTTONS_SHARE
        direction = QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight
        if direction != self._layout.direction():
            self._layout.setDirection(direction)

    def _on_more(self) -> None:
        TextDialog(self.window(), title="Notice", intro="", text=self.notice.full or self.notice.text).show()

    def _on_act(self) -> None:
        if self.notice.on_action is not None:
            self.notice.on_action()
        self.closed.emit()

    def _on_other(self) -> None:
        if self.notice.on_other is not None:
            self.notice.on_other()
        self.closed.emit()


class NoticeArea(QWidget):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("notice_area")
        self._bars: list[NoticeBar] = []
        self._space = 0
        self._layout = column(into=self, gap=0)
        self.setVisible(False)

    @property
    def bars(self) -> list[NoticeBar]:
        return list(self._bars)

    def show_notice(self, notice: Notice) -> None:
        """Add a notice, replacing the same one; at the limit the oldest goes, those with a time limit first."""
        same = [bar for bar in self._bars if _is_same(bar.notice, notice)]
        passing_first = sorted(self._bars, key=lambda bar: not bar.notice.life_ms)
        for old in same or passing_first[: max(0, len(self._bars) - MOST_BARS + 1)]:
            self._drop(old)
        bar = NoticeBar(notice, self)
        bar.closed.connect(lambda: self._drop(bar))
        self._bars.append(bar)
        self._layout.addWidget(bar)
        self._fit()

    def set_space(self, window_height: int) -> None:
        self._space = round(window_height * AREA_SHARE)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def drop_topic(self, topic: str) -> None:
        for bar in [bar for bar in self._bars if bar.notice.topic == topic]:
            self._drop(bar)

    def drop_text(self, text: str) -> None:
        for bar in [bar for bar in self._bars if bar.notice.text == text]:
            self._drop(bar)

    def _drop(self, bar: NoticeBar) -> None:
        if bar not in self._bars:
            return
        self._bars.remove(bar)
        self._layout.removeWidget(bar)
        bar.hide()
        bar.deleteLater()
        self._fit()

    def _fit(self) -> None:
        taken = 0
        for bar in reversed(self._bars):
            taken += bar.heightForWidth(self.width())
            bar.setVisible(bar is self._bars[-1] or taken <= self._space or not self._space)
        self.setVisible(bool(self._bars))


def _is_same(one: Notice, other: Notice) -> bool:
    return one.text == other.text or bool(one.key and one.key == other.key)
