"""Days and times in words: the same in every country."""

from __future__ import annotations

from datetime import datetime

import pytest

from slmdesk.ui.kit.base.text import moment_words, today_or_day

pytestmark = pytest.mark.pure
NOW = datetime(2026, 11, 21, 23, 59).astimezone()


@pytest.mark.parametrize(
    ("made", "day", "moment"),
    [
        (datetime(2026, 11, 21, 2, 41), "today", "today, 02:41"),
        (datetime(2026, 11, 20, 23, 59), "2026-11-20", "2026-11-20, 23:59"),
        (datetime(1999, 1, 2, 3, 4), "1999-01-02", "1999-01-02, 03:04"),
    ],
)
def test_a_day_is_today_or_a_date_that_nobody_misreads(made, day, moment):
    seconds = made.astimezone().timestamp()
    assert (today_or_day(seconds, NOW), moment_words(seconds, NOW)) == (day, moment)
