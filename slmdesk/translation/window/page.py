"""The translator's page for texts and documents, and the windows that are opened from it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.translation import GlossaryRecord
from slmdesk.translation.documents import ChosenDocuments
from slmdesk.translation.window.document_pane import DocumentPane
from slmdesk.translation.window.documents import DocumentForm
from slmdesk.translation.window.text import TranslateController
from slmdesk.translation.window.text_editors import TranslateEntry, files_among
from slmdesk.translation.window.text_pane import TextPane
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import WindowStateFile
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import column, named, row
from slmdesk.window.widgets.parts import Segments


class TranslatePage(QWidget):
    """Page with the tabs Text and Document. Each keeps what it shows while the other is in front."""

    data_given = Signal(object)
    paste_requested = Signal()
    models_requested = Signal(str)

    def __init__(
        self,
        controller: TranslateController,
        keeper: ThemeKeeper,
    ) -> None:
        super().__init__()
        self.setObjectName("translate_page")
        self.setAcceptDrops(True)
        self._controller = controller
        self.text = TextPane(controller, keeper, self)
        self.document = DocumentPane(controller.bridge, keeper, self)
        self._tabs = Segments(self, "translate_tabs", label=_("Text or document"))
        self._heads = named(QStackedWidget(self), "translate_heads")
        self._panes = named(QStackedWidget(self), "translate_panes")
        for words, pane in ((_("Text"), self.text), (_("Document"), self.document)):
            self._tabs.addTab(words)
            self._heads.addWidget(pane.head)
            self._panes.addWidget(pane)
        margins = (theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_12)
        head = row(self._tabs, (self._heads, 1), gap=theme.SPACE_24, margins=margins)
        column(head, (self._panes, 1), into=self, gap=0)
        self.setFocusProxy(self.text)
        self._connect()

    def _connect(self) -> None:
        controller = self._controller
        self._tabs.currentChanged.connect(self._on_tab)
        self.text.files_chosen.connect(self.document.look)
        self.text.files_pasted.connect(self.document.look)
        self.text.paste_requested.connect(self.paste_requested)
        self.text.earlier_chosen.connect(controller.open)
        self.text.models_requested.connect(self.models_requested)
        controller.document_asked.connect(self.document.open)
        controller.text_opened.connect(lambda _text: self._show(self.text))
        controller.saved.connect(lambda path: self.document.look([path]))
        self.document.files_requested.connect(self.text.choose_files)
        self.document.opened.connect(self._on_opened)
        self.document.form_requested.connect(self._on_form_requested)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if files_among(data) or (data.hasText() and not data.hasUrls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)  # never a move, whatever the other program offers
        event.accept()
        self.data_given.emit(event.mimeData())

    def take_text(self, text: str) -> None:
        """Translate a text that comes from outside this page. A document's translation continues in the background."""
        self._show(self.text)
        self.text.take_text(text)

    def _on_form_requested(self, chosen: ChosenDocuments, settings: Settings) -> None:
        form = DocumentForm(self._controller.bridge, chosen, self._controller.manner, settings, self)
        form.advice.models_requested.connect(self.models_requested)
        form.begin_requested.connect(self.document.begin)
        form.open()

    @property
    def languages(self) -> tuple[str, str]:
        """Return source and target of what is in front. A source that is not known yet is a likely one."""
        if self._panes.currentWidget() is self.document and self.document.languages[1]:
            source, target = self.document.languages
        else:
            source, target = self._controller.manner.source, self._controller.manner.target
            source = source or self._controller.last.language
        return source or ("en" if target != "en" else "de"), target

    def _show(self, pane: QWidget) -> None:
        self._tabs.setCurrentIndex(self._panes.indexOf(pane))

    def _on_tab(self, index: int) -> None:
        self._heads.setCurrentIndex(index)
        self._panes.setCurrentIndex(index)
        self.setFocusProxy(self.document if index else self.text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.restore()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._controller.keep()

    def _on_opened(self) -> None:
        self._show(self.document)
        if self.isVisible():
            self.document.review.take_focus()


# ---- puts the translator together


class TranslateArea(QObject):
    def __init__(
        self, bridge: Bridge, settings: Settings, state: WindowStateFile, keeper: ThemeKeeper, parent: QObject
    ) -> None:
        super().__init__(parent, objectName="translate_area")
        self.text = TranslateController(bridge, settings, state, self)
        self.reach = TranslateEntry(bridge, self.text, self)
        page = self.page = TranslatePage(self.text, keeper)
        terms = TermWindows(bridge, keeper, page)
        for pane in (page.text, page.document):
            pane.glossaries_requested.connect(terms.open_glossaries)
        page.text.memory_requested.connect(terms.open_memory)
        page.paste_requested.connect(self.reach.take_clipboard)
        page.data_given.connect(self.reach.take_data)
        self.reach.text_taken.connect(page.take_text)
        self.reach.documents_taken.connect(page.document.look)


# ---- opens the windows of the glossaries and of the memory, each only once


class TermWindows(QObject):
    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, page: TranslatePage) -> None:
        super().__init__(page, objectName="term_windows")
        self._bridge, self._keeper, self._page = bridge, keeper, page

    def open_glossaries(self) -> None:
        if self._is_open("glossary_window"):
            return
        from slmdesk.translation.window.glossary_window import GlossaryWindow

        window = GlossaryWindow(self._bridge, self._keeper, self._page, languages=self._page.languages)
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
