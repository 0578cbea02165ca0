"""Calendars as other programs read them (RFC 5545)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.documents.types import Span
from slmdesk.exports.calendar import event, to_calendar
from slmdesk.tasks import export
from slmdesk.tasks.report import Report
from slmdesk.tasks.summaries.report import due_of
from slmdesk.tasks.summaries.types import Deadline

pytestmark = pytest.mark.pure
NOW = datetime(2026, 11, 27, 21, 5, 9, tzinfo=UTC)


def test_each_day_is_an_event_of_a_whole_day_in_lines_that_are_not_too_long() -> None:
    words = "Widerspruch erheben; Gebühr, 120 €: \\ " + "Frist " * 30
    made = to_calendar([event(date(2026, 12, 31), words, "Bescheid.pdf\n+ 1 month", "a", is_sure=False)], NOW)
    lines = made.decode().split("\r\n")
    assert lines[-1] == ""
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in lines)
    read = made.decode().replace("\r\n ", "").split("\r\n")
    assert read[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert {"DTSTAMP:20261127T210509Z", "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"} <= set(read)
    assert "STATUS:TENTATIVE" in read
    assert [line for line in read if line.startswith("TRIGGER")] == ["TRIGGER:-P6DT15H", "TRIGGER:-PT15H"]
    (said,) = [line.removeprefix("SUMMARY:") for line in read if line.startswith("SUMMARY:")]
    for signs, sign in (("\\,", ","), ("\\;", ";"), ("\\\\", "\\")):
        said = said.replace(signs, sign)
    assert said == words.strip()
    assert "DESCRIPTION:Bescheid.pdf\\n+ 1 month" in read
    assert (read[-3], read[-2]) == ("END:VEVENT", "END:VCALENDAR")


def test_no_text_can_begin_a_line_of_its_own_and_a_new_export_replaces_the_former() -> None:
    days = [event(date(2026, 12, day), "a\r\nEND:VEVENT\x0b", "", "key", is_sure=True) for day in (1, 2)]
    calendar, two = (to_calendar([day], NOW) for day in days)
    assert calendar.count(b"\r\nEND:VEVENT\r\n") == 1
    assert calendar.count(b"\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n") == calendar.count(b"\r\nEND:VALARM\r\n") == 2
    uid = next(line for line in calendar.split(b"\r\n") if line.startswith(b"UID:"))
    assert uid in two.split(b"\r\n")


def calendar_of(deadlines: Sequence[Deadline], today: date | None = None) -> bytes:
    return export.calendar_of(Report("summary", "Due", due=tuple(due_of(deadlines))), today)


def unfolded(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


FEE = Deadline(
    "d", "Bescheid.pdf", "Bitte zahlen Sie die Gebühr von 120 Euro bis zum 31. Dezember 2026 auf DE02 1203 0000 0000.",
    (Span("d", 2, 0, 9),), "2026-12-31", is_confirmed=True, what="Gebühr von 120 Euro zahlen", who="Stadt Augsburg",
    amount="120 Euro",
)  # fmt: skip
OBJECT = Deadline(
    "d", "Bescheid.pdf", "Widerspruch innerhalb eines Monats.", (), "", "Frist nicht berechnet: …", what="Widerspruch"
)


def test_a_deadline_says_who_wants_what_and_where_it_stands() -> None:
    lines = unfolded(in_language("de", calendar_of, [FEE], date(2026, 12, 1)))
    assert "SUMMARY:Stadt Augsburg: Gebühr von 120 Euro zahlen" in lines
    (details,) = [line for line in lines if line.startswith("DESCRIPTION:Bitte")]
    for words in ("Betrag: 120 Euro", "Von: Stadt Augsburg", "Dokument: Bescheid.pdf\\, S. 2", "DE02 1203"):
        assert words in details, words
    assert lines.count("BEGIN:VALARM") == 2
    named = changed(FEE, what="Stadt Augsburg: Gebühr zahlen")
    assert "SUMMARY:Stadt Augsburg: Gebühr zahlen" in unfolded(calendar_of([named]))


def test_a_day_that_is_over_rings_no_more_and_one_that_is_not_known_is_a_task() -> None:
    lines = unfolded(calendar_of([FEE, OBJECT], date(2027, 1, 1)))
    assert "BEGIN:VALARM" not in lines
    task = lines[lines.index("BEGIN:VTODO") : lines.index("END:VTODO")]
    assert "SUMMARY:Widerspruch" in task
    assert any("Frist nicht berechnet" in line for line in task)
    with pytest.raises(KnownError):
        calendar_of([OBJECT])


def test_a_title_is_short_also_where_nobody_made_one_and_parts_are_told_apart() -> None:
    long = changed(FEE, what="", who="", text="Zahlen Sie " + "sehr " * 40 + "bald.")
    lines = unfolded(calendar_of([long, changed(long, part=1, day="2027-01-04")]))
    titles = [line for line in lines if line.startswith("SUMMARY:")]
    assert max(map(len, titles)) <= 68
    assert len({line for line in lines if line.startswith("UID:")}) == 2
