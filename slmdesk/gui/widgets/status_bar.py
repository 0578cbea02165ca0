"""The promise at the window's foot: offline or not, requests today, and the model."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from slmdesk.core.policy import Policy
from slmdesk.gui import theme
from slmdesk.gui.widgets.named import named
from slmdesk.gui.widgets.network_panel import NetworkPanel
from slmdesk.services.facts import ModelState, ModelStateChanged
from slmdesk.services.sentences import bytes_for_people

STATE_WORDS = {
    ModelState.NONE: "No model yet",
    ModelState.NOT_LOADED: "{name} not loaded",
    ModelState.LOADING: "{name} loading, {percent} %",
    ModelState.READY: "{name} ready",
    ModelState.CRASHED: "{name} stopped unexpectedly",
}


class StatusBar(QFrame):
    """Emits `offline_chosen` with whether to work offline, and `ledger_requested` to see the requests."""

    offline_chosen = Signal(bool)
    ledger_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status_bar")
        self.setAccessibleName("Status")
        self._requests: int | None = None
        self._is_offline = True
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._network = named(QPushButton(self), "network_button")
        self._network.setProperty("kind", "status")
        self._network.setToolTip("Allow or forbid the network, and see every request this program made")
        self._panel = NetworkPanel(self)
        self._model = named(QLabel(self), "model_status")
        self._model.setTextFormat(Qt.TextFormat.PlainText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.SPACE_8, theme.SPACE_4, theme.SPACE_16, theme.SPACE_4)
        layout.setSpacing(theme.SPACE_16)
        layout.addWidget(self._network)
        layout.addStretch(1)
        layout.addWidget(self._model)
        self._show_network()

    def _connect(self) -> None:
        self._network.clicked.connect(lambda: self._panel.toggle_above(self._network))
        self._panel.offline_chosen.connect(self.offline_chosen)
        self._panel.ledger_requested.connect(self.ledger_requested)

    @Slot(int)
    def show_requests(self, count: int) -> None:
        """Say how many requests left this PC today."""
        self._requests = count
        self._show_network()

    @Slot(bool)
    def show_offline(self, is_offline: bool) -> None:
        """Say whether requests may leave at all."""
        self._is_offline = is_offline
        self._panel.show_offline(is_offline)
        self._show_network()

    @Slot(object)
    def show_policy(self, policy: Policy) -> None:
        """Lock the switch when the organisation has set it."""
        self._panel.show_managed("offline" in policy.managed)

    @Slot(object)
    def show_model(self, fact: ModelStateChanged) -> None:
        """Say what the model is doing and what memory it takes."""
        if fact.state is ModelState.NOT_LOADED and not fact.name:
            self._model.clear()
            return
        words = STATE_WORDS[fact.state].format(name=fact.name or "Model", percent=round(fact.fraction * 100))
        if fact.state is ModelState.READY and fact.memory_bytes:
            words += f", {bytes_for_people(fact.memory_bytes)} memory"
        self._model.setText(words)

    def _show_network(self) -> None:
        state = "Offline" if self._is_offline else "Online"
        words = ""
        if self._requests is not None:
            noun = "request" if self._requests == 1 else "requests"
            words = f" — {QLocale().toString(self._requests)} {noun} today"
        self._network.setText(f"{'●' if self._is_offline else '○'} {state}{words}")
        self._network.setAccessibleName(f"{state}{words}")
