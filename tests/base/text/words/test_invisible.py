"""What cannot be seen is shown as its number, and nothing else changes."""

from __future__ import annotations

import pytest

from slmdesk.base.text.markup import made_visible

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\U000e0041", "\U000e0001", "\x08", "\u3164", "\u2028"]
)
def test_hidden_characters_become_their_numbers(hidden):
    assert made_visible(f"a{hidden}b{hidden}") == (
        f"a\u27e6U+{ord(hidden):04X}\u27e7b\u27e6U+{ord(hidden):04X}\u27e7",
        2,
    )


def test_what_people_write_stays():
    text = "Line\n\tTab \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb \u00e9\u4e2d\u2014"
    assert made_visible(text) == (text, 0)
