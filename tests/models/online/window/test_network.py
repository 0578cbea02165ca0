"""The network in the window: the token of a gated model, the settings, the ledger, and what an organisation hides."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.contents import contents
from fakes.fake_hub import FakeHub, online
from fakes.vaults import MemoryVault
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QWidget,
)

from slmdesk.base.policy import FEATURES
from slmdesk.base.runtime.events import DownloadState, Pending
from slmdesk.ui.kit.widgets.features import SHOWN_BY
from slmdesk.ui.kit.widgets.rows import Choice
from slmdesk.ui.kit.widgets.tokens import GatedDialog, GatedPanel
from slmdesk.ui.online.network import PAGE, NetworkLogWindow, NetworkSettings

pytestmark = pytest.mark.gui
REPO, FILE = "somebody/gated-GGUF", "tiny.Q4_K_M.gguf"
MARKER = "hf_windowMarker975"


@pytest.fixture
def hub():
    with FakeHub() as it:
        it.token = MARKER
        it.add(REPO, {FILE: tiny_gguf.tiny_llama().data}, gated=True)
        yield it


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def begin(start, home, hub, vault):
    """The window with the network allowed and a keyring that works, unless `vault.reason` says otherwise."""

    def started(page: str = "Models", **settings):
        online(home, hub, **settings)
        program = start()
        services = program.services
        services.service_thread.call(lambda: services.tokens.vaults.update(keyring=vault))
        program.frame.window.show_page(page)
        if page == "Settings":
            program.setting("hub_hosts")
        program.frame.tokens.state.again()
        return program

    return started


def pick(choice: Choice, value: object) -> None:
    """As a person does."""
    choice.setCurrentIndex(choice.findData(value))
    choice.activated.emit(choice.currentIndex())


def write(program, field: QLineEdit, words: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)


def change(program):
    return program.ask(lambda services: services.downloads.all())[-1]


def failed_download(program) -> QPushButton:
    program.frame.fetch.start(REPO, FILE)
    return visible(program, program.frame.models_page, QPushButton, "gated_button")


def visible(program, place, kind, name: str | None = None):
    """The first of a kind that is shown, once there is one."""
    program.wait(lambda: [child for child in place.findChildren(kind, name) if child.isVisible()])
    return next(child for child in place.findChildren(kind, name) if child.isVisible())


def everywhere(home, program) -> list:
    rows = program.ask(lambda services: services.network.requests(1000))
    paths = [path for path, held in contents(home) if MARKER.encode() in held]
    labels = [label.text() for label in program.window.findChildren(QLabel) if MARKER in label.text()]
    return paths + labels + [row for row in rows if MARKER in str(row)]


def test_a_gated_download_says_what_to_do_and_goes_on_with_the_token(begin, hub, vault, home) -> None:
    program = begin()
    program.click(failed_download(program))
    dialog = program.window.findChild(QDialog, "gated_dialog")
    program.wait(dialog.isVisible)
    field, place = dialog.findChild(QLineEdit, "token_field"), dialog.findChild(QComboBox, "token_place")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert place.currentData() == "keyring"
    program.click(dialog.findChild(QPushButton, "gated_page_button"))
    program.wait(lambda: program.window.findChild(QWidget, "link_dialog"))
    program.window.findChild(QWidget, "link_dialog").close()
    write(program, field, "two words")
    problem = dialog.findChild(QLabel, "token_problem")
    program.wait(lambda: "must be one word" in problem.text())
    assert dialog.isVisible()
    write(program, field, "hf_wrong")
    program.wait(lambda: getattr(change(program).problem, "code", "") == "hub.token_refused")
    program.click(visible(program, program.frame.models_page, QPushButton, "gated_button"))
    dialog = newest(program)
    assert "did not accept" in dialog.findChild(QLabel, "gated_problem").text()
    write(program, dialog.findChild(QLineEdit, "token_field"), MARKER)
    program.wait(lambda: change(program).state is DownloadState.DONE)
    assert list(vault.kept.values()) == [MARKER]
    assert everywhere(home, program) == []


def newest(program) -> GatedDialog:
    return visible(program, program.window, GatedDialog)


def test_a_gated_model_that_was_searched_opens_with_the_token(begin, hub, vault) -> None:
    program = begin()
    page, field = program.frame.models_page, program.frame.models_area.search.field
    page.ensureWidgetVisible(field)
    field.setFocus()
    QTest.keyClicks(field, "gated")
    opening = visible(program, page, QAbstractButton, "files_button")
    page.ensureWidgetVisible(opening)
    program.click(opening)
    panel = visible(program, page, GatedPanel)
    write(program, panel.findChild(QLineEdit, "token_field"), MARKER)
    program.wait(lambda: vault.kept)
    program.wait(lambda: not [panel for panel in page.findChildren(QFrame, "gated_panel") if panel.isVisible()])
    program.wait(lambda: [label for label in page.findChildren(QLabel, "file_name") if "needs" in label.text()])
    assert [request for request in hub.seen if request.headers.get("authorization") == f"Bearer {MARKER}"]


def test_where_there_is_no_keyring_it_is_said_and_the_other_places_are_offered(begin, hub, vault, home) -> None:
    vault.reason = "this system has none"
    program = begin()
    program.click(failed_download(program))
    dialog = newest(program)
    place, missing = dialog.findChild(QComboBox, "token_place"), dialog.findChild(QLabel, "token_missing")
    program.wait(missing.isVisible)
    assert "this system has none" in missing.text()
    assert [place.itemData(at) for at in range(place.count())] == ["ask", "file"]
    write(program, dialog.findChild(QLineEdit, "token_field"), MARKER)
    program.wait(lambda: change(program).state is DownloadState.DONE)
    assert everywhere(home, program) == [], "in memory alone"
    program.wait(lambda: program.frame.tokens.state.value.place == "ask")


def settings(program):
    return program.ask(lambda services: services.settings.current)


def test_every_setting_of_the_network_takes_hold_at_once(begin, hub, tmp_path) -> None:
    program = begin("Settings")
    page = program.frame.settings_page
    offline = program.find("setting_offline", page)
    page.ensureWidgetVisible(offline)
    program.click(offline)
    program.wait(lambda: settings(program).offline)
    assert program.find("offline_switch").isChecked(), "one switch, at two places"
    write(program, program.find("setting_hub_endpoint", page), "https://mirror.example.org/")
    program.wait(lambda: settings(program).hub_endpoint == "https://mirror.example.org")
    write(program, program.find("setting_hub_hosts", page), "Files.example.org   .s.example.org")
    program.wait(lambda: settings(program).hub_hosts == "files.example.org .s.example.org")
    proxy = next(choice for choice in page.findChildren(Choice) if choice.findData("address") >= 0)
    pick(proxy, "address")
    write(program, program.find("proxy_address", page), "proxy.example.org:8080")
    program.wait(lambda: settings(program).proxy == "http://proxy.example.org:8080")
    write(program, program.find("proxy_address", page), "me:heron@proxy.example.org:8080")
    program.wait(lambda: settings(program).proxy == "http://me@proxy.example.org:8080")
    program.says("proxy_address", "http://me@proxy.example.org:8080", page)
    program.mentions("proxy_sentence", "password is kept in", page)
    pick(proxy, "none")
    program.wait(lambda: settings(program).proxy == "none")
    program.wait(lambda: "password" not in program.find("proxy_sentence", page).text())
    assert not program.find("proxy_address", page).isVisible()
    pick(program.find("setting_speed_limit_kib", page), 1953)
    program.wait(lambda: settings(program).speed_limit_kib == 1953)
    program.says("setting_speed_limit_kib", "2 MB/s", page)
    assert not program.notices()


def test_what_cannot_be_is_said_beside_its_field_and_not_kept(begin, hub, tmp_path) -> None:
    program = begin("Settings")
    page = program.frame.settings_page
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    for key, words in (
        ("hub_endpoint", "http://elsewhere.example"), ("hub_endpoint", "ftp://x"), ("hub_hosts", "https://a/b"),
    ):  # fmt: skip
        field, verdict = program.find(f"setting_{key}", page), program.find(f"{key}_verdict", page)
        before = getattr(settings(program), key)
        write(program, field, words)
        program.wait(lambda verdict=verdict: "Not taken over" in verdict.text())
        assert getattr(settings(program), key) == before
        assert field.text() == words, "to be mended"
        write(program, field, before)
        program.wait(lambda verdict=verdict: not verdict.text())
    page.findChild(NetworkSettings).change("ca_file", str(bad))
    program.mentions("ca_file_verdict", "no certificate in it", page)
    assert settings(program).ca_file == ""
    assert not program.notices(), "beside the field is enough"


def test_the_token_is_set_named_and_forgotten_in_the_settings(begin, hub, vault, home) -> None:
    program = begin("Settings")
    page = program.frame.settings_page
    page.ensureWidgetVisible(program.find("token_change_button", page))
    program.says("token_sentence", "No access token is kept.", page)
    program.click(program.find("token_change_button", page))
    dialog = program.window.findChild(QDialog, "token_dialog")
    program.wait(lambda: dialog.findChild(QComboBox, "token_place").isVisible())
    pick(dialog.findChild(QComboBox, "token_place"), "file")
    QTest.keyClicks(dialog.findChild(QLineEdit, "token_field"), MARKER)
    program.click(dialog.findChild(QPushButton, "token_keep_button"))
    program.mentions("token_sentence", "only you can read", page)
    assert [path.name for path in everywhere(home, program)] == ["access-token.json"]
    program.click(program.find("token_forget_button", page))
    program.says("token_sentence", "No access token is kept.", page)
    assert everywhere(home, program) == []


def test_what_the_organisation_sets_and_hides_is_shown_so(begin, paths) -> None:
    paths.policy_file.write_text(
        '[network]\noffline = true\nendpoints = ["https://a.example", "https://b.example"]\n'
        '[features]\nhidden = ["token"]\n'
    )
    program = begin("Settings")
    page = program.frame.settings_page
    program.wait(lambda: not program.find("setting_offline", page).isEnabled())
    program.says("offline_sentence", "Set by your organisation.", page)
    assert not program.find("setting_hub_hosts", page).isEnabled()
    program.mentions("hub_endpoint_sentence", "one of https://a.example, https://b.example", page)
    assert not program.find("setting_token", page).isVisible()
    program.mentions("policy_note", "hidden: access token")
    write(program, program.find("setting_hub_endpoint", page), "https://c.example")
    program.mentions("hub_endpoint_verdict", "Set by your organisation", page)


def fill(services, count: int) -> None:
    now = round(time.time() * 1e6)
    about = {"host": "hub.example", "method": "GET"}
    services.store.ledger.take_over(
        (now, {**about, "path": f"/file/{number}", "purpose": "search" if number % 2 else "header", "bytes": number})
        for number in range(count)
    )


def ledger(program) -> NetworkLogWindow:
    program.click("network_button")
    program.click("ledger_button")
    program.wait(lambda: program.window.findChild(QDialog, "ledger_window"))
    return program.window.findChild(QDialog, "ledger_window")


def export(program, window: NetworkLogWindow, target: Path) -> None:
    program.click(window.findChild(QPushButton, "ledger_export"))
    dialog = window.findChild(QFileDialog, "ledger_file_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()


def test_the_ledger_says_that_nothing_left_and_follows_what_leaves(begin, hub, tmp_path) -> None:
    program = begin()
    window = ledger(program)
    table = window.findChild(QTableView, "ledger_table")
    program.wait(lambda: window.findChild(QLabel, "ledger_nothing").text() == "Nothing has left this PC.")
    assert window.findChild(QLabel, "ledger_nothing").isVisible()
    program.wait(lambda: "has made no request" in window.findChild(QLabel, "ledger_summary").text())
    printed: list = []
    program.services.log_pages.write = lambda *asked: printed.append(asked) or Pending()
    export(program, window, tmp_path / "none.pdf")
    program.wait(lambda: printed == [(tmp_path / "none.pdf", "")])
    program.ask(lambda services: services.hub.repo(REPO))
    program.wait(lambda: table.rowCount() == 1 and window.rows[0].bytes)
    assert window.rows[0].path == f"/api/models/{REPO}"
    program.wait(lambda: "1 request today" in window.findChild(QLabel, "ledger_summary").text())


def test_many_rows_come_by_pages_and_are_searched(start, tmp_path) -> None:
    program = start()
    count = 3_000
    program.ask(lambda services: fill(services, count))
    window = ledger(program)
    table = window.findChild(QTableView, "ledger_table")
    program.wait(lambda: table.rowCount() == PAGE)
    header = table.horizontalHeader()
    for at in range(table.model().columnCount()):
        assert header.sectionSize(at) >= max(table.sizeHintForColumn(at), header.sectionSizeHint(at)), at
    assert sum(header.sectionSize(at) for at in range(table.model().columnCount())) >= table.viewport().width() - 1
    program.wait(lambda: f"{count:,}" in window.findChild(QLabel, "ledger_summary").text())
    table.scrollToBottom()
    program.wait(lambda: table.rowCount() == 2 * PAGE)
    newest_first = list(range(count - 1, count - 1 - 2 * PAGE, -1))
    assert [row.bytes for row in window.rows] == newest_first, "each once"
    field = window.findChild(QLineEdit, "ledger_search")
    QTest.keyClicks(field, "file/77")
    program.wait(lambda: table.rowCount() and all("/file/77" in row.path for row in window.rows))
    target = tmp_path / "found.json"
    export(program, window, target)
    program.wait(lambda: "11 rows written to" in window.findChild(QLabel, "ledger_note").text())
    assert len(json.loads(target.read_bytes())) == 1 + 10
    field.clear()
    QTest.keyClicks(field, "%%%")
    nothing = window.findChild(QLabel, "ledger_nothing")
    program.wait(lambda: nothing.isVisible() and nothing.text() == "No request holds these words.")


def test_hidden_features_are_not_in_the_window(begin, paths, model_file) -> None:
    names = ("hub.search", "hub.download", "models.import")
    paths.policy_file.write_text(f"[features]\nhidden = {[*names, 'settings.network']}\n".replace("'", '"'))
    program = begin()
    program.wait(lambda: not program.find("hub_search").isVisible())
    for feature in names:
        for name in SHOWN_BY[feature]:
            assert not program.find(name).isVisible(), name
            program.find(name).setVisible(True)
            assert not program.find(name).isVisible(), "whoever shows it later"
    assert program.find("local_models").isVisible(), "the control"
    menu = program.page.picker.button.menu()
    menu.aboutToShow.emit()
    assert not [action for action in menu.actions() if "Add" in action.text()]
    program.frame.models.import_file(model_file)
    program.wait(lambda: program.is_said("switched off by your organisation"))
    program.frame.window.show_page("Settings")
    program.setting("hub_hosts")
    page = program.frame.settings_page
    program.wait(lambda: program.find("network_hidden", page).isVisible())
    assert not program.find("network_body", page).isVisible()


def test_every_hidden_thing_is_there_without_a_policy(start) -> None:
    program = start()
    program.make_pages()
    for feature, names in SHOWN_BY.items():
        assert feature in FEATURES
        for name in names:
            late = name == "edit_dictate_button"  # of a dialog, in which the chat page hides it
            assert late or program.window.findChildren(QWidget, name), name
