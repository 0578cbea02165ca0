"""Where texts are cut into sentences, counted on golden/sentences.toml.

Rules are made looking at the open half of the texts alone. The other half, with an odd hash of the text, is laid aside.
"""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest

from slmdesk.base.text.sentences import sentences

GOLDEN = Path(__file__).parents[3] / "golden" / "sentences.toml"
RIGHT = {"open": 191, "aside": 195}
"""How many texts of each half are cut as a reader would cut them."""


@pytest.mark.pure
def test_as_many_texts_as_before_are_cut_as_a_reader_would() -> None:
    right = dict.fromkeys(RIGHT, 0)
    for language, rows in tomllib.loads(GOLDEN.read_text("utf-8")).items():
        for row in rows:
            expected = row["text"].split(" | ")
            text = " ".join(expected)
            half = "aside" if int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 else "open"
            right[half] += sentences(text, language) == expected
    assert right == RIGHT
