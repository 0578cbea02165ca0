"""The page of models, by clicks and keys, against the fake Hub and the real services."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.commands import ROOT, SLMDESK
from fakes.dropping import drop
from fakes.fake_hub import FakeHub, Fault, online
from fakes.models_page import action, local, press, shown, write
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QWidget,
)

from slmdesk.base.record import changed
from slmdesk.base.records import Status
from slmdesk.base.runtime.events import DownloadState

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
        return start().open_models()

    return begin


@pytest.fixture
def stalled(models, hub):
    """The window with a download of which the line fell silent after 64 KiB; from there it must go on."""
    program = models()
    hub.storage_faults = [HEADER, Fault(stall_at=1 << 16)]
    download(program)
    program.wait(hub.stalled.is_set)
    program.wait(lambda: sum(part.stat().st_size for part in parts(program)) == 1 << 16)
    return program


def cards(program, name: str = "repo_card"):
    return shown(program, QWidget, name)


def press_notice(program, words: str) -> None:
    program.wait(lambda: program.is_said(words))
    bar = next(bar for bar in program.window.notices.bars if words in bar.notice.text)
    button = bar.findChild(QPushButton, "notice_action")
    program.wait(button.isVisible)
    program.click(button)


def download(program) -> None:
    """Search for the tiny model and click on *Download*."""
    write(program, "tiny")
    program.wait(lambda: cards(program))
    press(program, "files_button", cards(program)[0])
    program.wait(lambda: shown(program, QPushButton, "download_file_button"))
    program.wait(lambda: "needs" in shown(program, QLabel, "file_name")[0].text())
    press(program, "download_file_button")


def change(program):
    return program.ask(lambda services: services.downloads.all())[-1]


def parts(program) -> list[Path]:
    return list(program.ask(lambda services: services.models.folder).glob(".download-*.part"))


def add(program, path: Path, count: int = 1, link: bool = False) -> None:
    program.frame.library.add_files((path,), link)
    program.wait(lambda: len(local(program)) == count and not shown(program, QWidget, "library_import"))


def test_search_download_and_chat(models, hub):
    hub.add("somebody/other-GGUF", {"other.Q4_K_M.gguf": b"GGUF"})
    program = models()
    button = program.find("network_button")
    program.wait(lambda: "Online. slmdesk made no request today" in button.accessibleName())
    write(program, "other")
    write(program, "tiny")
    program.wait(lambda: [REPO in card.words for card in cards(program)] == [True])
    assert len([request for request in hub.seen if request.path == "/api/models"]) == 1, "the last words count"
    assert "licence: MIT, free for any use" in cards(program)[0].words
    press(program, "files_button", cards(program)[0])
    program.wait(lambda: shown(program, QPushButton, "download_file_button"))
    words = shown(program, QLabel, "file_words")[0]
    assert "4-bit" in words.text()
    program.wait(lambda: words.height() == words.heightForWidth(words.width()))
    press(program, "download_file_button")
    program.wait(lambda: shown(program, QPushButton, "use_download_button"))
    program.wait(lambda: local(program))
    assert "Tiny llama" in local(program)[0].words
    rows = program.ask(lambda services: services.network.requests(100))
    program.wait(lambda: f"slmdesk made {len(rows)} requests today" in button.accessibleName())
    assert len(rows) == len(hub.seen) > 2
    press(program, "cancel_download_button")
    program.wait(lambda: not cards(program, "download_row"))
    press_notice(program, "exactly what was published")  # works also when its row was closed
    program.wait(lambda: program.page.isVisible())
    program.wait(lambda: "ready" in program.page.picker.button.accessibleName())
    program.frame.window.show_page("Models")
    program.wait(lambda: "last used" in local(program)[0].words)
    program.wait(lambda: local(program)[0].findChild(QLabel, "row_state").text() == "In use")
    program.frame.window.show_page("Chat")
    program.send("hello")
    program.wait_idle()
    assert program.last().status is Status.COMPLETE


def test_what_a_search_finds_or_not(models, hub):
    for number in range(13):
        hub.add(f"somebody/many-{number}-GGUF", {FILE: b"GGUF"}, downloads=100 - number)
    hub.add("somebody/two-GGUF", {FILE: b"GGUF1", "tiny.Q8_0.gguf": b"GGUF2"})
    hub.add("somebody/odd-GGUF", {"<img src=x>&amp;.Q4_K_M.gguf": b"GGUF"}, license="<b>free</b>")
    program = models()
    note, field = program.find("search_note"), program.frame.models_area.search.field

    def files() -> list[str]:
        return [label.text().replace("\u200b", "").split()[-1] for label in shown(program, QLabel, "file_name")]

    write(program, "no such model")
    program.wait(lambda: "Nothing on the Hub has such a name" in note.text())
    hub.api_faults = [Fault(status=500)]
    write(program, "many")
    program.wait(lambda: "trouble of its own" in note.text())
    press(program, "search_again")
    program.wait(lambda: len(cards(program)) == 10)
    press(program, "files_button", cards(program)[0])
    program.wait(files)
    press(program, "search_more")
    program.wait(lambda: len(cards(program)) == 13)
    assert files(), "what is open stays so"
    assert not shown(program, QPushButton, "search_more")

    write(program, "odd")  # foreign names are shown as they are
    program.wait(lambda: len(cards(program)) == 1)
    press(program, "files_button", cards(program)[0])
    program.wait(lambda: files() == ["src=x>&amp;.Q4_K_M.gguf"])
    for label in program.frame.models_page.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText or not label.text(), label.objectName()

    searches = [request for request in hub.seen if request.path == "/api/models"]
    QApplication.clipboard().setText(f"https://huggingface.co/somebody/two-GGUF/blob/main/{FILE}")
    field.setFocus()
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: files() == [FILE])
    assert [request for request in hub.seen if request.path == "/api/models"] == searches, "a link is not searched for"


def test_offline_nothing_is_asked_until_the_network_is_allowed(models, hub, start):
    program = models(offline=True)
    button, switch = program.find("network_button"), program.find("offline_switch")
    program.click(button)
    program.wait(switch.isVisible)
    for is_offline in (False, True):
        QTest.keyClick(switch, Qt.Key.Key_Space)
        program.wait(lambda now=is_offline: button.text().strip() == ("Offline" if now else "Online"))
        program.wait(lambda now=is_offline: switch.isChecked() is now)
    QTest.keyClick(switch, Qt.Key.Key_Escape)
    assert not switch.isVisible()
    assert button.hasFocus()
    program.wait(lambda: "Offline. slmdesk made no request today" in button.accessibleName())
    assert not button.property("online")
    assert not program.frame.models_area.search.field.isEnabled()
    program.wait(lambda: shown(program, QPushButton, "download_button"))
    press(program, "download_button")
    program.wait(lambda: program.is_said("works offline"))
    assert program.ask(lambda services: services.downloads.all()) == []
    assert not hub.seen
    program.click(button)
    program.click("once_button")
    program.wait(lambda: button.text().strip() == "Online, only this once")
    assert button.property("online")
    write(program, "tiny")
    program.wait(lambda: cards(program))
    assert "allowed only this once" in program.ask(lambda services: services.network.requests(1))[0].purpose
    program.close()
    again = start()
    again.wait(lambda: again.find("network_button").text().strip() == "Offline")


def test_a_download_pauses_and_goes_on_where_it_was_also_after_a_restart(stalled, models, hub):
    program = stalled
    press(program, "cancel_download_button")
    assert not cards(program, "download_row")
    program.wait(lambda: change(program).state is DownloadState.PAUSED)
    hub.storage_faults = [Fault(stall_at=1 << 17)]
    press_notice(program, "is cancelled")
    program.wait(lambda: sum(part.stat().st_size for part in parts(program)) == 1 << 17)
    press(program, "pause_button")
    program.wait(lambda: change(program).state is DownloadState.PAUSED)
    program.wait(lambda: shown(program, QPushButton, "pause_button")[0].text() == "Resume")
    press(program, "cancel_download_button")
    press_notice(program, "is cancelled")
    assert program.ask(lambda services: services.downloads.all())[0].state is DownloadState.PAUSED
    assert "Paused" in cards(program, "download_row")[0].words
    program.close()
    again = models()
    again.wait(lambda: cards(again, "download_row"))
    assert "Paused" in cards(again, "download_row")[0].words
    again.wait(lambda: not cards(again, "left_over_row"))
    press(again, "pause_button")
    again.wait(lambda: local(again))
    ranges = [request.headers.get("range") for request in hub.seen if request.where == "storage"]
    assert ranges[-1] == "bytes=131072-"


def test_offline_what_is_fetched_waits_and_says_so(stalled, hub):
    program = stalled
    program.frame.settings.change("offline", True)
    program.wait(lambda: change(program).state is DownloadState.QUEUED)
    program.wait(lambda: "you work offline" in cards(program, "download_row")[0].words)
    asked = len(hub.seen)
    press(program, "pause_button")
    program.wait(lambda: change(program).state is DownloadState.PAUSED)
    press(program, "pause_button")
    program.wait(lambda: program.is_said("works offline"))
    assert len(hub.seen) == asked
    press_notice(program, "works offline")
    program.wait(lambda: local(program))


def test_the_queue_can_be_put_in_another_order_and_cancelled_in_part(models, hub):
    names = ("a", "b", "c", "d")
    for seed, name in enumerate(names, 10):
        data = tiny_gguf.tiny_llama(seed=seed).data
        hub.add(f"somebody/{name}-GGUF", {f"{name}.Q4_K_M.gguf": data})
    program = models()
    hub.storage_faults = [Fault(stall_at=80_000)]
    for name in names:
        program.frame.fetch.start(f"somebody/{name}-GGUF", f"{name}.Q4_K_M.gguf")
    program.wait(hub.stalled.is_set)

    def rows() -> list[str]:
        ordered = sorted(cards(program, "download_row"), key=lambda card: card.y())
        return [widget.accessibleName()[0] for widget in ordered]

    def row(name: str):
        return next(card for card in cards(program, "download_row") if card.accessibleName().startswith(name))

    program.wait(lambda: rows() == ["a", "b", "c", "d"] and "3rd in the queue" in row("d").words)
    moves = row("d").findChild(QToolButton, "download_moves")
    assert not row("a").findChild(QToolButton, "download_moves").isVisible()
    moves.menu().findChild(QAction, "move_first").trigger()
    program.wait(lambda: rows() == ["a", "d", "b", "c"])
    moves.setFocus()
    QTest.keyClick(moves, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    program.wait(lambda: rows() == ["a", "b", "d", "c"])
    assert moves.hasFocus()
    QTest.keyClick(moves, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    program.wait(lambda: rows() == ["a", "d", "b", "c"] and "Next in the queue" in row("d").words)
    program.frame.fetch.removals.undo_ms = 50
    press(program, "cancel_download_button", row("a"))
    program.wait(lambda: len(local(program)) == 3)
    states = [job.state for job in program.ask(lambda services: services.downloads.all())]
    assert sorted(states) == sorted([DownloadState.CANCELLED, *[DownloadState.DONE] * 3])
    program.wait(lambda: not parts(program))


def test_what_an_earlier_slmdesk_left_is_offered(stalled, models, home):
    program = stalled
    program.close()
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
    program = models()
    hub.storage_fault = Fault(flip_at=1000)
    download(program)
    program.wait(lambda: change(program).state is DownloadState.FAILED)
    program.wait(lambda: "can be deleted" in cards(program, "download_row")[0].words)
    program.wait(lambda: cards(program, "left_over_row"))
    assert "never used" in cards(program, "left_over_row")[0].words
    program.frame.fetch.removals.undo_ms = 50
    press(program, "discard_left_button")
    program.wait(lambda: program.is_said("free again"))
    assert not list(program.ask(lambda services: services.models.folder).glob("*.bad"))


def test_a_model_is_renamed_used_and_removed(models, model_file):
    program = models()
    add(program, model_file)
    action(local(program)[0], "rename")
    dialog = program.window.findChild(QDialog, "rename_dialog")
    program.wait(dialog.isVisible)
    dialog.line.setText("For letters")
    dialog.accept()
    program.wait(lambda: "For letters" in local(program)[0].words)
    press(program, "use_button")
    program.wait(lambda: "For letters, ready" in program.page.picker.button.accessibleName())
    record = program.ask(lambda services: services.models.list())[0]
    program.frame.library.rename(record.id, "For mail")
    program.wait(lambda: "For mail, ready" in program.page.picker.button.accessibleName())

    QTest.keyClick(program.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: local(program))
    action(local(program)[0], "remove")
    program.wait(lambda: not local(program))
    press_notice(program, "is removed")
    program.wait(lambda: local(program))
    assert Path(os.fsdecode(record.path)).is_file()
    program.frame.library.removals.undo_ms = 50
    action(local(program)[0], "remove")
    program.wait(lambda: program.is_said("are free again"))
    assert not Path(os.fsdecode(record.path)).exists()
    assert program.ask(lambda services: services.models.list()) == []
    assert program.find("local_note").isVisible()


def test_a_dropped_file_is_shown_linked_and_verified(models, model_file):
    program = models()
    drop(program.frame.models_page.viewport(), model_file)
    program.wait(lambda: program.window.findChild(QDialog, "add_dialog"))
    dialog = program.window.findChild(QDialog, "add_dialog")
    said = " ".join(label.text() for label in dialog.findChildren(QLabel))
    for words in ("Tiny llama", "Size:", "Precision:", "Licence:", "Memory: needs about", "Fits"):
        assert words in said
    assert not local(program)
    program.click(program.find("add_link", dialog))
    program.wait(lambda: local(program) and local(program)[0].fit.word == "Fits")
    assert program.ask(lambda services: services.models.list())[0].linked
    action(local(program)[0], "verify")
    program.wait(lambda: program.is_said("to the last bit"))
    panel = local(program)[0].details
    press(program, "fields_toggle", panel)
    fields = panel.findChild(QPlainTextEdit, "fields_list")
    assert "general.architecture: llama" in fields.toPlainText()
    QTest.keyClicks(panel.findChild(QLineEdit, "fields_search"), "context_length")
    assert fields.toPlainText().startswith("llama.context_length: ")
    assert len(fields.toPlainText().splitlines()) == 1
    model_file.write_bytes(model_file.read_bytes()[:-1] + b"x")
    action(local(program)[0], "verify")
    program.wait(lambda: program.is_said("has changed since it was checked"))
    model_file.write_bytes(b"not a model")
    program.frame.library.refresh()
    program.wait(lambda: local(program)[0].fit.word == "Cannot be used")
    assert "no model file" in local(program)[0].words
    assert not local(program)[0].findChild(QPushButton, "use_button").isEnabled()


def test_a_suggested_model_is_fetched_by_the_file_the_list_names(models, hub):
    program = models()
    requested = program.ask(lambda services: services.hub.suggestions())[0]
    hub.add(requested.entry.repo, {requested.entry.file: tiny_gguf.tiny_llama().data, "other.Q4_K_M.gguf": b"GGUF"})
    program.wait(lambda: shown(program, QPushButton, "download_button"))
    press(program, "download_button")
    program.wait(lambda: local(program))


def test_one_s_own_models_come_first_and_all_others_on_wish(models, hub, model_file):
    program = models()
    add(program, model_file)
    program.wait(lambda: cards(program, "suggestion_card"))
    first = ["better_button", "details_button", "use_button", "model_actions"]
    first += ["all_models_button", "library_add_button", "find_models_button", "suggestions_job"]
    program.wait(lambda: tabs(program)[: len(first)] == first)  # the way of the eye
    names = tabs(program)
    assert names.index("suggestions_all") < names.index("hub_search_box") < names.index("network_button")
    program.close()
    program = models()
    program.wait(lambda: local(program) and shown(program, QWidget, "better_card"))
    assert not shown(program, QWidget, "suggestion_card") + shown(program, QLineEdit, "hub_search_box")
    controls = [button for button in program.frame.models_page.findChildren(QPushButton) if button.isVisible()]
    assert len([control for control in controls if top_of(program, control) < top_of(program, local(program)[0])]) <= 2
    press(program, "all_models_button")
    program.wait(lambda: shown(program, QWidget, "suggestion_card"))
    press(program, "all_models_button")
    assert not shown(program, QLineEdit, "hub_search_box")


def test_many_models_do_not_hold_up_the_page(models, paths):
    program = models()

    def fill(services):
        for number in range(33):
            services.store.models.add(
                name=f"Model {number}", path=paths.models / f"{number}.gguf", linked=True, bytes=1, mtime_ns=0, inode=0,
                sha256=f"{number:064}", header={"architecture": "llama"}, source="file",
            )  # fmt: skip

    program.ask(fill)
    program.frame.library.refresh()
    program.wait(lambda: len(local(program)) == 30)
    press(program, "local_more")
    program.wait(lambda: len(local(program)) == 33)


def tabs(program) -> list[str]:
    """Walk from the page with Tab; the names of the stops."""
    seen: list[str] = []
    program.frame.models_page.setFocus()
    for _ in range(40):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        seen.append(QApplication.focusWidget().objectName())
    return seen


def test_a_model_in_use_that_another_desk_removes_is_said_calmly(program):
    model = program.ask(lambda services: services.models.state.model)
    done = subprocess.run([*SLMDESK, "models", "remove", model], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    program.wait(lambda: program.is_said("removed from the library elsewhere"))
    program.wait(lambda: program.page.picker.button.text() == "Add a model")
    program.window.show_page("Start")
    program.wait(lambda: program.frame.start_page.better.isVisible())


def top_of(program, widget) -> int:
    """Where it stands in the view of the page."""
    return widget.mapTo(program.frame.models_page.viewport(), QPoint(0, 0)).y()


def test_what_was_found_is_in_sight_and_what_was_pressed_stays_where_it_is(models, hub):
    hub.storage_faults = [HEADER, Fault(stall_at=30)]
    program = models()
    program.window.resize(900, 600)
    view = program.frame.models_page.viewport()
    write(program, "tiny")
    program.wait(lambda: cards(program))
    bottom = cards(program)[0].height()
    program.wait(lambda: top_of(program, cards(program)[0]) + bottom <= view.height())
    assert top_of(program, program.frame.models_area.search.field) >= 0
    press(program, "files_button", cards(program)[0])
    program.wait(lambda: "needs" in "".join(label.text() for label in shown(program, QLabel, "file_name")))
    row = shown(program, QWidget, "file_row")[0]
    program.wait(lambda: top_of(program, row) + row.height() <= view.height())
    button = shown(program, QPushButton, "download_file_button")[0]
    button.setFocus()
    heights: list[int] = []

    def is_laid_out() -> bool:
        heights.append(top_of(program, button))
        return len(heights) >= 5 and len(set(heights[-5:])) == 1

    program.wait(is_laid_out)
    before = top_of(program, button)
    assert program.frame.models_page.verticalScrollBar().value() > 0
    program.click(button)
    program.wait(lambda: shown(program, QWidget, "download_row"))
    program.wait(lambda: button.text() != "Download")
    program.wait(lambda: top_of(program, button) == before)
    press(program, "pause_button", shown(program, QWidget, "download_row")[0])
    program.wait(lambda: button.text() == "Resume")
    hub.release.set()
    program.click(button)
    program.wait(lambda: button.text() == "On this PC")


def test_a_measured_pc_changes_the_suggestions_where_they_are(models):
    program = models()
    program.wait(lambda: shown(program, QWidget, "suggestion_card"))
    press(program, "suggestions_all")
    program.wait(lambda: len(shown(program, QWidget, "suggestion_card")) > 10)
    suggestions = shown(program, QWidget, "suggestions")[0]
    before = shown(program, QWidget, "suggestion_card")
    offers = program.ask(lambda services: services.hub.suggestions())
    suggestions.show_suggestions(
        [changed(offer, entry=changed(offer.entry, weakness="Many words."), fit="tight") for offer in offers]
    )
    assert shown(program, QWidget, "suggestion_card") == before
    assert all("Many words." in card.words and card.fit.word == "Tight" for card in before)
