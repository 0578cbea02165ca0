"""Subtitles that can be read: lines, their lengths, and the time there is for them."""

from __future__ import annotations

import pytest

from slmdesk.base.text.tagged import lines_of, reading_flags, seconds_of, shown

pytestmark = pytest.mark.pure
LONG = "This is a sentence of a film that is much too long for a single line."


def test_short_words_stay_on_one_line_and_long_ones_are_parted_evenly():
    assert lines_of("Short words.", 2) == ["Short words."]
    lines = lines_of(LONG, 1)
    assert len(lines) == 2
    assert all(len(line) <= 42 for line in lines)
    assert abs(len(lines[0]) - len(lines[1])) < 12
    assert " ".join(lines) == LONG


def test_more_lines_than_two_only_where_there_were_more():
    words = f"{LONG} {LONG}"
    assert len(lines_of(words, 1)) == 2
    assert len(lines_of(words, 4)) == 4
    assert " ".join(lines_of(words, 4)) == words


def test_markup_is_neither_parted_nor_counted():
    words = '<font color="red" size="2">One two three four</font> {\\an8 x}five six seven eight'
    assert lines_of(words, 2) == [words]
    assert len(shown(words)) <= 42
    for line in lines_of(f"{words} nine ten eleven", 2):
        assert line.count("<") == line.count(">")


@pytest.mark.parametrize(
    ("place", "seconds"),
    [
        ("00:00:01,000 --> 00:00:02,500", 1.5),
        ("01:00.000 --> 02:00.000 line:0 align:start", 60.0),
        ("0:00:01.00 --> 0:00:02.25", 1.25),
        ("line 3", None),
    ],
)
def test_times_of_srt_vtt_and_ass_are_understood(place, seconds):
    assert seconds_of(place) == seconds


def test_what_cannot_be_read_in_its_time_is_flagged_unless_the_source_is_as_fast():
    place = "00:00:01,000 --> 00:00:02,000"
    assert [(flag.kind, flag.text) for flag in reading_flags("Go!", "Now go away at once!!", place)] == [
        ("reading_speed", "21")
    ]
    assert reading_flags("Go!", "Now go away at once!", place) == ()
    assert reading_flags(LONG, LONG, place) == ()
    assert reading_flags("Go!", "Go!", "00:00:01,000 --> 00:00:01,000")[:1] == ()


def test_lines_that_are_too_long_even_when_parted_are_flagged():
    flags = reading_flags("Go!", f"{LONG} {LONG}", "00:00:00,000 --> 00:01:00,000")
    assert [flag.kind for flag in flags] == ["line_length"]
