"""The bars of the window: the status bar with the network panel, the side bar, the find bar, and progress bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QMargins, QObject, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QBoxLayout,
    QButtonGroup,
    QFrame,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from slmdesk.base.policy import Policy
from slmdesk.base.runtime.events import RequestsToday
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.models.hub.barriers import is_enforced
from slmdesk.tasks.jobs.types import JobChanged, share_words
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay, ignored
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.shortcuts import bind, press_with_keys, show_in_menu, show_keys
from slmdesk.ui.kit.base.theme import pixmap, scaled
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    CheckBox,
    button,
    column,
    keep_place,
    named,
    passing,
    plain_label,
    row,
    set_icon,
    set_tip,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.ui.kit.widgets.parts import Popover, draw_ring

if TYPE_CHECKING:
    from slmdesk.documents.saved_states import SavedStates
    from slmdesk.ui.kit.widgets.dictation import Dictation

RING_SIZE = 16
JOBS_WIDTH = 72
"""Pixels kept free for the ring of jobs, so that nothing moves when a job begins."""


class JobsButton(QPushButton):
    """The share of all jobs as a ring and a figure. It keeps its place while there is no job."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        tip = _("See what is being worked on")
        named(self, "jobs_button", kind="status", tip=tip)
        self._share = 0.0
        keep_place(self)
        self.show_jobs("", 0.0)

    def show_jobs(self, words: str, share: float) -> None:
        """Show the jobs: `words` for the tooltip and screen readers, '' for none; `share` is 0 to 1."""
        self._share = share
        self.setText(share_words(share) if words else "")
        set_tip(self, words)
        self.setAccessibleName(words or _("No jobs"))
        self.setVisible(bool(words))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(scaled(JOBS_WIDTH), super().sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        size = scaled(RING_SIZE)
        painter = QPainter(self)
        draw_ring(painter, QRectF(theme.SPACE_8, (self.height() - size) / 2, size, size), self._share)
        painter.setPen(theme.current().colour("ink2"))
        words = self.rect().adjusted(theme.SPACE_8 + size + 6, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter), self.text())


OFFLINE, ONLINE, ONCE = STATES = (_("Offline"), _("Online"), _("Online, only this once"))


class NetworkButton(QPushButton):
    """Button as wide as its longest words where there is room, so that what stands beside it stays in place."""

    def sizeHint(self) -> QSize:
        def wide(words: str) -> int:
            return self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, words).width()

        hint = super().sizeHint()
        return hint.grownBy(QMargins(0, 0, max(wide(f" {words}") for words in STATES) - wide(self.text()), 0))

    def minimumSizeHint(self) -> QSize:
        return super().sizeHint()


class StatusBar(QFrame):
    """The line at the foot: the network at the left, jobs and the model at the right, notices between them."""

    place_shown = Signal(QRect, QRect)
    """Emitted with the place of notices between the others, and the whole line."""
    lock_requested = Signal()
    privacy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "status_bar", label=_("Status"))
        self._build_ui()
        self.lock.clicked.connect(self._on_lock_clicked)
        self._network.clicked.connect(lambda: self.panel.toggle(self._network))

    def _build_ui(self) -> None:
        self._network = named(NetworkButton(self), "network_button", kind="status")
        self._network.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.panel = NetworkPanel(self)
        tip = _("This history is encrypted. Lock it")
        self.lock = button(_("Encrypted"), "lock_button", self, kind="status", tip=tip, icon="lock", colour="ink2")
        self.lock.hide()
        self._microphone: QPushButton | None = None
        self.jobs = JobsButton(self)
        margins = (theme.SPACE_12, 0, theme.SPACE_12, 0)
        self.line = row(self._network, self.lock, 1, self.jobs, into=self, gap=theme.SPACE_8, margins=margins)

    def sizeHint(self) -> QSize:
        """Notices stand here on two lines."""
        hint = super().sizeHint()
        return hint.expandedTo(QSize(0, round(2 * theme.SMALL * self.fontMetrics().lineSpacing()) + 2))

    def event(self, event: QEvent) -> bool:
        is_done = super().event(event)
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.LayoutRequest):
            parts = (self._network, self.lock, self._microphone)
            left = max(part.geometry().right() + 1 for part in parts if part is not None and not part.isHidden())
            gap = theme.SPACE_16
            between = QRect(left + gap, 0, self.jobs.x() - left - 2 * gap, self.height())
            self.place_shown.emit(between, self.rect())
        return is_done

    def follow(self, settings: SettingsController) -> None:
        """Show the network as it is set, and let a person change it."""
        self.panel.follow(settings)
        settings.network_shown.connect(partial(self.show_network, settings))
        self.show_network(settings)

    def show_listening(self, by: Dictation | None) -> None:
        """Show the microphone while it listens. A press ends that."""
        if self._microphone is not None:
            self._microphone.deleteLater()
            self._microphone = None
        if by is not None:
            tip = _("Sound is heard by the speech model on this PC, and kept nowhere. Press to stop listening")
            self._microphone = button(
                _("Microphone on"), "microphone_button", self, kind="status", tip=tip, icon="mic", colour="warn",
                on=lambda: by.finish(),
            )  # fmt: skip
            self._microphone.setProperty("online", True)
            self.line.insertWidget(2, self._microphone)

    def _on_lock_clicked(self) -> None:
        menu = passing(QMenu(self), "lock_menu")
        lock = named(menu.addAction(_("Lock the history; jobs go on after unlocking")), "lock_action")
        show_in_menu(lock, "lock")
        menu.addSeparator()
        privacy = named(menu.addAction(_("Privacy settings…")), "privacy_action")
        lock.triggered.connect(self.lock_requested)
        privacy.triggered.connect(self.privacy_requested)
        menu.popup(self.lock.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def show_network(self, settings: SettingsController) -> None:
        is_offline = settings.current.offline
        if is_offline:
            state = OFFLINE
            set_icon(self._network, "lock", "ink2")
        else:
            state = ONCE if settings.is_once else ONLINE
            set_icon(self._network, "lock-open", "warn")
        self._network.setText(f" {state}")
        words = f"{state}. {requests_words(settings.requests)}".strip(". ")
        self._network.setAccessibleName(words)
        set_tip(self._network, words)
        theme.set_look(self._network, "online", not is_offline)


def requests_words(count: int | None) -> str:
    if count is None:
        return ""
    if not count:
        return _("slmdesk made no request today.")
    shown = QLocale().toString(count)
    return ngettext("slmdesk made {shown} request today.", "slmdesk made {shown} requests today.", count, shown=shown)


SET_BY_ORGANISATION = _("Set by your organisation.")
ONLY_ONCE = _("Allow only this once")
ONCE_TIP = _("Until slmdesk is closed; then it works offline again")
UNTIL_CLOSED = _("Allowed until slmdesk is closed; then it works offline again.")
ENFORCED = _("The system enforces that until slmdesk is started again.")
WORDS = {
    True: _("Nothing leaves this PC. Models can be neither searched nor downloaded."),
    False: _("Models may be searched and downloaded, when you ask for it. Your chats never leave this PC."),
}


class NetworkPanel(Popover):
    ledger_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "network_panel", label=_("Network"))
        self._is_enforced = is_enforced()
        self._build_ui()

    def follow(self, settings: SettingsController) -> None:
        self._switch.clicked.connect(lambda is_on: settings.change("offline", is_on))
        self._once.clicked.connect(settings.allow_once)
        settings.network_shown.connect(partial(self._show, settings))
        self._show(settings)

    def _build_ui(self) -> None:
        self._switch = named(CheckBox(_("Work offline"), self), "offline_switch")
        self._words = plain_label("", self, name="network_words", kind="muted")
        self._count = plain_label("", self, name="network_count", kind="muted", is_hidden=True)
        self._once = button(ONLY_ONCE, "once_button", self, tip=ONCE_TIP)
        log = button(_("Network log"), "ledger_button", self, kind="text")
        for pressed in (self._once, log):
            pressed.clicked.connect(self.dismiss)
        log.clicked.connect(self.ledger_requested)
        margins = (theme.SPACE_16, theme.SPACE_12)
        column(
            self._switch,
            self._words,
            self._count,
            self._once,
            row(log, 1, gap=0),
            into=self,
            gap=theme.SPACE_8,
            margins=margins,
        )

    def _show(self, settings: SettingsController) -> None:
        is_offline, is_managed = settings.current.offline, settings.is_managed("offline")
        self._switch.setChecked(is_offline)
        self._switch.setEnabled(not is_managed and not self._is_enforced)
        reasons = ((settings.is_once, UNTIL_CLOSED), (self._is_enforced, ENFORCED), (is_managed, SET_BY_ORGANISATION))
        self._words.setText(" ".join([WORDS[is_offline], *(words for holds, words in reasons if holds)]))
        self._once.setVisible(is_offline and self._switch.isEnabled())
        show_words(self._count, requests_words(settings.requests))


BAR_WIDTH, RAIL_WIDTH = 248, 64
PLACE, FOOT, ICON, NOWHERE = "place", "foot", "icon", ""
"""Where the entry of a page stands: among the places, below with its words, below as an icon, or nowhere."""


class PlaceButton(QPushButton):
    """An entry of the side bar: icon and title, or the icon alone in the rail.

    Of those that can be checked assistive tools read "one of several", which they don't do for a QToolButton.
    """

    has_words = False

    def sizeHint(self) -> QSize:
        return QSize(scaled(40), scaled(34))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        colours, size = theme.current(), scaled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.hover if self.isChecked() else colours.mixed("ground", 0.04)))
            if self.isChecked() and colours.line_width > 1:
                painter.setPen(QPen(colours.colour("accent"), colours.line_width))
            painter.drawRoundedRect(self.rect(), theme.CONTROL_RADIUS, theme.CONTROL_RADIUS)
        is_mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        left = 10 if self.has_words else (self.width() - size) // 2
        place = QRect(self.width() - left - size if is_mirrored else left, (self.height() - size) // 2, size, size)
        token = "accent" if self.isChecked() else "ink2"
        sign = pixmap(self.property("sign"), colours.colour(token), size=size, scale=self.devicePixelRatioF())
        painter.drawPixmap(place.topLeft(), sign)
        if self.has_words:
            font = self.font()
            font.setWeight(QFont.Weight.Medium)
            painter.setFont(font)
            painter.setPen(colours.colour("ink" if self.isChecked() else "ink2"))
            words = self.rect().adjusted(0 if is_mirrored else 22 + size, 0, -(22 + size) if is_mirrored else 0, 0)
            at = Qt.AlignmentFlag.AlignRight if is_mirrored else Qt.AlignmentFlag.AlignLeft
            painter.drawText(words, int(at | Qt.AlignmentFlag.AlignVCenter), self.text())


class SideBar(QFrame):
    entry_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "side_bar", label=_("Pages"))
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.idClicked.connect(self.entry_chosen)
        self._lists: dict[int, QWidget] = {}
        self.is_rail = False
        self._at = 0
        self._places = column(gap=0)
        self._stack = named(QStackedWidget(self), "side_lists")
        self._stack.addWidget(QWidget(self._stack))
        self._stack.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self._foot = row(gap=0)
        self.help_button = self._entry("help_button", _("Help"), "circle-question-mark", "help")
        self.help_button.setToolTip(_("First steps, shortcuts, your data, about slmdesk"))
        self.fold_button = self._entry("fold_button", _("Fold or open the side bar"), "panel-left", "chat.list")
        self._icons = [self.help_button, self.fold_button]
        for icon in self._icons:
            self._foot.addWidget(icon)
        margins = (theme.SPACE_12, theme.SPACE_12, theme.SPACE_12, theme.SPACE_8)
        column(self._places, (self._stack, 1), self._foot, into=self, gap=theme.SPACE_8, margins=margins)
        self.fold(False)

    def _entry(self, name: str, title: str, icon: str, shortcut: str) -> PlaceButton:
        made, title = PlaceButton(self), _(title)
        made.setText(title)
        named(made, name, label=title, kind="entry")
        made.setProperty("sign", icon)
        made.setToolTip(title)
        show_keys(made, shortcut, title)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return made

    def add_entry(self, title: str, icon_name: str, shortcut: str, *, where: str = PLACE) -> None:
        index = len(self._group.buttons())
        entry = self._entry(f"entry_{index}", title, icon_name, shortcut)
        entry.setCheckable(True)
        entry.setAutoExclusive(True)
        self._group.addButton(entry, index)
        if index == 0:
            entry.setChecked(True)
        else:
            entry.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes to the checked entry, arrow keys to the others
        if where == NOWHERE:
            entry.hide()
            bind(self, shortcut, lambda: self.entry_chosen.emit(index))
            return
        press_with_keys(entry, shortcut)
        if where == PLACE:
            self._places.addWidget(entry)
        else:
            self._foot.insertWidget(0 if where == FOOT else self._foot.count() - 2, entry)
            if where == ICON:
                self._icons.append(entry)
        self.fold(self.is_rail)

    def put_list(self, index: int, widget: QWidget) -> None:
        self._lists[index] = widget
        self._stack.addWidget(widget)
        if index == self._at:
            self.show_entry(index)

    def show_entry(self, index: int) -> None:
        self._at = index
        self._group.button(index).setChecked(True)
        self._show_list()

    def _show_list(self) -> None:
        is_shown = self._at in self._lists and not self.is_rail
        self._stack.setCurrentIndex(self._stack.indexOf(self._lists[self._at]) if is_shown else 0)

    def fold(self, is_rail: bool) -> None:
        """Show icons alone, or the titles and the list of the page too."""
        self.is_rail = is_rail
        self._show_list()
        ends = QBoxLayout.Direction.BottomToTop if is_rail else QBoxLayout.Direction.LeftToRight
        self._foot.setDirection(ends)
        for entry in self.findChildren(PlaceButton, options=Qt.FindChildOption.FindDirectChildrenOnly):
            entry.has_words = not is_rail and entry not in self._icons
            policy = QSizePolicy.Policy.Expanding if entry.has_words or is_rail else QSizePolicy.Policy.Fixed
            entry.setSizePolicy(policy, QSizePolicy.Policy.Fixed)
            entry.update()
        self.setFixedWidth(scaled(RAIL_WIDTH if is_rail else BAR_WIDTH))


SEARCH_AFTER_MS = 250


class FindBar(QFrame):
    words_changed = Signal(str)
    place_chosen = Signal(object)
    left = Signal()

    def __init__(self, parent: QWidget, *, what: str = "document", prefix: str = "") -> None:
        """`what` is the thing that is searched. `prefix` begins the object names of the parts."""
        super().__init__(parent)
        self.setObjectName(f"{prefix}find_bar")
        self._what, self._prefix = what, prefix
        self._places: tuple[object, ...] = ()
        self._at = -1
        self._is_all = True
        self._timer = Delay(self, SEARCH_AFTER_MS, lambda: self.words_changed.emit(self._line.text()))
        self._build_ui()
        self._line.textChanged.connect(lambda _words: self._timer.start())

    def _build_ui(self) -> None:
        hint, label = (
            _("Find in the {what}").format(what=self._what),
            _("Find words in the {what}").format(what=self._what),
        )
        shortcut = f"{self._prefix.rstrip('_') or 'documents'}.find"
        self._line = text_line(f"{self._prefix}find_line", self, hint, label=label, clears=CLEAR, shortcut=shortcut)
        self._count = plain_label("", self, name=f"{self._prefix}find_count", kind="small", wraps=False)
        self._previous = self._step("find_previous", "chevron-up", _("The place before (Shift+Enter)"), self.previous)
        self._next = self._step("find_next", "chevron-down", _("The next place (Enter)"), self.next)
        parts = ((self._line, 1), self._count, self._previous, self._next)
        row(*parts, into=self, gap=theme.SPACE_8, margins=theme.SPACE_8)

    def _step(self, name: str, icon: str, words: str, on: Callable[[], None]) -> QToolButton:
        made = tool_button(f"{self._prefix}{name}", self, icon=icon, label=words, tip=words, on=on)
        made.setEnabled(False)
        return made

    def begin(self) -> None:
        self._line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._line.selectAll()

    def reset(self) -> None:
        self._line.clear()  # with signals, which Qt's own clear button needs
        self._timer.stop()
        self.show_found(())

    def leave(self) -> None:
        """Forget the matches, because something else is marked now. Enter searches again."""
        self._timer.stop()
        if self._places:
            self.show_found(())
            self._count.setText("")

    def show_found(self, places: Sequence[object], *, is_all: bool = True) -> None:
        """Show how many matches there are, and go to the first. `is_all` is False if there may be more."""
        self._places, self._at = tuple(places), -1
        self._is_all = is_all
        self._notify()
        if places:
            self.next()

    def renew(self, places: Sequence[object]) -> None:
        """Show how many matches there are now. The current match stays, and nothing is scrolled."""
        now = self._places[self._at] if self._at >= 0 else None
        self._places = tuple(places)
        self._at = self._places.index(now) if now in self._places else -1
        self._notify()

    def next(self) -> None:
        self._go(1)

    def previous(self) -> None:
        self._go(-1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.previous()
            else:
                self.next()
        elif event.key() == Qt.Key.Key_Escape:
            self._line.clear()
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _go(self, step: int) -> None:
        if not self._places:
            if self._line.text().strip() and not self._count.text():
                self.words_changed.emit(self._line.text())
            return
        if self._at < 0:  # no match was shown yet
            self._at = 0 if step > 0 else len(self._places) - 1
        else:
            self._at = (self._at + step) % len(self._places)
        self._notify()
        self.place_chosen.emit(self._places[self._at])

    def _notify(self) -> None:
        for step in (self._previous, self._next):
            step.setEnabled(bool(self._places))
        if not self._line.text().strip():
            self._count.setText("")
        elif not self._places:
            self._count.setText(_("not found"))
        else:
            more = "" if self._is_all else "+"
            self._count.setText(_("{at} of {count}{more}").format(at=self._at + 1, count=len(self._places), more=more))


WHOLE = 1000
THICKNESS = 4


def thin_bar(
    name: str, parent: QWidget, label: str = "", *, most: int = 100, height: int = THICKNESS, keeps_place: bool = False
) -> QProgressBar:
    """Return a thin progress bar without text. `label` is read by assistive tools.

    Its range is 0 to `most`; 0 makes a busy bar. With `keeps_place`, it takes its space even while hidden.
    """
    bar = named(QProgressBar(parent), name, label=label)
    bar.setTextVisible(False)
    bar.setFixedHeight(height)
    bar.setRange(0, most)
    if keeps_place:
        keep_place(bar)
    return bar


def show_share(bar: QProgressBar, event: JobChanged) -> None:
    """Show the fraction of the work that is done, or else of the steps. A busy bar is shown while neither is known."""
    if event.share is not None:
        share = event.share
    elif event.total:
        share = event.done / event.total
    else:
        share = None
    bar.setRange(0, WHOLE if share is not None else 0)
    if share is not None:
        bar.setValue(round(WHOLE * share))


class SettingsController(QObject):
    settings_shown = Signal(object)
    policy_shown = Signal(object)
    network_shown = Signal()
    """Emitted when slmdesk is or may be offline or online, or has made a request."""

    def __init__(self, bridge: Bridge, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="settings_controller")
        self._bridge = bridge
        self.current = settings
        self.saved: Live[SavedStates | None] = Live(
            bridge, self, lambda: bridge.services.states.size(), None, refused=ignored, is_watched=False
        )
        """What models have saved of the texts they read."""
        self.policy = Policy()
        """Rules of the organisation. There are none until they are known."""
        self.is_once = False
        """Whether the network is allowed until slmdesk is closed."""
        self.requests: int | None = None
        """How many requests were made today. None until that is known."""
        self.policy_shown.connect(self.network_shown)
        self.settings_shown.connect(self.network_shown)
        bridge.on(RequestsToday, lambda event: self.show_requests(event.count))
        bridge.settings_changed.connect(self._on_settings_changed)
        bridge.ask(lambda services: services.settings.policy, self._on_policy)

    def change(self, key: str, value: object) -> None:
        if value != getattr(self.current, key):
            self._bridge.ask(self._bridge.services.settings.change(**{key: value}), None, self._on_refused)

    def is_managed(self, key: str) -> bool:
        return key in self.policy.managed

    def show_requests(self, count: int) -> None:
        self.requests = count
        self.network_shown.emit()

    def allow_once(self) -> None:
        """Allow the network until slmdesk is closed."""
        self._bridge.ask(self._bridge.services.network.allow_once(), None, self._on_refused)

    def delete_saved(self) -> None:
        """Delete all saved model states. Nothing is lost, but the model must read the documents again."""
        self._bridge.ask(self._bridge.services.states.forget_all(), self.saved.again, self._on_refused)

    def _on_settings_changed(self, settings: Settings) -> None:
        self.current, self.is_once = settings, False
        self.settings_shown.emit(settings)
        if not settings.offline:
            self._bridge.ask(lambda services: services.network.is_once, self._on_once_known)

    def _on_once_known(self, is_once: bool) -> None:
        self.is_once = is_once
        self.network_shown.emit()

    def _on_policy(self, policy: Policy) -> None:
        self.policy = policy
        self.policy_shown.emit(policy)

    def _on_refused(self, problem: Problem) -> None:
        self.settings_shown.emit(self.current)
        self._bridge.problem_met.emit(problem)
