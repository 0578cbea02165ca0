"""The translator's page for texts and documents, and its list of translations."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QStackedWidget, QWidget

from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.services import Services
from slmdesk.tasks.translation.documents import ChosenDocuments
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.types import KIND, request_of
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.shortcuts import bind
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.build import button, column, come_forward, named, row
from slmdesk.ui.kit.widgets.earlier import EarlierList, Listed
from slmdesk.ui.kit.widgets.notices import trash
from slmdesk.ui.kit.widgets.parts import Segments
from slmdesk.ui.tasks.controller import ResultController
from slmdesk.ui.tasks.pane import ResultPane
from slmdesk.ui.translation.document_pane import DocumentPane
from slmdesk.ui.translation.documents import DocumentForm
from slmdesk.ui.translation.languages import other_than
from slmdesk.ui.translation.text import TranslateController
from slmdesk.ui.translation.text_editors import TranslateEntry, files_among
from slmdesk.ui.translation.text_pane import TextPane


class TranslatePage(QWidget):
    """Page with the tabs Text and Document. Each keeps what it shows while the other is in front."""

    models_requested = Signal(str)
    list_requested = Signal()

    def __init__(
        self,
        bridge: Bridge,
        state: WindowStateFile,
        keeper: ThemeKeeper,
        results: ResultController,
        pane: ResultPane,
    ) -> None:
        """`results` and `pane` show a document's translation."""
        super().__init__()
        self.setObjectName("translate_page")
        self.setAcceptDrops(True)
        self._bridge, self._keeper = bridge, keeper
        controller = self.controller = TranslateController(bridge, state, self)
        self.reach = TranslateEntry(bridge, controller, self)
        self.text = TextPane(controller, keeper, self)
        self.document = DocumentPane(controller, results, pane, keeper, self)
        self.side_list = TranslationList(bridge, self)
        keeper.theme_changed.connect(self.side_list.look)
        self._tabs = Segments(self, "translate_tabs", label=_("Text or document"))
        self._heads = named(QStackedWidget(self), "translate_heads")
        self._panes = named(QStackedWidget(self), "translate_panes")
        for words, half in ((_("Text"), self.text), (_("Document"), self.document)):
            self._tabs.addTab(words)
            self._heads.addWidget(half.head)
            self._panes.addWidget(half)
        margins = (theme.SPACE_16, theme.SPACE_12, theme.SPACE_16, theme.SPACE_12)
        head = row(self._tabs, (self._heads, 1), gap=theme.SPACE_24, margins=margins)
        column(head, (self._panes, 1), into=self, gap=0)
        self.setFocusProxy(self.text.first)
        self._tabs.currentChanged.connect(self._on_tab)
        self.text.files_given.connect(self.document.look)
        self.text.paste_requested.connect(self.reach.take_clipboard)
        self.reach.text_taken.connect(self.take_text)
        self.reach.documents_taken.connect(self.document.look)
        self.side_list.glossaries_requested.connect(self.open_glossaries)
        self.side_list.chosen.connect(controller.open)
        self.side_list.new_requested.connect(lambda: self.take_text(""))
        bind(self, "text.history", self._on_history)
        bind(self, "text.glossaries", self.open_glossaries)
        for advice in (self.text.advice, self.document.advice):
            advice.models_requested.connect(self.models_requested)
        controller.document_asked.connect(self.document.open)
        controller.text_opened.connect(lambda: self._show(self.text))
        controller.saved.connect(lambda path: self.document.look([path]))
        self.document.files_requested.connect(self.text.choose_files)
        bind(self, "text.open", self.text.choose_files)
        self.document.opened.connect(self._on_opened)
        self.document.chosen.connect(self._on_chosen)
        self.document.form_requested.connect(self.ask_how)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        data = event.mimeData()
        if files_among(data) or (data.hasText() and not data.hasUrls()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)  # never a move, whatever the other program offers
        event.accept()
        self.reach.take_data(event.mimeData())

    def take_text(self, text: str) -> None:
        """Translate a text that comes from outside this page. A document's translation continues in the background."""
        self._show(self.text)
        self.text.take_text(text)

    def _on_history(self) -> None:
        self.list_requested.emit()
        self.side_list.search.setFocus()

    def _on_chosen(self, chosen: ChosenDocuments) -> None:
        """Translate a document at once as the last one. Ask first if there are several, or columns to choose."""
        if chosen.is_plain:
            self._show(self.document)
            self.document.begin_as_last(chosen.paths[0])
        else:
            self.ask_how(chosen, self.controller.manner)

    def ask_how(self, chosen: ChosenDocuments, manner: TranslationStyle) -> None:
        DocumentForm(self._bridge, chosen, manner, self.controller.state.current, self.document.begin, self).open()

    @property
    def languages(self) -> tuple[str, str]:
        """Return source and target of what is in front. A source that is not known yet is a likely one."""
        if self._panes.currentWidget() is self.document and self.document.languages[1]:
            source, target = self.document.languages
        else:
            source, target = self.controller.languages
        return source or other_than(target), target

    def open_glossaries(self) -> None:
        opened = self.window().findChild(QDialog, "glossary_window")
        if opened is None:
            from slmdesk.ui.translation.glossary_window import GlossaryWindow

            opened = GlossaryWindow(self._bridge, self._keeper, self, languages=self.languages)
        come_forward(opened)

    def _show(self, pane: QWidget) -> None:
        self._tabs.setCurrentIndex(self._panes.indexOf(pane))

    def _on_tab(self, index: int) -> None:
        self._heads.setCurrentIndex(index)
        self._panes.setCurrentIndex(index)
        self.setFocusProxy(self.document if index else self.text.first)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.controller.restore()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.controller.keep()

    def _on_opened(self) -> None:
        self._show(self.document)
        if self.isVisible():
            self.document.take_focus()


class TranslationList(EarlierList):
    """The list of translations, texts and documents, with the glossaries at its foot."""

    glossaries_requested = Signal()
    kind, name = KIND, "earlier"

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(
            bridge, parent, new=_("New translation"), tip=_("Translate another text"),
            search=_("Search translations"), label=_("Earlier translations"),
        )  # fmt: skip
        glossaries = button(
            _("Glossaries"), "glossaries_button", self, kind="new", icon="book-open", colour="ink2",
            tip=_("Which words to use, and which to leave"), on=self.glossaries_requested, shortcut="text.glossaries",
        )  # fmt: skip
        layout = self.layout()
        assert layout is not None
        layout.addWidget(glossaries)

    def actions_of(self) -> Sequence[tuple[str, str, str, Callable[[], object]]]:
        return (
            (_("Rename"), "F2", "rename_earlier", self.rename),
            (_("Delete"), "Del", "forget_earlier", self._forget),
        )

    def icon_of(self, item: Item) -> str:
        return "file-text" if request_of(item).path else "languages"

    def _forget(self) -> None:
        if self.current:
            trash(self._bridge, self.current)

    def request(self, words: str, limit: int) -> Callable[[Services], object]:
        if words:
            return lambda services: services.translations.search(words).map(
                lambda result: Listed(result.found, words, result.was_cut)
            )

        def newest(services: Services) -> Listed:
            items = services.history.items(KIND, limit=limit)
            return Listed(tuple((item, "") for item in items), "", len(items) >= limit)

        return newest
