"""The main window: side bar, the page in front, notices, status bar.  It knows no page by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from slmdesk.base.record import Record
from slmdesk.window.base.shortcuts import bind
from slmdesk.window.widgets.build import column, row
from slmdesk.window.widgets.dialog import FILLING, fitted, screen_of
from slmdesk.window.widgets.notice_bar import NoticeArea
from slmdesk.window.widgets.side_bar import SideBar
from slmdesk.window.widgets.status_bar import StatusBar

SMALLEST = (640, 420)
FIRST_SIZE = (1100, 760)


class Page(Record):
    """What the window is given: a title and an icon for the side bar, and what makes the widget."""

    title: str
    icon_name: str
    make: Callable[[], QWidget]
    """Called when the page is first asked for."""
    shortcut: str
    """Its name."""
    at_end: bool = False


class MainWindow(QMainWindow):
    """Emits `page_shown` with a page's index and `close_requested` instead of closing by itself.
    `translate_requested`, `writing_requested` (both with a text) and `document_translate_requested` (a Path) are
    emitted by whoever shows them, see gui.widgets.translate_request; `clipboard_translate_requested` by a shortcut that
    works on every page.
    """

    page_shown = Signal(int)
    close_requested = Signal()
    translate_requested = Signal(str)
    writing_requested = Signal(str)
    document_translate_requested = Signal(object)
    clipboard_translate_requested = Signal()
    help_requested = Signal()

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
        self._bar = SideBar(centre)
        self._stack = QStackedWidget(centre)
        self.notices = NoticeArea(centre)
        self.status = StatusBar(centre)
        self._pages = {page.title: page for page in pages}
        self._made: dict[str, QWidget] = {}
        self._titles = list(self._pages)
        for page in pages:
            self._bar.add_entry(page.title, page.icon_name, page.shortcut, at_end=page.at_end)
            self._stack.addWidget(QWidget(self._stack))
        work = column((self._stack, 1), self.notices, gap=0)
        column((row(self._bar, (work, 1), gap=0), 1), self.status, into=centre, gap=0)
        self.setCentralWidget(centre)

    def _connect(self) -> None:
        self._bar.entry_chosen.connect(self._on_entry_chosen)
        self._bar.help_requested.connect(self.help_requested)
        bind(self, "help", self.help_requested.emit)
        bind(self, "quit", self.close)
        bind(self, "clipboard", self.clipboard_translate_requested.emit)

    @property
    def geometry_state(self) -> str:
        """Size and place, base64."""
        return bytes(self.saveGeometry().toBase64().data()).decode("ascii")

    @property
    def current_page(self) -> str:
        return self._titles[self._stack.currentIndex()]

    def is_made(self, title: str) -> bool:
        return title in self._made

    def page(self, title: str) -> QWidget:
        """The widget of a page, which is made now if it was not yet.  Raises KeyError for an unknown title."""
        if title not in self._made:
            self.place(title, self._pages[title].make())
        return self._made[title]

    def place(self, title: str, widget: QWidget) -> None:
        """Put the widget of a page where it is shown."""
        if title in self._made:
            return
        self._made[title] = widget
        at, current = self._titles.index(title), self._stack.currentIndex()
        self._stack.insertWidget(at, widget)
        if empty := self._stack.widget(at + 1):
            self._stack.removeWidget(empty)
            empty.deleteLater()
        self._stack.setCurrentIndex(current)

    def page_of(self, widget: QWidget) -> str:
        """The title of the page that is, or holds, a widget; '' where none does."""
        pages = self._made.items()
        return next((title for title, page in pages if page is widget or page.isAncestorOf(widget)), "")

    def restore_page(self, title: str) -> None:
        """Show the page of the last run; one that no longer exists is ignored."""
        if title in self._titles:
            self.show_page(title)

    def show_page(self, title: str) -> None:
        """Raises ValueError for an unknown one."""
        self._on_entry_chosen(self._titles.index(title))

    def _on_entry_chosen(self, index: int) -> None:
        self.page(self._titles[index])
        self._stack.setCurrentIndex(index)
        self._bar.show_entry(index)
        self.page_shown.emit(index)

    def come_forward(self) -> None:
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def close_for_good(self) -> None:
        self._may_close = True
        self.close()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.notices.set_space(event.size().height())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Emit `close_requested` so that everything is saved before the window really closes."""
        if self._may_close:
            event.accept()
            return
        event.ignore()
        self.close_requested.emit()

    def _restore(self, geometry: str) -> None:
        """Restore size and place.  Qt brings back a window whose screen is gone; an unreadable state is ignored."""
        self.resize(*FIRST_SIZE)
        if geometry:
            self.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii", "ignore")))
        if not self.windowState() & FILLING:
            self.setGeometry(fitted(self.geometry(), screen_of(self)))
