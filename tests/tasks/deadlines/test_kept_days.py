"""What is due, kept beside the papers: found once, said by a person, never lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from fakes.recorder import open_echo, result_of, wait_until

from slmdesk.tasks.deadlines import service
from slmdesk.tasks.deadlines.report import OTHERS
from slmdesk.tasks.deadlines.types import BACK, DONE, MINE, MOVE, NOT_MINE, DueRequest, State
from slmdesk.tasks.due import TASK
from slmdesk.tasks.report import Edit

pytestmark = pytest.mark.process

TESTS = Path(__file__).resolve().parents[2]
NOTICE = """Amtsgericht Dresden
01069 Dresden

Dresden, 3. November 2026

Beschluss

Sehr geehrte Frau Adler,

gegen diesen Beschluss kann binnen zwei Wochen ab Zustellung Beschwerde eingelegt werden.

Bitte zahlen Sie die Kosten von 120 Euro bis zum 30. November 2026.

Mit freundlichen Grüßen
"""


@pytest.fixture
def services():
    opened = open_echo()
    yield opened
    opened.close()


@pytest.fixture
def letter(services, tmp_path) -> str:
    path = tmp_path / "beschluss.txt"
    path.write_text(NOTICE, encoding="utf-8")
    document = result_of(services, lambda: services.documents.open(path))
    result_of(services, services.due.found)
    return document.id


def begun(services, folder: str = "") -> str:
    return services.service_thread.call(lambda: services.tasks.begin("due", DueRequest(folder))).id


def days(services, item: str) -> list[str]:
    report = services.call.tasks.report(item)
    return [one.value.date for one in report.statements if one.value]


def first(services, item: str):
    return next(services.call.tasks.report(item).statements)


def say(services, item: str, action: str, value=None):
    edit = Edit(first(services, item).id, action=action, value=value)
    return services.call.tasks.edit(item, edit)


def test_each_day_is_listed_once_with_how_it_was_reckoned(services, letter):
    item = begun(services)
    assert days(services, item) == ["2026-11-17", "2026-11-30"]
    notes = first(services, item).notes
    assert any("2 weeks" in note for note in notes)
    assert any("assumed day of receipt" in note for note in notes)
    assert begun(services) == item  # the list is opened again, not made anew


@pytest.mark.parametrize("action", [DONE, NOT_MINE])
def test_what_is_done_goes_below_and_comes_back(services, letter, action):
    item = begun(services)
    before = say(services, item, action)
    assert days(services, item) == ["2026-11-30"]
    services.call.tasks.restore(item, before)
    assert days(services, item) == ["2026-11-17", "2026-11-30"]


def test_a_day_that_was_done_can_be_opened_again_later(services, letter):
    item = begun(services)
    done = first(services, item).id
    say(services, item, DONE)
    services.call.tasks.edit(item, Edit(done, action=BACK))
    assert days(services, item) == ["2026-11-17", "2026-11-30"]


def test_a_day_is_moved_and_the_day_of_the_paper_stays_visible(services, letter):
    item = begun(services)
    say(services, item, MOVE, {"to": "2026-12-24"})
    assert days(services, item) == ["2026-11-30", "2026-12-24"]
    notes = [note for one in services.call.tasks.report(item).statements for note in one.notes]
    assert any("17 November 2026" in note for note in notes)


def test_another_receipt_reckons_the_day_anew_and_keeps_what_was_said(services, letter):
    item = begun(services)
    say(services, item, NOT_MINE)
    services.call.documents.receive(letter, "2026-11-10")
    result_of(services, services.due.found)
    folded = services.call.tasks.report(item).sections[-1]
    assert [one.value.date for one in folded.statements] == ["2026-11-24"]
    assert not any("assumed" in note for one in folded.statements for note in one.notes)


def test_other_rules_find_the_days_of_old_papers_anew(services, letter, monkeypatch):
    services.service_thread.call(lambda: services.store.documents.keep_days(letter, {"rules": "0", "days": []}))
    assert services.call.due.listed().days == ()
    result_of(services, services.due.found)
    assert len(services.call.due.listed().days) == 2
    monkeypatch.setattr(service, "RULES", "new")
    assert services.service_thread.call(lambda: services.store.documents.without_days("new")) == [letter]


def test_a_paper_that_is_read_again_keeps_what_was_said(services, letter, tmp_path):
    item = begun(services)
    say(services, item, DONE)
    path = tmp_path / "beschluss.txt"
    path.write_text(NOTICE + "\nAnlage: 1 Überweisungsträger.\n", encoding="utf-8")
    result_of(services, lambda: services.documents.open(path))
    result_of(services, services.due.found)
    assert days(services, item) == ["2026-11-30"]


def test_a_removed_paper_takes_its_days_along(services, letter):
    result_of(services, lambda: services.documents.forget(letter))
    assert services.call.due.listed().days == ()


def test_a_folder_lists_its_own(services, letter, tmp_path):
    folder = tmp_path / "mieter"
    folder.mkdir()
    paper = folder / "brief.txt"
    paper.write_text(NOTICE.replace("30. November", "28. November"), encoding="utf-8")
    os.utime(paper, (1, 1))  # else it may be being written
    state = result_of(services, lambda: services.collections.add(folder, watched=False))
    wait_until(lambda: len(services.call.due.listed(state.record.id).days) == 2)
    assert days(services, begun(services, state.record.id)) == ["2026-11-17", "2026-11-28"]


def test_start_says_what_is_due_today_and_before(services, tmp_path):
    today = date.today()
    lines = "\n\n".join(
        f"Bitte senden Sie uns das Formular {number} bis zum {day:%d.%m.%Y}."
        for number, day in enumerate((today - timedelta(days=2), today, today + timedelta(days=9)))
    )
    path = tmp_path / "formulare.txt"
    path.write_text(f"Dresden, {today - timedelta(days=30):%d.%m.%Y}\n\nSehr geehrte Frau Adler,\n\n{lines}\n")
    assert services.call.due.now() == ""
    result_of(services, lambda: services.documents.open(path))
    result_of(services, services.due.found)
    assert services.call.due.now() == "1 due today, 1 overdue"


@pytest.fixture
def fair(services, tmp_path) -> str:
    """A paper with a day that is not due, and one that is over."""
    path = tmp_path / "messe.txt"
    gone, come = (date.today() + timedelta(days=days) for days in (-9, 9))
    path.write_text(f"Die Messe war am {gone:%d.%m.%Y}.\n\nDie nächste öffnet am {come:%d.%m.%Y}.\n", encoding="utf-8")
    document = result_of(services, lambda: services.documents.open(path))
    result_of(services, services.due.found)
    return document.id


def others(services, item: str) -> list[str]:
    """The other days, as they are read when the list is unfolded."""
    sections = {section.id: section for section in services.call.tasks.report(item).sections}
    if OTHERS not in sections:
        return []
    some = result_of(services, lambda: TASK.unfolded(sections[OTHERS], services.task_context))
    return [one.value.date for one in some]


COMING = (date.today() + timedelta(days=9)).isoformat()


def test_other_days_from_today_on_are_counted_and_read_when_asked_for(services, fair):
    item = begun(services)
    (section,) = services.call.tasks.report(item).sections
    assert (section.fold, section.is_folded) == ("Other days named in these papers: 1", True)
    assert others(services, item) == [COMING]
    assert days(services, item) == []
    assert services.call.due.now() == ""


def test_a_day_that_is_taken_up_is_due_and_goes_back_by_undo(services, fair):
    item = begun(services)
    before = services.call.tasks.edit(item, Edit(f"{fair} {COMING}", action=MINE))
    assert (days(services, item), others(services, item)) == ([COMING], [])
    say(services, item, MOVE, {"to": "2036-12-24"})
    assert days(services, item) == ["2036-12-24"]
    services.call.tasks.restore(item, before)
    assert (days(services, item), others(services, item)) == ([], [COMING])


def test_a_day_that_was_taken_up_stays_where_its_paper_is_read_again(services, fair, tmp_path):
    item = begun(services)
    services.call.tasks.edit(item, Edit(f"{fair} {COMING}", action=MINE))
    (tmp_path / "messe.txt").write_text("Die Messe fällt aus.\n", encoding="utf-8")
    result_of(services, lambda: services.documents.open(tmp_path / "messe.txt"))
    result_of(services, services.due.found)
    assert days(services, item) == [COMING]


@pytest.fixture
def copied(services, letter, tmp_path) -> str:
    """The same letter, read at a second place."""
    return read_copy(services, tmp_path)


def read_copy(services, tmp_path) -> str:
    path = tmp_path / "copies" / "kopie.txt"
    path.parent.mkdir()
    path.write_text(NOTICE, encoding="utf-8")
    document = result_of(services, lambda: services.documents.open(path))
    result_of(services, services.due.found)
    return document.id


def test_a_paper_at_two_places_is_listed_once_and_names_both(services, letter, copied, tmp_path):
    assert copied != letter
    item = begun(services)
    assert days(services, item) == ["2026-11-17", "2026-11-30"]
    told = " ".join(first(services, item).notes)
    assert str(tmp_path / "beschluss.txt") in told
    assert str(tmp_path / "copies" / "kopie.txt") in told


def test_a_day_has_its_sheet_at_each_place_of_its_paper(services, letter, tmp_path):
    folder = tmp_path / "mieter"
    folder.mkdir()
    copy = folder / "kopie.txt"
    copy.write_text(NOTICE, encoding="utf-8")
    os.utime(copy, (1, 1))  # else it may be being written
    state = result_of(services, lambda: services.collections.add(folder, watched=False))
    wait_until(lambda: len(services.call.due.listed(state.record.id).days) == 2)
    day = services.call.due.listed(state.record.id).days[0]
    assert day.document != letter
    assert services.call.due.sheet(day.id) == services.call.due.sheet(f"{letter} {day.found.key}")


def test_the_other_days_of_a_paper_at_two_places_are_listed_once(services, fair, tmp_path):
    path = tmp_path / "messe2.txt"
    path.write_bytes((tmp_path / "messe.txt").read_bytes())
    result_of(services, lambda: services.documents.open(path))
    result_of(services, services.due.found)
    item = begun(services)
    assert others(services, item) == [COMING]
    services.call.tasks.edit(item, Edit(services.call.due.listed().others[0], action=MINE))
    assert (days(services, item), others(services, item)) == ([COMING], [])


def test_what_is_done_is_done_for_each_place_and_comes_back_for_each(services, letter, copied):
    item = begun(services)
    before = say(services, item, DONE)
    assert days(services, item) == ["2026-11-30"]
    services.call.tasks.restore(item, before)
    assert days(services, item) == ["2026-11-17", "2026-11-30"]
    say(services, item, DONE)
    result_of(services, lambda: services.documents.forget(letter))
    assert days(services, item) == ["2026-11-30"]


def test_what_was_said_of_a_paper_holds_for_a_place_read_later(services, letter, tmp_path):
    item = begun(services)
    services.call.documents.receive(letter, "2026-11-10")
    result_of(services, services.due.found)
    say(services, item, DONE)
    copy = read_copy(services, tmp_path)
    result_of(services, lambda: services.documents.forget(letter))
    listed = services.call.due.listed().days
    assert [(day.document, day.day, day.said.state) for day in listed] == [
        (copy, "2026-11-24", State.DONE),
        (copy, "2026-11-30", State.OPEN),
    ]


def test_a_paper_is_received_once_at_all_its_places(services, letter, copied):
    services.call.documents.receive(copied, "2026-11-10")
    result_of(services, services.due.found)
    assert days(services, begun(services)) == ["2026-11-24", "2026-11-30"]


def test_a_mail_and_its_attachment_stay_two_papers(services, tmp_path):
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Kosten", "kasse@example.org"
    mail.set_content(NOTICE)
    mail.add_attachment(NOTICE.encode(), maintype="text", subtype="plain", filename="kosten.txt")
    path = tmp_path / "kosten.eml"
    path.write_bytes(mail.as_bytes())
    whole = result_of(services, lambda: services.documents.open(path))
    result_of(services, lambda: services.documents.open_attachment(whole.id, 0))
    result_of(services, services.due.found)
    assert days(services, begun(services)).count("2026-11-30") == 2


KILLED = """
import os, signal
from fakes.recorder import open_echo
from slmdesk.tasks.report import Edit
services = open_echo()
item = services.service_thread.call(lambda: services.store.items.page("due"))[0].id
before = services.call.tasks.edit(item, Edit({pressed!r}, action={action!r}))
if {undone}:
    services.call.tasks.restore(item, before)
os.kill(os.getpid(), signal.SIGKILL)
"""


def after_kill(services, item: str, pressed: str, action: str, *, undone: bool) -> list[str]:
    """The days that are due when the program was killed right behind a press."""
    services.close()
    code = KILLED.format(pressed=pressed, action=action, undone=undone)
    ended = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(TESTS)}, check=False)
    assert ended.returncode == -signal.SIGKILL
    again = open_echo()
    try:
        return days(again, item)
    finally:
        again.close()


@pytest.mark.parametrize(("undone", "left"), [(False, ["2026-11-30"]), (True, ["2026-11-17", "2026-11-30"])])
def test_what_was_pressed_survives_a_kill(services, letter, undone, left):
    item = begun(services)
    assert after_kill(services, item, first(services, item).id, DONE, undone=undone) == left


@pytest.mark.parametrize(("undone", "left"), [(False, [COMING]), (True, [])])
def test_a_day_that_is_taken_up_survives_a_kill(services, fair, undone, left):
    assert after_kill(services, begun(services), f"{fair} {COMING}", MINE, undone=undone) == left
