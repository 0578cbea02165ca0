"""Calendars as other programs read them (RFC 5545)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from slmdesk.exports.calendar import MOST_BYTES, event, to_calendar

pytestmark = pytest.mark.pure
NOW = datetime(2026, 11, 27, 21, 5, 9, tzinfo=UTC)


def test_each_day_is_an_event_of_a_whole_day_in_lines_that_are_not_too_long() -> None:
    words = "Widerspruch erheben; Gebühr, 120 €: \\ " + "Frist " * 30
    made = to_calendar([event(date(2026, 12, 31), words, "Bescheid.pdf\n+ 1 month", "a", is_sure=False)], NOW)
    lines = made.decode().split("\r\n")
    assert lines[-1] == ""
    assert all(len(line.encode()) <= MOST_BYTES and "\n" not in line for line in lines)
    read = made.decode().replace("\r\n ", "").split("\r\n")
    assert read[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert {"DTSTAMP:20261127T210509Z", "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"} <= set(read)
    assert "STATUS:TENTATIVE" in read
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
    uid = next(line for line in calendar.split(b"\r\n") if line.startswith(b"UID:"))
    assert uid in two.split(b"\r\n")
