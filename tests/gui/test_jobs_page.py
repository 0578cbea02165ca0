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
from slmdesk.services.summaries.service import SummaryRequest

pytestmark = pytest.mark.gui


def add(service_thread, title: str, count: int, kind: str = "summary", slow: float = 0.0) -> str:
    head = f"#echo {json.dumps({'slow': slow})}\n" if slow else ""
    message = [ChatMessage(Role.USER, (TextPart(f"{head}{title} {number}"),)) for number in range(count)]
    steps = [step_of([one], Sampling(temperature=0.0)) for one in message]
    return service_thread.ask(
        lambda services: services.jobs.add(kind, title, services.models.choose(None), steps, prompt_version="1").id
    )


def rows(service_thread, section: str = "") -> dict[str, JobRow]:
    within = service_thread.find(f"jobs_{section}") if section else service_thread.frame.jobs_page
    found = [one for one in within.findChildren(JobRow) if one.isVisible()]
    found.sort(key=lambda row: row.mapTo(service_thread.window, row.rect().topLeft()).y())
    return {one.view.title: one for one in found}


def press(service_thread, row: JobRow, name: str) -> None:
    service_thread.click(service_thread.find(name, row))


def show(service_thread) -> None:
    QTest.keyClick(service_thread.window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    service_thread.wait(lambda: service_thread.frame.jobs_page.isVisible())


def test_nothing_to_do_says_what_the_page_is_for(service_thread) -> None:
    show(service_thread)
    note = service_thread.find("jobs_note")
    service_thread.wait(lambda: "Nothing is being worked on" in note.text())
    assert rows(service_thread) == {}
    assert not service_thread.find("clear_jobs_button").isVisible()
    assert not service_thread.find("jobs_button").isVisible()


def test_running_waiting_and_paused_are_driven_by_their_buttons(service_thread) -> None:
    for title in "abc":
        add(service_thread, title, 400 if title == "a" else 2, slow=0.05)
    button = service_thread.find("jobs_button")
    service_thread.wait(lambda: button.isVisible() and button.text().startswith("3 jobs"))
    service_thread.click(button)
    service_thread.wait(
        lambda: list(rows(service_thread, "running")) == ["a"] and list(rows(service_thread, "waiting")) == ["b", "c"]
    )
    service_thread.wait(lambda: "of 400 steps" in service_thread.find("job_facts", rows(service_thread)["a"]).text())
    press(service_thread, rows(service_thread)["c"], "job_up_button")
    service_thread.wait(lambda: list(rows(service_thread, "waiting")) == ["c", "b"])
    focused = service_thread.find("job_pause_button", rows(service_thread)["c"])
    focused.setFocus()
    QTest.keyClick(focused, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    service_thread.wait(lambda: list(rows(service_thread, "waiting")) == ["b", "c"])
    service_thread.find("job_pause_button", rows(service_thread)["a"]).setFocus()
    press(service_thread, rows(service_thread)["a"], "job_pause_button")
    service_thread.wait(
        lambda: list(rows(service_thread, "paused")) == ["a"] and {"b", "c"} <= set(rows(service_thread, "today"))
    )
    assert service_thread.window.focusWidget() is service_thread.find("job_resume_button", rows(service_thread)["a"])
    press(service_thread, rows(service_thread)["a"], "job_resume_button")
    service_thread.wait(lambda: list(rows(service_thread, "running")) == ["a"])
    assert service_thread.window.focusWidget() is service_thread.find("job_pause_button", rows(service_thread)["a"])
    service_thread.find("job_cancel_button", rows(service_thread)["a"]).setFocus()
    press(service_thread, rows(service_thread)["a"], "job_cancel_button")
    service_thread.wait(lambda: "a" in rows(service_thread, "today"))
    assert service_thread.window.focusWidget() is service_thread.frame.jobs_page, "not a button of another job"
    assert "Cancelled" in service_thread.find("job_facts", rows(service_thread)["a"]).text()
    assert not button.isVisible()
    assert service_thread.find("job_resume_button", rows(service_thread)["a"]).text() == "Take up again"
    press(service_thread, rows(service_thread)["a"], "job_resume_button")
    service_thread.wait(lambda: list(rows(service_thread, "running")) == ["a"])
    service_thread.wait(lambda: service_thread.find("job_cancel_button", rows(service_thread)["a"]).isVisible())
    press(service_thread, rows(service_thread)["a"], "job_cancel_button")


def test_what_failed_says_why_and_is_tried_again(service_thread) -> None:
    message = [ChatMessage(Role.USER, (TextPart('#echo {"fail": "model.damaged"}\nx'),))]
    steps = [step_of(message, Sampling(temperature=0.0))]
    service_thread.ask(
        lambda services: services.jobs.add("exam", "bad", services.models.choose(None), steps, prompt_version="1")
    )
    show(service_thread)
    service_thread.wait(lambda: "bad" in rows(service_thread, "today"))
    row = rows(service_thread)["bad"]
    assert service_thread.find("job_trouble", row).text()
    assert service_thread.find("job_resume_button", row).text() == "Try again"
    failed_at = row.view.updated
    press(service_thread, row, "job_resume_button")
    service_thread.wait(
        lambda: "bad" in rows(service_thread, "today") and rows(service_thread)["bad"].view.updated > failed_at
    )


def test_finished_ones_come_by_page_and_are_cleared_with_undo(service_thread) -> None:
    def fill(services) -> None:
        for number in range(PAGE + 5):
            job = services.store.add_job("some_kind", f"job {number}", model_sha256="x", steps=())
            services.store.change_job(job.id, JobStatus.CANCELLED)

    service_thread.ask(fill)
    show(service_thread)
    service_thread.wait(lambda: len(rows(service_thread)) == PAGE)
    service_thread.click(service_thread.find("more_jobs_button"))
    service_thread.wait(lambda: len(rows(service_thread)) == PAGE + 5)
    assert not service_thread.find("more_jobs_button").isVisible()
    service_thread.click(service_thread.find("clear_jobs_button"))
    service_thread.wait(lambda: rows(service_thread) == {})
    bar = next(one for one in service_thread.window.notices.bars if "off the list" in one.notice.text)
    service_thread.click(bar.findChild(QPushButton, "notice_action"))
    service_thread.wait(lambda: len(rows(service_thread)) >= PAGE)


def test_open_goes_to_the_model_that_sat_the_exam(service_thread) -> None:
    add(service_thread, "an exam", 1, kind="exam")
    show(service_thread)
    service_thread.wait(lambda: "an exam" in rows(service_thread, "today"))
    press(service_thread, rows(service_thread)["an exam"], "job_open_button")
    service_thread.wait(lambda: service_thread.frame.models_page.isVisible())
    service_thread.wait(lambda: service_thread.frame.models_page.findChild(QWidget, "model_details") is not None)


def test_what_the_window_was_doing_goes_on_at_the_next_start_and_is_said_once(service_thread, start) -> None:
    add(service_thread, "long one", 300, slow=0.02)
    service_thread.wait(
        lambda: " 1" in service_thread.find("jobs_button").text() or "%" in service_thread.find("jobs_button").text()
    )
    service_thread.wait(lambda: service_thread.ask(lambda services: services.jobs.list()[0].done) >= 2)
    service_thread.close()
    again = start()
    again.wait(lambda: [one for one in again.notices() if "Resuming: Summary “long one”" in one])
    assert not again.frame.jobs_page.isVisible()
    show(again)
    again.wait(lambda: "long one" in rows(again, "running"))
    press(again, rows(again)["long one"], "job_cancel_button")
    again.wait(lambda: "long one" in rows(again, "today"))


def test_who_quits_while_a_job_runs_is_told_and_may_stay(service_thread) -> None:
    add(service_thread, "long one", 300, slow=0.02)
    service_thread.wait(lambda: service_thread.frame.jobs.begun == 1)
    boxes = lambda: [one for one in service_thread.window.findChildren(QMessageBox, "quit_dialog") if one.isVisible()]  # noqa: E731
    for is_open in (True, False):
        service_thread.window.close()
        service_thread.window.close()
        service_thread.wait(lambda: len(boxes()) == 1)
        (box,) = boxes()
        assert box.text() == "1 job is running. It goes on at the next start."
        assert box.defaultButton().text() == "Quit"
        if is_open:
            QTest.keyClick(box, Qt.Key.Key_Escape)
            service_thread.wait(lambda: not boxes())
            assert service_thread.window.isVisible()
            assert not service_thread.closed
        else:
            service_thread.click(box.findChild(QPushButton, "quit_button"))
    service_thread.wait(lambda: service_thread.closed)


def test_nobody_is_asked_where_nothing_runs(service_thread) -> None:
    service_thread.window.close()
    assert service_thread.window.findChild(QMessageBox, "quit_dialog") is None
    service_thread.wait(lambda: service_thread.closed)


def test_a_hundred_thousand_finished_jobs_open_at_once(service_thread) -> None:
    def fill(services) -> None:
        with services.store._db.writing():
            services.store._db.conn.executemany(
                "insert into jobs (id, kind, title, status, model_sha256, settings, error_args, created, updated)"
                " values (?, 'summary', 'A title', 'done', 'aa', '{}', '{}', ?, ?)",
                [(f"{number:016x}", number, number) for number in range(100_000)],
            )

    service_thread.ask(fill)
    begin = time.perf_counter()
    show(service_thread)
    service_thread.wait(lambda: len(service_thread.frame.jobs_page.findChildren(JobRow)) == PAGE)
    assert time.perf_counter() - begin < 15.0  # some 0.3 s alone; a widget for each of them takes minutes
    assert service_thread.find("more_jobs_button").isVisible()


@pytest.mark.parametrize(
    ("reported", "words"),
    [
        ([], ""),
        ([(JobStatus.RUNNING, 0.634, 125.0)], "1 job 63 %, 2 min"),
        ([(JobStatus.RUNNING, None, None)], "1 job"),
        ([(JobStatus.OPEN, None, None)], "1 job waits"),
        ([(JobStatus.RUNNING, 0.5, 600.0), (JobStatus.OPEN, None, None)], "2 jobs 50 %"),
        ([(JobStatus.RUNNING, 0.2, 600.0), (JobStatus.RUNNING, 0.4, 60.0)], "2 jobs 30 %, 10 min"),
    ],
)
def test_the_words_at_the_windows_foot(reported, words) -> None:
    events = {
        str(at): JobChanged(str(at), "summary", status, 1, 2, eta, share=share)
        for at, (status, share, eta) in enumerate(reported)
    }
    assert status_words(events) == words


def test_open_shows_the_very_summary_beside_its_document(service_thread, tmp_path) -> None:
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\n\nThe valve opens in winter.\n")
    service_thread.frame.documents.open_paths([path])
    service_thread.wait(
        lambda: (
            service_thread.ask(lambda services: [one.status.value for one in services.documents.recent()]) == ["read"]
        )
    )
    document = service_thread.ask(lambda services: services.documents.recent()[0].id)
    items = []
    for length in (Length.SHORT, Length.LONG):
        request = SummaryRequest((document,), length=length)
        items.append(service_thread.ask(lambda services, request=request: services.summaries.begin(request).id))
    show(service_thread)
    service_thread.wait(
        lambda: (
            len(rows(service_thread, "today")) == 1 and len(service_thread.frame.jobs_page.findChildren(JobRow)) == 2
        )
    )
    older = next(one for one in service_thread.frame.jobs_page.findChildren(JobRow) if one.view.item == items[0])
    press(service_thread, older, "job_open_button")
    service_thread.wait(
        lambda: service_thread.frame.documents_page.isVisible() and service_thread.frame.documents.current == document
    )
    service_thread.wait(lambda: service_thread.frame.documents_area.summaries.item == items[0])
    assert service_thread.frame.documents_page.side.current == "summary"
