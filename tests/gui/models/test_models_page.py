"""The page of models, by clicks and keys, against the fake Hub and the real services."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.commands import ROOT, SLMDESK
from fakes.fake_hub import FakeHub, Fault, online
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from slmdesk.core.records import Status
from slmdesk.gui.models.adding.dialog import AddDialog
from slmdesk.services.online.events import DownloadState

pytestmark = pytest.mark.gui
REPO, FILE = "somebody/tiny-GGUF", "tiny.Q4_K_M.gguf"
HEADER = None
"""The first request for a file, whose header is read when its repository is opened, meets no fault."""


@pytest.fixture
def hub():
    with FakeHub() as it:
        it.add(REPO, {FILE: tiny_gguf.tiny_llama().data, "README.md": b"# Tiny"}, license="mit", downloads=1000)
        yield it


@pytest.fixture
def models(start, home, hub):
    """The window on its page of models, with the network allowed."""

    def begin(**settings):
        online(home, hub, **settings)
        desk = start()
        QTest.keyClick(desk.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
        desk.wait(lambda: desk.frame.models_page.isVisible())
        return desk

    return begin


def shown(desk, kind, name: str):
    return [one for one in desk.frame.models_page.findChildren(kind, name) if one.isVisible()]


def press(desk, name: str, within=None) -> None:
    """Scroll to a button and click it."""
    place = within or desk.frame.models_page
    desk.wait(lambda: [one for one in place.findChildren(QPushButton, name) if one.isVisible()])
    button = next(one for one in place.findChildren(QPushButton, name) if one.isVisible())
    desk.frame.models_page.ensureWidgetVisible(button)
    desk.click(button)


def write(desk, words: str) -> None:
    field = desk.frame.models_page.search.field
    desk.frame.models_page.ensureWidgetVisible(field)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)


def cards(desk, name: str = "repo_card"):
    return shown(desk, QWidget, name)


def local(desk):
    page = desk.frame.models_page
    return [one for one in page.findChildren(QWidget) if one.objectName().startswith("model_card_") and one.isVisible()]


def action(card, name: str) -> None:
    menu = card.findChild(QToolButton, "model_actions").menu()
    menu.aboutToShow.emit()
    menu.findChild(QAction, f"action_{name}").trigger()


def notice(desk, words: str) -> bool:
    return any(words in one for one in desk.notices())


def press_notice(desk, words: str) -> None:
    desk.wait(lambda: notice(desk, words))
    bar = next(one for one in desk.window.notices.bars if words in one.notice.text)
    button = bar.findChild(QPushButton, "notice_action")
    desk.wait(button.isVisible)
    desk.click(button)


def download(desk) -> None:
    """Search for the tiny model and click on *Download*."""
    write(desk, "tiny")
    desk.wait(lambda: cards(desk))
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: shown(desk, QPushButton, "download_file_button"))
    desk.wait(lambda: "needs" in shown(desk, QLabel, "file_name")[0].text())
    press(desk, "download_file_button")


def change(desk):
    return desk.ask(lambda services: services.downloads.all())[-1]


def parts(desk) -> list[Path]:
    return list(desk.ask(lambda services: services.models.folder).glob(".download-*.part"))


def wait_stalled(desk, hub) -> None:
    """Until the line is silent and what came of the first 80 000 bytes is in the file: from there it must go on."""
    desk.wait(hub.stalled.is_set)
    desk.wait(lambda: sum(one.stat().st_size for one in parts(desk)) == 80_000)


def add(desk, path: Path, count: int = 1, link: bool = False) -> None:
    desk.frame.library.add_file(path, link)
    desk.wait(lambda: len(local(desk)) == count and not shown(desk, QWidget, "library_import"))


def test_search_download_and_chat(models, hub):
    desk = models()
    button = desk.find("network_button")
    desk.wait(lambda: "Online — 0 requests today" in button.text())
    write(desk, "tiny")
    desk.wait(lambda: cards(desk))
    assert REPO in cards(desk)[0].words
    assert "licence: MIT, free for any use" in cards(desk)[0].words
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: shown(desk, QPushButton, "download_file_button"))
    words = shown(desk, QLabel, "file_words")[0]
    assert "4-bit" in words.text()
    desk.wait(lambda: words.height() == words.heightForWidth(words.width()))
    press(desk, "download_file_button")
    desk.wait(lambda: shown(desk, QPushButton, "use_download_button"))
    desk.wait(lambda: local(desk))
    assert "Tiny llama" in local(desk)[0].words
    assert notice(desk, "exactly what was published")
    rows = desk.ask(lambda services: services.network.requests(100))
    desk.wait(lambda: f"{len(rows)} requests today" in button.text())
    assert len(rows) == len(hub.seen) > 2
    press(desk, "use_download_button")
    desk.wait(lambda: desk.page.isVisible())
    desk.wait(lambda: "ready" in desk.page.picker.button.text())
    desk.frame.window.show_page("Models")
    desk.wait(lambda: "last used" in local(desk)[0].words)
    desk.wait(lambda: local(desk)[0].findChild(QPushButton, "use_button").text() == "In use")
    desk.frame.window.show_page("Chat")
    desk.send("hello")
    desk.wait_idle()
    assert desk.last().status is Status.COMPLETE


def test_the_notice_of_a_download_works_after_its_row_was_closed(models, hub):
    desk = models()
    download(desk)
    desk.wait(lambda: shown(desk, QPushButton, "use_download_button"))
    press(desk, "cancel_download_button")
    desk.wait(lambda: not cards(desk, "download_row"))
    press_notice(desk, "exactly what was published")
    desk.wait(lambda: desk.page.isVisible() and "ready" in desk.page.picker.button.text())


def test_typing_searches_once_and_the_last_words_count(models, hub):
    desk = models()
    hub.add("somebody/other-GGUF", {"other.Q4_K_M.gguf": b"GGUF"})
    write(desk, "other")
    write(desk, "tiny")
    desk.wait(lambda: [REPO in card.words for card in cards(desk)] == [True])
    assert len([one for one in hub.seen if one.path == "/api/models"]) == 1


def test_an_answer_that_comes_after_the_next_key_is_not_shown(models, hub):
    desk = models()
    hub.api_faults = [Fault(silent=True)]
    write(desk, "other")
    desk.wait(hub.stalled.is_set)
    assert shown(desk, QWidget, "search_bar")
    write(desk, "tiny")
    desk.wait(lambda: [REPO in card.words for card in cards(desk)] == [True])


def test_more_shows_the_next_page_and_keeps_what_is_open(models, hub):
    for number in range(13):
        hub.add(f"somebody/many-{number}-GGUF", {FILE: b"GGUF"}, downloads=100 - number)
    desk = models()
    write(desk, "many")
    desk.wait(lambda: len(cards(desk)) == 10)
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: shown(desk, QPushButton, "download_file_button"))
    press(desk, "search_more")
    desk.wait(lambda: len(cards(desk)) == 13)
    assert shown(desk, QPushButton, "download_file_button")
    assert not shown(desk, QPushButton, "search_more")


def test_a_pasted_link_goes_to_its_file(models, hub):
    hub.add("somebody/two-GGUF", {FILE: b"GGUF1", "tiny.Q8_0.gguf": b"GGUF2"})
    desk = models()
    QApplication.clipboard().setText(f"https://huggingface.co/somebody/two-GGUF/blob/main/{FILE}")
    field = desk.frame.models_page.search.field
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: shown(desk, QPushButton, "download_file_button"))
    assert [one.text().replace("\u200b", "").split()[-1] for one in shown(desk, QLabel, "file_name")] == [FILE]
    assert not [one for one in hub.seen if one.path == "/api/models"]


def test_nothing_found_and_errors_are_sentences(models, hub):
    desk = models()
    write(desk, "no such model")
    note = desk.find("search_note")
    desk.wait(lambda: "Nothing on the Hub has such a name" in note.text())
    hub.api_faults = [Fault(status=500)]
    write(desk, "tiny")
    desk.wait(lambda: "trouble of its own" in note.text())
    press(desk, "search_again")
    desk.wait(lambda: cards(desk))


def test_gated_repositories_say_what_to_do(models, hub):
    hub.add("somebody/gated-GGUF", {FILE: tiny_gguf.tiny_llama().data}, gated=True)
    desk = models()
    write(desk, "gated")
    desk.wait(lambda: cards(desk))
    assert "gated" in cards(desk)[0].words
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: shown(desk, QWidget, "gated_panel"))


def test_foreign_names_are_shown_as_they_are(models, hub):
    hub.add("somebody/odd-GGUF", {"<img src=x>&amp;.Q4_K_M.gguf": b"GGUF"}, license="<b>free</b>")
    desk = models()
    write(desk, "odd")
    desk.wait(lambda: cards(desk))
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: shown(desk, QLabel, "file_name"))
    assert "<img src=x>&amp;" in shown(desk, QLabel, "file_name")[0].text().replace("\u200b", "")
    for label in desk.frame.models_page.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text(), label.objectName()


def test_offline_nothing_is_asked_until_the_network_is_allowed(models, hub):
    desk = models(offline=True)
    button = desk.find("network_button")
    desk.wait(lambda: "Offline — 0 requests today" in button.text())
    assert not desk.frame.models_page.search.field.isEnabled()
    desk.wait(lambda: shown(desk, QPushButton, "download_button"))
    press(desk, "download_button")
    desk.wait(lambda: notice(desk, "works offline"))
    assert desk.ask(lambda services: services.downloads.all()) == []
    assert not hub.seen
    press(desk, "allow_network_button")
    desk.wait(lambda: "Online" in button.text())
    assert not shown(desk, QWidget, "offline_bar")
    assert QApplication.focusWidget() is not desk.find("entry_0")
    write(desk, "tiny")
    desk.wait(lambda: cards(desk))


def test_only_this_once_is_online_until_the_window_is_closed_and_stands_in_the_ledger(models, hub, start):
    desk = models(offline=True)
    button = desk.find("network_button")
    desk.wait(lambda: button.text().startswith("○ Offline"))
    assert not button.property("online")
    press(desk, "allow_once_button")
    desk.wait(lambda: button.text().startswith("● Online, only this once"))
    assert button.property("online")
    write(desk, "tiny")
    desk.wait(lambda: cards(desk))
    assert "allowed only this once" in desk.ask(lambda services: services.network.requests(1))[0].purpose
    desk.close()
    again = start()
    again.wait(lambda: again.find("network_button").text().startswith("○ Offline"))


def test_the_notice_allows_the_network_and_downloads(models, hub):
    desk = models(offline=True)
    desk.frame.fetch.start(REPO, FILE)
    press_notice(desk, "works offline")
    desk.wait(lambda: local(desk))


def test_the_status_bar_switches_the_network(models):
    desk = models(offline=True)
    desk.click("network_button")
    switch = desk.find("offline_switch")
    desk.wait(switch.isVisible)
    assert switch.isChecked()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    desk.wait(lambda: "Online" in desk.find("network_button").text())
    desk.wait(lambda: not switch.isChecked())
    QTest.keyClick(switch, Qt.Key.Key_Escape)
    assert not switch.isVisible()
    assert desk.find("network_button").hasFocus()
    desk.click("network_button")
    desk.click("entry_0")
    assert not switch.isVisible()
    desk.click("network_button")
    desk.click(desk.find("ledger_button"))
    desk.wait(lambda: desk.window.findChild(QWidget, "ledger_table"))


def test_a_download_pauses_and_goes_on_where_it_was(models, hub):
    desk = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    press(desk, "pause_button")
    desk.wait(lambda: change(desk).state is DownloadState.PAUSED)
    desk.wait(lambda: shown(desk, QPushButton, "pause_button")[0].text() == "Resume")
    assert parts(desk)
    press(desk, "pause_button")
    desk.wait(lambda: local(desk))
    ranges = [one.headers.get("range") for one in hub.seen if one.where == "storage"]
    assert ranges[-1] == "bytes=80000-"


def test_offline_what_is_fetched_waits_and_says_so(models, hub):
    desk = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    desk.frame.settings.change("offline", True)
    desk.wait(lambda: change(desk).state is DownloadState.QUEUED)
    desk.wait(lambda: "you work offline" in cards(desk, "download_row")[0].words)
    asked = len(hub.seen)
    press(desk, "pause_button")
    desk.wait(lambda: change(desk).state is DownloadState.PAUSED)
    press(desk, "pause_button")
    desk.wait(lambda: notice(desk, "works offline"))
    assert len(hub.seen) == asked
    press_notice(desk, "works offline")
    desk.wait(lambda: local(desk))


def test_the_queue_is_shown_in_its_order_and_can_be_put_in_another(models, hub):
    names = ("a", "b", "c", "d")
    for seed, name in enumerate(names, 10):
        data = tiny_gguf.tiny_llama(seed=seed).data
        hub.add(f"somebody/{name}-GGUF", {f"{name}.Q4_K_M.gguf": data})
    desk = models()
    hub.storage_faults = [Fault(stall_at=80_000)]
    for name in names:
        desk.frame.fetch.start(f"somebody/{name}-GGUF", f"{name}.Q4_K_M.gguf")
    desk.wait(hub.stalled.is_set)

    def rows() -> list[str]:
        found = sorted(cards(desk, "download_row"), key=lambda one: one.y())
        return [one.accessibleName()[0] for one in found]

    def row(name: str):
        return next(one for one in cards(desk, "download_row") if one.accessibleName().startswith(name))

    desk.wait(lambda: rows() == ["a", "b", "c", "d"] and "3rd in the queue" in row("d").words)
    moves = row("d").findChild(QToolButton, "download_moves")
    assert not row("a").findChild(QToolButton, "download_moves").isVisible()
    moves.menu().findChild(QAction, "move_first").trigger()
    desk.wait(lambda: rows() == ["a", "d", "b", "c"])
    moves.setFocus()
    QTest.keyClick(moves, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    desk.wait(lambda: rows() == ["a", "b", "d", "c"])
    assert moves.hasFocus()
    QTest.keyClick(moves, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    desk.wait(lambda: rows() == ["a", "d", "b", "c"] and "Next in the queue" in row("d").words)
    hub.release.set()
    desk.wait(lambda: len(local(desk)) == 4)
    assert [one.path.split("/")[2][0] for one in hub.seen if "/resolve/" in one.path] == ["a", "d", "b", "c"]


def test_a_cancelled_download_can_be_taken_back(models, hub):
    desk = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    press(desk, "cancel_download_button")
    assert not cards(desk, "download_row")
    desk.wait(lambda: change(desk).state is DownloadState.PAUSED)
    press_notice(desk, "is cancelled")
    desk.wait(lambda: local(desk))


def test_the_part_of_a_cancelled_download_goes(models, hub):
    desk = models()
    desk.frame.fetch.undo_ms = 50
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    press(desk, "cancel_download_button")
    desk.wait(lambda: change(desk).state is DownloadState.CANCELLED)
    assert not parts(desk)
    assert not shown(desk, QWidget, "downloads")


def test_a_failed_download_is_a_sentence_and_can_be_tried_again(models, hub):
    desk = models()
    hub.storage_faults = [HEADER]
    hub.storage_fault = Fault(status=404)
    download(desk)
    desk.wait(lambda: change(desk).state is DownloadState.FAILED)
    desk.wait(lambda: "is not on the Hub" in cards(desk, "download_row")[0].words)
    hub.storage_fault = None
    press(desk, "pause_button")
    desk.wait(lambda: local(desk))


def test_what_ran_when_the_window_was_closed_goes_on_at_the_next_start(models, hub):
    desk = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    desk.close()
    again = models()
    again.wait(lambda: local(again))
    assert not cards(again, "left_over_row")
    assert [one.headers.get("range") for one in hub.requests("storage")][-2:] == [None, "bytes=80000-"]


def test_what_was_paused_is_paused_at_the_next_start(models, hub):
    desk = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    press(desk, "pause_button")
    desk.wait(lambda: change(desk).state is DownloadState.PAUSED)
    desk.close()
    again = models()
    again.wait(lambda: cards(again, "download_row"))
    assert "Paused" in cards(again, "download_row")[0].words
    again.wait(lambda: not cards(again, "left_over_row"))
    press(again, "pause_button")
    again.wait(lambda: local(again))


def test_what_an_earlier_slmdesk_left_is_offered(models, hub, home):
    desk = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(desk)
    wait_stalled(desk, hub)
    desk.close()
    with contextlib.closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as database:
        database.execute("delete from jobs")  # downloads were no jobs then
        database.commit()
    again = models()
    again.wait(lambda: cards(again, "left_over_row"))
    assert FILE in cards(again, "left_over_row")[0].words
    press(again, "resume_left_button")
    again.wait(lambda: local(again))
    again.wait(lambda: not cards(again, "left_over_row"))


def test_a_damaged_file_is_offered_for_deletion(models, hub):
    desk = models()
    hub.storage_fault = Fault(flip_at=1000)
    download(desk)
    desk.wait(lambda: change(desk).state is DownloadState.FAILED)
    desk.wait(lambda: "can be deleted" in cards(desk, "download_row")[0].words)
    desk.wait(lambda: cards(desk, "left_over_row"))
    assert "never used" in cards(desk, "left_over_row")[0].words
    desk.frame.fetch.undo_ms = 50
    press(desk, "discard_left_button")
    desk.wait(lambda: notice(desk, "free again"))
    assert not list(desk.ask(lambda services: services.models.folder).glob("*.bad"))


def test_removing_can_be_undone_and_says_what_was_freed(models, model_file):
    desk = models()
    add(desk, model_file)
    action(local(desk)[0], "remove")
    desk.wait(lambda: not local(desk))
    press_notice(desk, "is removed")
    desk.wait(lambda: local(desk))
    record = desk.ask(lambda services: services.models.list())[0]
    assert Path(os.fsdecode(record.path)).is_file()
    desk.frame.library.undo_ms = 50
    action(local(desk)[0], "remove")
    desk.wait(lambda: notice(desk, "are free again"))
    assert not Path(os.fsdecode(record.path)).exists()
    assert desk.ask(lambda services: services.models.list()) == []
    assert desk.find("local_note").isVisible()


def test_a_linked_file_stays_when_it_is_removed(models, model_file):
    desk = models()
    add(desk, model_file, link=True)
    assert "linked" in local(desk)[0].words
    desk.frame.library.undo_ms = 50
    action(local(desk)[0], "remove")
    desk.wait(lambda: desk.ask(lambda services: services.models.list()) == [])
    assert model_file.is_file()


def test_renaming(models, model_file):
    desk = models()
    add(desk, model_file)
    action(local(desk)[0], "rename")
    dialog = desk.frame.models_page.findChild(QInputDialog, "rename_dialog")
    desk.wait(dialog.isVisible)
    dialog.setTextValue("For letters")
    dialog.accept()
    desk.wait(lambda: "For letters" in local(desk)[0].words)
    press(desk, "use_button")
    desk.wait(lambda: "For letters ready" in desk.find("model_status").text())
    QTest.keyClick(desk.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    model = desk.ask(lambda services: services.models.list())[0].id
    desk.frame.library.rename(model, "For mail")
    desk.wait(lambda: "For mail ready" in desk.find("model_status").text())


def test_a_model_that_another_program_added_is_no_longer_missed(models, model_file, home):
    desk = models()
    desk.wait(lambda: desk.find("model_status").text() == "No model yet")
    desk.ask(lambda services: services.models.import_file(model_file))
    desk.wait(lambda: local(desk))
    desk.wait(lambda: desk.find("model_status").text() != "No model yet")


def test_verifying_and_details(models, model_file):
    desk = models()
    add(desk, model_file, link=True)
    action(local(desk)[0], "verify")
    desk.wait(lambda: notice(desk, "to the last bit"))
    panel = local(desk)[0].details
    press(desk, "fields_toggle", panel)
    fields = panel.findChild(QPlainTextEdit, "fields_list")
    assert "general.architecture: llama" in fields.toPlainText()
    QTest.keyClicks(panel.findChild(QLineEdit, "fields_search"), "context_length")
    assert fields.toPlainText().startswith("llama.context_length: ")
    assert len(fields.toPlainText().splitlines()) == 1
    model_file.write_bytes(model_file.read_bytes()[:-1] + b"x")
    action(local(desk)[0], "verify")
    desk.wait(lambda: notice(desk, "has changed since it was checked"))


def test_a_broken_file_is_said_on_its_card(models, model_file):
    desk = models()
    add(desk, model_file, link=True)
    desk.wait(lambda: local(desk)[0].fit.word == "fits")
    model_file.write_bytes(b"not a model")
    desk.frame.library.refresh()
    desk.wait(lambda: local(desk)[0].fit.word == "cannot be used")
    assert "not a GGUF model file" in local(desk)[0].words
    assert not local(desk)[0].findChild(QPushButton, "use_button").isEnabled()


def test_a_file_dropped_on_the_page_is_shown_before_it_is_added(models, model_file):
    desk = models()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(model_file))])
    page, copy = desk.frame.models_page, Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, buttons, keys)
    QApplication.sendEvent(page.viewport(), enter)
    QApplication.sendEvent(page.viewport(), QDropEvent(QPointF(50, 50), copy, data, buttons, keys))
    desk.wait(lambda: desk.window.findChild(AddDialog))
    dialog = desk.window.findChild(AddDialog)
    said = " ".join(one.text() for one in dialog.findChildren(QLabel))
    for words in ("Tiny llama", "Size:", "Precision:", "Licence:", "Memory: needs about", "fits"):
        assert words in said
    assert not local(desk)
    desk.click(desk.find("add_link", dialog))
    desk.wait(lambda: local(desk))
    assert desk.ask(lambda services: services.models.list())[0].linked
    assert desk.page.first_start.isHidden() or not desk.page.isVisible()


def test_a_file_that_is_no_model_is_refused_and_can_be_followed_by_another(models, model_file, tmp_path):
    desk = models()
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"%PDF-1.7")
    desk.frame.library.add_file(bad, False)
    desk.wait(lambda: notice(desk, "not a GGUF model file"))
    add(desk, model_file)


def test_the_suggested_models_say_what_they_are_bad_at(models):
    desk = models(offline=True)
    desk.wait(lambda: cards(desk, "suggestion_card"))
    assert len(cards(desk, "suggestion_card")) == 5
    press(desk, "suggestions_all")
    desk.wait(lambda: len(cards(desk, "suggestion_card")) > 15)
    for card in cards(desk, "suggestion_card"):
        assert "about" in card.words
        assert "parameters" in card.words


def test_a_suggested_model_is_fetched_by_the_file_the_list_names(models, hub):
    desk = models()
    wanted = desk.ask(lambda services: services.offers.suggestions())[0]
    hub.add(wanted.repo, {wanted.file: tiny_gguf.tiny_llama().data, "other.Q4_K_M.gguf": b"GGUF"})
    desk.wait(lambda: shown(desk, QPushButton, "download_button"))
    press(desk, "download_button")
    desk.wait(lambda: local(desk))


def test_many_models_do_not_hold_up_the_page(models, paths):
    desk = models()

    def fill(services):
        for number in range(100):
            services.store.add_model(
                name=f"Model {number}", path=paths.models / f"{number}.gguf", linked=True, bytes=1, mtime_ns=0, inode=0,
                sha256=f"{number:064}", header={"architecture": "llama"}, source="file",
            )  # fmt: skip

    desk.ask(fill)
    desk.frame.library.refresh()
    desk.wait(lambda: len(local(desk)) == 30)
    press(desk, "local_more")
    desk.wait(lambda: len(local(desk)) == 60)


def test_every_control_of_the_page_has_a_name(models, model_file):
    desk = models()
    add(desk, model_file)
    download(desk)
    desk.wait(lambda: cards(desk, "download_row"))
    for kind in (QPushButton, QToolButton):
        for button in desk.frame.models_page.findChildren(kind):
            assert button.accessibleName() or button.text(), button.objectName()
            assert button.objectName(), button.text()


def test_results_are_sorted_and_filtered_as_chosen(models, hub):
    hub.add("somebody/polish-GGUF", {FILE: b"GGUF"}, tags=["pl"], downloads=5, likes=500)
    hub.add("somebody/english-GGUF", {FILE: b"GGUF"}, tags=["en"], downloads=50, likes=5)
    desk = models()

    def names() -> list[str]:
        return [card.repo for card in cards(desk)]

    def choose(name: str, value: str) -> None:
        box = desk.find(name)
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())

    write(desk, "ish")
    desk.wait(lambda: names() == ["somebody/english-GGUF", "somebody/polish-GGUF"])
    choose("search_sort", "likes")
    desk.wait(lambda: names() == ["somebody/polish-GGUF", "somebody/english-GGUF"])
    choose("search_language", "en")
    desk.wait(lambda: names() == ["somebody/english-GGUF"])


def test_tab_goes_the_way_of_the_eye(models, model_file):
    desk = models()
    add(desk, model_file)
    desk.wait(lambda: cards(desk, "suggestion_card"))
    page = desk.frame.models_page
    page.setFocus()
    seen: list[QWidget] = []
    first = ["compare_button", "use_button", "details_button", "model_actions", "library_add_button"]
    first += ["more_ways_button", "suggestions_job"]
    desk.wait(lambda: _tabs(seen, page)[: len(first)] == first)
    names = [one.objectName() for one in seen]
    assert names.index("suggestions_all") < names.index("hub_search_box") < names.index("network_button")


def _tabs(seen: list[QWidget], page: QWidget) -> list[str]:
    """Walk from the page with Tab; the names of the stops."""
    seen.clear()
    page.setFocus()
    for _ in range(30):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget())
    return [one.objectName() for one in seen]


def test_every_fact_of_the_services_has_its_signal(models):
    from typing import get_args

    from slmdesk.services.base.events import Event

    desk = models()
    assert set(get_args(Event)) <= set(desk.bridge._signals)


def test_a_model_in_use_that_another_desk_removes_is_said_calmly(desk):
    model = desk.ask(lambda services: services.models.state.model)
    done = subprocess.run([*SLMDESK, "models", "remove", model], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    desk.wait(lambda: any("removed from the library elsewhere" in one for one in desk.notices()))
    desk.wait(lambda: desk.page.picker.button.text() == "Add a model")
    assert desk.page.first_start.isVisible()


def top_of(desk, widget) -> int:
    """Where it stands in the view of the page."""
    return widget.mapTo(desk.frame.models_page.viewport(), QPoint(0, 0)).y()


def test_what_was_pressed_stays_where_it_is_and_says_what_became_of_it(models, hub):
    hub.storage_faults = [HEADER, Fault(stall_at=30)]
    desk = models()
    write(desk, "tiny")
    desk.wait(lambda: cards(desk))
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: "needs" in "".join(one.text() for one in shown(desk, QLabel, "file_name")))
    button = shown(desk, QPushButton, "download_file_button")[0]
    desk.frame.models_page.ensureWidgetVisible(button)
    button.setFocus()
    before = top_of(desk, button)
    assert desk.frame.models_page.verticalScrollBar().value() > 0
    desk.click(button)
    desk.wait(lambda: shown(desk, QWidget, "download_row"))
    desk.wait(lambda: button.text() != "Download")
    desk.wait(lambda: top_of(desk, button) == before)
    press(desk, "pause_button", shown(desk, QWidget, "download_row")[0])
    desk.wait(lambda: button.text() == "Resume")
    hub.release.set()
    desk.click(button)
    desk.wait(lambda: button.text() == "On this PC")


def test_what_a_search_found_is_in_sight(models, hub):
    desk = models()
    desk.window.resize(900, 600)
    write(desk, "tiny")
    desk.wait(lambda: cards(desk))
    bottom = cards(desk)[0].height()
    desk.wait(lambda: top_of(desk, cards(desk)[0]) + bottom <= desk.frame.models_page.viewport().height())
    assert top_of(desk, desk.frame.models_page.search.field) >= 0
    press(desk, "files_button", cards(desk)[0])
    desk.wait(lambda: shown(desk, QPushButton, "download_file_button"))
    row = shown(desk, QWidget, "file_row")[0]
    desk.wait(lambda: top_of(desk, row) + row.height() <= desk.frame.models_page.viewport().height())


def test_a_measured_pc_changes_the_suggestions_where_they_are(models):
    desk = models()
    desk.wait(lambda: shown(desk, QWidget, "suggestion_card"))
    press(desk, "suggestions_all")
    desk.wait(lambda: len(shown(desk, QWidget, "suggestion_card")) > 10)
    suggestions = shown(desk, QWidget, "suggestions")[0]
    before = shown(desk, QWidget, "suggestion_card")
    found = desk.ask(lambda services: services.offers.suggestions())
    suggestions.show_suggestions([replace(one, parameters="many parameters", fit="tight") for one in found])
    assert shown(desk, QWidget, "suggestion_card") == before
    assert all("many parameters" in one.words and one.fit.word == "may be tight" for one in before)
