"""The main window, its notices, and notifications outside it. This module knows no page by name."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QByteArray, QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QMainWindow, QStackedWidget, QSystemTrayIcon, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.records import Brought, Item, JobStatus, Rescued, Status, title_words
from slmdesk.base.runtime.events import (
    DownloadChanged,
    DownloadState,
    FolderWritten,
    HistoryReplaced,
    MessageAdded,
    MessageEnded,
    ModelState,
    ModelStateChanged,
    Noticed,
    NoticeOver,
)
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _, in_quotes
from slmdesk.base.untrusted import clean_label
from slmdesk.tasks.jobs.types import DOWNLOAD, JobChanged, kind_words
from slmdesk.ui.chat.conversation import ChatController
from slmdesk.ui.chat.header import STATE_TOPIC
from slmdesk.ui.chat.list_controller import ListController
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.base.unexpected import ErrorReporter
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.bars import PLACE, SettingsController, SideBar, StatusBar
from slmdesk.ui.kit.widgets.build import BREAK, column, come_forward, row
from slmdesk.ui.kit.widgets.dialogs import sheets_over
from slmdesk.ui.kit.widgets.notices import Notice, NoticeArea, notice_of, tell_not_written, written
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.rows import order_tabs, tab_stops

if TYPE_CHECKING:
    from slmdesk.ui.history import RestoreFlow

SMALLEST = (512, 384)
FRAME = (8, 40)
"""Pixels reserved for the frame that the system draws around a window: at the sides and below, and above."""
FIRST_SIZE = (1180, 780)
WIDE = 1100
"""Width of the window, at the usual text size, from which the side bar is open."""


class Page(Record):
    """A page of the window: title and icon for the side bar, and the function that makes its widget."""

    title: str
    icon_name: str
    make: Callable[[], QWidget]
    """Function that makes the widget. Called when the page is first needed."""
    shortcut: str
    """Name of the page's shortcut."""
    where: str = PLACE
    """Where its entry stands in the side bar (widgets.bars)."""


class PageArea(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("page_area")
        self.stack = QStackedWidget(self)
        self.corners = _Corners(self)
        column((self.stack, 1), into=self, gap=0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        place, away = self.rect(), theme.RADIUS
        self.corners.setGeometry(place)
        inside = QRegion(place.adjusted(away, 2, -away, -2)) | QRegion(place.adjusted(2, away, -2, -away))
        self.corners.setMask(QRegion(place) - inside)  # else it would be painted with every change of a page
        self.corners.raise_()


class _Corners(QWidget):
    """Paints the ground over the corners of the pages, which are rectangles, and the edge of the sheet."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("page_corners")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        place = QRectF(self.rect())
        sheet, outside = QPainterPath(), QPainterPath()
        sheet.addRoundedRect(place.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)
        outside.addRect(place)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(outside.subtracted(sheet), colours.colour("ground"))
        painter.setPen(QPen(colours.colour("line"), colours.line_width))
        painter.drawPath(sheet)


class MainWindow(QMainWindow):
    page_shown = Signal(int)
    close_requested = Signal()
    """Emitted when a person closes the window. The window does not close by itself."""
    translate_requested = Signal(str)
    """The widget that shows a text or a document emits this signal or one of the next two (see widgets.dialogs)."""
    writing_requested = Signal(str)
    reading_requested = Signal(object)
    document_translate_requested = Signal(object)
    clipboard_translate_requested = Signal()
    nameless_requested = Signal(str)
    help_requested = Signal()
    bar_toggled = Signal()

    def __init__(self, pages: Sequence[Page], *, geometry: str = "") -> None:
        super().__init__()
        self.setObjectName("main_window")
        self.setWindowTitle("slmdesk")
        self.setMinimumSize(*SMALLEST)
        self._may_close = False
        self._build_ui(pages)
        self._connect()
        self._restore(geometry)

    def _build_ui(self, pages: Sequence[Page]) -> None:
        centre = QWidget(self)
        self.bar = SideBar(centre)
        self._area = PageArea(centre)
        self.stack, self.notices = self._area.stack, NoticeArea(self)
        self.status = StatusBar(centre)
        self.status.place_shown.connect(self._place_notices)
        self.wants_bar = True
        """Whether the side bar is to be open where there is room."""
        self._was_wide: bool | None = None
        self.pages = {page.title: page for page in pages}
        self._made: dict[str, QWidget] = {}
        self._titles = list(self.pages)
        for page in pages:
            self.bar.add_entry(page.title, page.icon_name, page.shortcut, where=page.where)
            self.stack.addWidget(QWidget(self.stack))
        work = column((self._area, 1), margins=(0, theme.SPACE_8, theme.SPACE_8, 0))
        column((row(self.bar, (work, 1), gap=0), 1), self.status, into=centre, gap=0)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        self.bar.entry_chosen.connect(self._on_entry_chosen)
        self.bar.help_button.clicked.connect(self.help_requested)
        self.bar.fold_button.clicked.connect(self.toggle_bar)
        bind(self, "help", self.help_requested.emit)
        bind(self, "quit", self.close)
        bind(self, "chat.list", self.toggle_bar)
        bind(self, "clipboard", self.clipboard_translate_requested.emit)

    @property
    def geometry_state(self) -> str:
        """Size and position of the window in base64."""
        return bytes(self.saveGeometry().toBase64().data()).decode("ascii")

    @property
    def current_page(self) -> str:
        return self._titles[self.stack.currentIndex()]

    def is_made(self, title: str) -> bool:
        return title in self._made

    def page(self, title: str) -> QWidget:
        """Return the widget of a page, and make it if necessary. Raises KeyError for an unknown title."""
        if title not in self._made:
            self.place(title, self.pages[title].make())
        return self._made[title]

    def place(self, title: str, widget: QWidget) -> None:
        if title in self._made:
            return
        self._made[title] = widget
        if side := getattr(widget, "side_list", None):
            self.bar.put_list(self._titles.index(title), side)
        at, current = self._titles.index(title), self.stack.currentIndex()
        self.stack.insertWidget(at, widget)
        if empty := self.stack.widget(at + 1):
            self.stack.removeWidget(empty)
            empty.deleteLater()
        self.stack.setCurrentIndex(current)
        self._area.corners.raise_()

    def restore_bar(self, wants_bar: bool) -> None:
        self.wants_bar = wants_bar
        self._was_wide = None
        self._fit_bar()

    def toggle_bar(self) -> None:
        self.bar.fold(not self.bar.is_rail)
        if self._is_wide:
            self.wants_bar = not self.bar.is_rail
        self.bar_toggled.emit()

    def open_bar(self) -> None:
        self.bar.fold(False)

    @property
    def _is_wide(self) -> bool:
        return self.width() >= scaled(WIDE)

    def _fit_bar(self) -> None:
        """Open or fold the side bar when the window becomes wide or narrow."""
        if self._is_wide != self._was_wide:
            self._was_wide = self._is_wide
            self.bar.fold(not (self._is_wide and self.wants_bar))

    def page_of(self, widget: QWidget) -> str:
        """Return the title of the page that is or contains a widget, or ''."""
        pages = self._made.items()
        return next((title for title, page in pages if page is widget or page.isAncestorOf(widget)), "")

    def restore_page(self, title: str) -> None:
        """Show the page of the last run. A page that no longer exists is ignored."""
        if title in self._titles:
            self.show_page(title)

    def show_page(self, title: str) -> None:
        """Show a page. Raises ValueError for an unknown title."""
        self._on_entry_chosen(self._titles.index(title))

    def _on_entry_chosen(self, index: int) -> None:
        if self._titles[index] not in self._made:  # to make it takes a moment, in which the page before is out of sight
            self.stack.setCurrentIndex(index)
            self.bar.show_entry(index)
            for part in (self._area, self.bar):
                part.repaint()
        self.page(self._titles[index])
        self.stack.setCurrentIndex(index)
        self.bar.show_entry(index)
        # Tab goes through the page, then the side bar, then the status line
        order_tabs(*tab_stops(self.bar.layout()), *tab_stops(self.status.layout()))
        self.page_shown.emit(index)

    def come_forward(self) -> None:
        come_forward(self)

    def close_for_good(self) -> None:
        self._may_close = True
        self.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_bar()

    def _place_notices(self, place: QRect, line: QRect) -> None:
        begin = self.status.mapTo(self, QPoint())
        self.notices.set_place(place.translated(begin), line.translated(begin))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange) and hasattr(self, "bar"):
            self._was_wide = None
            self._fit_bar()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Ctrl+Z for the shown notice, if neither a field for text nor the page takes it for its own words."""
        if not (event.matches(QKeySequence.StandardKey.Undo) and self.notices.undo()):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Emit `close_requested`, so that everything is saved before the window really closes."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        is_asking = any(sheet.is_asking for sheet in sheets_over(self))
        if not is_asking or QGuiApplication.instance().isSavingSession():  # type: ignore[union-attr]
            self.close_requested.emit()

    def _restore(self, geometry: str) -> None:
        """Restore size and position. Qt moves a window whose screen is missing. An unreadable state is ignored."""
        self.resize(*FIRST_SIZE)
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        if not self.windowState() & (Qt.WindowState.WindowMaximized | Qt.WindowState.WindowFullScreen):
            screen = QGuiApplication.screenAt(self.geometry().center()) or self.screen()
            self.setGeometry(fitted(self.geometry(), screen.availableGeometry()))


def fitted(requested: QRect, screen: QRect) -> QRect:
    """Return the geometry of a window, moved and shrunk so that the window and its frame lie on the screen."""
    side, top = FRAME
    space = screen.adjusted(side, top, -side, -side)
    size = requested.size().boundedTo(space.size())
    left = max(space.left(), min(requested.left(), space.right() + 1 - size.width()))
    upper = max(space.top(), min(requested.top(), space.bottom() + 1 - size.height()))
    return QRect(QPoint(left, upper), size)


PAGE_SAYS_MS = 1000


class NoticeController(QObject):
    quit_requested = Signal()
    trash_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        bars: NoticeArea,
        errors: ErrorReporter,
        chat: ChatController,
        chats: ListController,
        parent: QObject,
    ) -> None:
        super().__init__(parent, objectName="notice_controller")
        self._bridge, self._bars, self._errors = bridge, bars, errors
        self._chat, self._chats = chat, chats
        self._reported_in_chat: dict[str, str] = {}
        self._open_chat = ""
        self._said_again = Delay(self, PAGE_SAYS_MS, self._drop_said)
        bridge.notice_raised.connect(self._on_notice_raised)
        bridge.problem_met.connect(self.show_problem)
        bridge.open_failed.connect(self._on_open_failed)
        bridge.when_open(self._on_opened)
        bridge.on(HistoryReplaced, self._on_replaced)
        bridge.on(Noticed, self._on_noticed)
        bridge.on(FolderWritten, self._on_folder_written)
        bridge.on(NoticeOver, lambda event: bars.drop_topic(event.code))
        bridge.on(MessageAdded, lambda _event: bars.drop_topic("store.full"))
        bridge.on(MessageEnded, self._on_message_ended)
        bridge.on(ModelStateChanged, self._on_model_state_changed)
        chat.chat_opened.connect(self._on_chat_opened)

    def _on_notice_raised(self, notice: Notice) -> None:
        if notice.report:
            self._errors.caught.emit(notice.report)
            self._bars.drop_key(notice.key)  # work that ended so is not under way any more
        elif not any(self._reported_in_chat.get(id) == notice.text for id in self._chat.message_ids[-1:]):
            self._bars.show_notice(notice)
            self._drop_said()
            self._said_again.start()

    def _drop_said(self) -> None:
        """Drop the errors that ask nothing and stand on the page on show too. A page may say it a moment later."""
        labels = [label for label in self._bars.window().findChildren(QLabel) if label.isVisible()]
        on_page = [
            getattr(label, "full_text", label.text()).replace(BREAK, "")
            for label in labels
            if not self._bars.isAncestorOf(label)
        ]
        page = "\n".join(on_page)
        for bar in self._bars.bars:
            notice = bar.notice
            lines = [line for line in notice.details.splitlines() if line.strip()]
            is_said = notice.text in page or (bool(lines) and all(line in page for line in lines))
            if notice.is_error and not notice.action and is_said:
                self._bars.drop_text(notice.text)

    def _on_message_ended(self, event: MessageEnded) -> None:
        """Show a notice that an answer has ended, except in the open chat, where the end is seen under the message."""
        if event.problem is not None and event.message.id in self._chat.message_ids:
            self._reported_in_chat = {event.message.id: event.problem.sentence}
            self._bars.drop_text(event.problem.sentence)

    def _on_model_state_changed(self, event: ModelStateChanged) -> None:
        if event.state in (ModelState.LOADING, ModelState.READY):
            for topic in (STATE_TOPIC, "model.crashes"):
                self._bars.drop_topic(topic)
        if event.state is ModelState.READY:
            self._reported_in_chat.clear()  # report the next crash again
            for code in ("model.crashes", "child.died", "child.hung"):
                self._bars.drop_topic(code)

    def _on_chat_opened(self, chat: str) -> None:
        if chat != self._open_chat:
            self._open_chat = chat
            self._bars.drop_topic("context.full")

    def _on_noticed(self, event: Noticed) -> None:
        problem = event.problem
        if problem.code == "store.set_aside":
            rescue = partial(self._rescue, Path(str(problem.args["path"])))
            self._on_notice_raised(notice_of(problem, action=_("Rescue what can be read"), on_action=rescue))
        elif event.is_fault:
            self.show_problem(problem)
        else:
            self._on_notice_raised(self._told(event))

    def _on_folder_written(self, event: FolderWritten) -> None:
        if event.problem is not None:
            tell_not_written(self._bridge, Path(event.folder), event.problem, key=f"folder {event.folder}")
            return
        left = (
            _(" {failed:,} of the documents could not be read; the table says why.").format(failed=event.failed)
            if event.failed
            else ""
        )
        words = _("{files:,} files with summaries were written to {folder}.{left}").format(
            files=event.files, folder=event.folder, left=left
        )
        show = partial(open_outside, QUrl.fromLocalFile(event.folder))
        self._on_notice_raised(Notice(words, action=_("Open folder"), on_action=show, key=f"folder {event.folder}"))

    def _told(self, event: Noticed) -> Notice:
        told = Notice(event.problem.sentence, topic=event.problem.code)
        if event.problem.code == "retention.clock":
            sure = partial(self._bridge.ask, lambda services: services.retention.run(confirmed=True) and None)
            return changed(told, action=_("The date is right"), on_action=sure)
        if not event.trashed:
            return told
        take_back = partial(self._bridge.ask, lambda services: services.retention.take_back(event.trashed))
        return changed(
            told, action=_("Undo"), on_action=take_back, other=_("Show trash"), on_other=self.trash_requested.emit
        )

    def _rescue(self, damaged: Path) -> None:
        self._bridge.ask(self._bridge.services.history.rescue(damaged), self._on_rescued)

    def _on_rescued(self, rescued: Rescued) -> None:
        from slmdesk.history.labels import rescued_words  # imported late: a history is rarely damaged

        self._chats.start()
        self._on_notice_raised(Notice(rescued_words(rescued), key="rescued"))

    def back_up(self, target: Path) -> None:
        made = self._bridge.services.backups.make(target)
        refused = partial(tell_not_written, self._bridge, target)
        self._bridge.follow(made, lambda _made: self._on_notice_raised(written(target)), refused)

    @cached_property
    def _restoring(self) -> RestoreFlow:
        from slmdesk.ui.history import RestoreFlow

        return RestoreFlow(self._bridge, self._bars.window())

    def _on_replaced(self, _event: HistoryReplaced) -> None:
        self._chats.start()
        QTimer.singleShot(0, self._bars, self._bars.end)  # once all removals were dropped: none is left to undo

    def restore(self, copy: Path, removed: Sequence[str]) -> None:
        self._restoring.begin(copy, removed)

    def _on_opened(self) -> None:
        """Ask again about what a backup brought, if it was not decided: nothing of it is used until then."""

        def on_brought(brought: Brought) -> None:
            if not brought.is_empty:
                words = _("A restored backup brought models, presets or folders that are not used yet.")
                ask = self._restoring.ask_about_brought
                self._on_notice_raised(Notice(words, action=_("Decide…"), on_action=ask, key="brought"))

        self._bridge.ask(self._bridge.services.backups.brought(), on_brought)

    def show_problem(self, problem: Problem) -> None:
        self._on_notice_raised(notice_of(problem))

    def _on_open_failed(self, problem: Problem) -> None:
        self._on_notice_raised(notice_of(problem, action=_("Quit"), on_action=self.quit_requested.emit))


TITLE = "slmdesk"
CHAT = "chat"
NAME_LENGTH = 60
SHOWN_MS = 10_000
_MARKUP = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "\uff06"})
"""Characters that are replaced in names. Some desktops interpret markup in notifications, even images (G1), so no name
may look like markup.
"""
LONG_S = 30.0
"""Seconds that work must take to cause a notification. After shorter work the person is still there."""
_BUS = "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop", "org.freedesktop.portal.Notification"


class Words(Record):
    """System notifications that work has ended, while the window is not in front."""

    named: str
    nameless: str


class NotificationChannel(Protocol):
    def is_there(self) -> bool: ...

    def show(self, title: str, words: str) -> None:
        """Show a notification and return at once."""


class Tray:
    """Notifications by the system's tray: Windows, macOS, and Linux desktops that have a tray."""

    def __init__(self, window: QWidget, clicked: Callable[[], None]) -> None:
        self._window, self._clicked = window, clicked
        self._icon: QSystemTrayIcon | None = None

    def is_there(self) -> bool:
        return QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages()

    def show(self, title: str, words: str) -> None:
        if self._icon is None:
            self._icon = QSystemTrayIcon(self._window.windowIcon(), self._window)
            self._icon.setObjectName("tray_icon")
            self._icon.messageClicked.connect(self._clicked)
        self._icon.show()
        self._icon.showMessage(title, words, QSystemTrayIcon.MessageIcon.Information, SHOWN_MS)
        QTimer.singleShot(SHOWN_MS, self._icon, self._icon.hide)


class Portal:
    """Notifications by the portal of Linux desktops, over the session's D-Bus. GNOME has a portal but no tray.

    org.freedesktop.Notifications is not used: it needs an unsigned number, which QtDBus cannot send from Python.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._environment = environment
        self._count = 0

    def is_there(self) -> bool:
        """Return whether a session bus is running. A bus is never started for this."""
        return sys.platform.startswith("linux") and bool(self._environment.get("DBUS_SESSION_BUS_ADDRESS"))

    def show(self, title: str, words: str) -> None:
        from PySide6.QtDBus import QDBusConnection, QDBusMessage  # late: loads a library

        self._count += 1
        message = QDBusMessage.createMethodCall(*_BUS, "AddNotification")
        message.setAutoStartService(False)
        message.setArguments([f"slmdesk-{self._count}", {"title": title, "body": words}])
        QDBusConnection.sessionBus().send(message)


class Alert:
    """Notification by the window's entry in the taskbar, which asks for attention. Always available."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def is_there(self) -> bool:
        return True

    def show(self, title: str, words: str) -> None:
        QApplication.alert(self._window)


class Notifier(QObject):
    """Notifies the person about ended work, by the first available channel and in the taskbar."""

    def __init__(
        self,
        bridge: Bridge,
        settings: SettingsController,
        window: QWidget,
        come_forward: Callable[[], None],
        parent: QObject | None = None,
        *,
        ways: Sequence[NotificationChannel] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent, objectName="notifier")
        self._bridge = bridge
        self._window, self._settings = window, settings
        self.ways: Sequence[NotificationChannel] = ways or (Tray(window, come_forward), Portal(), Alert(window))
        self._last: dict[str, object] = {}
        self._clock = clock
        self._began: dict[str, float] = {}
        bridge.on(DownloadChanged, self._on_download_changed)
        bridge.on(JobChanged, self._on_job_changed)
        bridge.on(MessageEnded, self._on_message_ended)

    def _on_download_changed(self, change: DownloadChanged) -> None:
        self._receive(change.id, change.state, words_of_download(change))

    def _on_job_changed(self, job: JobChanged) -> None:
        began = self._began.setdefault(job.id, self._clock())
        is_over = job.status.is_end
        if is_over:
            del self._began[job.id]
        is_long = self._clock() - began > LONG_S
        self._receive(f"job {job.id}", job.status, words_of_job(job) if is_long else None)

    def _on_message_ended(self, event: MessageEnded) -> None:
        """Notify of an ended answer. At most the chat's title is shown, as a locked screen shows notifications too."""
        chat, status = event.message.item, event.message.status
        if status in (Status.COMPLETE, Status.FAILED) and self._is_out_of_sight():
            told = partial(self._on_chat_known, status)
            self._bridge.ask(self._bridge.services.history.item(chat), told, lambda _problem: None)

    def _on_chat_known(self, status: Status, item: Item) -> None:
        if item.kind == CHAT and self._is_out_of_sight():
            self._tell(words_of_answer(status, item.shown_title))

    def _receive(self, id: str, state: object, words: Words | None) -> None:
        before, self._last[id] = self._last.get(id), state
        is_news = before is not None and before != state  # a download that had ended before is no news
        if words and is_news and self._is_out_of_sight():
            self._tell(words)

    def _is_out_of_sight(self) -> bool:
        """Return whether the person wants notifications and looks neither at the window nor at one of its dialogs."""
        return self._settings.current.notify and not (self._window.isActiveWindow() or QApplication.activeWindow())

    def _tell(self, words: Words) -> None:
        """Show the notification, without names if the person chose so. With "automatic", leave names out while the
        history is confidential.
        """
        if self._settings.current.notify_names == "automatic":
            self._bridge.ask(
                self._bridge.services.history.is_confidential(),
                lambda is_so: self._show(words.nameless if is_so else words.named),
                lambda _problem: self._show(words.nameless),
            )
        else:
            self._show(words.named if self._settings.current.notify_names == "always" else words.nameless)

    def _show(self, words: str) -> None:
        next(way for way in self.ways if way.is_there()).show(TITLE, words)


def words_of_download(change: DownloadChanged) -> Words | None:
    """Return the notification for a download, or None if it has not ended in a way worth telling."""
    name = plain(change.model.name if change.model else change.name or change.repo)
    if change.state is DownloadState.DONE:
        return Words(_("{name} is here, and exactly what was published.").format(name=name), _("A download is done."))
    if change.state is DownloadState.FAILED:
        return Words(_("The download of {name} needs you.").format(name=name), _("A download needs you."))
    return None


def words_of_job(job: JobChanged) -> Words | None:
    """Return the notification for an ended job, or None for a download, which has its own text."""
    ends = {JobStatus.DONE: _("is done."), JobStatus.FAILED: _("needs you.")}
    if job.kind == DOWNLOAD or job.status not in ends:
        return None
    kind, end = plain(kind_words(job.kind)), ends[job.status]
    return Words(f"{kind} {in_quotes(plain(title_words(job.title)))} {end}", f"{kind} {end}")


def words_of_answer(status: Status, title: str) -> Words:
    end = _("is answered.") if status is Status.COMPLETE else _("could not be answered.")
    return Words(f"{in_quotes(plain(title))} {end}", _("A chat {end}").format(end=end))


def plain(untrusted: str) -> str:
    """Return a name on one line, shortened, with nothing that could be interpreted as markup."""
    return clean_label(untrusted, NAME_LENGTH).translate(_MARKUP)


class HomePlace(QObject):
    """A notice, shown once, about the disk on which the history lies."""

    def __init__(self, bridge: Bridge, state: WindowStateFile, parent: QObject) -> None:
        super().__init__(parent, objectName="home_place")
        self._bridge, self._state = bridge, state
        bridge.opened.connect(self._on_opened)

    def _on_opened(self) -> None:
        from slmdesk.base.runtime.home_place import look_at_home

        self._bridge.follow(lambda services: look_at_home(services.service_thread, services.paths), self._on_found)

    def _on_found(self, problems: Sequence[Problem]) -> None:
        told = self._state.current.told_of_disk.split()
        news = [problem for problem in problems if problem.code not in told]
        for problem in news:
            self._bridge.notice_raised.emit(Notice(problem.sentence, key=problem.code))
        if news:
            codes = " ".join([*told, *(problem.code for problem in news)])
            self._bridge.ask(lambda _services: self._state.change(told_of_disk=codes), None, lambda _problem: None)
