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
        desk = start()
        services = desk.run._services
        services.desk.call(lambda: services.tokens._vaults.update(keyring=vault))
        desk.frame.window.show_page(page)
        desk.frame.tokens.refresh()
        return desk

    return one


def pick(choice: Choice, value: object) -> None:
    """As a person does."""
    choice.setCurrentIndex(choice.findData(value))
    choice.activated.emit(choice.currentIndex())


def write(desk, field: QLineEdit, words: str) -> None:
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)


def change(desk):
    return desk.ask(lambda services: services.downloads.all())[-1]


def failed_download(desk) -> QPushButton:
    desk.frame.fetch.start(REPO, FILE)
    page = desk.frame.models_page
    desk.wait(lambda: [one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible()])
    return next(one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible())


def everywhere(home, desk) -> list:
    rows = desk.ask(lambda services: services.network.requests(1000))
    found = [one for one, held in contents(home) if MARKER.encode() in held]
    labels = [one.text() for one in desk.window.findChildren(QLabel) if MARKER in one.text()]
    return found + labels + [row for row in rows if MARKER in str(row)]


# ---- gated models


def test_a_gated_download_says_what_to_do_and_goes_on_with_the_token(begin, hub, vault, home) -> None:
    desk = begin()
    desk.click(failed_download(desk))
    dialog = desk.window.findChild(GatedDialog)
    desk.wait(dialog.isVisible)
    field, place = dialog.findChild(QLineEdit, "token_field"), dialog.findChild(Choice, "token_place")
    assert field.echoMode() is QLineEdit.EchoMode.Password
    assert place.currentData() == "keyring"
    desk.click(dialog.findChild(QPushButton, "gated_page_button"))
    desk.wait(lambda: desk.window.findChild(QWidget, "link_dialog"))
    desk.window.findChild(QWidget, "link_dialog").close()
    write(desk, field, "two words")
    problem = dialog.findChild(QLabel, "token_problem")
    desk.wait(lambda: "more than one word" in problem.text())
    assert dialog.isVisible()
    write(desk, field, "hf_wrong")
    desk.wait(lambda: getattr(change(desk).problem, "code", "") == "hub.token_refused")
    desk.click(failed_download_button(desk))
    dialog = newest(desk)
    assert "did not accept" in dialog.findChild(QLabel, "gated_problem").text()
    write(desk, dialog.findChild(QLineEdit, "token_field"), MARKER)
    desk.wait(lambda: change(desk).state is DownloadState.DONE)
    assert list(vault.kept.values()) == [MARKER]
    assert everywhere(home, desk) == []


def failed_download_button(desk) -> QPushButton:
    page = desk.frame.models_page
    desk.wait(lambda: [one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible()])
    return next(one for one in page.findChildren(QPushButton, "gated_button") if one.isVisible())


def newest(desk) -> GatedDialog:
    desk.wait(lambda: [one for one in desk.window.findChildren(GatedDialog) if one.isVisible()])
    return next(one for one in desk.window.findChildren(GatedDialog) if one.isVisible())


def test_a_gated_model_that_was_searched_opens_with_the_token(begin, hub, vault) -> None:
    desk = begin()
    page = desk.frame.models_page
    field = page.search.field
    page.ensureWidgetVisible(field)
    field.setFocus()
    QTest.keyClicks(field, "gated")
    desk.wait(lambda: [one for one in page.findChildren(QPushButton, "files_button") if one.isVisible()])
    opening = next(one for one in page.findChildren(QPushButton, "files_button") if one.isVisible())
    page.ensureWidgetVisible(opening)
    desk.click(opening)
    desk.wait(lambda: [one for one in page.findChildren(GatedPanel) if one.isVisible()])
    panel = next(one for one in page.findChildren(GatedPanel) if one.isVisible())
    write(desk, panel.findChild(QLineEdit, "token_field"), MARKER)
    desk.wait(lambda: vault.kept)
    desk.wait(lambda: not [one for one in page.findChildren(GatedPanel) if one.isVisible()])
    desk.wait(lambda: [one for one in page.findChildren(QLabel, "file_name") if "needs" in one.text()])
    assert [one for one in hub.seen if one.headers.get("authorization") == f"Bearer {MARKER}"]


def test_where_there_is_no_keyring_it_is_said_and_the_other_places_are_offered(begin, hub, vault, home) -> None:
    vault.reason = "this system has none"
    desk = begin()
    desk.click(failed_download(desk))
    dialog = newest(desk)
    place, missing = dialog.findChild(Choice, "token_place"), dialog.findChild(QLabel, "token_missing")
    desk.wait(missing.isVisible)
    assert "this system has none" in missing.text()
    assert [place.itemData(at) for at in range(place.count())] == ["ask", "file"]
    write(desk, dialog.findChild(QLineEdit, "token_field"), MARKER)
    desk.wait(lambda: change(desk).state is DownloadState.DONE)
    assert everywhere(home, desk) == [], "in memory alone"
    desk.wait(lambda: desk.frame.tokens.state.place == "ask")


# ---- settings


def settings(desk):
    return desk.ask(lambda services: services.settings.current)


def test_every_setting_of_the_network_takes_hold_at_once(begin, hub, tmp_path) -> None:
    desk = begin("Settings")
    page = desk.frame.settings_page
    offline = desk.find("setting_offline", page)
    page.ensureWidgetVisible(offline)
    QTest.mouseClick(offline, Qt.MouseButton.LeftButton, pos=offline.rect().center())
    desk.wait(lambda: settings(desk).offline)
    assert desk.find("offline_switch").isChecked(), "one switch, at two places"
    write(desk, desk.find("setting_hub_endpoint", page), "https://mirror.example.org/")
    desk.wait(lambda: settings(desk).hub_endpoint == "https://mirror.example.org")
    write(desk, desk.find("setting_hub_hosts", page), "Files.example.org   .s.example.org")
    desk.wait(lambda: settings(desk).hub_hosts == "files.example.org .s.example.org")
    proxy = next(one for one in page.findChildren(Choice) if one.findData(ADDRESS) >= 0)
    pick(proxy, ADDRESS)
    write(desk, desk.find("proxy_address", page), "proxy.example.org:8080")
    desk.wait(lambda: settings(desk).proxy == "http://proxy.example.org:8080")
    write(desk, desk.find("proxy_address", page), "me:heron@proxy.example.org:8080")
    desk.wait(lambda: settings(desk).proxy == "http://me@proxy.example.org:8080")
    desk.wait(lambda: desk.find("proxy_address", page).text() == "http://me@proxy.example.org:8080")
    desk.wait(lambda: "password is kept in" in desk.find("proxy_sentence", page).text())
    pick(proxy, "none")
    desk.wait(lambda: settings(desk).proxy == "none")
    desk.wait(lambda: "password" not in desk.find("proxy_sentence", page).text())
    assert not desk.find("proxy_address", page).isVisible()
    pick(desk.find("setting_speed_limit_kib", page), 1953)
    desk.wait(lambda: settings(desk).speed_limit_kib == 1953)
    assert desk.find("setting_speed_limit_kib", page).currentText() == "2 MB/s"
    assert not desk.notices()


def test_what_cannot_be_is_said_beside_its_field_and_not_kept(begin, hub, tmp_path) -> None:
    desk = begin("Settings")
    page = desk.frame.settings_page
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")
    for key, words in (
        ("hub_endpoint", "http://elsewhere.example"), ("hub_endpoint", "ftp://x"), ("hub_hosts", "https://a/b"),
    ):  # fmt: skip
        field, verdict = desk.find(f"setting_{key}", page), desk.find(f"{key}_verdict", page)
        before = getattr(settings(desk), key)
        write(desk, field, words)
        desk.wait(lambda verdict=verdict: "Not taken over" in verdict.text())
        assert getattr(settings(desk), key) == before
        assert field.text() == words, "to be mended"
        write(desk, field, before)
        desk.wait(lambda verdict=verdict: not verdict.text())
    desk.frame.network.change("ca_file", str(bad))
    desk.wait(lambda: "no certificate in it" in desk.find("ca_file_verdict", page).text())
    assert settings(desk).ca_file == ""
    assert not desk.notices(), "beside the field is enough"


def test_the_token_is_set_named_and_forgotten_in_the_settings(begin, hub, vault, home) -> None:
    desk = begin("Settings")
    page = desk.frame.settings_page
    page.ensureWidgetVisible(desk.find("token_change_button", page))
    desk.wait(lambda: desk.find("token_words", page).text() == "No access token is kept.")
    desk.click(desk.find("token_change_button", page))
    dialog = desk.window.findChild(TokenDialog)
    desk.wait(lambda: dialog.findChild(Choice, "token_place").isVisible())
    pick(dialog.findChild(Choice, "token_place"), "file")
    QTest.keyClicks(dialog.findChild(QLineEdit, "token_field"), MARKER)
    desk.click(dialog.findChild(QPushButton, "token_keep_button"))
    desk.wait(lambda: "only you can read" in desk.find("token_words", page).text())
    assert [one.name for one in everywhere(home, desk)] == ["access-token.json"]
    desk.click(desk.find("token_forget_button", page))
    desk.wait(lambda: desk.find("token_words", page).text() == "No access token is kept.")
    assert everywhere(home, desk) == []


def test_what_the_organisation_sets_and_hides_is_shown_so(begin, paths) -> None:
    paths.policy_file.write_text(
        '[network]\noffline = true\nendpoints = ["https://a.example", "https://b.example"]\n'
        '[features]\nhidden = ["token"]\n'
    )
    desk = begin("Settings")
    page = desk.frame.settings_page
    desk.wait(lambda: not desk.find("setting_offline", page).isEnabled())
    assert desk.find("offline_sentence", page).text() == "Set by your organisation."
    assert not desk.find("setting_hub_hosts", page).isEnabled()
    assert "one of https://a.example, https://b.example" in desk.find("hub_endpoint_sentence", page).text()
    assert not desk.find("setting_token", page).isVisible()
    assert "hidden: access token" in desk.find("policy_note").text()
    write(desk, desk.find("setting_hub_endpoint", page), "https://c.example")
    desk.wait(lambda: "Set by your organisation" in desk.find("hub_endpoint_verdict", page).text())


def test_hidden_settings_are_not_there(begin, paths) -> None:
    paths.policy_file.write_text('[features]\nhidden = ["settings.network"]\n')
    desk = begin("Settings")
    page = desk.frame.settings_page
    desk.wait(lambda: desk.find("network_hidden", page).isVisible())
    assert not desk.find("network_body", page).isVisible()


# ---- the ledger


def fill(services, count: int) -> None:
    with services.store._db.writing():
        for number in range(count):
            services.store._db.insert(
                "insert into requests (time, host, method, path, purpose, bytes) values (?, ?, ?, ?, ?, ?)",
                (time.time(), "hub.example", "GET", f"/file/{number}", "search" if number % 2 else "header", number),
            )


def ledger(desk) -> LedgerWindow:
    desk.click("network_button")
    desk.click("ledger_button")
    desk.wait(lambda: desk.window.findChild(LedgerWindow))
    return desk.window.findChild(LedgerWindow)


def test_an_empty_ledger_says_that_nothing_left(start) -> None:
    desk = start()
    window = ledger(desk)
    desk.wait(lambda: window.findChild(QLabel, "ledger_nothing").text() == EMPTY)
    assert window.findChild(QLabel, "ledger_nothing").isVisible()
    desk.wait(lambda: "has made no request" in window.findChild(QLabel, "ledger_summary").text())
    assert not window.findChild(QPushButton, "ledger_export").isEnabled()


def test_many_rows_come_by_pages_and_are_searched(start, tmp_path) -> None:
    desk = start()
    count = 30_000
    desk.ask(lambda services: fill(services, count))
    window = ledger(desk)
    model, table = window.findChild(LedgerModel), window.findChild(QTableView, "ledger_table")
    desk.wait(lambda: model.rowCount() == PAGE)
    summary = window.findChild(QLabel, "ledger_summary")
    desk.wait(lambda: "30,000" in summary.text() or "30000" in summary.text())
    table.scrollToBottom()
    desk.wait(lambda: model.rowCount() == 2 * PAGE)
    assert [row.n for row in model.rows] == list(range(count, count - 2 * PAGE, -1)), "each once, newest first"
    field = window.findChild(QLineEdit, "ledger_search")
    QTest.keyClicks(field, "file/77")
    desk.wait(lambda: model.rowCount() and all("/file/77" in row.path for row in model.rows))
    target = tmp_path / "found.json"
    desk.click(window.findChild(QPushButton, "ledger_export"))
    dialog = window.findChild(QFileDialog, "ledger_file_dialog")
    dialog.fileSelected.emit(str(target))
    dialog.close()
    desk.wait(lambda: "written to" in window.findChild(QLabel, "ledger_note").text())
    assert len(json.loads(target.read_bytes())) == 1 + 10 + 100
    field.clear()
    QTest.keyClicks(field, "%%%")
    nothing = window.findChild(QLabel, "ledger_nothing")
    desk.wait(lambda: nothing.isVisible() and nothing.text() == NOTHING)


def test_columns_are_as_wide_as_their_words_and_the_last_takes_the_rest(start) -> None:
    desk = start()
    desk.ask(lambda services: fill(services, 3))
    window = ledger(desk)
    table = window.findChild(QTableView, "ledger_table")
    desk.wait(lambda: table.model().rowCount() == 3)
    header = table.horizontalHeader()
    for at in range(table.model().columnCount()):
        assert header.sectionSize(at) >= max(table.sizeHintForColumn(at), header.sectionSizeHint(at)), at
    assert sum(header.sectionSize(at) for at in range(table.model().columnCount())) >= table.viewport().width() - 1


def test_it_follows_what_leaves_while_it_is_open(begin, hub) -> None:
    desk = begin()
    window = ledger(desk)
    model = window.findChild(LedgerModel)
    answers: list = []
    desk.ask(lambda services: (services.hub.repo(REPO, answers.append) and None) or True)
    desk.wait(lambda: model.rowCount() == 1 and model.rows[0].bytes)
    assert model.rows[0].path == f"/api/models/{REPO}"
    desk.wait(lambda: "1 request today" in window.findChild(QLabel, "ledger_summary").text())


# ---- features an organisation hides


def test_hidden_features_are_not_in_the_window(begin, paths, model_file) -> None:
    names = ("hub.search", "hub.download", "models.import", "models.compare")
    paths.policy_file.write_text(f"[features]\nhidden = {list(names)}\n".replace("'", '"'))
    desk = begin()
    desk.wait(lambda: not desk.find("hub_search").isVisible())
    for feature in names:
        for name in SHOWN_BY[feature]:
            assert not desk.find(name).isVisible(), name
            desk.find(name).setVisible(True)
            assert not desk.find(name).isVisible(), "whoever shows it later"
    assert desk.find("local_models").isVisible(), "the control"
    picker = desk.page.picker
    picker._menu.aboutToShow.emit()
    assert not [one for one in picker._menu.actions() if "Add" in one.text()]
    desk.frame.models.import_file(model_file)
    desk.wait(lambda: any("switched off by your organisation" in one for one in desk.notices()))


def test_every_hidden_thing_is_there_without_a_policy(start) -> None:
    desk = start()
    for feature, names in SHOWN_BY.items():
        assert feature in FEATURES
        for name in names:
            assert desk.window.findChildren(QWidget, name), name


def test_every_control_has_a_name_and_can_be_reached_by_keys(begin, hub) -> None:
    desk = begin("Settings")
    section = desk.find("network_section")
    window = ledger(desk)
    dialog = TokenDialog(desk.frame.tokens, desk.window)
    gated = GatedDialog(desk.frame.tokens, REPO, desk.window)
    for root in (section, window, dialog, gated):
        kinds = (QAbstractButton, QLineEdit, QComboBox, QTableView)
        for widget in (one for kind in kinds for one in root.findChildren(kind)):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled():
                assert widget.objectName(), type(widget)
                words = widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")
                assert words, widget.objectName()
    dialog.close()
    gated.close()
