"""Puts the page of models together: creates controllers, the page and dialogs, and connects them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.base.runtime.events import DownloadChanged
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.theme import ThemeKeeper
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.bars import SettingsController
from slmdesk.ui.kit.widgets.build import column
from slmdesk.ui.kit.widgets.opening import ask_about_link
from slmdesk.ui.kit.widgets.tokens import GatedDialog, TokenController
from slmdesk.ui.models.adding import ModelDialogs
from slmdesk.ui.models.library import LibraryController
from slmdesk.ui.models.page import ModelsPage
from slmdesk.ui.online.downloads import Downloads, DownloadsController
from slmdesk.ui.online.hub import HubController, HubSearch, Offering
from slmdesk.ui.online.suggestions import Suggestions
from slmdesk.ui.shell.better import BetterCard, BetterModel


class ModelsArea(QFrame):
    """The page of models. Emits `chat_requested` with the id of a model."""

    chat_requested = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        settings: SettingsController,
        state: WindowStateFile,
        tokens: TokenController,
        keeper: ThemeKeeper,
        way: BetterModel,
        window: QWidget,
    ) -> None:
        super().__init__()
        self.setObjectName("models_place")
        self._tokens = tokens
        self.library = LibraryController(bridge, settings, self)
        self.hub = HubController(bridge, settings, state, self)
        self.fetch = DownloadsController(bridge, settings, self)
        offering = Offering(self.hub, self.fetch, tokens, keeper)
        self._downloads = Downloads(self.fetch, way.shows)
        way.changed.connect(self.fetch.changed)
        better = BetterCard(way, self, is_first=True, is_patient=True, leads_on=False)
        self.suggestions, self.search = Suggestions(offering), HubSearch(offering)
        self.page = ModelsPage(self.library, better, self._downloads, self.suggestions, self.search)
        self.ways = ModelDialogs(bridge, window, self)
        self.setFocusProxy(self.page)
        column((self.page, 1), into=self)
        for part in (self.library, self.fetch):
            part.chat_requested.connect(self.chat_requested)
        self.page.find_requested.connect(self.ways.find)
        self._connect_hub()

    def _connect_hub(self) -> None:
        self.hub.settings.policy_shown.connect(self.suggestions.show_policy)
        self.suggestions.show_policy(self.hub.settings.policy)
        self.library.cards.changed.connect(self._on_models_listed)
        self.hub.page_known.connect(lambda address: ask_about_link(self, address))
        self._downloads.gated_requested.connect(self._on_gated_met)
        for offers in (self.search, self.suggestions):
            offers.grown.connect(self.page.steady.scroll_into_view)
        for part in (self.search, self.suggestions):
            self.hub.offline_changed.connect(part.show_offline)
            part.show_offline(self.hub.is_offline)
        self.hub.offline_changed.connect(self.search.search_now)

    def show_suggested(self, job: str, language: str) -> None:
        self.suggestions.choose(job, language)
        self.page.open_all(self.suggestions)

    def _on_models_listed(self) -> None:
        self.fetch.show_sums(card.record.sha256 for card in self.library.listed)

    def _on_gated_met(self, change: DownloadChanged) -> None:
        dialog = GatedDialog(self._tokens, change.repo, self.window(), problem=change.problem)
        dialog.panel.page_requested.connect(lambda: self.hub.ask_page(change.repo))
        dialog.panel.try_again_requested.connect(lambda: self.fetch.resume(change.id))
        dialog.open()
