"""The translator's page for texts and documents, and its list of translations."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from slmdesk.base.record import Record
from slmdesk.base.records import Item
from slmdesk.base.texts import _
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.services import Services
from slmdesk.translation.documents import ChosenDocuments
from slmdesk.translation.prompts import TranslationStyle
from slmdesk.translation.types import KIND, request_of
from slmdesk.translation.window.document_pane import DocumentPane
from slmdesk.translation.window.documents import DocumentForm
from slmdesk.translation.window.languages import other_than
from slmdesk.translation.window.text import TranslateController
from slmdesk.translation.window.text_editors import TranslateEntry, files_among
from slmdesk.translation.window.text_pane import TextPane
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Delay
from slmdesk.window.base.live import Live
from slmdesk.window.base.shortcuts import WindowStateFile, bind
from slmdesk.window.base.text import moment_words
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.build import (
    CLEAR,
    button,
    column,
    named,
    plain_label,
    plain_tip,
    row,
    show_words,
    text_line,
    tool_button,
)
from slmdesk.window.widgets.notices import trash
from slmdesk.window.widgets.parts import Segments


class TranslatePage(QWidget):
    """Page with the tabs Text and Document. Each keeps what it shows while the other is in front."""

    models_requested = Signal(str)
    list_requested = Signal()

    def __init__(self, bridge: Bridge, state: WindowStateFile, keeper: ThemeKeeper) -> None:
        super().__init__()
        self.setObjectName("translate_page")
        self.setAcceptDrops(True)
        self._bridge, self._keeper = bridge, keeper
        controller = self.controller = TranslateController(bridge, state, self)
        self.reach = TranslateEntry(bridge, controller, self)
        self.text = TextPane(controller, keeper, self)
        self.document = DocumentPane(controller, keeper, self)
        self.side_list = EarlierList(bridge, self)
        keeper.theme_changed.connect(self.side_list.look)
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
        controller = self.controller
        self._tabs.currentChanged.connect(self._on_tab)
        self.text.files_given.connect(self.document.look)
        self.text.paste_requested.connect(self.reach.take_clipboard)
        self.reach.text_taken.connect(self.take_text)
        self.reach.documents_taken.connect(self.document.look)
        self.side_list.glossaries_requested.connect(self.open_glossaries)
        self.side_list.chosen.connect(controller.open)
        self.side_list.new_requested.connect(lambda: self.take_text(""))
        bind(self, "text.history", self._on_history)
        for asker in (self.text, self.document.advice):
            asker.models_requested.connect(self.models_requested)
        controller.document_asked.connect(self.document.open)
        controller.text_opened.connect(lambda _text: self._show(self.text))
        controller.saved.connect(lambda path: self.document.look([path]))
        self.document.files_requested.connect(self.text.choose_files)
        bind(self, "text.open", self.text.choose_files)
        self.document.opened.connect(self._on_opened)
        self.document.chosen.connect(self._on_chosen)
        self.document.form_requested.connect(self._on_form_requested)

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
            self._on_form_requested(chosen, self.controller.manner)

    def _on_form_requested(self, chosen: ChosenDocuments, manner: TranslationStyle) -> None:
        last = self.controller.state.current
        form = DocumentForm(self._bridge, chosen, manner, last, self)
        form.advice.models_requested.connect(self.models_requested)
        form.begin_requested.connect(self.document.begin)
        form.open()

    @property
    def languages(self) -> tuple[str, str]:
        """Return source and target of what is in front. A source that is not known yet is a likely one."""
        if self._panes.currentWidget() is self.document and self.document.languages[1]:
            source, target = self.document.languages
        else:
            source, target = self.controller.languages
        return source or other_than(target), target

    def open_glossaries(self) -> None:
        opened = self.findChild(QDialog, "glossary_window")
        if opened is None:
            from slmdesk.translation.window.glossary_window import GlossaryWindow

            opened = GlossaryWindow(self._bridge, self._keeper, self, languages=self.languages)
        opened.show()
        opened.raise_()
        opened.activateWindow()

    def _show(self, pane: QWidget) -> None:
        self._tabs.setCurrentIndex(self._panes.indexOf(pane))

    def _on_tab(self, index: int) -> None:
        self._heads.setCurrentIndex(index)
        self._panes.setCurrentIndex(index)
        self.setFocusProxy(self.document if index else self.text)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.controller.restore()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.controller.keep()

    def _on_opened(self) -> None:
        self._show(self.document)
        if self.isVisible():
            self.document.review.take_focus()


SEARCH_AFTER_MS = 200
ID, TITLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
AT_ONCE = 50
HIT_MARKS = str.maketrans("", "", "\ue000\ue001")


class Listed(Record):
    rows: tuple[tuple[Item, str], ...] = ()
    """Translations, each with the words around what was searched, or ''."""
    words: str = ""
    """What was searched. Empty if all are listed."""
    is_cut: bool = False
    """Whether there are more; in a search, documents that were not searched."""


class EarlierList(QFrame):
    """The list of translations, texts and documents."""

    chosen = Signal(str)
    new_requested = Signal()
    glossaries_requested = Signal()

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("translations_side")
        self._bridge = bridge
        self._words, self._limit = "", AT_ONCE
        self._listed: Live[Listed] = Live(bridge, self, self._ask, Listed(), is_watched=False)
        self._renamed = ""
        self._timer = Delay(self, SEARCH_AFTER_MS, self._on_search)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        new = button(
            _("New translation"), "new_translation", self, kind="new", icon="plus", colour="accent",
            tip=_("Translate another text"), on=self._on_new,
        )  # fmt: skip
        more = tool_button("translations_more", self, icon="ellipsis", label=_("More"), tip=_("Rename, delete"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        hint, label = _("Search translations"), _("Search texts, translations and titles")
        self.search = text_line("earlier_search", self, hint, label=label, most=400, clears=CLEAR)
        self._hint = plain_label("", self, name="earlier_hint", kind="small")
        self.list = named(QListWidget(self), "earlier_list", label=_("Earlier translations"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self._title = named(QLineEdit(self), "earlier_title", label=_("The new title"))
        self._title.setMaxLength(200)
        self._title.hide()
        menu = named(QMenu(more), "translations_menu")
        for words, keys, name, work in (
            (_("Rename"), "F2", "rename_earlier", self._on_rename),
            (_("Delete"), "Del", "forget_earlier", self._on_forget),
        ):
            action = named(menu.addAction(words, QKeySequence(keys), work), name)
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            self.list.addAction(action)
        more.setMenu(menu)
        self._more = button(_("Show more"), "more_earlier_button", self, kind="text", on=self._on_more)
        glossaries = button(
            _("Glossaries"), "glossaries_button", self, kind="new", icon="book-open", colour="ink2",
            tip=_("Which words to use, and which to leave"), on=self.glossaries_requested,
        )  # fmt: skip
        column(
            row((new, 1), more, gap=0), self.search, self._hint, (self.list, 1), self._title, self._more, glossaries,
            into=self, gap=theme.SPACE_8,
        )  # fmt: skip

    def _connect(self) -> None:
        self.search.textChanged.connect(lambda _text: self._timer.start())
        for signal in (self.list.itemClicked, self.list.itemActivated):
            signal.connect(lambda item: self.chosen.emit(item.data(ID)))
        for watched in (self.search, self._title):
            watched.installEventFilter(self)
        self._bridge.on(ItemChanged, lambda event: self._listed.again() if event.item.kind == KIND else None)
        self._bridge.on(ItemGone, self._listed.again)
        self._listed.changed.connect(self.look)
        self.look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._listed.watch(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._listed.watch(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Handle keys: Down goes from search field to list. While editing a title, Enter saves and Esc discards it."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        is_enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if watched is self.search and (event.key() == Qt.Key.Key_Down or is_enter):
            self._timer.stop()
            self._on_search()
            self.list.setFocus()
            if self.list.currentRow() < 0:
                self.list.setCurrentRow(0)
            return True
        if watched is self._title and (is_enter or event.key() == Qt.Key.Key_Escape):
            self._end_rename(keep=is_enter)
            return True
        return False

    def _on_new(self) -> None:
        self.list.setCurrentRow(-1)
        self.new_requested.emit()

    def _on_search(self) -> None:
        """List translations with the searched words in text, translation or title, or all if none are searched."""
        words = self.search.text().strip()
        if words != self._words:
            self._words, self._limit = words, AT_ONCE
            self._listed.again()

    def _on_more(self) -> None:
        self._limit += AT_ONCE
        self._listed.again()

    def _ask(self) -> Callable[[Services], object]:
        words, limit = self._words, self._limit
        if words:
            return lambda services: services.recent.search(words).map(
                lambda result: Listed(result.found, words, result.was_cut)
            )

        def newest(services: Services) -> Listed:
            items = services.history.items(KIND, limit=limit)
            return Listed(tuple((item, "") for item in items), "", len(items) >= limit)

        return newest

    def look(self) -> None:
        rows, requested, is_cut = self._listed.value.rows, self._listed.value.words, self._listed.value.is_cut
        now = self._current()
        self.list.clear()
        for item, snippet in rows:
            words = f"{item.shown_title}\n{snippet.translate(HIT_MARKS)}" if snippet else item.shown_title
            line = QListWidgetItem(words, self.list)
            name = "file-text" if request_of(item).path else "languages"
            line.setIcon(theme.icon(name, theme.current().colour("ink2")))
            line.setData(ID, item.id)
            line.setData(TITLE, item.shown_title)
            line.setToolTip(plain_tip(f"{item.shown_title}\n{moment_words(item.updated)}"))
        ids = [item.id for item, _snippet in rows]
        self.list.setCurrentRow(ids.index(now) if now in ids else -1)
        found = _("{count} found").format(count=len(rows)) if rows else _("Nothing found")
        found += _("; the oldest documents were not looked through") if is_cut else ""
        show_words(self._hint, found if requested else "" if rows else _("No translations yet"))
        self._more.setVisible(is_cut and not requested)

    def _current(self) -> str:
        item = self.list.currentItem()
        return str(item.data(ID)) if item is not None else ""

    def _on_forget(self) -> None:
        if item := self._current():
            trash(self._bridge, item)

    def _on_rename(self) -> None:
        self._renamed = self._current()
        if self._renamed:
            self._title.setText(self.list.currentItem().data(TITLE))
            self._title.show()
            self._title.selectAll()
            self._title.setFocus()

    def _end_rename(self, *, keep: bool) -> None:
        if keep and self._title.text().strip():
            self._bridge.services.history.rename(self._renamed, self._title.text())
        self._title.hide()
        self.list.setFocus()
