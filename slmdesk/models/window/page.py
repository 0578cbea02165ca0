"""The page of models: on this PC, suggested, on the Hub.  Widgets only; the controllers decide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget

from slmdesk.base.policy import Policy
from slmdesk.models.window.adding.menu import AddMenu
from slmdesk.models.window.library.cards import LocalModels
from slmdesk.models.window.library.controller import LibraryController
from slmdesk.online.events import DownloadChanged
from slmdesk.online.window.hub.controller import HubController
from slmdesk.online.window.hub.details import Offering
from slmdesk.online.window.hub.download_rows import Downloads
from slmdesk.online.window.hub.downloads_controller import DownloadsController
from slmdesk.online.window.hub.installed_index import InstalledIndex
from slmdesk.online.window.hub.search import HubSearch
from slmdesk.online.window.hub.suggestions import Suggestions
from slmdesk.window.base import theme
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.widgets.access_token import TokenController
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.file_drop import FileDrop, choose_model_file, packs_among
from slmdesk.window.widgets.icon import set_icon
from slmdesk.window.widgets.link_dialog import ask_about_link
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.network_panel import ONCE_TIP
from slmdesk.window.widgets.scroll_anchor import ScrollAnchor
from slmdesk.window.widgets.scroll_column import show_column
from slmdesk.window.widgets.tab_order import TabOrder
from slmdesk.window.widgets.text import plain_label

COLUMN = 760
OFFLINE = "slmdesk works offline. Searching and downloading need the network."
OFFLINE_BY_POLICY = "Your organisation has set slmdesk to work offline: nothing is searched or downloaded."


class OfflineBar(QFrame):
    allow_requested = Signal()
    once_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        named(self, "offline_bar", kind="band")
        sign = named(QLabel(self), "offline_sign")
        set_icon(sign, "wifi-off", "muted")
        self._words = plain_label(OFFLINE, self, name="offline_words")
        self._allow = button("Allow the network", "allow_network_button", self, on=self.allow_requested)
        once = self._once = button("Only this once", "allow_once_button", self, tip=ONCE_TIP, on=self.once_requested)
        margins = (theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        row(sign, (self._words, 1), once, self._allow, into=self, gap=theme.SPACE_8, margins=margins)

    def show_policy(self, policy: Policy) -> None:
        is_set = "offline" in policy.managed
        self._words.setText(OFFLINE_BY_POLICY if is_set else OFFLINE)
        self._allow.setVisible(not is_set)
        self._once.setVisible(not is_set)


class ModelsPage(QScrollArea):
    offline_chosen = Signal(bool)
    once_chosen = Signal()
    file_chosen = Signal(object)
    gated_met = Signal(object)
    compare_requested = Signal()
    pack_chosen = Signal(object)

    def __init__(
        self,
        library: LibraryController,
        find: HubController,
        fetch: DownloadsController,
        tokens: TokenController,
        keeper: ThemeKeeper,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("models_page")
        FileDrop(self, self._on_dropped)
        self._library, self._offering = library, Offering(find, fetch, tokens, keeper, InstalledIndex())
        self._build_ui()
        self._connect()
        self._on_offline_changed(find.is_offline)

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "models_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN)
        self._offline = OfflineBar(holder)
        self._downloads = Downloads(self._offering.fetch, holder)
        self._local = LocalModels(self._library, holder)
        self.more_ways = AddMenu(self._local)
        self._local.add_way(self.more_ways)
        self._suggestions = Suggestions(holder, self._offering)
        self.search = HubSearch(holder, self._offering)
        title = plain_label("Models", holder, name="models_title", kind="title")
        margins = (theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_24)
        parts = column(title, self._offline, self._downloads, into=holder, gap=theme.SPACE_12, margins=margins)
        for name, words, part in (
            ("local", "On this PC", self._local),
            ("suggested", "Suggested", self._suggestions),
            ("hub", "On the Hugging Face Hub", self.search),
        ):
            heading = plain_label(words, holder, name=f"{name}_heading", kind="heading")
            if part is self._local:
                parts.addLayout(self._build_local_head(heading, holder))
            else:
                parts.addWidget(heading)
            parts.addWidget(part)
            parts.addSpacing(theme.SPACE_12)
        parts.addStretch(1)
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        self._steady = ScrollAnchor(self)
        TabOrder(self, inner)

    def _build_local_head(self, heading: QLabel, holder: QWidget) -> QHBoxLayout:
        tip = "Ask several models the same question, side by side"
        compare = button("Compare models…", "compare_button", holder, tip=tip, on=self.compare_requested)
        return row((heading, 1), compare)

    def _connect(self) -> None:
        library, find, fetch = self._library, self._offering.find, self._offering.fetch
        library.models_listed.connect(self._on_models_listed)
        for part in (self._offline, self._suggestions, self.more_ways):
            library.policy_shown.connect(part.show_policy)
        self._local.grown.connect(self._on_grown)
        self._local.add_requested.connect(lambda: choose_model_file(self, "library_file_dialog", self.file_chosen.emit))
        self._offline.allow_requested.connect(lambda: self.offline_chosen.emit(False))
        self._offline.once_requested.connect(self.once_chosen)
        find.offline_changed.connect(self._on_offline_changed)
        find.page_known.connect(lambda address: ask_about_link(self, address))
        for offers in (self.search, self._suggestions):
            offers.grown.connect(self._steady.scroll_into_view)
        fetch.download_shown.connect(self._on_download_shown)
        fetch.download_hidden.connect(self._on_download_hidden)
        self._downloads.gated_requested.connect(self.gated_met)

    def show_suggested(self, job: str, language: str) -> None:
        self._suggestions.choose(job, language)
        QTimer.singleShot(0, self._suggestions, self._show_suggestions)

    def _show_suggestions(self) -> None:
        if (inner := self.widget()) is not None:
            top = self._suggestions.mapTo(inner, self._suggestions.rect().topLeft()).y()
            self.verticalScrollBar().setValue(top - theme.SPACE_32)

    def show_model(self, id: str) -> None:
        self._local.show_model(id)

    def _on_models_listed(self, models: object) -> None:
        assert isinstance(models, tuple)
        self._offering.here.keep_sums(one.record.sha256 for one in models)
        self._show_here()

    def _on_download_shown(self, change: object) -> None:
        assert isinstance(change, DownloadChanged)
        self._offering.here.keep(change)
        self._show_here()

    def _on_download_hidden(self, id: str) -> None:
        self._offering.here.forget(id)
        self._show_here()

    def _show_here(self) -> None:
        self._suggestions.show_here()
        self.search.show_here()

    def _on_offline_changed(self, is_offline: bool) -> None:
        self._offline.setVisible(is_offline)
        self.search.show_offline(is_offline)
        self._suggestions.show_offline(is_offline)

    def _on_grown(self, widget: QWidget) -> None:
        QTimer.singleShot(0, widget, lambda: self.ensureWidgetVisible(widget, 0, theme.SPACE_24))

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        if packs := packs_among(paths):
            self.pack_chosen.emit(packs[0])
        else:
            self.file_chosen.emit(list(paths))
