"""The network settings: each takes effect with the next request, for searches and downloads alike."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QWidget

from slmdesk.base.policy import Policy, shown_proxy
from slmdesk.base.settings import Settings
from slmdesk.hub.guard import HUB
from slmdesk.hub.kernel import can_enforce, is_enforced
from slmdesk.online.events import TokenChanged
from slmdesk.online.window.network_controller import NetworkController
from slmdesk.online.window.token_dialog import TokenDialog
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.widgets.access_token import TokenController, words_of
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.network_panel import ENFORCED
from slmdesk.window.widgets.setting_rows import add_setting
from slmdesk.window.widgets.text import ElidedLabel, breakable, plain_label, show_words

ADDRESS = "address"
PROXIES = (("system", "System default"), ("none", "None"), (ADDRESS, "This one:"))
SPEEDS_KIB = (0, 122, 244, 488, 977, 1953, 4883, 9766, 24414)
"""Whole kB and MB a second, as they are shown."""
HIDDEN = "These settings are switched off by your organisation."
OFFLINE = "Nothing leaves this PC: models can be neither searched nor downloaded. Chats never leave it anyway."
ENFORCE = (
    "While slmdesk works offline, the system itself can refuse it every connection, whatever happens inside the "
    "program. This takes effect at the next start, and holds until slmdesk is closed."
)
NOT_HERE = "This system has no way to enforce that for a program."
SYSTEM_CERTIFICATES = "System default"
FIELD_WIDTH = 240


PROXY = "What stands between this PC and the internet, as in many companies."
PASSWORD_WORDS = {
    "": "",
    "keyring": " Its password is kept in the system's keyring.",
    "file": " Its password is kept in a file that only you can read.",
}


class NetworkSection(QWidget):
    def __init__(self, network: NetworkController, tokens: TokenController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("network_section")
        self._network, self._tokens = network, tokens
        self._verdicts: dict[str, QLabel] = {}
        self._build_ui()
        self._connect()
        self.show_settings(network.current)
        self._show_token(tokens.state)

    def _build_ui(self) -> None:
        self._hidden = plain_label(HIDDEN, self, name="network_hidden", kind="muted", is_hidden=True)
        self._body = named(QWidget(self), "network_body")
        title = plain_label("Network", self, name="network_heading", kind="heading")
        column(title, self._hidden, self._body, into=self, gap=theme.SPACE_12)
        self._column = column(into=self._body, gap=theme.SPACE_12)
        self._build_switch()
        self._build_hub()
        self._build_way()
        self._build_token()

    def _build_switch(self) -> None:
        self._offline = named(CheckBox("Work offline", self._body), "setting_offline")
        self._offline.setAccessibleDescription(OFFLINE)
        words = plain_label(OFFLINE, self._body, name="offline_sentence", kind="muted")
        self._column.addLayout(column((self._offline, Qt.AlignmentFlag.AlignLeft), words, gap=0))
        self._enforce = Choice([(False, "By slmdesk"), (True, "By the system too")], self._body)
        sentence = ENFORCE if can_enforce() else NOT_HERE
        add_setting(self._column, self._enforce, "offline_enforced", "Enforce offline", sentence)
        self._enforce.setEnabled(can_enforce())
        if is_enforced():
            self._offline.setEnabled(False)
            words.setText(f"{OFFLINE} {ENFORCED}")

    def _show_password_place(self, place: str) -> None:
        sentence = self.findChild(QLabel, "proxy_sentence")
        if isinstance(sentence, QLabel) and self._proxy.isEnabled():  # else it says who set the proxy
            sentence.setText(PROXY + PASSWORD_WORDS[place])

    def _build_hub(self) -> None:
        self._endpoint = self._field(HUB)
        self._add_field(
            self._endpoint, "hub_endpoint", "Address of the Hub",
            "Where models are searched and fetched: the Hugging Face Hub, unless you name a mirror (https://…).",
        )  # fmt: skip
        self._hosts = self._field("files.example.org .storage.example.org")
        self._add_field(
            self._hosts, "hub_hosts", "Further hosts",
            "Where else files may come from, such as the storage of a mirror. Several by spaces; a dot in front means "
            "every host below it. Everything else is refused.",
        )  # fmt: skip

    def _build_way(self) -> None:
        self._proxy = named(Choice(list(PROXIES), self._body), "proxy_choice")
        self._proxy_address = named(self._field("http://proxy.example.org:8080"), "proxy_address")
        self._proxy_address.setAccessibleName("Address of the proxy")
        line = self._line(self._proxy, self._proxy_address)
        line.setFocusProxy(self._proxy)
        add_setting(self._column, line, "proxy", "Proxy", PROXY, is_wide=True)
        self._proxy.setAccessibleName("Proxy")
        self._add_verdict("proxy")
        self._certificates = ElidedLabel(self._body, name="ca_file_label")
        self._choose = button("Choose…", "ca_file_button", self._body, label="Choose a file of certificates")
        self._system = button("Use the system's", "ca_file_system_button", self._body)
        self._system.clicked.connect(lambda: self._network.change("ca_file", ""))
        line = self._line(self._certificates, self._choose, self._system)
        add_setting(
            self._column, line, "ca_file", "Certificates",
            "A file (PEM) of the authorities to trust instead of the system's; a company's own network may need it.",
            is_wide=True,
        )  # fmt: skip
        self._add_verdict("ca_file")
        self._speed = Choice([(kib, speed_words(kib)) for kib in SPEEDS_KIB], self._body)
        add_setting(
            self._column, self._speed, "speed_limit_kib", "Speed limit",
            "Of all downloads together, so that others on the same line can work.",
        )  # fmt: skip

    def _build_token(self) -> None:
        self._token_words = plain_label("", self._body, name="token_words")
        self._change = button("Change…", "token_change_button", self._body, label="Change the access token")
        self._forget = button("Forget", "token_forget_button", self._body, label="Forget the access token")
        line = self._line(self._token_words, self._change, self._forget)
        add_setting(
            self._column, line, "token", "Access token",
            "For gated models, whose publishers want to know who fetches them. It is sent to the Hub for those alone.",
            is_wide=True,
        )  # fmt: skip

    def _connect(self) -> None:
        change = self._network.change
        self._offline.clicked.connect(lambda is_on: change("offline", is_on))
        self._enforce.value_chosen.connect(lambda is_enforced: change("offline_enforced", is_enforced))
        self._endpoint.editingFinished.connect(lambda: change("hub_endpoint", _address(self._endpoint.text())))
        self._hosts.editingFinished.connect(lambda: change("hub_hosts", " ".join(self._hosts.text().lower().split())))
        self._proxy.value_chosen.connect(self._on_proxy_chosen)
        self._proxy_address.editingFinished.connect(self._on_proxy_written)
        self._choose.clicked.connect(self._on_choose)
        self._speed.value_chosen.connect(lambda kib: change("speed_limit_kib", kib))
        self._change.clicked.connect(lambda: TokenDialog(self._tokens, self.window()).open())
        self._forget.clicked.connect(self._tokens.forget)
        self._network.settings_shown.connect(self.show_settings)
        self._network.verdict_given.connect(self._on_verdict)
        self._tokens.state_shown.connect(self._show_token)

    def show_settings(self, settings: Settings) -> None:
        """Show these; a value being typed, or one that was refused, stays in its field."""
        self._offline.setChecked(settings.offline)
        self._enforce.show_value(settings.offline_enforced)
        self._show_text(self._endpoint, "hub_endpoint", settings.hub_endpoint)
        self._show_text(self._hosts, "hub_hosts", settings.hub_hosts)
        has_address = settings.proxy not in ("system", "none")
        if not self._is_wrong("proxy"):
            self._proxy.show_value(ADDRESS if has_address else settings.proxy)
            self._proxy_address.setVisible(has_address)
            self._show_text(self._proxy_address, "proxy", shown_proxy(settings.proxy) if has_address else "")
        self._show_password_place(settings.proxy_password_place)
        self._certificates.set_full_text(settings.ca_file or SYSTEM_CERTIFICATES)
        self._system.setVisible(bool(settings.ca_file))
        if self._speed.findData(settings.speed_limit_kib) < 0:
            self._speed.addItem(speed_words(settings.speed_limit_kib), settings.speed_limit_kib)
        self._speed.show_value(settings.speed_limit_kib)

    def show_policy(self, policy: Policy) -> None:
        """Say what the organisation has switched off (widgets/features hides it), and list the addresses it allows."""
        self._hidden.setVisible("settings.network" in policy.hidden)
        if policy.forced.get("offline"):  # the system enforces that unasked
            self._enforce.setEnabled(False)
        allowed = policy.choices.get("hub_endpoint", ())
        sentence = self.findChild(QLabel, "hub_endpoint_sentence")
        if len(allowed) > 1 and isinstance(sentence, QLabel):
            sentence.setText(f"Set by your organisation: one of {', '.join(allowed)}.")

    def _show_token(self, state: TokenChanged) -> None:
        self._token_words.setText(words_of(state))
        self._change.setText("Change…" if state.place else "Set…")
        self._change.setEnabled(state.place != "environment")
        self._forget.setVisible(state.place not in ("", "environment"))

    def _on_verdict(self, key: str, words: str) -> None:
        if label := self._verdicts.get(key):
            show_words(label, breakable(words))
            if not words:
                self.show_settings(self._network.current)

    def _on_proxy_chosen(self, value: object) -> None:
        self._proxy_address.setVisible(value == ADDRESS)
        if value == ADDRESS:
            self._proxy_address.setFocus()
        else:
            self._network.change("proxy", value)

    def _on_proxy_written(self) -> None:
        words = self._proxy_address.text().strip()
        if words:
            self._network.change("proxy", words if "://" in words else f"http://{words}")
            self._proxy_address.setModified(False)  # a password in it is not shown any longer than it takes to keep it

    def _on_choose(self) -> None:
        dialog = passing(QFileDialog(self, "File of certificates", self._network.current.ca_file), "ca_file_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Certificates (*.pem *.crt *.cer)", "All files (*)"])
        dialog.fileSelected.connect(lambda name: self._network.change("ca_file", name))
        dialog.open()

    def _show_text(self, field: QLineEdit, key: str, text: str) -> None:
        if not self._is_wrong(key) and not (field.hasFocus() and field.isModified()):
            field.setText(text)

    def _is_wrong(self, key: str) -> bool:
        return key in self._verdicts and bool(self._verdicts[key].text())

    def _field(self, hint: str) -> QLineEdit:
        field = QLineEdit(self._body)
        field.setPlaceholderText(hint)
        field.setMinimumWidth(FIELD_WIDTH)
        field.setMaxLength(2000)
        return field

    def _line(self, *widgets: QWidget) -> QWidget:
        line = QWidget(self._body)
        parts = [(widget, int(isinstance(widget, (QLineEdit, QLabel)))) for widget in widgets]
        stretch = () if any(isinstance(widget, QLabel) for widget in widgets) else (0,)
        row(*parts, *stretch, into=line, gap=theme.SPACE_8)
        return line

    def _add_field(self, field: QLineEdit, name: str, title: str, sentence: str) -> None:
        add_setting(self._column, field, name, title, sentence, is_wide=True)
        self._add_verdict(name)

    def _add_verdict(self, key: str) -> None:
        label = plain_label("", self._body, name=f"{key}_verdict", kind="danger", is_hidden=True)
        self._verdicts[key] = label
        self._column.addWidget(label)


def speed_words(kib: int) -> str:
    """A speed limit as text: '2 MB/s'."""
    return f"{bytes_for_people(kib * 1024)}/s" if kib else "None"


def _address(text: str) -> str:
    """The address to save: empty for the Hub's own, so that HF_ENDPOINT still counts."""
    words = text.strip().rstrip("/")
    return "" if words == HUB else words
