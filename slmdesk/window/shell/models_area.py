"""Puts the models and their comparison together: controllers, pages, dialogs, and the connections between them."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from slmdesk.base.settings import Settings
from slmdesk.evaluation.window.comparison import ComparePage
from slmdesk.models.window.adding import ModelDialogs
from slmdesk.models.window.controller import LibraryController
from slmdesk.models.window.page import ModelsPage
from slmdesk.online.events import DownloadChanged
from slmdesk.online.window.downloads import DownloadsController
from slmdesk.online.window.hub import HubController
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import WindowStateFile
from slmdesk.window.base.theme import ThemeKeeper
from slmdesk.window.widgets.tokens import GatedDialog, TokenController


class ModelsArea(QStackedWidget):
    """Emits `chat_requested` with a model's id."""

    chat_requested = Signal(str)

    def __init__(
        self,
        bridge: Bridge,
        settings: Settings,
        state: WindowStateFile,
        tokens: TokenController,
        keeper: ThemeKeeper,
        window: QWidget,
    ) -> None:
        super().__init__()
        self.setObjectName("models_place")
        self._tokens = tokens
        self.library = LibraryController(bridge, self)
        self.hub = HubController(bridge, settings, state, self)
        self.fetch = DownloadsController(bridge, settings, self)
        self.page = ModelsPage(self.library, self.hub, self.fetch, tokens, keeper)
        self.compare_page = ComparePage(bridge, keeper)
        self.ways = ModelDialogs(bridge, window, self.page.more_ways, self)
        self.currentChanged.connect(lambda at: self.setFocusProxy((self.page, self.compare_page)[at]))
        self.addWidget(self.page)
        self.addWidget(self.compare_page)
        for part in (self.library, self.fetch, self.ways):
            part.chat_requested.connect(self.chat_requested)
        self.page.compare_requested.connect(self._on_compare_requested)
        self.compare_page.back_requested.connect(lambda: self.setCurrentWidget(self.page))
        self.page.pack_chosen.connect(self.ways.open_pack)
        self.page.gated_met.connect(self._on_gated_met)

    def _on_compare_requested(self) -> None:
        self.setCurrentWidget(self.compare_page)
        self.compare_page.focus_first()

    def _on_gated_met(self, change: DownloadChanged) -> None:
        dialog = GatedDialog(self._tokens, change.repo, self.window(), problem=change.problem)
        dialog.page_requested.connect(self.hub.ask_page)
        dialog.try_again_requested.connect(lambda _repo: self.fetch.resume(change.id))
        dialog.open()
