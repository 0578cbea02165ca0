"""The status bar: offline or not, requests today, whether the history is encrypted, the model, and the jobs."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QMenu, QWidget

from slmdesk.base.policy import Policy
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.shortcuts import show_in_menu
from slmdesk.window.widgets.build import button, row
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.network_panel import NetworkPanel
from slmdesk.window.widgets.text import ElidedLabel

STATE_WORDS = {
    ModelState.NONE: "No model yet",
    ModelState.NOT_LOADED: "{name} not loaded",
    ModelState.LOADING: "{name} loading, {percent} %",
    ModelState.READY: "{name} ready",
    ModelState.CRASHED: "{name} stopped unexpectedly",
}


class StatusBar(QFrame):
    offline_chosen = Signal(bool)
    once_chosen = Signal()
    ledger_requested = Signal()
    statement_requested = Signal()
    jobs_requested = Signal()
    cover_requested = Signal()
    lock_requested = Signal()
    privacy_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "status_bar", label="Status")
        self._requests: int | None = None
        self._is_offline, self._is_once = True, False
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        tip = "Allow or forbid the network, and see every request this program made"
        self._network = button("", "network_button", self, kind="status", tip=tip)
        self._panel = NetworkPanel(self)
        tip = "This history is encrypted. Lock it, or cover the window"
        self._lock = button("Encrypted", "lock_button", self, kind="status", tip=tip, icon="lock", colour="muted")
        self._lock.hide()
        self._model = ElidedLabel(self, name="model_status")
        self._model.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        tip = "See what is being worked on"
        self._jobs = button("", "jobs_button", self, kind="status", tip=tip, on=self.jobs_requested)
        self.show_jobs("")
        margins = (theme.SPACE_8, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
        row(self._network, self._lock, (self._model, 1), self._jobs, into=self, gap=theme.SPACE_16, margins=margins)
        self._show_network()

    def _connect(self) -> None:
        self._lock.clicked.connect(self._on_lock_clicked)
        self._network.clicked.connect(lambda: self._panel.toggle_above(self._network))
        self._panel.offline_chosen.connect(self.offline_chosen)
        self._panel.once_chosen.connect(self.once_chosen)
        self._panel.ledger_requested.connect(self.ledger_requested)
        self._panel.statement_requested.connect(self.statement_requested)

    def show_encrypted(self, is_encrypted: bool) -> None:
        self._lock.setVisible(is_encrypted)

    def _on_lock_clicked(self) -> None:
        menu = passing(QMenu(self), "lock_menu")
        cover = named(menu.addAction("Cover the window; jobs go on"), "cover_action")
        lock = named(menu.addAction("Lock the history; jobs go on after unlocking"), "lock_action")
        show_in_menu(lock, "lock")
        menu.addSeparator()
        privacy = named(menu.addAction("Privacy settings…"), "privacy_action")
        cover.triggered.connect(self.cover_requested)
        lock.triggered.connect(self.lock_requested)
        privacy.triggered.connect(self.privacy_requested)
        menu.popup(self._lock.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def show_requests(self, count: int) -> None:
        self._requests = count
        self._show_network()

    def show_offline(self, is_offline: bool, *, is_once: bool = False) -> None:
        self._is_offline, self._is_once = is_offline, is_once
        self._panel.show_offline(is_offline, is_once=is_once)
        self._show_network()

    def show_policy(self, policy: Policy) -> None:
        self._panel.show_managed("offline" in policy.managed)

    def show_model(self, event: ModelStateChanged) -> None:
        if event.state is ModelState.NOT_LOADED and not event.name:
            self._model.set_full_text("")
            return
        words = STATE_WORDS[event.state].format(name=event.name or "Model", percent=round(event.fraction * 100))
        if event.state is ModelState.READY and event.memory_bytes:
            words += f", {bytes_for_people(event.memory_bytes)} memory"
        if event.loaded and event.loaded.offload:
            words += ", graphics card"
        self._model.set_full_text(words)

    def show_jobs(self, words: str) -> None:
        self._jobs.setText(words)
        self._jobs.setAccessibleName(words or "No jobs")
        self._jobs.setVisible(bool(words))

    def _show_network(self) -> None:
        state = "Offline" if self._is_offline else "Online, only this once" if self._is_once else "Online"
        words = ""
        if self._requests is not None:
            noun = "request" if self._requests == 1 else "requests"
            words = f" — {QLocale().toString(self._requests)} {noun} today"
        self._network.setText(f"{'○' if self._is_offline else '●'} {state}{words}")
        self._network.setAccessibleName(f"{state}{words}")
        self._network.setProperty("online", not self._is_offline)
        self._network.style().unpolish(self._network)
        self._network.style().polish(self._network)
