"""Puts the translator together: its page for texts and documents, and the windows opened from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from slmdesk.base.settings import Settings
from slmdesk.base.translation import GlossaryRecord
from slmdesk.redaction.service import Preview
from slmdesk.translation.documents import ChosenDocuments
from slmdesk.translation.window.document_pane import DocumentForm, DocumentPane
from slmdesk.translation.window.documents import DocumentTranslation
from slmdesk.translation.window.text import TranslateController
from slmdesk.translation.window.text_editors import TranslateEntry, files_among
from slmdesk.translation.window.text_pane import TextPane
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import WindowStateFile
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.redaction_preview import RedactionPreview, Wording

WORDING = Wording("Redact before translating", "The document", "Translate", "everywhere in these documents")


class TranslatePage(QStackedWidget):
    data_given = Signal(object)
    paste_requested = Signal()
    models_requested = Signal(str)

    def __init__(
        self,
        controller: TranslateController,
        documents: DocumentTranslation,
        keeper: ThemeKeeper,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("translate_page")
        self.setAcceptDrops(True)
        self._controller, self._documents = controller, documents
        self.text = TextPane(controller, keeper, self)
        self.document = DocumentPane(documents, keeper, self)
        self.addWidget(self.text)
        self.addWidget(self.document)
        self.setFocusProxy(self.text)
        self.currentChanged.connect(self._on_current)
        self.text.files_chosen.connect(self.take_documents)
        self.text.files_pasted.connect(self.take_documents)
        self.text.paste_requested.connect(self.paste_requested)
        self.text.earlier_chosen.connect(self.open_item)
        self.text.models_requested.connect(self.models_requested)
        controller.document_asked.connect(documents.open)
        controller.text_opened.connect(lambda _text: self.setCurrentWidget(self.text))
        controller.saved.connect(lambda path: documents.look([path]))
        self.document.closed.connect(lambda: self.setCurrentWidget(self.text))
        documents.opened.connect(self._on_opened)
        documents.form_requested.connect(self._on_form_requested)
        documents.preview_arrived.connect(self._on_preview)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if files_among(data) or (data.hasText() and not data.hasUrls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.data_given.emit(event.mimeData())

    def take_text(self, text: str) -> None:
        """Translate a text from elsewhere; a document being translated goes on in the background."""
        if self.currentWidget() is not self.text:
            self._documents.close()
            self.setCurrentWidget(self.text)
        self.text.take_text(text)

    def take_documents(self, paths: Sequence[Path]) -> None:
        self._documents.look(paths)

    def _on_form_requested(self, chosen: ChosenDocuments, settings: Settings) -> None:
        form = DocumentForm(chosen, self._controller.manner, settings, self._controller.bridge, self)
        form.advice.models_requested.connect(self.models_requested)
        form.begin_requested.connect(self._documents.begin)
        form.glossaries_requested.connect(self._documents.ask_glossaries)
        self._documents.glossaries_received.connect(form.show_glossaries)
        self._documents.columns_received.connect(form.show_columns)
        self._documents.language_received.connect(form.show_language)
        form.ask_about_manner()
        form.open()

    def _on_preview(self, preview: Preview, rest: str) -> None:
        dialog = RedactionPreview(self, preview, WORDING, hidden_rest=rest)
        dialog.accepted_with.connect(self._documents.go_on)
        dialog.open()

    def open_item(self, item: str) -> None:
        self._controller.open(item)

    def _on_current(self, index: int) -> None:
        self.setFocusProxy(self.document if self.widget(index) is self.document else self.text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.restore()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._controller.keep()

    def _on_opened(self, _view: object) -> None:
        self.setCurrentWidget(self.document)
        if self.isVisible():
            self.document.review.take_focus()


# ---- puts the translator together


class TranslateArea(QObject):
    def __init__(
        self, bridge: Bridge, settings: Settings, state: WindowStateFile, keeper: ThemeKeeper, parent: QObject
    ) -> None:
        super().__init__(parent, objectName="translate_area")
        self.text = TranslateController(bridge, settings, state, self)
        self.document = DocumentTranslation(bridge, self)
        self.reach = TranslateEntry(bridge, self.text, self)
        page = self.page = TranslatePage(self.text, self.document, keeper)
        terms = TermWindows(bridge, keeper, self.text, page)
        page.text.glossaries_requested.connect(terms.open_glossaries)
        page.text.memory_requested.connect(terms.open_memory)
        page.paste_requested.connect(self.reach.take_clipboard)
        page.data_given.connect(self.reach.take_data)
        self.reach.text_taken.connect(page.take_text)
        self.reach.documents_taken.connect(page.take_documents)


# ---- opens the windows of the glossaries and of the memory, one of each at a time


class TermWindows(QObject):
    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, translate: TranslateController, page: QWidget) -> None:
        super().__init__(page, objectName="term_windows")
        self._bridge, self._keeper, self._translate, self._page = bridge, keeper, translate, page

    def open_glossaries(self) -> None:
        if self._is_open("glossary_window"):
            return
        from slmdesk.translation.window.glossary_window import GlossaryWindow

        manner = self._translate.manner
        source = manner.source or self._translate.last.language or ("en" if manner.target != "en" else "de")
        window = GlossaryWindow(self._bridge, self._keeper, self._page, languages=(source, manner.target))
        window.proposals_requested.connect(self._open_proposals)
        window.show()

    def _open_proposals(self, glossary: GlossaryRecord) -> None:
        from slmdesk.translation.window.glossary_window import ProposalWindow

        parent = self._page.findChild(QDialog, "glossary_window")
        if parent is not None and not self._is_open("proposal_window"):
            ProposalWindow(self._bridge, parent, glossary).show()

    def open_memory(self) -> None:
        if self._is_open("memory_window"):
            return
        from slmdesk.translation.window.memory_window import MemoryWindow

        MemoryWindow(self._bridge, self._keeper, self._page).show()

    def _is_open(self, name: str) -> bool:
        opened = self._page.findChild(QDialog, name)
        if opened is not None:
            opened.raise_()
            opened.activateWindow()
        return opened is not None
