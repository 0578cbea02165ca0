"""The network in the window: the settings for reaching the Hub, and the network log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QStackedWidget,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from slmdesk.base.policy import shown_proxy
from slmdesk.base.record import Record
from slmdesk.base.records import NetworkLogRow
from slmdesk.base.runtime.events import RequestsToday
from slmdesk.base.runtime.messages import Problem, bytes_for_people
from slmdesk.base.text.cells import clipboard_text
from slmdesk.base.texts import _, ngettext
from slmdesk.base.untrusted import clean_label
from slmdesk.doctor import examine
from slmdesk.models.hub.barriers import can_enforce, is_enforced
from slmdesk.models.hub.guard import HUB
from slmdesk.models.online.network import Exported, purpose_words
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Delay
from slmdesk.ui.kit.base.clipboard import copy_text
from slmdesk.ui.kit.base.live import Live
from slmdesk.ui.kit.base.text import day_in_figures
from slmdesk.ui.kit.widgets.bars import ENFORCED, SettingsController
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    breakable,
    button,
    column,
    named,
    passing,
    plain_label,
    plain_tip,
    row,
    set_kind,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.ui.kit.widgets.form import Control, Field, Listed, TextLine
from slmdesk.ui.kit.widgets.rows import Choice, list_in_table
from slmdesk.ui.kit.widgets.settings import Setting, SettingsForm, SettingsSection, Switched, held
from slmdesk.ui.kit.widgets.tokens import TokenController, TokenForm, words_of

if TYPE_CHECKING:
    from slmdesk.services import Services

ADDRESS = "address"
PROXIES = (("system", _("System default")), ("none", _("None")), (ADDRESS, _("Own address")))
SPEEDS_KIB = (0, 122, 244, 488, 977, 1953, 4883, 9766, 24414)
"""Speed limits to choose from, in KiB per second. They are shown as whole kB or MB per second. 0: no limit."""
HIDDEN = _("These settings are switched off by your organisation.")
OFFLINE = _("Nothing leaves this PC. Models cannot be downloaded.")
ENFORCE = _(
    "While slmdesk works offline, the system itself can refuse it every connection, whatever happens inside the "
    "program. This takes effect at the next start, and holds until slmdesk is closed."
)
NOT_HERE = _("This system has no way to enforce that for a program.")
SYSTEM_CERTIFICATES = _("System default")
PASSWORD_WORDS = {
    "": "",
    "keyring": _("Its password is kept in the system's keyring."),
    "file": _("Its password is kept in a file that only you can read."),
}


class NetworkSettings(SettingsForm):
    def __init__(
        self, bridge: Bridge, settings: SettingsController, tokens: TokenController, section: SettingsSection
    ) -> None:
        choose, system, change, forget = (
            button(words, name, section, label=label)
            for words, name, label in (
                (_("Choose…"), "ca_file_button", _("Choose a file of certificates")),
                (_("Reset"), "ca_file_system_button", _("Use the system's certificates")),
                (_("Change…"), "token_change_button", _("Change the access token")),
                (_("Delete"), "token_forget_button", _("Delete the access token")),
            )
        )

        def fit(_env: object) -> None:
            system.setVisible(bool(settings.current.ca_file))
            place = tokens.state.value.place
            change.setText(_("Change…") if place else _("Set…"))
            change.setEnabled(place != "environment")
            forget.setVisible(place not in ("", "environment"))
            show_words(section.note, HIDDEN if "settings.network" in settings.policy.hidden else "")

        fields = fields_of(settings, tokens, held(choose, system, fit=fit), held(change, forget))
        super().__init__(section, settings, fields)
        self.setObjectName("network_settings")
        self._bridge, self._section = bridge, section
        choose.clicked.connect(self._on_choose)
        system.clicked.connect(lambda: self.change("ca_file", ""))
        change.clicked.connect(lambda: TokenDialog(tokens, section.window()).open())
        forget.clicked.connect(tokens.forget)
        tokens.state.changed.connect(self.show)

    def change(self, key: str, value: object) -> None:
        """Change a setting for reaching the Hub. If the value is refused, the reason is shown beside its field."""

        def saved(_done: object) -> None:
            self.pending.discard(key)
            self.problems.pop(key, None)
            self.show()

        def refused(problem: Problem) -> None:
            self.pending.discard(key)
            if problem.code in BESIDE:
                self.refuse(key, problem_words(problem), getattr(self.settings.current, key))
            else:
                self._bridge.problem_met.emit(problem)
            self.show()

        network = self._bridge.services.network
        self.pending.add(key)
        if key == "offline":  # the switch of the status bar; hiding these settings does not take it away
            self._bridge.ask(network.set_offline(bool(value)), saved, refused)
        else:
            self._bridge.follow(network.change(**{key: value}), saved, refused)

    def _on_choose(self) -> None:
        window, title = self._section.window(), _("File of certificates")
        dialog = passing(QFileDialog(window, title, self.settings.current.ca_file), "ca_file_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([_("Certificates (*.pem *.crt *.cer)"), _("All files (*)")])
        dialog.fileSelected.connect(lambda name: self.change("ca_file", name))
        dialog.open()


class Proxy(Control):
    """What stands between this PC and the internet: a choice, and an address for one of the values."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._choice = named(Choice(list(PROXIES), parent), "proxy_choice", label=_("Proxy"))
        hint, label = "http://proxy.example.org:8080", _("Address of the proxy")
        self._address = text_line("proxy_address", parent, hint, label=label, most=2000)
        self.widget = QWidget(parent)
        column(self._choice, self._address, into=self.widget, gap=theme.SPACE_8)
        self.widget.setFocusProxy(self._choice)
        self._choice.value_chosen.connect(self._on_chosen)
        self._address.editingFinished.connect(self.keep)

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        """Show a value. An address that is being typed or was refused stays."""
        if is_new:
            has_address = value not in ("system", "none")
            self._choice.show_value(ADDRESS if has_address else value)
            self._address.setVisible(has_address)
            self._address.setText(shown_proxy(value) if has_address else "")

    def keep(self) -> None:
        if words := self._address.text().strip():
            self._address.setText(words if "://" in words else f"http://{words}")
            self.told(self._address.text())

    def _on_chosen(self, value: object) -> None:
        self._address.setVisible(value == ADDRESS)
        if value == ADDRESS:
            self._address.setFocus()
        else:
            self.told(value)


Made = Callable[[Field, QWidget], Control]


def fields_of(
    settings: SettingsController, tokens: TokenController, certificates: Made, token: Made
) -> tuple[Setting, ...]:
    def is_free(_env: object) -> bool:
        return can_enforce() and not settings.policy.forced.get("offline")

    def speeds(_env: object) -> tuple[tuple[int, str], ...]:
        listed = dict.fromkeys((*SPEEDS_KIB, settings.current.speed_limit_kib))
        return tuple((kib, speed_words(kib)) for kib in listed)

    def allowed(_env: object) -> str:
        hubs = settings.policy.choices.get("hub_endpoint", ())
        words = _("Set by your organisation: one of {allowed}.").format(allowed=", ".join(hubs))
        return words if len(hubs) > 1 else ""

    return (
        Setting(
            "offline", _("Work offline"), Switched, is_enabled=lambda _at: not is_enforced(),
            sentence=f"{OFFLINE} {ENFORCED}" if is_enforced() else OFFLINE,
        ),
        Setting(
            "proxy", _("Proxy"), Proxy, sentence=lambda _env: PASSWORD_WORDS[settings.current.proxy_password_place],
            tip=_("What stands between this PC and the internet, as in many companies."),
        ),
        Setting(
            "offline_enforced", _("Enforce offline"), Switched, is_advanced=True,
            tip=ENFORCE if can_enforce() else NOT_HERE, is_enabled=is_free,
        ),
        Setting(
            "hub_endpoint", _("Address of the Hub"), TextLine, hint=HUB, is_advanced=True,
            read=_address, sentence=allowed,
            tip=_("Where models are searched and fetched: the Hugging Face Hub, unless you name a mirror (https://…)."),
        ),
        Setting(
            "hub_hosts", _("Other allowed servers"), TextLine, is_advanced=True,
            hint="files.example.org .storage.example.org", read=lambda words: " ".join(words.lower().split()),
            tip=_("Where else files may come from. Several by spaces; a dot in front means every host below it."),
        ),
        Setting(
            "ca_file", _("Certificates"), certificates, is_advanced=True,
            sentence=lambda _env: settings.current.ca_file or SYSTEM_CERTIFICATES,
            tip=_("A file (PEM) of the authorities to trust instead of the system's; a company's network may need it."),
        ),
        Setting(
            "token", _("Access token"), token, sentence=lambda _env: words_of(tokens.state.value),
            tip=_("For gated models, whose publishers want to know who fetches them. It is sent to the Hub for those "
                  "alone."),
            is_advanced=True,
        ),
        Setting(
            "speed_limit_kib", _("Speed limit"), Listed, is_advanced=True,
            tip=_("For all downloads together."), values=speeds,
        ),
    )  # fmt: skip


def speed_words(kib: int) -> str:
    return f"{bytes_for_people(kib * 1024)}/s" if kib else _("None")


def _address(text: str) -> str:
    """Return the address to save. It is empty for the Hub's own address, so that HF_ENDPOINT can still set another."""
    words = text.strip().rstrip("/")
    return "" if words == HUB else words


BESIDE = frozenset({"setting.invalid", "setting.managed"})
"""Codes of problems that are shown beside the field."""


def problem_words(problem: Problem) -> str:
    if problem.code == "setting.managed":
        return _("Set by your organisation; the value before still holds.")
    reason = str(problem.args.get("reason", ""))
    return _("Not taken over, the value before still holds: {reason}.").format(reason=reason)


WIDTH = 560
INTRO = _(
    "On the Hub, under Settings, Access Tokens, make a token that may read, and paste it here. It takes the place of "
    "the one kept before, is sent to the Hub for gated models alone, and is written into no log."
)


class TokenDialog(Dialog):
    def __init__(self, tokens: TokenController, parent: QWidget) -> None:
        super().__init__(parent, "token_dialog", _("Access token"))
        self._form = TokenForm(tokens, self)
        buttons = AcceptButtons(self, _("Save token"), "token_keep_button", self._form.submit)
        parts = (plain_label(INTRO, self, name="token_intro"), self._form, 1, buttons)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._form.given.connect(self._form.submit)
        self._form.kept.connect(self.accept)
        self.fit(WIDTH)
        self._form.setFocus()


TITLE = _("Requests over the network")
EMPTY = _("Nothing has left this PC.")
NOTHING = _("No request holds these words.")
MOST_LETTERS = {_("Host"): 32, _("Path"): 56}
"""Widest width, in letters, to which these columns grow by themselves. The last column takes the rest."""
KINDS = _("CSV, for spreadsheets (*.csv);;PDF, a page to show (*.pdf);;JSON (*.json)")


class Log(Record):
    words: str = ""
    rows: Sequence[NetworkLogRow] = ()
    """The newest requests that hold the words."""
    count: int = 0
    found: int = 0
    today: int = 0


class NetworkLogWindow(Dialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent, "ledger_window", TITLE)
        self.resize(1040, 600)
        self._bridge, self._searched, self._most = bridge, "", PAGE
        self._search_timer = Delay(self, DEBOUNCE_MS, self.refresh)
        self._log: Live[Log | None] = Live(bridge, self, self._ask, None, on=(RequestsToday,), refused=self._on_failed)
        self._shown = Log()
        """What stands in the table."""
        self._build_ui()
        self._connect()
        self._field.setFocus()

    def _build_ui(self) -> None:
        self._summary = plain_label("", self, name="ledger_summary")
        hint, label = _("Search host, path and purpose"), _("Search the network log")
        self._field = text_line("ledger_search", self, hint, label=label, most=200, clears=CLEAR)
        self._table = self._make_table()
        self._nothing = plain_label("", self, name="ledger_nothing", kind="muted")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = named(QStackedWidget(self), "ledger_stack")
        self._stack.addWidget(self._table)
        self._stack.addWidget(self._nothing)
        self._note = plain_label("", self, name="ledger_note", kind="muted")
        tip = _("Write the rows to a CSV, PDF or JSON file; while you search, those that were found")
        self._export = button(_("Export…"), "ledger_export", self, tip=tip, on=self._on_export)
        foot = row((self._note, 1), self._export, gap=theme.SPACE_8)
        parts = (self._summary, self._field, (self._stack, 1), foot)
        column(*parts, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)

    def _make_table(self) -> QTableWidget:
        table = named(QTableWidget(0, len(COLUMNS), self), "ledger_table", label=TITLE)
        for at, name in enumerate(COLUMNS):
            head = QTableWidgetItem(name)
            head.setTextAlignment(_ALIGN[at == BYTES])
            table.setHorizontalHeaderItem(at, head)
        list_in_table(table)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = table.horizontalHeader()
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(table.fontMetrics().averageCharWidth() * 4)
        header.setDefaultSectionSize(table.fontMetrics().averageCharWidth() * 8)
        table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + theme.SPACE_8)
        return table

    def _connect(self) -> None:
        self._log.changed.connect(self._show)
        self._field.textChanged.connect(self._on_typed)
        self._field.returnPressed.connect(self.refresh)
        self._table.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        QShortcut(QKeySequence.StandardKey.Find, self, self._field.setFocus)
        QShortcut(QKeySequence.StandardKey.Refresh, self, self.refresh)
        QShortcut(QKeySequence.StandardKey.Copy, self._table, self._on_copy).setContext(_WITHIN)

    @property
    def rows(self) -> Sequence[NetworkLogRow]:
        return self._shown.rows

    def refresh(self) -> None:
        self._search_timer.stop()
        self._log.again()

    def _on_typed(self, words: str) -> None:
        self._searched, self._most = words.strip(), PAGE
        self._search_timer.start()

    def _on_scrolled(self, value: int) -> None:
        """Read more of the log when the last row is in sight."""
        if value == self._table.verticalScrollBar().maximum() and len(self.rows) == self._most:
            self._most += PAGE
            self.refresh()

    def _ask(self) -> Callable[[Services], Log]:
        words, most = self._searched, self._most

        def read(services: Services) -> Log:
            network = services.network
            return Log(words, network.requests(most, words), network.count(), network.count(words), network.today())

        return read

    def _show(self) -> None:
        if (log := self._log.value) is None:
            return
        before, self._shown = self._shown, log
        last = before.rows[0].n if before.rows and before.words == log.words else None
        new = 0 if last is None else sum(request.n > last for request in log.rows)
        for _at in range(new):
            self._table.insertRow(0)  # what is chosen and in sight stays so
        known = [*[None] * new, *before.rows]
        self._table.setRowCount(len(log.rows))
        for at, request in enumerate(log.rows):
            if known[at : at + 1] != [request]:
                self._put(at, request)
        self._widen()
        if before.words != log.words:
            self._table.scrollToTop()
        self._summary.setText(summary_of(log.count, log.today))
        self._nothing.setText(NOTHING if log.count else EMPTY)
        self._stack.setCurrentWidget(self._table if log.found else self._nothing)
        self._export.setEnabled(log.found > 0 or not log.words)  # a page may say that there are none
        self._field.setEnabled(log.count > 0)

    def _put(self, at: int, request: NetworkLogRow) -> None:
        for column_at, words in enumerate(cells_of(request)):
            cell = QTableWidgetItem(words)
            cell.setToolTip(plain_tip(words))
            cell.setTextAlignment(_ALIGN[column_at == BYTES])
            self._table.setItem(at, column_at, cell)

    def _on_failed(self, problem: Problem) -> None:
        self._say(problem.sentence, "danger")

    def _widen(self) -> None:
        table, letter = self._table, self._table.fontMetrics().averageCharWidth()
        for at, name in enumerate(COLUMNS[:-1]):
            requested = max(table.sizeHintForColumn(at), table.horizontalHeader().sectionSizeHint(at)) + theme.SPACE_8
            most = MOST_LETTERS.get(name, 0) * letter or requested
            table.setColumnWidth(at, max(table.columnWidth(at), min(requested, most)))

    def _on_export(self) -> None:
        dialog = passing(QFileDialog(self, _("Export the network log"), str(Path.home()), KINDS), "ledger_file_dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(lambda words: dialog.setDefaultSuffix(words.rstrip(")").rpartition(".")[2]))
        dialog.selectFile(_("slmdesk requests.csv"))
        dialog.fileSelected.connect(self._on_target_chosen)
        dialog.open()

    def _on_target_chosen(self, name: str) -> None:
        target, words, services = Path(name), self._searched, self._bridge.services
        if target.suffix.lower() != ".pdf":
            self._bridge.follow(services.network.export(target, words), self._on_exported, self._on_failed)
            return
        self._say(_("Laying out the pages …"), "muted")

        def examined(_found: object) -> None:
            self._bridge.follow(services.log_pages.write(target, words), self._on_exported, self._on_failed)

        self._bridge.follow(examine, examined, self._on_failed)  # starts each child process, to say what restricts it

    def _on_exported(self, done: Exported) -> None:
        noun = ngettext("row", "rows", done.rows)
        self._say(_("{rows:,} {noun} written to {path}").format(rows=done.rows, noun=noun, path=done.path), "muted")

    def _on_copy(self) -> None:
        chosen = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        if chosen:
            copy_text(clipboard_text(cells_of(self.rows[at]) for at in chosen))

    def _say(self, words: str, kind: str) -> None:
        self._note.setText(breakable(words))
        set_kind(self._note, kind)


_WITHIN = Qt.ShortcutContext.WidgetWithChildrenShortcut


PAGE = 200
DEBOUNCE_MS = 150
COLUMNS = (_("Time"), _("Host"), _("Method"), _("Path"), _("Bytes"), _("Purpose"))
BYTES = COLUMNS.index(_("Bytes"))
UNENDED = "…"


_ALIGN = {
    False: Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
    True: Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
}


def cells_of(request: NetworkLogRow) -> tuple[str, ...]:
    """Return a row as text, in COLUMNS order. Host names and paths are untrusted, so each becomes one clean line."""
    moment = datetime.fromtimestamp(request.time).astimezone()
    when = f"{day_in_figures(moment.date())} {moment:%H:%M:%S}"
    size = UNENDED if request.bytes is None else QLocale().toString(request.bytes)
    host, path = clean_label(request.host, 250), clean_label(request.path, 1000)
    return (when, host, request.method, path, size, purpose_words(clean_label(request.purpose, 250)))


def summary_of(count: int, today: int) -> str:
    locale = QLocale()
    if not count:
        return _("slmdesk has made no request over the network. Each one would be written down here before it leaves.")
    noun = ngettext("request", "requests", today)
    return _(
        "{today} {noun} today; with the network off there are none. {count} in all, each written down before it left."
    ).format(today=locale.toString(today), noun=noun, count=locale.toString(count))
