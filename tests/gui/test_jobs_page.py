"""The page of jobs in the real window: rows, buttons, keys, undo, restart."""

from __future__ import annotations

import json
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from slmdesk.core.records import JobStatus
from slmdesk.core.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.gui.jobs.controller import PAGE, status_words
from slmdesk.gui.jobs.row import JobRow
from slmdesk.services.jobs.events import JobChanged
from slmdesk.services.jobs.steps import step_of
from slmdesk.services.summaries.prompts import Length
from slmdesk.services.summaries.service import SummaryWish

pytestmark = pytest.mark.gui


def add(desk, title: str, count: int, kind: str = "summary", slow: float = 0.0) -> str:
    head = f"#echo {json.dumps({'slow': slow})}\n" if slow else ""
    message = [ChatMessage(Role.USER, (TextPart(f"{head}{title} {number}"),)) for number in range(count)]
    steps = [step_of([one], Sampling(temperature=0.0)) for one in message]
    return desk.ask(
        lambda services: services.jobs.add(kind, title, services.models.choose(None), steps, prompt_version="1").id
    )


def rows(desk, section: str = "") -> dict[str, JobRow]:
    within = desk.find(f"jobs_{section}") if section else desk.frame.jobs_page
    found = [one for one in within.findChildren(JobRow) if one.isVisible()]
    found.sort(key=lambda row: row.mapTo(desk.window, row.rect().topLeft()).y())
    return {one.view.title: one for one in found}


def press(desk, row: JobRow, name: str) -> None:
    desk.click(desk.find(name, row))


def show(desk) -> None:
    QTest.keyClick(desk.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    desk.wait(lambda: desk.frame.jobs_page.isVisible())


def test_nothing_to_do_says_what_the_page_is_for(desk) -> None:
    show(desk)
    note = desk.find("jobs_note")
    desk.wait(lambda: "Nothing is being worked on" in note.text())
    assert rows(desk) == {}
    assert not desk.find("clear_jobs_button").isVisible()
    assert not desk.find("jobs_button").isVisible()


def test_running_waiting_and_paused_are_driven_by_their_buttons(desk) -> None:
    for title in "abc":
        add(desk, title, 400 if title == "a" else 2, slow=0.05)
    button = desk.find("jobs_button")
    desk.wait(lambda: button.isVisible() and button.text().startswith("3 jobs"))
    desk.click(button)
    desk.wait(lambda: list(rows(desk, "running")) == ["a"] and list(rows(desk, "waiting")) == ["b", "c"])
    desk.wait(lambda: "of 400 steps" in desk.find("job_facts", rows(desk)["a"]).text())
    press(desk, rows(desk)["c"], "job_up_button")
    desk.wait(lambda: list(rows(desk, "waiting")) == ["c", "b"])
    focused = desk.find("job_pause_button", rows(desk)["c"])
    focused.setFocus()
    QTest.keyClick(focused, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    desk.wait(lambda: list(rows(desk, "waiting")) == ["b", "c"])
    desk.find("job_pause_button", rows(desk)["a"]).setFocus()
    press(desk, rows(desk)["a"], "job_pause_button")
    desk.wait(lambda: list(rows(desk, "paused")) == ["a"] and {"b", "c"} <= set(rows(desk, "today")))
    assert desk.window.focusWidget() is desk.find("job_resume_button", rows(desk)["a"])
    press(desk, rows(desk)["a"], "job_resume_button")
    desk.wait(lambda: list(rows(desk, "running")) == ["a"])
    assert desk.window.focusWidget() is desk.find("job_pause_button", rows(desk)["a"])
    desk.find("job_cancel_button", rows(desk)["a"]).setFocus()
    press(desk, rows(desk)["a"], "job_cancel_button")
    desk.wait(lambda: "a" in rows(desk, "today"))
    assert desk.window.focusWidget() is desk.frame.jobs_page, "not a button of another job"
    assert "Cancelled" in desk.find("job_facts", rows(desk)["a"]).text()
    assert not button.isVisible()
    assert desk.find("job_resume_button", rows(desk)["a"]).text() == "Take up again"
    press(desk, rows(desk)["a"], "job_resume_button")
    desk.wait(lambda: list(rows(desk, "running")) == ["a"])
    desk.wait(lambda: desk.find("job_cancel_button", rows(desk)["a"]).isVisible())
    press(desk, rows(desk)["a"], "job_cancel_button")


def test_what_failed_says_why_and_is_tried_again(desk) -> None:
    message = [ChatMessage(Role.USER, (TextPart('#echo {"fail": "model.damaged"}\nx'),))]
    steps = [step_of(message, Sampling(temperature=0.0))]
    desk.ask(lambda services: services.jobs.add("exam", "bad", services.models.choose(None), steps, prompt_version="1"))
    show(desk)
    desk.wait(lambda: "bad" in rows(desk, "today"))
    row = rows(desk)["bad"]
    assert desk.find("job_trouble", row).text()
    assert desk.find("job_resume_button", row).text() == "Try again"
    failed_at = row.view.updated
    press(desk, row, "job_resume_button")
    desk.wait(lambda: "bad" in rows(desk, "today") and rows(desk)["bad"].view.updated > failed_at)


def test_finished_ones_come_by_page_and_are_cleared_with_undo(desk) -> None:
    def fill(services) -> None:
        for number in range(PAGE + 5):
            job = services.store.add_job("some_kind", f"job {number}", model_sha256="x", steps=())
            services.store.change_job(job.id, JobStatus.CANCELLED)

    desk.ask(fill)
    show(desk)
    desk.wait(lambda: len(rows(desk)) == PAGE)
    desk.click(desk.find("more_jobs_button"))
    desk.wait(lambda: len(rows(desk)) == PAGE + 5)
    assert not desk.find("more_jobs_button").isVisible()
    desk.click(desk.find("clear_jobs_button"))
    desk.wait(lambda: rows(desk) == {})
    bar = next(one for one in desk.window.notices.bars if "off the list" in one.notice.text)
    desk.click(bar.findChild(QPushButton, "notice_action"))
    desk.wait(lambda: len(rows(desk)) >= PAGE)


def test_open_goes_to_the_model_that_sat_the_exam(desk) -> None:
    add(desk, "an exam", 1, kind="exam")
    show(desk)
    desk.wait(lambda: "an exam" in rows(desk, "today"))
    press(desk, rows(desk)["an exam"], "job_open_button")
    desk.wait(lambda: desk.frame.models_page.isVisible())
    desk.wait(lambda: desk.frame.models_page.findChild(QWidget, "model_details") is not None)


def test_what_the_window_was_doing_goes_on_at_the_next_start_and_is_said_once(desk, start) -> None:
    add(desk, "long one", 300, slow=0.02)
    desk.wait(lambda: " 1" in desk.find("jobs_button").text() or "%" in desk.find("jobs_button").text())
    desk.wait(lambda: desk.ask(lambda services: services.jobs.list()[0].done) >= 2)
    desk.close()
    again = start()
    again.wait(lambda: [one for one in again.notices() if "Resuming: Summary “long one”" in one])
    assert not again.frame.jobs_page.isVisible()
    show(again)
    again.wait(lambda: "long one" in rows(again, "running"))
    press(again, rows(again)["long one"], "job_cancel_button")
    again.wait(lambda: "long one" in rows(again, "today"))


def test_who_quits_while_a_job_runs_is_told_and_may_stay(desk) -> None:
    add(desk, "long one", 300, slow=0.02)
    desk.wait(lambda: desk.frame.jobs.begun == 1)
    boxes = lambda: [one for one in desk.window.findChildren(QMessageBox, "quit_dialog") if one.isVisible()]  # noqa: E731
    for is_open in (True, False):
        desk.window.close()
        desk.window.close()
        desk.wait(lambda: len(boxes()) == 1)
        (box,) = boxes()
        assert box.text() == "1 job is running. It goes on at the next start."
        assert box.defaultButton().text() == "Quit"
        if is_open:
            QTest.keyClick(box, Qt.Key.Key_Escape)
            desk.wait(lambda: not boxes())
            assert desk.window.isVisible()
            assert not desk.closed
        else:
            desk.click(box.findChild(QPushButton, "quit_button"))
    desk.wait(lambda: desk.closed)


def test_nobody_is_asked_where_nothing_runs(desk) -> None:
    desk.window.close()
    assert desk.window.findChild(QMessageBox, "quit_dialog") is None
    desk.wait(lambda: desk.closed)


def test_a_hundred_thousand_finished_jobs_open_at_once(desk) -> None:
    def fill(services) -> None:
        with services.store._db.writing():
            services.store._db.conn.executemany(
                "insert into jobs (id, kind, title, status, model_sha256, settings, error_args, created, updated)"
                " values (?, 'summary', 'A title', 'done', 'aa', '{}', '{}', ?, ?)",
                [(f"{number:016x}", number, number) for number in range(100_000)],
            )

    desk.ask(fill)
    begin = time.perf_counter()
    show(desk)
    desk.wait(lambda: len(desk.frame.jobs_page.findChildren(JobRow)) == PAGE)
    assert time.perf_counter() - begin < 15.0  # some 0.3 s alone; a widget for each of them takes minutes
    assert desk.find("more_jobs_button").isVisible()


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([], ""),
        ([(JobStatus.RUNNING, 0.634, 125.0)], "1 job 63 %, 2 min"),
        ([(JobStatus.RUNNING, None, None)], "1 job"),
        ([(JobStatus.OPEN, None, None)], "1 job waits"),
        ([(JobStatus.RUNNING, 0.5, 600.0), (JobStatus.OPEN, None, None)], "2 jobs 50 %"),
        ([(JobStatus.RUNNING, 0.2, 600.0), (JobStatus.RUNNING, 0.4, 60.0)], "2 jobs 30 %, 10 min"),
    ],
)
def test_the_words_at_the_windows_foot(told, words) -> None:
    facts = {
        str(at): JobChanged(str(at), "summary", status, 1, 2, eta, share=share)
        for at, (status, share, eta) in enumerate(told)
    }
    assert status_words(facts) == words


def test_open_shows_the_very_summary_beside_its_document(desk, tmp_path) -> None:
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\n\nThe valve opens in winter.\n")
    desk.frame.documents.open_paths([path])
    desk.wait(lambda: desk.ask(lambda services: [one.status.value for one in services.documents.recent()]) == ["read"])
    document = desk.ask(lambda services: services.documents.recent()[0].id)
    items = []
    for length in (Length.SHORT, Length.LONG):
        wish = SummaryWish((document,), length=length)
        items.append(desk.ask(lambda services, wish=wish: services.summaries.begin(wish).id))
    show(desk)
    desk.wait(lambda: len(rows(desk, "today")) == 1 and len(desk.frame.jobs_page.findChildren(JobRow)) == 2)
    older = next(one for one in desk.frame.jobs_page.findChildren(JobRow) if one.view.item == items[0])
    press(desk, older, "job_open_button")
    desk.wait(lambda: desk.frame.documents_page.isVisible() and desk.frame.documents.current == document)
    desk.wait(lambda: desk.frame.documents_area.summaries.item == items[0])
    assert desk.frame.documents_page.side.current == "summary"
