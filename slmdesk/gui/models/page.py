"""The page of models: on this PC, suggested, on the Hub.  Widgets only; the controllers decide."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from slmdesk.core.policy import Policy
from slmdesk.gui.base import theme
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.models.adding.menu import MoreWays
from slmdesk.gui.models.library.cards import LocalModels
from slmdesk.gui.models.library.controller import LibraryController
from slmdesk.gui.models.library.trials import VERIFY
from slmdesk.gui.models.online.controller import FindController
from slmdesk.gui.models.online.details import RepoDetails
from slmdesk.gui.models.online.download_rows import Downloads
from slmdesk.gui.models.online.downloads_controller import FetchController
from slmdesk.gui.models.online.installed_index import Here
from slmdesk.gui.models.online.search import HubSearch
from slmdesk.gui.models.online.suggestions import Suggestions
from slmdesk.gui.widgets.access_token import TokenController
from slmdesk.gui.widgets.file_drop import FileDrop, choose_model_file, packs_among
from slmdesk.gui.widgets.icon import set_icon
from slmdesk.gui.widgets.link_dialog import ask_about_link
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.network_panel import ONCE_TIP
from slmdesk.gui.widgets.scroll_anchor import Steady
from slmdesk.gui.widgets.scroll_column import show_column
from slmdesk.gui.widgets.tab_order import TabOrder
from slmdesk.gui.widgets.text import plain_label
from slmdesk.services.online.events import DownloadChanged

COLUMN = 760
OFFLINE = "slmdesk works offline. Searching and downloading need the network."
OFFLINE_BY_POLICY = "Your organisation has set slmdesk to work offline: nothing is searched or downloaded."


class OfflineBar(QFrame):
    """Says that slmdesk is offline.  Emits `allow_requested`, `once_requested`."""

    allow_requested = Signal()
    once_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("offline_bar")
        self.setProperty("kind", "band")
        sign = named(QLabel(self), "offline_sign")
        set_icon(sign, "wifi-off", "muted")
        self._words = plain_label(OFFLINE, self, name="offline_words")
        allow = self._allow = named(QPushButton("Allow the network", self), "allow_network_button")
        allow.clicked.connect(self.allow_requested)
        self._once = named(QPushButton("Only this once", self), "allow_once_button")
        self._once.setToolTip(ONCE_TIP)
        self._once.clicked.connect(self.once_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8)
        row.setSpacing(theme.SPACE_8)
        row.addWidget(sign)
        row.addWidget(self._words, 1)
        row.addWidget(self._once)
        row.addWidget(allow)

    def show_policy(self, policy: Policy) -> None:
        """Hide the buttons if the organisation has switched the network off."""
        is_set = "offline" in policy.managed
        self._words.setText(OFFLINE_BY_POLICY if is_set else OFFLINE)
        self._allow.setVisible(not is_set)
        self._once.setVisible(not is_set)


class ModelsPage(QScrollArea):
    """One scrolling column of three parts.

    Emits `offline_chosen` and `once_chosen` when a person allows the network, `file_chosen` with the Path of a model
    file to be looked at, `pack_chosen` with that of a pack, `gated_met` with a DownloadChanged that needs a token,
    `compare_requested`.
    """

    offline_chosen = Signal(bool)
    once_chosen = Signal()
    file_chosen = Signal(object)
    gated_met = Signal(object)
    compare_requested = Signal()
    pack_chosen = Signal(object)

    def __init__(
        self,
        library: LibraryController,
        find: FindController,
        fetch: FetchController,
        tokens: TokenController,
        keeper: ThemeKeeper,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("models_page")
        FileDrop(self, self._on_dropped)
        self._library, self._find, self._fetch = library, find, fetch
        self._tokens, self._keeper = tokens, keeper
        self._names: dict[str, str] = {}
        self._here = Here()
        self._build_ui()
        self._connect_library()
        self._connect_hub()
        self._on_offline_changed(find.is_offline)

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "models_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        holder = QWidget(inner)
        holder.setMaximumWidth(COLUMN)
        self._offline = OfflineBar(holder)
        self._downloads = Downloads(holder)
        self._local = LocalModels(holder)
        self.more_ways = MoreWays(self._local)
        self._local.add_way(self.more_ways)
        self._suggestions = Suggestions(holder, self._details_of, self._here)
        self._search = HubSearch(holder, self._details_of)
        column = QVBoxLayout(holder)
        column.setContentsMargins(theme.SPACE_24, theme.SPACE_16, theme.SPACE_24, theme.SPACE_24)
        column.setSpacing(theme.SPACE_12)
        column.addWidget(plain_label("Models", holder, name="models_title", kind="title"))
        column.addWidget(self._offline)
        column.addWidget(self._downloads)
        for name, title, part in (
            ("local", "On this PC", self._local),
            ("suggested", "Suggested", self._suggestions),
            ("hub", "On the Hugging Face Hub", self._search),
        ):
            heading = plain_label(title, holder, name=f"{name}_heading", kind="heading")
            if part is self._local:
                column.addLayout(self._build_local_head(heading, holder))
            else:
                column.addWidget(heading)
            column.addWidget(part)
            column.addSpacing(theme.SPACE_12)
        column.addStretch(1)
        row = QHBoxLayout(inner)
        row.setContentsMargins(0, 0, 0, 0)
        row.addStretch(1)
        row.addWidget(holder, 1000)
        row.addStretch(1)
        show_column(self, inner)
        self._steady = Steady(self)
        TabOrder(self, inner)

    def _build_local_head(self, heading: QLabel, holder: QWidget) -> QHBoxLayout:
        compare = named(QPushButton("Compare models…", holder), "compare_button")
        compare.setToolTip("Ask several models the same question, side by side")
        compare.clicked.connect(self.compare_requested)
        head = QHBoxLayout()
        head.addWidget(heading, 1)
        head.addWidget(compare)
        return head

    def _connect_library(self) -> None:
        library, local = self._library, self._local
        library.models_listed.connect(local.show_models)
        library.models_listed.connect(self._on_models_listed)
        library.models_judged.connect(local.show_judged)
        library.state_changed.connect(local.show_state)
        library.import_progressed.connect(local.show_progress)
        library.import_ended.connect(local.end_progress)
        library.policy_shown.connect(local.show_policy)
        library.policy_shown.connect(self._offline.show_policy)
        library.policy_shown.connect(self._suggestions.show_policy)
        library.policy_shown.connect(self.more_ways.show_policy)
        library.trials.details_read.connect(local.show_details)
        library.trials.trial_changed.connect(local.show_trial)
        local.details_requested.connect(library.trials.read_details)
        local.trial_requested.connect(library.trials.start)
        local.trial_stopped.connect(library.trials.stop)
        local.default_chosen.connect(library.set_default)
        local.grown.connect(self._on_grown)
        local.use_requested.connect(library.use)
        local.action_requested.connect(self._on_action)
        local.add_requested.connect(self._on_add)
        local.cancel_requested.connect(library.cancel_import)

    def _connect_hub(self) -> None:
        find, fetch, search, downloads = self._find, self._fetch, self._search, self._downloads
        self._offline.allow_requested.connect(lambda: self.offline_chosen.emit(False))
        self._offline.once_requested.connect(self.once_chosen)
        find.offline_changed.connect(self._on_offline_changed)
        find.suggested.connect(self._suggestions.show_suggestions)
        find.filters_shown.connect(search.show_filters)
        find.search_cleared.connect(search.clear)
        find.search_began.connect(search.show_searching)
        find.found.connect(search.show_found)
        find.search_failed.connect(search.show_failed)
        find.page_known.connect(lambda address: ask_about_link(self, address))
        search.words_changed.connect(find.search)
        search.search_requested.connect(find.search_anew)
        search.filters_chosen.connect(find.choose)
        search.more_requested.connect(find.more)
        search.too_large_requested.connect(find.show_too_large)
        search.download_requested.connect(fetch.start)
        self._suggestions.file_requested.connect(fetch.start)
        for part in (search, self._suggestions):
            find.repo_found.connect(part.show_repo)
            find.repo_failed.connect(part.show_repo_failed)
            find.judged.connect(part.show_judged)
            find.card_read.connect(part.show_card)
            part.opened.connect(find.open_repo)
            part.closed.connect(find.close_repo)
            part.page_requested.connect(find.ask_page)
            part.link_chosen.connect(lambda address: ask_about_link(self, address))
            part.grown.connect(self._steady.bring_up)
        self._suggestions.download_requested.connect(fetch.start)
        fetch.download_shown.connect(downloads.show_download)
        fetch.download_hidden.connect(downloads.hide_download)
        fetch.download_shown.connect(self._on_download_shown)
        fetch.download_hidden.connect(self._on_download_hidden)
        fetch.left_overs_listed.connect(downloads.show_left_overs)
        downloads.pause_requested.connect(fetch.pause)
        downloads.resume_requested.connect(fetch.resume)
        downloads.cancel_requested.connect(fetch.cancel)
        downloads.move_requested.connect(fetch.move)
        downloads.use_requested.connect(fetch.use)
        downloads.dismissed.connect(fetch.dismiss)
        downloads.go_on_requested.connect(fetch.go_on_with)
        downloads.discard_requested.connect(fetch.discard)
        downloads.gated_requested.connect(self.gated_met)

    @property
    def search(self) -> HubSearch:
        return self._search

    def show_suggested(self, job: str, language: str) -> None:
        """Scroll to the suggestions for a job and a language."""
        self._suggestions.choose(job, language)
        QTimer.singleShot(0, self._suggestions, self._show_suggestions)

    def _show_suggestions(self) -> None:
        if (inner := self.widget()) is not None:
            top = self._suggestions.mapTo(inner, self._suggestions.rect().topLeft()).y()
            self.verticalScrollBar().setValue(top - theme.SPACE_32)

    def show_model(self, id: str) -> None:
        self._local.show_model(id)

    @Slot(object)
    def _on_models_listed(self, models: object) -> None:
        assert isinstance(models, tuple)
        self._names = {one.record.id: one.record.name for one in models}
        self._here.keep_sums(one.record.sha256 for one in models)
        self._show_here()

    @Slot(object)
    def _on_download_shown(self, change: object) -> None:
        assert isinstance(change, DownloadChanged)
        self._here.keep(change)
        self._show_here()

    @Slot(str)
    def _on_download_hidden(self, id: str) -> None:
        self._here.forget(id)
        self._show_here()

    def _show_here(self) -> None:
        self._suggestions.show_here()
        self._search.show_here()

    @Slot(bool)
    def _on_offline_changed(self, is_offline: bool) -> None:
        self._offline.setVisible(is_offline)
        self._search.show_offline(is_offline)
        self._suggestions.show_offline(is_offline)

    @Slot(str, str)
    def _on_action(self, model: str, action: str) -> None:
        if action == "rename":
            self._ask_name(model)
        elif action == "verify":
            self._library.trials.start(model, VERIFY)
        elif action == "folder":
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._library.folder_of(model))))
        elif action == "remove":
            self._library.remove(model)

    @Slot(object)
    def _on_grown(self, widget: QWidget) -> None:
        """Scroll to details that have opened, once they are laid out."""
        QTimer.singleShot(0, widget, lambda: self.ensureWidgetVisible(widget, 0, theme.SPACE_24))

    @Slot()
    def _on_add(self) -> None:
        choose_model_file(self, "library_file_dialog", self.file_chosen.emit)

    def _on_dropped(self, paths: Sequence[Path]) -> None:
        """Show what was dropped: model files, folders of them, and packs."""
        if packs := packs_among(paths):
            self.pack_chosen.emit(packs[0])
        else:
            self.file_chosen.emit(list(paths))

    def _details_of(self, repo: str, parent: QWidget) -> RepoDetails:
        return RepoDetails(self._keeper, self._tokens, self._here, repo, parent)

    def _ask_name(self, model: str) -> None:
        dialog = QInputDialog(self)
        dialog.setObjectName("rename_dialog")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle("Rename the model")
        dialog.setLabelText("Its new name; the file keeps its own.")
        dialog.setTextValue(self._names.get(model, ""))
        dialog.textValueSelected.connect(lambda name: self._library.rename(model, name))
        dialog.open()
