"""The page of a document beside the chat, with the passage lit on which an answer rests."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame

from slmdesk.base.documents import Page
from slmdesk.base.records import DocumentRecord
from slmdesk.base.runtime.events import DocumentGone
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.texts import _
from slmdesk.chat.types import QuotesFound
from slmdesk.ui.chat.conversation import ChatController
from slmdesk.ui.chat.page import ChatPage
from slmdesk.ui.chat.view import MessageView
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.theme import ThemeKeeper, scaled
from slmdesk.ui.kit.widgets.build import NameLabel, button, column, named, row, tool_button

BESIDE = 860
"""Width of the chat, at the usual text size, from which there is room for a page beside it."""
Place = tuple[str, int, Sequence[tuple[int, int]]]
"""Id of a document, a page number, and the characters there."""
NOWHERE: Place = ("", 0, ())


class SourcePane(QFrame):
    """The pages of one document. Where there is no room beside the chat, it takes the chat's place when asked for."""

    open_requested = Signal(str, int, object)

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, page: ChatPage) -> None:
        from slmdesk.ui.documents.controller import PagesController  # imported late: the window starts without them
        from slmdesk.ui.documents.page_view import PageView

        super().__init__(page)
        named(self, "source_pane", label=_("Page of the document"))
        self._page, self._place = page, NOWHERE
        self._is_wanted = False
        """Whether a person has asked for the page, which may take the place of the chat then."""
        self._record: Live[DocumentRecord | None] = Live(
            bridge, self, lambda: bridge.services.documents.document(self._place[0]), None, refused=self._on_missing,
            is_watched=False,
        )  # fmt: skip
        self._pages = PagesController(bridge, self)
        self._view = PageView(keeper, self._pages, self)
        self._title = NameLabel(self, name="source_title", kind="heading")
        tip = _("Open in Documents")
        self._open = button(_("Open"), "source_open", self, kind="text", tip=tip, on=self._on_open)
        self._close = tool_button("source_close", self, icon="x", label=_("Close the page"), on=self.leave)
        head = row(self._title, 1, self._open, self._close, gap=theme.SPACE_8, margins=(0, theme.SPACE_8))
        column(head, (self._view, 1), into=self, gap=0, margins=(theme.SPACE_12, 0, theme.SPACE_12, theme.SPACE_12))
        self._record.changed.connect(self._on_record)
        self._pages.listed.connect(self._on_listed)
        page.take_beside(self, (self._open, self._close, self._view))
        page.installEventFilter(self)

    @property
    def document(self) -> str:
        """Id of the document that is shown; '' for none."""
        return self._place[0]

    def show_place(self, place: Place, *, is_wanted: bool = False) -> None:
        is_other = place[0] != self._place[0]
        self._place, self._is_wanted = place, is_wanted
        if is_other:
            self._pages.leave(place[0])
            self._record.watch(True)
            self._record.again()
        else:
            self._light()
        self._fit()

    def hint(self, place: Place | None) -> None:
        """Light another place while a person points at it."""
        document, number, spans = place or self._place
        if document == self._place[0] and document:
            self._view.mark({number: spans} if spans else {})

    def leave(self) -> None:
        if self._place != NOWHERE:
            self._place = NOWHERE
            self._record.watch(False)
            self._record.put(None)
            self._fit()

    def _on_record(self) -> None:
        if (record := self._record.value) is not None:
            self._title.set_full_text(record.name)
            self._pages.begin(record)

    def _on_missing(self, _problem: Problem) -> None:
        place = self._place
        self.leave()
        self.open_requested.emit(*place)  # there it is said that the document is gone

    def _on_listed(self, pages: Sequence[Page], reset: bool) -> None:
        self._view.show_pages(pages, reset=reset)
        self._light()

    def _light(self) -> None:
        __, number, spans = self._place
        self._view.mark({number: spans} if spans else {})
        if number:
            self._view.go_to(number, to_mark=bool(spans))

    def _on_open(self) -> None:
        self.open_requested.emit(*self._place)

    def _fit(self) -> None:
        is_wide = self._page.width() >= scaled(BESIDE)
        self.setVisible(bool(self.document) and (is_wide or self._is_wanted))
        self._page.work.setVisible(is_wide or self.isHidden())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
            self._page.composer.setFocus()
        else:
            super().keyPressEvent(event)


class Sources(QObject):
    """Shows beside the chat what is asked about: the document of a question, then what the answer quotes."""

    open_requested = Signal(str, int, object)

    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, chat: ChatController, page: ChatPage) -> None:
        super().__init__(page, objectName="sources")
        self._bridge, self._keeper, self._chat, self._page = bridge, keeper, chat, page
        self._pane: SourcePane | None = None
        self._shown_for = ""
        """Id of the chat beside which the page stands."""
        chat.inspector.page_requested.connect(self._on_page_requested)
        chat.message_added.connect(self._on_message_added)
        chat.chat_opened.connect(self._on_chat_opened)
        page.view.extra_pointed.connect(self._on_pointed)
        bridge.on(QuotesFound, self._on_quotes_found)
        bridge.on(DocumentGone, self._on_document_gone)

    @property
    def pane(self) -> SourcePane:
        """The page beside the chat, made when it is first shown."""
        if self._pane is None:
            self._pane = SourcePane(self._bridge, self._keeper, self._page)
            self._pane.open_requested.connect(self.open_requested)
        return self._pane

    def _show(self, place: Place, *, is_wanted: bool = False) -> None:
        self._shown_for = self._chat.chat
        self.pane.show_place(place, is_wanted=is_wanted)

    def _on_page_requested(self, document: str, page: int, spans: Sequence[tuple[int, int]]) -> None:
        self._show((document, page, spans), is_wanted=True)

    def _on_message_added(self, view: MessageView) -> None:
        message = self._chat.shown.by_id.get(view.id)
        parts = message.attachments if message is not None else ()
        if document := next((part.attached.document for part in parts if part.attached.document), ""):
            self._show((document, 1, ()))

    def _on_quotes_found(self, event: QuotesFound) -> None:
        """Light the first source of an answer, unless the person has closed the page."""
        place = self._chat.inspector.first_place(event.message)
        if place is not None and self._pane is not None and self._pane.document:
            self._show(place)

    def _on_pointed(self, message: str, key: str) -> None:
        if self._pane is not None:
            self._pane.hint(self._chat.inspector.place_of(message, key))

    def _on_document_gone(self, event: DocumentGone) -> None:
        if self._pane is not None and event.id == self._pane.document:
            self._pane.leave()

    def _on_chat_opened(self, chat: str, _title: str) -> None:
        if self._pane is not None and chat != self._shown_for:
            self._pane.leave()
