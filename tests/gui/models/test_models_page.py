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
        service_thread = start()
        QTest.keyClick(service_thread.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
        service_thread.wait(lambda: service_thread.frame.models_page.isVisible())
        return service_thread

    return begin


def shown(service_thread, kind, name: str):
    return [one for one in service_thread.frame.models_page.findChildren(kind, name) if one.isVisible()]


def press(service_thread, name: str, within=None) -> None:
    """Scroll to a button and click it."""
    place = within or service_thread.frame.models_page
    service_thread.wait(lambda: [one for one in place.findChildren(QPushButton, name) if one.isVisible()])
    button = next(one for one in place.findChildren(QPushButton, name) if one.isVisible())
    service_thread.frame.models_page.ensureWidgetVisible(button)
    service_thread.click(button)


def write(service_thread, words: str) -> None:
    field = service_thread.frame.models_page.search.field
    service_thread.frame.models_page.ensureWidgetVisible(field)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)


def cards(service_thread, name: str = "repo_card"):
    return shown(service_thread, QWidget, name)


def local(service_thread):
    page = service_thread.frame.models_page
    return [one for one in page.findChildren(QWidget) if one.objectName().startswith("model_card_") and one.isVisible()]


def action(card, name: str) -> None:
    menu = card.findChild(QToolButton, "model_actions").menu()
    menu.aboutToShow.emit()
    menu.findChild(QAction, f"action_{name}").trigger()


def notice(service_thread, words: str) -> bool:
    return any(words in one for one in service_thread.notices())


def press_notice(service_thread, words: str) -> None:
    service_thread.wait(lambda: notice(service_thread, words))
    bar = next(one for one in service_thread.window.notices.bars if words in one.notice.text)
    button = bar.findChild(QPushButton, "notice_action")
    service_thread.wait(button.isVisible)
    service_thread.click(button)


def download(service_thread) -> None:
    """Search for the tiny model and click on *Download*."""
    write(service_thread, "tiny")
    service_thread.wait(lambda: cards(service_thread))
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_file_button"))
    service_thread.wait(lambda: "needs" in shown(service_thread, QLabel, "file_name")[0].text())
    press(service_thread, "download_file_button")


def change(service_thread):
    return service_thread.ask(lambda services: services.downloads.all())[-1]


def parts(service_thread) -> list[Path]:
    return list(service_thread.ask(lambda services: services.models.folder).glob(".download-*.part"))


def wait_stalled(service_thread, hub) -> None:
    """Until the line is silent and what came of the first 80 000 bytes is in the file: from there it must go on."""
    service_thread.wait(hub.stalled.is_set)
    service_thread.wait(lambda: sum(one.stat().st_size for one in parts(service_thread)) == 80_000)


def add(service_thread, path: Path, count: int = 1, link: bool = False) -> None:
    service_thread.frame.library.add_file(path, link)
    service_thread.wait(
        lambda: len(local(service_thread)) == count and not shown(service_thread, QWidget, "library_import")
    )


def test_search_download_and_chat(models, hub):
    service_thread = models()
    button = service_thread.find("network_button")
    service_thread.wait(lambda: "Online — 0 requests today" in button.text())
    write(service_thread, "tiny")
    service_thread.wait(lambda: cards(service_thread))
    assert REPO in cards(service_thread)[0].words
    assert "licence: MIT, free for any use" in cards(service_thread)[0].words
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_file_button"))
    words = shown(service_thread, QLabel, "file_words")[0]
    assert "4-bit" in words.text()
    service_thread.wait(lambda: words.height() == words.heightForWidth(words.width()))
    press(service_thread, "download_file_button")
    service_thread.wait(lambda: shown(service_thread, QPushButton, "use_download_button"))
    service_thread.wait(lambda: local(service_thread))
    assert "Tiny llama" in local(service_thread)[0].words
    assert notice(service_thread, "exactly what was published")
    rows = service_thread.ask(lambda services: services.network.requests(100))
    service_thread.wait(lambda: f"{len(rows)} requests today" in button.text())
    assert len(rows) == len(hub.seen) > 2
    press(service_thread, "use_download_button")
    service_thread.wait(lambda: service_thread.page.isVisible())
    service_thread.wait(lambda: "ready" in service_thread.page.picker.button.text())
    service_thread.frame.window.show_page("Models")
    service_thread.wait(lambda: "last used" in local(service_thread)[0].words)
    service_thread.wait(lambda: local(service_thread)[0].findChild(QPushButton, "use_button").text() == "In use")
    service_thread.frame.window.show_page("Chat")
    service_thread.send("hello")
    service_thread.wait_idle()
    assert service_thread.last().status is Status.COMPLETE


def test_the_notice_of_a_download_works_after_its_row_was_closed(models, hub):
    service_thread = models()
    download(service_thread)
    service_thread.wait(lambda: shown(service_thread, QPushButton, "use_download_button"))
    press(service_thread, "cancel_download_button")
    service_thread.wait(lambda: not cards(service_thread, "download_row"))
    press_notice(service_thread, "exactly what was published")
    service_thread.wait(lambda: service_thread.page.isVisible() and "ready" in service_thread.page.picker.button.text())


def test_typing_searches_once_and_the_last_words_count(models, hub):
    service_thread = models()
    hub.add("somebody/other-GGUF", {"other.Q4_K_M.gguf": b"GGUF"})
    write(service_thread, "other")
    write(service_thread, "tiny")
    service_thread.wait(lambda: [REPO in card.words for card in cards(service_thread)] == [True])
    assert len([one for one in hub.seen if one.path == "/api/models"]) == 1


def test_an_answer_that_comes_after_the_next_key_is_not_shown(models, hub):
    service_thread = models()
    hub.api_faults = [Fault(silent=True)]
    write(service_thread, "other")
    service_thread.wait(hub.stalled.is_set)
    assert shown(service_thread, QWidget, "search_bar")
    write(service_thread, "tiny")
    service_thread.wait(lambda: [REPO in card.words for card in cards(service_thread)] == [True])


def test_more_shows_the_next_page_and_keeps_what_is_open(models, hub):
    for number in range(13):
        hub.add(f"somebody/many-{number}-GGUF", {FILE: b"GGUF"}, downloads=100 - number)
    service_thread = models()
    write(service_thread, "many")
    service_thread.wait(lambda: len(cards(service_thread)) == 10)
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_file_button"))
    press(service_thread, "search_more")
    service_thread.wait(lambda: len(cards(service_thread)) == 13)
    assert shown(service_thread, QPushButton, "download_file_button")
    assert not shown(service_thread, QPushButton, "search_more")


def test_a_pasted_link_goes_to_its_file(models, hub):
    hub.add("somebody/two-GGUF", {FILE: b"GGUF1", "tiny.Q8_0.gguf": b"GGUF2"})
    service_thread = models()
    QApplication.clipboard().setText(f"https://huggingface.co/somebody/two-GGUF/blob/main/{FILE}")
    field = service_thread.frame.models_page.search.field
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_file_button"))
    assert [one.text().replace("\u200b", "").split()[-1] for one in shown(service_thread, QLabel, "file_name")] == [
        FILE
    ]
    assert not [one for one in hub.seen if one.path == "/api/models"]


def test_nothing_found_and_errors_are_sentences(models, hub):
    service_thread = models()
    write(service_thread, "no such model")
    note = service_thread.find("search_note")
    service_thread.wait(lambda: "Nothing on the Hub has such a name" in note.text())
    hub.api_faults = [Fault(status=500)]
    write(service_thread, "tiny")
    service_thread.wait(lambda: "trouble of its own" in note.text())
    press(service_thread, "search_again")
    service_thread.wait(lambda: cards(service_thread))


def test_gated_repositories_say_what_to_do(models, hub):
    hub.add("somebody/gated-GGUF", {FILE: tiny_gguf.tiny_llama().data}, gated=True)
    service_thread = models()
    write(service_thread, "gated")
    service_thread.wait(lambda: cards(service_thread))
    assert "gated" in cards(service_thread)[0].words
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: shown(service_thread, QWidget, "gated_panel"))


def test_foreign_names_are_shown_as_they_are(models, hub):
    hub.add("somebody/odd-GGUF", {"<img src=x>&amp;.Q4_K_M.gguf": b"GGUF"}, license="<b>free</b>")
    service_thread = models()
    write(service_thread, "odd")
    service_thread.wait(lambda: cards(service_thread))
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: shown(service_thread, QLabel, "file_name"))
    assert "<img src=x>&amp;" in shown(service_thread, QLabel, "file_name")[0].text().replace("\u200b", "")
    for label in service_thread.frame.models_page.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text(), label.objectName()


def test_offline_nothing_is_asked_until_the_network_is_allowed(models, hub):
    service_thread = models(offline=True)
    button = service_thread.find("network_button")
    service_thread.wait(lambda: "Offline — 0 requests today" in button.text())
    assert not service_thread.frame.models_page.search.field.isEnabled()
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_button"))
    press(service_thread, "download_button")
    service_thread.wait(lambda: notice(service_thread, "works offline"))
    assert service_thread.ask(lambda services: services.downloads.all()) == []
    assert not hub.seen
    press(service_thread, "allow_network_button")
    service_thread.wait(lambda: "Online" in button.text())
    assert not shown(service_thread, QWidget, "offline_bar")
    assert QApplication.focusWidget() is not service_thread.find("entry_0")
    write(service_thread, "tiny")
    service_thread.wait(lambda: cards(service_thread))


def test_only_this_once_is_online_until_the_window_is_closed_and_stands_in_the_ledger(models, hub, start):
    service_thread = models(offline=True)
    button = service_thread.find("network_button")
    service_thread.wait(lambda: button.text().startswith("○ Offline"))
    assert not button.property("online")
    press(service_thread, "allow_once_button")
    service_thread.wait(lambda: button.text().startswith("● Online, only this once"))
    assert button.property("online")
    write(service_thread, "tiny")
    service_thread.wait(lambda: cards(service_thread))
    assert "allowed only this once" in service_thread.ask(lambda services: services.network.requests(1))[0].purpose
    service_thread.close()
    again = start()
    again.wait(lambda: again.find("network_button").text().startswith("○ Offline"))


def test_the_notice_allows_the_network_and_downloads(models, hub):
    service_thread = models(offline=True)
    service_thread.frame.fetch.start(REPO, FILE)
    press_notice(service_thread, "works offline")
    service_thread.wait(lambda: local(service_thread))


def test_the_status_bar_switches_the_network(models):
    service_thread = models(offline=True)
    service_thread.click("network_button")
    switch = service_thread.find("offline_switch")
    service_thread.wait(switch.isVisible)
    assert switch.isChecked()
    QTest.keyClick(switch, Qt.Key.Key_Space)
    service_thread.wait(lambda: "Online" in service_thread.find("network_button").text())
    service_thread.wait(lambda: not switch.isChecked())
    QTest.keyClick(switch, Qt.Key.Key_Escape)
    assert not switch.isVisible()
    assert service_thread.find("network_button").hasFocus()
    service_thread.click("network_button")
    service_thread.click("entry_0")
    assert not switch.isVisible()
    service_thread.click("network_button")
    service_thread.click(service_thread.find("ledger_button"))
    service_thread.wait(lambda: service_thread.window.findChild(QWidget, "ledger_table"))


def test_a_download_pauses_and_goes_on_where_it_was(models, hub):
    service_thread = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    press(service_thread, "pause_button")
    service_thread.wait(lambda: change(service_thread).state is DownloadState.PAUSED)
    service_thread.wait(lambda: shown(service_thread, QPushButton, "pause_button")[0].text() == "Resume")
    assert parts(service_thread)
    press(service_thread, "pause_button")
    service_thread.wait(lambda: local(service_thread))
    ranges = [one.headers.get("range") for one in hub.seen if one.where == "storage"]
    assert ranges[-1] == "bytes=80000-"


def test_offline_what_is_fetched_waits_and_says_so(models, hub):
    service_thread = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    service_thread.frame.settings.change("offline", True)
    service_thread.wait(lambda: change(service_thread).state is DownloadState.QUEUED)
    service_thread.wait(lambda: "you work offline" in cards(service_thread, "download_row")[0].words)
    asked = len(hub.seen)
    press(service_thread, "pause_button")
    service_thread.wait(lambda: change(service_thread).state is DownloadState.PAUSED)
    press(service_thread, "pause_button")
    service_thread.wait(lambda: notice(service_thread, "works offline"))
    assert len(hub.seen) == asked
    press_notice(service_thread, "works offline")
    service_thread.wait(lambda: local(service_thread))


def test_the_queue_is_shown_in_its_order_and_can_be_put_in_another(models, hub):
    names = ("a", "b", "c", "d")
    for seed, name in enumerate(names, 10):
        data = tiny_gguf.tiny_llama(seed=seed).data
        hub.add(f"somebody/{name}-GGUF", {f"{name}.Q4_K_M.gguf": data})
    service_thread = models()
    hub.storage_faults = [Fault(stall_at=80_000)]
    for name in names:
        service_thread.frame.fetch.start(f"somebody/{name}-GGUF", f"{name}.Q4_K_M.gguf")
    service_thread.wait(hub.stalled.is_set)

    def rows() -> list[str]:
        found = sorted(cards(service_thread, "download_row"), key=lambda one: one.y())
        return [one.accessibleName()[0] for one in found]

    def row(name: str):
        return next(one for one in cards(service_thread, "download_row") if one.accessibleName().startswith(name))

    service_thread.wait(lambda: rows() == ["a", "b", "c", "d"] and "3rd in the queue" in row("d").words)
    moves = row("d").findChild(QToolButton, "download_moves")
    assert not row("a").findChild(QToolButton, "download_moves").isVisible()
    moves.menu().findChild(QAction, "move_first").trigger()
    service_thread.wait(lambda: rows() == ["a", "d", "b", "c"])
    moves.setFocus()
    QTest.keyClick(moves, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    service_thread.wait(lambda: rows() == ["a", "b", "d", "c"])
    assert moves.hasFocus()
    QTest.keyClick(moves, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    service_thread.wait(lambda: rows() == ["a", "d", "b", "c"] and "Next in the queue" in row("d").words)
    hub.release.set()
    service_thread.wait(lambda: len(local(service_thread)) == 4)
    assert [one.path.split("/")[2][0] for one in hub.seen if "/resolve/" in one.path] == ["a", "d", "b", "c"]


def test_a_cancelled_download_can_be_taken_back(models, hub):
    service_thread = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    press(service_thread, "cancel_download_button")
    assert not cards(service_thread, "download_row")
    service_thread.wait(lambda: change(service_thread).state is DownloadState.PAUSED)
    press_notice(service_thread, "is cancelled")
    service_thread.wait(lambda: local(service_thread))


def test_the_part_of_a_cancelled_download_goes(models, hub):
    service_thread = models()
    service_thread.frame.fetch.undo_ms = 50
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    press(service_thread, "cancel_download_button")
    service_thread.wait(lambda: change(service_thread).state is DownloadState.CANCELLED)
    assert not parts(service_thread)
    assert not shown(service_thread, QWidget, "downloads")


def test_a_failed_download_is_a_sentence_and_can_be_tried_again(models, hub):
    service_thread = models()
    hub.storage_faults = [HEADER]
    hub.storage_fault = Fault(status=404)
    download(service_thread)
    service_thread.wait(lambda: change(service_thread).state is DownloadState.FAILED)
    service_thread.wait(lambda: "is not on the Hub" in cards(service_thread, "download_row")[0].words)
    hub.storage_fault = None
    press(service_thread, "pause_button")
    service_thread.wait(lambda: local(service_thread))


def test_what_ran_when_the_window_was_closed_goes_on_at_the_next_start(models, hub):
    service_thread = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    service_thread.close()
    again = models()
    again.wait(lambda: local(again))
    assert not cards(again, "left_over_row")
    assert [one.headers.get("range") for one in hub.requests("storage")][-2:] == [None, "bytes=80000-"]


def test_what_was_paused_is_paused_at_the_next_start(models, hub):
    service_thread = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    press(service_thread, "pause_button")
    service_thread.wait(lambda: change(service_thread).state is DownloadState.PAUSED)
    service_thread.close()
    again = models()
    again.wait(lambda: cards(again, "download_row"))
    assert "Paused" in cards(again, "download_row")[0].words
    again.wait(lambda: not cards(again, "left_over_row"))
    press(again, "pause_button")
    again.wait(lambda: local(again))


def test_what_an_earlier_slmdesk_left_is_offered(models, hub, home):
    service_thread = models()
    hub.storage_faults = [HEADER, Fault(stall_at=80_000)]
    download(service_thread)
    wait_stalled(service_thread, hub)
    service_thread.close()
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
    service_thread = models()
    hub.storage_fault = Fault(flip_at=1000)
    download(service_thread)
    service_thread.wait(lambda: change(service_thread).state is DownloadState.FAILED)
    service_thread.wait(lambda: "can be deleted" in cards(service_thread, "download_row")[0].words)
    service_thread.wait(lambda: cards(service_thread, "left_over_row"))
    assert "never used" in cards(service_thread, "left_over_row")[0].words
    service_thread.frame.fetch.undo_ms = 50
    press(service_thread, "discard_left_button")
    service_thread.wait(lambda: notice(service_thread, "free again"))
    assert not list(service_thread.ask(lambda services: services.models.folder).glob("*.bad"))


def test_removing_can_be_undone_and_says_what_was_freed(models, model_file):
    service_thread = models()
    add(service_thread, model_file)
    action(local(service_thread)[0], "remove")
    service_thread.wait(lambda: not local(service_thread))
    press_notice(service_thread, "is removed")
    service_thread.wait(lambda: local(service_thread))
    record = service_thread.ask(lambda services: services.models.list())[0]
    assert Path(os.fsdecode(record.path)).is_file()
    service_thread.frame.library.undo_ms = 50
    action(local(service_thread)[0], "remove")
    service_thread.wait(lambda: notice(service_thread, "are free again"))
    assert not Path(os.fsdecode(record.path)).exists()
    assert service_thread.ask(lambda services: services.models.list()) == []
    assert service_thread.find("local_note").isVisible()


def test_a_linked_file_stays_when_it_is_removed(models, model_file):
    service_thread = models()
    add(service_thread, model_file, link=True)
    assert "linked" in local(service_thread)[0].words
    service_thread.frame.library.undo_ms = 50
    action(local(service_thread)[0], "remove")
    service_thread.wait(lambda: service_thread.ask(lambda services: services.models.list()) == [])
    assert model_file.is_file()


def test_renaming(models, model_file):
    service_thread = models()
    add(service_thread, model_file)
    action(local(service_thread)[0], "rename")
    dialog = service_thread.frame.models_page.findChild(QInputDialog, "rename_dialog")
    service_thread.wait(dialog.isVisible)
    dialog.setTextValue("For letters")
    dialog.accept()
    service_thread.wait(lambda: "For letters" in local(service_thread)[0].words)
    press(service_thread, "use_button")
    service_thread.wait(lambda: "For letters ready" in service_thread.find("model_status").text())
    QTest.keyClick(service_thread.window, Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    model = service_thread.ask(lambda services: services.models.list())[0].id
    service_thread.frame.library.rename(model, "For mail")
    service_thread.wait(lambda: "For mail ready" in service_thread.find("model_status").text())


def test_a_model_that_another_program_added_is_no_longer_missed(models, model_file, home):
    service_thread = models()
    service_thread.wait(lambda: service_thread.find("model_status").text() == "No model yet")
    service_thread.ask(lambda services: services.models.import_file(model_file))
    service_thread.wait(lambda: local(service_thread))
    service_thread.wait(lambda: service_thread.find("model_status").text() != "No model yet")


def test_verifying_and_details(models, model_file):
    service_thread = models()
    add(service_thread, model_file, link=True)
    action(local(service_thread)[0], "verify")
    service_thread.wait(lambda: notice(service_thread, "to the last bit"))
    panel = local(service_thread)[0].details
    press(service_thread, "fields_toggle", panel)
    fields = panel.findChild(QPlainTextEdit, "fields_list")
    assert "general.architecture: llama" in fields.toPlainText()
    QTest.keyClicks(panel.findChild(QLineEdit, "fields_search"), "context_length")
    assert fields.toPlainText().startswith("llama.context_length: ")
    assert len(fields.toPlainText().splitlines()) == 1
    model_file.write_bytes(model_file.read_bytes()[:-1] + b"x")
    action(local(service_thread)[0], "verify")
    service_thread.wait(lambda: notice(service_thread, "has changed since it was checked"))


def test_a_broken_file_is_said_on_its_card(models, model_file):
    service_thread = models()
    add(service_thread, model_file, link=True)
    service_thread.wait(lambda: local(service_thread)[0].fit.word == "fits")
    model_file.write_bytes(b"not a model")
    service_thread.frame.library.refresh()
    service_thread.wait(lambda: local(service_thread)[0].fit.word == "cannot be used")
    assert "not a GGUF model file" in local(service_thread)[0].words
    assert not local(service_thread)[0].findChild(QPushButton, "use_button").isEnabled()


def test_a_file_dropped_on_the_page_is_shown_before_it_is_added(models, model_file):
    service_thread = models()
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(model_file))])
    page, copy = service_thread.frame.models_page, Qt.DropAction.CopyAction
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, buttons, keys)
    QApplication.sendEvent(page.viewport(), enter)
    QApplication.sendEvent(page.viewport(), QDropEvent(QPointF(50, 50), copy, data, buttons, keys))
    service_thread.wait(lambda: service_thread.window.findChild(AddDialog))
    dialog = service_thread.window.findChild(AddDialog)
    said = " ".join(one.text() for one in dialog.findChildren(QLabel))
    for words in ("Tiny llama", "Size:", "Precision:", "Licence:", "Memory: needs about", "fits"):
        assert words in said
    assert not local(service_thread)
    service_thread.click(service_thread.find("add_link", dialog))
    service_thread.wait(lambda: local(service_thread))
    assert service_thread.ask(lambda services: services.models.list())[0].linked
    assert service_thread.page.first_start.isHidden() or not service_thread.page.isVisible()


def test_a_file_that_is_no_model_is_refused_and_can_be_followed_by_another(models, model_file, tmp_path):
    service_thread = models()
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"%PDF-1.7")
    service_thread.frame.library.add_file(bad, False)
    service_thread.wait(lambda: notice(service_thread, "not a GGUF model file"))
    add(service_thread, model_file)


def test_the_suggested_models_say_what_they_are_bad_at(models):
    service_thread = models(offline=True)
    service_thread.wait(lambda: cards(service_thread, "suggestion_card"))
    assert len(cards(service_thread, "suggestion_card")) == 5
    press(service_thread, "suggestions_all")
    service_thread.wait(lambda: len(cards(service_thread, "suggestion_card")) > 15)
    for card in cards(service_thread, "suggestion_card"):
        assert "about" in card.words
        assert "parameters" in card.words


def test_a_suggested_model_is_fetched_by_the_file_the_list_names(models, hub):
    service_thread = models()
    requested = service_thread.ask(lambda services: services.offers.suggestions())[0]
    hub.add(requested.repo, {requested.file: tiny_gguf.tiny_llama().data, "other.Q4_K_M.gguf": b"GGUF"})
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_button"))
    press(service_thread, "download_button")
    service_thread.wait(lambda: local(service_thread))


def test_many_models_do_not_hold_up_the_page(models, paths):
    service_thread = models()

    def fill(services):
        for number in range(100):
            services.store.add_model(
                name=f"Model {number}", path=paths.models / f"{number}.gguf", linked=True, bytes=1, mtime_ns=0, inode=0,
                sha256=f"{number:064}", header={"architecture": "llama"}, source="file",
            )  # fmt: skip

    service_thread.ask(fill)
    service_thread.frame.library.refresh()
    service_thread.wait(lambda: len(local(service_thread)) == 30)
    press(service_thread, "local_more")
    service_thread.wait(lambda: len(local(service_thread)) == 60)


def test_every_control_of_the_page_has_a_name(models, model_file):
    service_thread = models()
    add(service_thread, model_file)
    download(service_thread)
    service_thread.wait(lambda: cards(service_thread, "download_row"))
    for kind in (QPushButton, QToolButton):
        for button in service_thread.frame.models_page.findChildren(kind):
            assert button.accessibleName() or button.text(), button.objectName()
            assert button.objectName(), button.text()


def test_results_are_sorted_and_filtered_as_chosen(models, hub):
    hub.add("somebody/polish-GGUF", {FILE: b"GGUF"}, tags=["pl"], downloads=5, likes=500)
    hub.add("somebody/english-GGUF", {FILE: b"GGUF"}, tags=["en"], downloads=50, likes=5)
    service_thread = models()

    def names() -> list[str]:
        return [card.repo for card in cards(service_thread)]

    def choose(name: str, value: str) -> None:
        box = service_thread.find(name)
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())

    write(service_thread, "ish")
    service_thread.wait(lambda: names() == ["somebody/english-GGUF", "somebody/polish-GGUF"])
    choose("search_sort", "likes")
    service_thread.wait(lambda: names() == ["somebody/polish-GGUF", "somebody/english-GGUF"])
    choose("search_language", "en")
    service_thread.wait(lambda: names() == ["somebody/english-GGUF"])


def test_tab_goes_the_way_of_the_eye(models, model_file):
    service_thread = models()
    add(service_thread, model_file)
    service_thread.wait(lambda: cards(service_thread, "suggestion_card"))
    page = service_thread.frame.models_page
    page.setFocus()
    seen: list[QWidget] = []
    first = ["compare_button", "use_button", "details_button", "model_actions", "library_add_button"]
    first += ["more_ways_button", "suggestions_job"]
    service_thread.wait(lambda: _tabs(seen, page)[: len(first)] == first)
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

    service_thread = models()
    assert set(get_args(Event)) <= set(service_thread.bridge._signals)


def test_a_model_in_use_that_another_desk_removes_is_said_calmly(service_thread):
    model = service_thread.ask(lambda services: services.models.state.model)
    done = subprocess.run([*SLMDESK, "models", "remove", model], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    service_thread.wait(lambda: any("removed from the library elsewhere" in one for one in service_thread.notices()))
    service_thread.wait(lambda: service_thread.page.picker.button.text() == "Add a model")
    assert service_thread.page.first_start.isVisible()


def top_of(service_thread, widget) -> int:
    """Where it stands in the view of the page."""
    return widget.mapTo(service_thread.frame.models_page.viewport(), QPoint(0, 0)).y()


def test_what_was_pressed_stays_where_it_is_and_says_what_became_of_it(models, hub):
    hub.storage_faults = [HEADER, Fault(stall_at=30)]
    service_thread = models()
    write(service_thread, "tiny")
    service_thread.wait(lambda: cards(service_thread))
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: "needs" in "".join(one.text() for one in shown(service_thread, QLabel, "file_name")))
    button = shown(service_thread, QPushButton, "download_file_button")[0]
    service_thread.frame.models_page.ensureWidgetVisible(button)
    button.setFocus()
    before = top_of(service_thread, button)
    assert service_thread.frame.models_page.verticalScrollBar().value() > 0
    service_thread.click(button)
    service_thread.wait(lambda: shown(service_thread, QWidget, "download_row"))
    service_thread.wait(lambda: button.text() != "Download")
    service_thread.wait(lambda: top_of(service_thread, button) == before)
    press(service_thread, "pause_button", shown(service_thread, QWidget, "download_row")[0])
    service_thread.wait(lambda: button.text() == "Resume")
    hub.release.set()
    service_thread.click(button)
    service_thread.wait(lambda: button.text() == "On this PC")


def test_what_a_search_found_is_in_sight(models, hub):
    service_thread = models()
    service_thread.window.resize(900, 600)
    write(service_thread, "tiny")
    service_thread.wait(lambda: cards(service_thread))
    bottom = cards(service_thread)[0].height()
    service_thread.wait(
        lambda: (
            top_of(service_thread, cards(service_thread)[0]) + bottom
            <= service_thread.frame.models_page.viewport().height()
        )
    )
    assert top_of(service_thread, service_thread.frame.models_page.search.field) >= 0
    press(service_thread, "files_button", cards(service_thread)[0])
    service_thread.wait(lambda: shown(service_thread, QPushButton, "download_file_button"))
    row = shown(service_thread, QWidget, "file_row")[0]
    service_thread.wait(
        lambda: top_of(service_thread, row) + row.height() <= service_thread.frame.models_page.viewport().height()
    )


def test_a_measured_pc_changes_the_suggestions_where_they_are(models):
    service_thread = models()
    service_thread.wait(lambda: shown(service_thread, QWidget, "suggestion_card"))
    press(service_thread, "suggestions_all")
    service_thread.wait(lambda: len(shown(service_thread, QWidget, "suggestion_card")) > 10)
    suggestions = shown(service_thread, QWidget, "suggestions")[0]
    before = shown(service_thread, QWidget, "suggestion_card")
    found = service_thread.ask(lambda services: services.offers.suggestions())
    suggestions.show_suggestions([replace(one, parameters="many parameters", fit="tight") for one in found])
    assert shown(service_thread, QWidget, "suggestion_card") == before
    assert all("many parameters" in one.words and one.fit.word == "may be tight" for one in before)
