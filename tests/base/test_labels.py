"""M11: names from outside become one line of plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.untrusted import MARK, clean_bytes, clean_label

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("untrusted", "shown"),
    [
        ("Tiny model", "Tiny model"),
        ("one\ntwo\r\n\tthree", "one two three"),
        ("<b>bold</b>", "<b>bold</b>"),
        ("--help", "--help"),
        ("evil\u202egpj.exe", f"evil{MARK}gpj.exe"),
        ("a\x00b\x1bc\x7fd", f"a{MARK}b{MARK}c{MARK}d"),
        ("\udcff\udc80", MARK * 2),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u2028\u00a0  ", ""),
        ("Ⅷ 模型 naïve", "Ⅷ 模型 naïve"),
    ],
)
def test_m11_what_could_steer_is_marked(untrusted: str, shown: str) -> None:
    assert clean_label(untrusted) == shown


def test_m11_cut_with_a_mark() -> None:
    assert clean_label("abcdef", 4) == "abc" + "…"
    assert clean_label("abcd", 4) == "abcd"
    assert clean_bytes(b"x" * 250, 100) == "x" * 99 + "…"
    assert clean_bytes(b"\xff\xfeab") == f"{MARK}{MARK}ab"


@given(st.text(), st.integers(2, 50))
def test_m11_any_text_is_one_short_printable_line(untrusted: str, limit: int) -> None:
    label = clean_label(untrusted, limit)
    assert len(label) <= limit
    assert len(label.splitlines()) <= 1
    assert label == clean_label(label, limit)
    assert all(letter.isprintable() or letter in "\u200c\u200d" for letter in label)
    label.encode("utf-8")
