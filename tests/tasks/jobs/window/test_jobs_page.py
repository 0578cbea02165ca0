"""The page of jobs in the real window: rows, buttons, keys, undo, restart."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QFrame, QPushButton, QWidget

from slmdesk.base.records import JobStatus
from slmdesk.base.types import ChatMessage, Role, Sampling, TextPart
from slmdesk.tasks.jobs.runner import step_of
from slmdesk.tasks.jobs.service import JobGroup, JobView
from slmdesk.tasks.jobs.types import JobChanged
from slmdesk.tasks.summaries.types import Length, SummaryRequest
from slmdesk.ui.jobs.controller import PAGE, status_of
from slmdesk.ui.jobs.page import JobRow, info_of
from slmdesk.ui.kit.widgets.rows import DOT

pytestmark = pytest.mark.gui


def add(program, title: str, count: int, kind: str = "summary", slow: float = 0.0) -> str:
    head = f"#echo {json.dumps({'slow': slow})}\n" if slow else ""
    message = [ChatMessage(Role.USER, (TextPart(f"{head}{title} {number}"),)) for number in range(count)]
    steps = [step_of([question], Sampling(temperature=0.0)) for question in message]
    return program.ask(
        lambda services: services.jobs.add(kind, title, services.models.choose(None), steps, prompt_version="1").id
    )


def rows(program, section: str = "") -> dict[str, JobRow]:
    shown = [row for row in program.frame.jobs_page.findChildren(QFrame, "job_row") if row.isVisible()]
    shown = [row for row in shown if section in ("", row.section)]
    shown.sort(key=lambda row: row.mapTo(program.window, row.rect().topLeft()).y())
    return {row.view.title: row for row in shown}


def press(program, row: JobRow, name: str) -> None:
    program.click(program.find(name, row))


def show(program) -> None:
    QTest.keyClick(program.window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    program.wait(lambda: program.frame.jobs_page.isVisible())


def test_the_page_follows_the_jobs_after_the_list_above_it_is_closed(program) -> None:
    show(program)
    add(program, "a", 400, slow=0.05)
    program.wait(lambda: list(rows(program)) == ["a"])
    program.click("jobs_button")
    program.wait(lambda: program.frame.jobs_popover.isVisible())
    program.click("all_jobs_button")
    program.wait(lambda: not program.frame.jobs_popover.isVisible())
    add(program, "b", 2)
    program.wait(lambda: "b" in rows(program))


@pytest.mark.parametrize(
    ("kind", "share", "done", "words"),
    [
        ("extraction", 0.4, 10, "40 %"),
        ("extraction", 0.0, 10, "10 of 51 steps"),
        ("extraction", None, 0, "0 of 51 steps"),
        ("download", 0.4, 20, "40 %"),
    ],
)
def test_how_far_a_job_is_is_said_in_one_way(kind, share, done, words) -> None:
    view = JobView("a", kind, "b", JobStatus.PAUSED, JobGroup.PAUSED, done, 51, share=share)
    assert info_of(view) == DOT.join(("Paused", words))


def test_running_waiting_and_paused_are_driven_by_their_buttons(program) -> None:
    show(program)
    program.wait(lambda: program.find("jobs_empty").isVisible())
    assert rows(program) == {}
    assert not program.find("clear_jobs_button").isVisible()
    assert not program.find("jobs_button").isVisible()
    program.window.show_page("Chat")
    for title in "abc":
        add(program, title, 400 if title == "a" else 2, slow=0.05)
    button = program.find("jobs_button")
    program.wait(lambda: button.isVisible() and button.accessibleName().startswith("3 jobs"))
    program.click(button)
    program.wait(lambda: len(program.frame.jobs_popover.findChildren(QFrame, "job_row")) == 3)
    program.click("all_jobs_button")
    program.wait(lambda: list(rows(program, "running")) == ["a"] and list(rows(program, "waiting")) == ["b", "c"])
    facts = program.find("job_facts", rows(program)["a"])
    program.wait(lambda: f" %{DOT}" in facts.text())
    press(program, rows(program)["c"], "job_up_button")
    program.wait(lambda: list(rows(program, "waiting")) == ["c", "b"])
    focused = program.find("job_pause_button", rows(program)["c"])
    focused.setFocus()
    QTest.keyClick(focused, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    program.wait(lambda: list(rows(program, "waiting")) == ["b", "c"])
    program.find("job_pause_button", rows(program)["a"]).setFocus()
    press(program, rows(program)["a"], "job_pause_button")
    program.wait(lambda: list(rows(program, "paused")) == ["a"] and {"b", "c"} <= set(rows(program, "today")))
    assert program.window.focusWidget() is program.find("job_resume_button", rows(program)["a"])
    press(program, rows(program)["a"], "job_resume_button")
    program.wait(lambda: list(rows(program, "running")) == ["a"])
    assert program.window.focusWidget() is program.find("job_pause_button", rows(program)["a"])
    program.find("job_cancel_button", rows(program)["a"]).setFocus()
    press(program, rows(program)["a"], "job_cancel_button")
    program.wait(lambda: "a" in rows(program, "today"))
    assert program.window.focusWidget() is program.frame.jobs_page, "not a button of another job"
    assert "Cancelled" in program.find("job_facts", rows(program)["a"]).text()
    assert not button.isVisible()
    assert program.find("job_resume_button", rows(program)["a"]).text() == "Take up again"
    press(program, rows(program)["a"], "job_resume_button")
    program.wait(lambda: list(rows(program, "running")) == ["a"])
    program.wait(lambda: program.find("job_cancel_button", rows(program)["a"]).isVisible())
    press(program, rows(program)["a"], "job_cancel_button")


def test_what_failed_says_why_and_is_tried_again(program) -> None:
    message = [ChatMessage(Role.USER, (TextPart('#echo {"fail": "model.damaged"}\nx'),))]
    steps = [step_of(message, Sampling(temperature=0.0))]
    program.ask(
        lambda services: services.jobs.add("test", "bad", services.models.choose(None), steps, prompt_version="1")
    )
    show(program)
    program.wait(lambda: "bad" in rows(program, "today"))
    row = rows(program)["bad"]
    assert program.find("job_trouble", row).text()
    program.says("job_resume_button", "Try again", row)
    failed_at = row.view.updated
    press(program, row, "job_resume_button")
    program.wait(lambda: "bad" in rows(program, "today") and rows(program)["bad"].view.updated > failed_at)


def test_finished_ones_come_by_page_and_are_cleared_with_undo(program) -> None:
    def fill(services) -> None:
        for number in range(PAGE + 5):
            job = services.store.jobs.add("some_kind", f"job {number}", model_sha256="x", steps=())
            services.store.jobs.change(job.id, JobStatus.CANCELLED)

    program.ask(fill)
    show(program)
    program.wait(lambda: len(rows(program)) == PAGE)
    program.click(program.find("more_jobs_button"))
    program.wait(lambda: len(rows(program)) == PAGE + 5)
    assert not program.find("more_jobs_button").isVisible()
    program.click(program.find("clear_jobs_button"))
    program.wait(lambda: rows(program) == {})
    bar = next(bar for bar in program.window.notices.bars if "off the list" in bar.notice.text)
    program.click(bar.findChild(QPushButton, "notice_action"))
    program.wait(lambda: len(rows(program)) >= PAGE)


def test_open_goes_to_the_model_of_a_job_that_made_nothing_else(program) -> None:
    add(program, "a trial", 1, kind="trial")
    show(program)
    program.wait(lambda: "a trial" in rows(program, "today"))
    press(program, rows(program)["a trial"], "job_open_button")
    program.wait(lambda: program.frame.models_page.isVisible())
    program.wait(lambda: program.frame.models_page.findChild(QWidget, "model_details") is not None)


def test_what_the_window_was_doing_goes_on_at_the_next_start_and_is_said_once(program, start) -> None:
    add(program, "long one", 300, slow=0.02)
    program.mentions("jobs_button", "%")
    program.wait(lambda: program.ask(lambda services: services.jobs.list()[0].done) >= 2)
    program.close()
    again = start()
    again.wait(lambda: [notice for notice in again.notices() if "Resuming: Summary “long one”" in notice])
    assert not again.frame.jobs_page.isVisible()
    show(again)
    again.wait(lambda: "long one" in rows(again, "running"))
    press(again, rows(again)["long one"], "job_cancel_button")
    again.wait(lambda: "long one" in rows(again, "today"))


def test_who_quits_while_a_job_runs_is_told_and_may_stay(program) -> None:
    add(program, "long one", 300, slow=0.02)
    program.wait(lambda: program.frame.jobs.begun == 1)
    boxes = lambda: [dialog for dialog in program.window.findChildren(QDialog, "quit_dialog") if dialog.isVisible()]  # noqa: E731
    for is_open in (True, False):
        program.window.close()
        program.window.close()
        program.wait(lambda: len(boxes()) == 1)
        (box,) = boxes()
        program.says("question_text", "1 job is running. It goes on at the next start.", box)
        assert program.find("quit_button", box).isDefault()
        if is_open:
            QTest.keyClick(box, Qt.Key.Key_Escape)
            program.wait(lambda: not boxes())
            assert program.window.isVisible()
            assert not program.closed
        else:
            program.click(box.findChild(QPushButton, "quit_button"))
    program.wait(lambda: program.closed)


@pytest.mark.parametrize(
    ("reported", "words"),
    [
        ([], ""),
        ([(JobStatus.RUNNING, 0.634, 125.0)], "1 job 63 %, 2 min"),
        ([(JobStatus.RUNNING, None, None)], "1 job"),
        ([(JobStatus.OPEN, None, None)], "1 job waiting"),
        ([(JobStatus.RUNNING, 0.5, 600.0), (JobStatus.OPEN, None, None)], "2 jobs 50 %"),
        ([(JobStatus.RUNNING, 0.2, 600.0), (JobStatus.RUNNING, 0.4, 60.0)], "2 jobs 30 %, 10 min"),
    ],
)
def test_the_words_at_the_windows_foot(reported, words) -> None:
    events = {
        str(at): JobChanged(str(at), "summary", status, 1, 2, eta, share=share)
        for at, (status, share, eta) in enumerate(reported)
    }
    assert status_of(events)[0] == words


def test_open_shows_the_very_summary_beside_its_document(program, tmp_path) -> None:
    path = tmp_path / "manual.txt"
    path.write_text("The pump stops at 12 bar.\n\nThe valve opens in winter.\n")
    program.frame.documents.open_paths([path])
    program.wait(
        lambda: (
            program.ask(lambda services: [document.status.value for document in services.documents.recent()])
            == ["read"]
        )
    )
    document = program.ask(lambda services: services.documents.recent()[0].id)
    items = []
    for length in (Length.SHORT, Length.LONG):
        request = SummaryRequest((document,), length=length)
        items.append(program.ask(lambda services, request=request: services.tasks.begin("summary", request).id))
    show(program)
    program.wait(
        lambda: len(rows(program, "today")) == 1 and len(program.frame.jobs_page.findChildren(QFrame, "job_row")) == 2
    )
    older = next(row for row in program.frame.jobs_page.findChildren(QFrame, "job_row") if row.view.item == items[0])
    press(program, older, "job_open_button")
    program.wait(lambda: program.frame.documents_page.isVisible() and program.frame.documents.current == document)
    program.wait(lambda: program.frame.documents_area.summaries.item == items[0])
    assert program.frame.documents_page.side.current == "summary"
