"""Opens things on their own pages: items, documents, passages, results of jobs, models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from slmdesk.base.records import Found
from slmdesk.library.citations import Span
from slmdesk.window.base.bridge import Bridge

if TYPE_CHECKING:
    from slmdesk.history.service import ItemTitle
    from slmdesk.jobs.overview import JobView
    from slmdesk.library.names import LibraryName
    from slmdesk.library.search import TextHit
    from slmdesk.services import Services
    from slmdesk.window.shell.composition import Frame

CHAT, SPACE = "chat", "space"


class Opener(QObject):
    def __init__(self, bridge: Bridge, frame: Frame) -> None:
        super().__init__(frame, objectName="opener")
        self._bridge, self._frame = bridge, frame

    def other(self, item: str) -> None:
        def found(services: Services) -> tuple[str, str]:
            documents = services.history.documents_of(item)
            return services.history.item(item).kind, documents[0].id if documents else ""

        self._bridge.ask(found, lambda place: self._show(item, *place))

    def _show(self, item: str, kind: str, document: str) -> None:
        frame = self._frame
        if kind == SPACE:
            frame.window.show_page("Chat")
            frame.chat_page.show_space(item)
        elif kind == "translation":
            frame.translate_page.open_item(item)
            frame.window.show_page("Translate")
        elif kind == "writing":
            frame.writing_page.open_item(item)
            frame.window.show_page("Write")
        elif document:
            frame.window.show_page("Documents")
            frame.documents_area.show_result(document, item, kind)
        else:
            frame.compare.open(item)
            frame.models_area.setCurrentWidget(frame.compare_page)
            frame.window.show_page("Models")

    def item(self, title: ItemTitle) -> None:
        if title.kind == CHAT:
            self._frame.window.show_page("Chat")
            self._frame.chat_page.open_at(title.id, "", "")
        else:
            self.other(title.id)

    def message(self, found: Found, words: str) -> None:
        """Open a message in which these words were found; of an item that is no chat, the item."""
        self._bridge.ask(
            lambda services: services.history.item(found.item).kind,
            lambda kind: self._show_message(found, words) if kind == CHAT else self.other(found.item),
        )

    def _show_message(self, found: Found, words: str) -> None:
        self._frame.window.show_page("Chat")
        self._frame.chat_page.open_at(found.item, found.message, words)

    def name(self, name: LibraryName) -> None:
        if name.is_folder:
            self._on_page("Documents", lambda: self._frame.documents_area.folders.choose(name.id))
        else:
            self._frame.window.show_page("Documents")
            self._frame.documents.show_document(name.id)

    def passage(self, hit: TextHit) -> None:
        self._frame.window.show_page("Documents")
        self._frame.documents_area.visit(Span(hit.document, hit.page, hit.start, hit.end))

    def page(self, document: str, page: int, spans: Sequence[tuple[int, int]]) -> None:
        self._frame.window.show_page("Documents")
        self._frame.documents_page.document.open_at(document, {page: list(spans)})

    def job(self, view: JobView) -> None:
        """Show the result of a job: beside its document, or among the models."""
        frame = self._frame
        if view.opens == "document":
            frame.window.show_page("Documents")
            frame.documents_area.show_result(view.target, view.item, view.kind)
        elif view.opens == "documents":
            frame.window.show_page("Documents")
        elif view.opens == "item":
            self.other(view.target)
        elif view.opens == "model":
            self._on_page("Models", lambda: frame.models_page.show_model(view.target))
            self.models()
        else:
            self.models()

    def _on_page(self, title: str, act: Callable[[], None]) -> None:
        """Show a page and do something there; on a new one when its lists have come."""
        is_new = not self._frame.window.is_made(title)
        self._frame.window.show_page(title)
        if is_new:
            self._bridge.ask(lambda _services: None, lambda _none: act())
        else:
            act()

    def models(self) -> None:
        """Show the models themselves, not their comparison."""
        self._frame.models_area.setCurrentWidget(self._frame.models_page)
        self._frame.window.show_page("Models")

    def suggested(self, language: str) -> None:
        self._on_page("Models", lambda: self._frame.models_page.show_suggested("translation", language))
        self.models()
