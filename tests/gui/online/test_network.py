"""The network in the window: the token of a gated model, the settings, the ledger, and what an organisation hides."""

from __future__ import annotations

import json
import time

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
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QWidget,
)

from slmdesk.core.policy import FEATURES
from slmdesk.gui.online.network_log import PAGE, LedgerModel
from slmdesk.gui.online.network_log_window import EMPTY, NOTHING, LedgerWindow
from slmdesk.gui.settings.network import ADDRESS
from slmdesk.gui.settings.token_dialog import TokenDialog
from slmdesk.gui.widgets.choice import Choice
from slmdesk.gui.widgets.features import SHOWN_BY
from slmdesk.gui.widgets.gated_panel import GatedDialog, GatedPanel
from slmdesk.services.online.events import DownloadState

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

    def one(page: str = "Models", **settings):
        online(home, hub, **settings)
        service_thread = start()
        services = service_thread.run._services
        services.service_thread.call(lambda: services.tokens._vaults.update(keyring=vault))
        service_thread.frame.window.show_page(page)
        service_thread.frame.tokens.refresh()
        return service_thread

    return one


def pick(choice: Choice, value: object) -> None:
    """As a person does."""
    choice.setCurrentIndex(choice.findData(value))
    choice.activated.emit(choice.currentIndex())


def write(service_thread, field: QLineEdit, words: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)


def change(service_thread):
    return service_thread.ask(lambda services: services.downloads.all())[-1]


def failed_download(service_thread) -> QPushButton:
    service_thread.frame.fetch.start(REPO, FILE)
    page = service_thread.frame.models_page
    service_thread.wait(lambda: [one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible()])
    return next(one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible())


def everywhere(home, service_thread) -> list:
    rows = service_thread.ask(lambda services: services.network.requests(1000))
    found = [one for one, held in contents(home) if MARKER.encode() in held]
    labels = [one.text() for one in service_thread.window.findChildren(QLabel) if MARKER in one.text()]
    return found + labels + [row for row in rows if MARKER in str(row)]


# ---- gated models


def test_a_gated_download_says_what_to_do_and_goes_on_with_the_token(begin, hub, vault, home) -> None:
    service_thread = begin()
    service_thread.click(failed_download(service_thread))
    dialog = service_thread.window.findChild(GatedDialog)
    service_thread.wait(dialog.isVisible)
    field, place = dialog.findChild(QLineEdit, "token_field"), dialog.findChild(Choice, "token_place")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert place.currentData() == "keyring"
    service_thread.click(dialog.findChild(QPushButton, "gated_page_button"))
    service_thread.wait(lambda: service_thread.window.findChild(QWidget, "link_dialog"))
    service_thread.window.findChild(QWidget, "link_dialog").close()
    write(service_thread, field, "two words")
    problem = dialog.findChild(QLabel, "token_problem")
    service_thread.wait(lambda: "more than one word" in problem.text())
    assert dialog.isVisible()
    write(service_thread, field, "hf_wrong")
    service_thread.wait(lambda: getattr(change(service_thread).problem, "code", "") == "hub.token_refused")
    service_thread.click(failed_download_button(service_thread))
    dialog = newest(service_thread)
    assert "did not accept" in dialog.findChild(QLabel, "gated_problem").text()
    write(service_thread, dialog.findChild(QLineEdit, "token_field"), MARKER)
    service_thread.wait(lambda: change(service_thread).state is DownloadState.DONE)
    assert list(vault.kept.values()) == [MARKER]
    assert everywhere(home, service_thread) == []


def failed_download_button(service_thread) -> QPushButton:
    page = service_thread.frame.models_page
    service_thread.wait(lambda: [one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible()])
    return next(one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible())


def newest(service_thread) -> GatedDialog:
    service_thread.wait(lambda: [one for one in service_thread.window.findChildren(GatedDialog) if one.isVisible()])
    return next(one for one in service_thread.window.findChildren(GatedDialog) if one.isVisible())


def test_a_gated_model_that_was_searched_opens_with_the_token(begin, hub, vault) -> None:
    service_thread = begin()
    page = service_thread.frame.models_page
    field = page.search.field
    page.ensureWidgetVisible(field)
    field.setFocus()
    QTest.keyClicks(field, "gated")
    service_thread.wait(lambda: [one for one in page.findChildren(QPushButton, "files_button") if one.isVisible()])
    opening = next(one for one in page.findChildren(QPushButton, "files_button") if one.isVisible())
    page.ensureWidgetVisible(opening)
    service_thread.click(opening)
    service_thread.wait(lambda: [one for one in page.findChildren(GatedPanel) if one.isVisible()])
    panel = next(one for one in page.findChildren(GatedPanel) if one.isVisible())
    write(service_thread, panel.findChild(QLineEdit, "token_field"), MARKER)
    service_thread.wait(lambda: vault.kept)
    service_thread.wait(lambda: not [one for one in page.findChildren(GatedPanel) if one.isVisible()])
    service_thread.wait(lambda: [one for one in page.findChildren(QLabel, "file_name") if "needs" in one.text()])
    assert [one for one in hub.seen if one.headers.get("authorization") == f"Bearer {MARKER}"]


def test_where_there_is_no_keyring_it_is_said_and_the_other_places_are_offered(begin, hub, vault, home) -> None:
    vault.reason = "this system has none"
    service_thread = begin()
    service_thread.click(failed_download(service_thread))
    dialog = newest(service_thread)
    place, missing = dialog.findChild(Choice, "token_place"), dialog.findChild(QLabel, "token_missing")
    service_thread.wait(missing.isVisible)
    assert "this system has none" in missing.text()
    assert [place.itemData(at) for at in range(place.count())] == ["ask", "file"]
    write(service_thread, dialog.findChild(QLineEdit, "token_field"), MARKER)
    service_thread.wait(lambda: change(service_thread).state is DownloadState.DONE)
    assert everywhere(home, service_thread) == [], "in memory alone"
    service_thread.wait(lambda: service_thread.frame.tokens.state.place == "ask")


# ---- settings


def settings(service_thread):
    return service_thread.ask(lambda services: services.settings.current)


def test_every_setting_of_the_network_takes_hold_at_once(begin, hub, tmp_path) -> None:
    service_thread = begin("Settings")
    page = service_thread.frame.settings_page
    offline = service_thread.find("setting_offline", page)
    page.ensureWidgetVisible(offline)
    QTest.mouseClick(offline, Qt.MouseButton.LeftButton, pos=offline.rect().center())
    service_thread.wait(lambda: settings(service_thread).offline)
    assert service_thread.find("offline_switch").isChecked(), "one switch, at two places"
    write(service_thread, service_thread.find("setting_hub_endpoint", page), "https://mirror.example.org/")
    service_thread.wait(lambda: settings(service_thread).hub_endpoint == "https://mirror.example.org")
    write(service_thread, service_thread.find("setting_hub_hosts", page), "Files.example.org   .s.example.org")
    service_thread.wait(lambda: settings(service_thread).hub_hosts == "files.example.org .s.example.org")
    proxy = next(one for one in page.findChildren(Choice) if one.findData(ADDRESS) >= 0)
    pick(proxy, ADDRESS)
    write(service_thread, service_thread.find("proxy_address", page), "proxy.example.org:8080")
    service_thread.wait(lambda: settings(service_thread).proxy == "http://proxy.example.org:8080")
    write(service_thread, service_thread.find("proxy_address", page), "me:heron@proxy.example.org:8080")
    service_thread.wait(lambda: settings(service_thread).proxy == "http://me@proxy.example.org:8080")
    service_thread.wait(lambda: service_thread.find("proxy_address", page).text() == "http://me@proxy.example.org:8080")
    service_thread.wait(lambda: "password is kept in" in service_thread.find("proxy_sentence", page).text())
    pick(proxy, "none")
    service_thread.wait(lambda: settings(service_thread).proxy == "none")
    service_thread.wait(lambda: "password" not in service_thread.find("proxy_sentence", page).text())
    assert not service_thread.find("proxy_address", page).isVisible()
    pick(service_thread.find("setting_speed_limit_kib", page), 1953)
    service_thread.wait(lambda: settings(service_thread).speed_limit_kib == 1953)
    assert service_thread.find("setting_speed_limit_kib", page).currentText() == "2 MB/s"
    assert not service_thread.notices()


def test_what_cannot_be_is_said_beside_its_field_and_not_kept(begin, hub, tmp_path) -> None:
    service_thread = begin("Settings")
    page = service_thread.frame.settings_page
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    for key, words in (
        ("hub_endpoint", "http://elsewhere.example"), ("hub_endpoint", "ftp://x"), ("hub_hosts", "https://a/b"),
    ):  # fmt: skip
        field, verdict = service_thread.find(f"setting_{key}", page), service_thread.find(f"{key}_verdict", page)
        before = getattr(settings(service_thread), key)
        write(service_thread, field, words)
        service_thread.wait(lambda verdict=verdict: "Not taken over" in verdict.text())
        assert getattr(settings(service_thread), key) == before
        assert field.text() == words, "to be mended"
        write(service_thread, field, before)
        service_thread.wait(lambda verdict=verdict: not verdict.text())
    service_thread.frame.network.change("ca_file", str(bad))
    service_thread.wait(lambda: "no certificate in it" in service_thread.find("ca_file_verdict", page).text())
    assert settings(service_thread).ca_file == ""
    assert not service_thread.notices(), "beside the field is enough"


def test_the_token_is_set_named_and_forgotten_in_the_settings(begin, hub, vault, home) -> None:
    service_thread = begin("Settings")
    page = service_thread.frame.settings_page
    page.ensureWidgetVisible(service_thread.find("token_change_button", page))
    service_thread.wait(lambda: service_thread.find("token_words", page).text() == "No access token is kept.")
    service_thread.click(service_thread.find("token_change_button", page))
    dialog = service_thread.window.findChild(TokenDialog)
    service_thread.wait(lambda: dialog.findChild(Choice, "token_place").isVisible())
    pick(dialog.findChild(Choice, "token_place"), "file")
    QTest.keyClicks(dialog.findChild(QLineEdit, "token_field"), MARKER)
    service_thread.click(dialog.findChild(QPushButton, "token_keep_button"))
    service_thread.wait(lambda: "only you can read" in service_thread.find("token_words", page).text())
    assert [one.name for one in everywhere(home, service_thread)] == ["access-token.json"]
    service_thread.click(service_thread.find("token_forget_button", page))
    service_thread.wait(lambda: service_thread.find("token_words", page).text() == "No access token is kept.")
    assert everywhere(home, service_thread) == []


def test_what_the_organisation_sets_and_hides_is_shown_so(begin, paths) -> None:
    paths.policy_file.write_text(
        '[network]\noffline = true\nendpoints = ["https://a.example", "https://b.example"]\n'
        '[features]\nhidden = ["token"]\n'
    )
    service_thread = begin("Settings")
    page = service_thread.frame.settings_page
    service_thread.wait(lambda: not service_thread.find("setting_offline", page).isEnabled())
    assert service_thread.find("offline_sentence", page).text() == "Set by your organisation."
    assert not service_thread.find("setting_hub_hosts", page).isEnabled()
    assert "one of https://a.example, https://b.example" in service_thread.find("hub_endpoint_sentence", page).text()
    assert not service_thread.find("setting_token", page).isVisible()
    assert "hidden: access token" in service_thread.find("policy_note").text()
    write(service_thread, service_thread.find("setting_hub_endpoint", page), "https://c.example")
    service_thread.wait(lambda: "Set by your organisation" in service_thread.find("hub_endpoint_verdict", page).text())


def test_hidden_settings_are_not_there(begin, paths) -> None:
    paths.policy_file.write_text('[features]\nhidden = ["settings.network"]\n')
    service_thread = begin("Settings")
    page = service_thread.frame.settings_page
    service_thread.wait(lambda: service_thread.find("network_hidden", page).isVisible())
    assert not service_thread.find("network_body", page).isVisible()


# ---- the ledger


def fill(services, count: int) -> None:
    with services.store._db.writing():
        for number in range(count):
            services.store._db.insert(
                "insert into requests (time, host, method, path, purpose, bytes) values (?, ?, ?, ?, ?, ?)",
                (time.time(), "hub.example", "GET", f"/file/{number}", "search" if number % 2 else "header", number),
            )


def ledger(service_thread) -> LedgerWindow:
    service_thread.click("network_button")
    service_thread.click("ledger_button")
    service_thread.wait(lambda: service_thread.window.findChild(LedgerWindow))
    return service_thread.window.findChild(LedgerWindow)


def test_an_empty_ledger_says_that_nothing_left(start) -> None:
    service_thread = start()
    window = ledger(service_thread)
    service_thread.wait(lambda: window.findChild(QLabel, "ledger_nothing").text() == EMPTY)
    assert window.findChild(QLabel, "ledger_nothing").isVisible()
    service_thread.wait(lambda: "has made no request" in window.findChild(QLabel, "ledger_summary").text())
    assert not window.findChild(QPushButton, "ledger_export").isEnabled()


def test_many_rows_come_by_pages_and_are_searched(start, tmp_path) -> None:
    service_thread = start()
    count = 30_000
    service_thread.ask(lambda services: fill(services, count))
    window = ledger(service_thread)
    model, table = window.findChild(LedgerModel), window.findChild(QTableView, "ledger_table")
    service_thread.wait(lambda: model.rowCount() == PAGE)
    summary = window.findChild(QLabel, "ledger_summary")
    service_thread.wait(lambda: "30,000" in summary.text() or "30000" in summary.text())
    table.scrollToBottom()
    service_thread.wait(lambda: model.rowCount() == 2 * PAGE)
    assert [row.n for row in model.rows] == list(range(count, count - 2 * PAGE, -1)), "each once, newest first"
    field = window.findChild(QLineEdit, "ledger_search")
    QTest.keyClicks(field, "file/77")
    service_thread.wait(lambda: model.rowCount() and all("/file/77" in row.path for row in model.rows))
    target = tmp_path / "found.json"
    service_thread.click(window.findChild(QPushButton, "ledger_export"))
    dialog = window.findChild(QFileDialog, "ledger_file_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    service_thread.wait(lambda: "written to" in window.findChild(QLabel, "ledger_note").text())
    assert len(json.loads(target.read_bytes())) == 1 + 10 + 100
    field.clear()
    QTest.keyClicks(field, "%%%")
    nothing = window.findChild(QLabel, "ledger_nothing")
    service_thread.wait(lambda: nothing.isVisible() and nothing.text() == NOTHING)


def test_columns_are_as_wide_as_their_words_and_the_last_takes_the_rest(start) -> None:
    service_thread = start()
    service_thread.ask(lambda services: fill(services, 3))
    window = ledger(service_thread)
    table = window.findChild(QTableView, "ledger_table")
    service_thread.wait(lambda: table.model().rowCount() == 3)
    header = table.horizontalHeader()
    for at in range(table.model().columnCount()):
        assert header.sectionSize(at) >= max(table.sizeHintForColumn(at), header.sectionSizeHint(at)), at
    assert sum(header.sectionSize(at) for at in range(table.model().columnCount())) >= table.viewport().width() - 1


def test_it_follows_what_leaves_while_it_is_open(begin, hub) -> None:
    service_thread = begin()
    window = ledger(service_thread)
    model = window.findChild(LedgerModel)
    answers: list = []
    service_thread.ask(lambda services: (services.hub.repo(REPO, answers.append) and None) or True)
    service_thread.wait(lambda: model.rowCount() == 1 and model.rows[0].bytes)
    assert model.rows[0].path == f"/api/models/{REPO}"
    service_thread.wait(lambda: "1 request today" in window.findChild(QLabel, "ledger_summary").text())


# ---- features an organisation hides


def test_hidden_features_are_not_in_the_window(begin, paths, model_file) -> None:
    names = ("hub.search", "hub.download", "models.import", "models.compare")
    paths.policy_file.write_text(f"[features]\nhidden = {list(names)}\n".replace("'", '"'))
    service_thread = begin()
    service_thread.wait(lambda: not service_thread.find("hub_search").isVisible())
    for feature in names:
        for name in SHOWN_BY[feature]:
            assert not service_thread.find(name).isVisible(), name
            service_thread.find(name).setVisible(True)
            assert not service_thread.find(name).isVisible(), "whoever shows it later"
    assert service_thread.find("local_models").isVisible(), "the control"
    picker = service_thread.page.picker
    picker._menu.aboutToShow.emit()
    assert not [one for one in picker._menu.actions() if "Add" in one.text()]
    service_thread.frame.models.import_file(model_file)
    service_thread.wait(lambda: any("switched off by your organisation" in one for one in service_thread.notices()))


def test_every_hidden_thing_is_there_without_a_policy(start) -> None:
    service_thread = start()
    for feature, names in SHOWN_BY.items():
        assert feature in FEATURES
        for name in names:
            assert service_thread.window.findChildren(QWidget, name), name


def test_every_control_has_a_name_and_can_be_reached_by_keys(begin, hub) -> None:
    service_thread = begin("Settings")
    section = service_thread.find("network_section")
    window = ledger(service_thread)
    dialog = TokenDialog(service_thread.frame.tokens, service_thread.window)
    gated = GatedDialog(service_thread.frame.tokens, REPO, service_thread.window)
    for root in (section, window, dialog, gated):
        kinds = (QAbstractButton, QLineEdit, QComboBox, QTableView)
        for widget in (one for kind in kinds for one in root.findChildren(kind)):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled():
                assert widget.objectName(), type(widget)
                words = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
                assert words, widget.objectName()
    dialog.close()
    gated.close()
