"""Whatever a model says, in whatever pieces: the same is shown, and nothing of it is lost."""

from __future__ import annotations

import re

import pytest
from chat.window.view.test_writer import shown, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.gui

LINES = st.sampled_from(
    [
        "", "", "words and more words", "- one", "- two", "  - deep", "    - deeper", "1. one", "2) two", "> quoted",
        "> - quoted item", "# Title", "Title", "===", "---", "***", "```python", "```", "~~~", "    code", "x = 1",
        "| a | b |", "|---|---|", "| 1 | 2 |", "**bold", "still** bold", "[a](https://example.org", ")", "[a][r]",
        "[r]: https://example.org/r", "<div>", "</div>", "<!-- no", "![i](x.png)", "\\", "`code", "`", "\t- tab",
        "🙂 עברית",
        "-", "+", "1.", ">", "&amp;", "  ", "a  ", "|", "[", "]", "***bold italic***", "* * *", "- [ ] task",
    ]
)  # fmt: skip
PIECES = st.lists(st.integers(min_value=1, max_value=40), min_size=1, max_size=60)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
THOROUGH = settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


def check(lines, pieces, style, parser):
    text = "\n".join(lines)
    whole, writer = write(text, style, parser)
    grown, other = write(text, style, parser, pieces)
    assert shown(grown) == shown(whole)
    assert writer.built.codes == other.built.codes
    for word in re.findall(r"[a-z]{4,}", text):
        if word not in ("https", "example", "python"):
            assert word in whole.toPlainText() or "[r]:" in text or "```" in text or "~~~" in text


@QUICK
@given(lines=st.lists(LINES, max_size=25), pieces=PIECES)
def test_streamed_is_whole(style, parser, lines, pieces):
    check(lines, pieces, style, parser)


@pytest.mark.soak
@THOROUGH
@given(lines=st.lists(LINES, max_size=60), pieces=PIECES)
def test_streamed_is_whole_many_times(style, parser, lines, pieces):
    check(lines, pieces, style, parser)
