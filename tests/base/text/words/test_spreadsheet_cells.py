"""Cells of tables as text: whatever parts them where they are opened, none is a formula."""

from __future__ import annotations

import csv
import io
import random

import pytest

from slmdesk.base.text.cells import harmless_cell, words_of_cell

pytestmark = pytest.mark.pure
SIGNS = ("=", "+", "-", "@")


@pytest.mark.parametrize("separator", [";", ",", "|", "\t", "\n", "\r\n", '; "', ' ;\u00a0"" ', ";;"])
@pytest.mark.parametrize("sign", SIGNS)
def test_what_would_begin_a_formula_behind_a_separator_is_disarmed(separator, sign) -> None:
    evil = f"{sign}cmd|' /C calc'!A1"
    assert harmless_cell(f"ACME{separator}{evil}") == f"ACME{separator}'{evil}"
    assert harmless_cell(evil) == f"'{evil}"
    assert harmless_cell(f' "{evil}') == f" \"'{evil}"


@pytest.mark.parametrize("separator", [";", ",", "|", "\t"])
def test_no_spreadsheet_finds_a_formula_however_it_parts_the_cells(separator) -> None:
    """Programs that take a quotation mark at the start of a cell only, as spreadsheets do."""
    chance = random.Random(7)
    for _ in range(3000):
        words = "".join(chance.choice("=+-@;,|\t\n\r \"'a1\u200b\ufeff\x07") for _ in range(chance.randint(1, 12)))
        out = io.StringIO()
        csv.writer(out).writerow(["first", harmless_cell(words)])
        line = out.getvalue()
        parts = [cell for row in line.splitlines() for cell in row.split(separator)]
        parts += [cell for row in csv.reader(io.StringIO(line, newline=""), delimiter=separator) for cell in row]
        for part in parts:
            begins = part.replace('"', "").translate(dict.fromkeys(map(ord, "\u200b\ufeff\x07"))).strip()
            assert not begins.startswith(SIGNS) or begins[1:].strip("1, ") == "", (words, part)


@pytest.mark.parametrize(
    "unseen", [*"\u200b\ufeff\x07\x00\x1b\x7f\x85\u00ad\u2060\u202e\u200d\u3164\ufe0f\u034f\U000e0041"]
)
@pytest.mark.parametrize("begin", ["", " ", "ACME;", '"', "\n"])
def test_letters_that_nobody_sees_hide_no_formula(begin: str, unseen: str) -> None:
    for hidden in (unseen, unseen * 3, f" {unseen} "):
        assert harmless_cell(f"{begin}{hidden}=1+1") == f"{begin}{hidden}'=1+1"
        assert words_of_cell(harmless_cell(f"{begin}{hidden}=1+1")) == f"{begin}{hidden}=1+1"
    assert harmless_cell(f"a{unseen}=b") == f"a{unseen}=b"


def test_plain_numbers_stay_numbers_and_words_stay_words() -> None:
    for words in (
        "-5", "+3.5 %", "-1.234,50", "a-b", "x = y", "well-known; fine", "5 - 3", "", "2024; 7", "mail@host",
        "it's",
    ):  # fmt: skip
        assert harmless_cell(words) == words
    assert harmless_cell("-1+1") == "'-1+1"
    assert harmless_cell("-2*3;+49 30 1") == "'-2*3;'+49 30 1"
    assert harmless_cell("＝1") == "'＝1"


def test_the_way_back_gives_the_same_words() -> None:
    chance = random.Random(3)
    for _ in range(5000):
        words = "".join(chance.choice("=+-@;,|\t \"'a1\u200b\x07") for _ in range(chance.randint(0, 12)))
        assert words_of_cell(harmless_cell(words)) == words


def test_long_cells_take_time_by_their_length() -> None:
    words = '\n;" ' * 200_000
    assert harmless_cell(words) == words
