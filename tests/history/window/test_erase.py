"""Delete everything, and forget a day, in the window: counted, confirmed, and then nothing of it is left."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.contents import contents
from fakes.recorder import open_echo
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from slmdesk.base.runtime.events import Pending
from slmdesk.history.erasing import ErasingService, Erasure
from slmdesk.ui.history import EraseDialog, ForgetDay

pytestmark = pytest.mark.gui

MARKER = "zqquokka"


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def holding(home: Path) -> list[str]:
    return [path.name for path, held in contents(home) if MARKER.encode() in held.lower()]


def open_from_settings(program, name: str, kind: type):
    program.click(program.setting(name))
    program.wait(lambda: any(dialog.isVisible() for dialog in program.window.findChildren(kind)))
    return next(dialog for dialog in program.window.findChildren(kind) if dialog.isVisible())


def test_enter_leaves_without_the_words_and_deletes_everything_with_them(program, home):
    program.say(f"about the {MARKER}")
    assert holding(home)
    for words in ("delete", "delete everything"):
        assert not program.closed
        dialog = open_from_settings(program, "delete_everything", EraseDialog)
        program.wait(lambda dialog=dialog: "files" in program.find("erase_words", dialog).text())
        typed = program.find("erase_typed", dialog)
        assert dialog.focusWidget() is typed
        program.type_into(typed, words)
        assert program.find("erase_button", dialog).isEnabled() == (words == "delete everything")
        QTest.keyClick(typed, Qt.Key.Key_Return)
        program.wait(lambda: program.closed or not program.window.findChildren(QDialog, "erase_dialog"))
    program.wait(lambda: program.closed)
    assert program.run.erase() == ""
    left = {file.relative_to(home).parts[0] for file in files(home)}
    assert left <= {"models"}, "the models were not asked for"
    assert list((home / "models").glob("*.gguf"))


def test_a_late_answer_about_fewer_files_is_not_what_is_deleted(program, monkeypatch):
    asked: list[Pending] = []
    monkeypatch.setattr(ErasingService, "look", lambda _self, *, models: asked.append(Pending()) or asked[-1])
    dialog = open_from_settings(program, "delete_everything", EraseDialog)
    program.wait(lambda: len(asked) == 1)
    program.click(program.find("erase_models", dialog))
    program.wait(lambda: len(asked) == 2)
    for count in (2, 1):
        program.ask(lambda _services, count=count: asked[count - 1].end(Erasure((), (), count, 1)))
    program.wait(lambda: program.find("erase_words", dialog).text().startswith("2 files"))


def test_what_is_in_use_refuses_it(program, home):
    other = open_echo()
    dialog = open_from_settings(program, "delete_everything", EraseDialog)
    program.wait(lambda: program.find("erase_problem", dialog).isVisible())
    assert program.find("erase_problem", dialog).text()
    program.type_into(program.find("erase_typed", dialog), "delete everything")
    assert not program.find("erase_button", dialog).isEnabled()
    dialog.reject()
    other.close()
    program.close()
    assert program.run.erase() == ""
    assert (home / "data" / "slmdesk.sqlite3").exists()


def test_a_day_is_counted_and_forgotten(program, home):
    program.say(f"about the {MARKER}")
    dialog = open_from_settings(program, "forget_day", ForgetDay)
    words = program.find("forget_day_words", dialog)
    program.wait(lambda: "1 chat" in words.text())
    program.click(program.find("forget_day_button", dialog))
    program.wait(lambda: words.text() == "There is nothing in the history.")
    program.wait(lambda: program.chat.chat == "")
    assert holding(home) == []
    assert program.ask(lambda services: services.history.items(None)) == []


def test_a_running_job_refuses_it_and_the_page_leads_to_the_jobs(program):
    job = program.ask(
        lambda services: services.store.jobs.add("index", "a folder", model_sha256="", steps=[], settings={})
    )
    program.ask(lambda services: services.store.jobs.claim(job.id))
    dialog = open_from_settings(program, "delete_everything", EraseDialog)
    program.mentions("erase_problem", "Jobs are running (1)", dialog)
    program.click(program.find("erase_jobs_button", dialog))
    program.wait(lambda: program.window.current_page == "Jobs")
