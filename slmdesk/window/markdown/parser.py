"""Parses Markdown to tokens: no HTML, and within a time limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from time import thread_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token
    from markdown_it.utils import OptionsDict

PARSE_LIMIT_S = 0.1
"""Limit for parsing; beyond it the text is shown as plain text."""

DEEPEST = 18
"""Levels of nesting; what is nested deeper is shown as plain text."""

_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]{1,200}\]:[^\n]{1,2100}$", re.MULTILINE)


class FormattingTimeoutError(Exception): ...


class Deadline:
    """A limit on this thread's own CPU time after which `check` raises; a busy machine makes no text plain."""

    def __init__(self, seconds: float = PARSE_LIMIT_S) -> None:
        self._seconds = seconds
        self._end = 0.0
        self.restart()

    def restart(self) -> None:
        self._end = thread_time() + self._seconds

    def check(self) -> None:
        """Raises FormattingTimeoutError when the time is over."""
        if thread_time() > self._end:
            raise FormattingTimeoutError


class Parser:
    """markdown-it's CommonMark with tables, strikethrough and LaTeX formulas, raw HTML taken as text.

    A rule that never matches stands first in each chain and looks at the clock: markdown-it asks it at every block
    and at every place where a construct could begin, so that no input (10,000 nested quotes, a link of 1 MB) holds
    the window longer than the limit (tests/chat/window/view/test_parser.py).
    """

    def __init__(self, limit_s: float = PARSE_LIMIT_S) -> None:
        self.limit_s = limit_s
        self._deadline = Deadline(limit_s)

    @cached_property
    def _markdown(self) -> MarkdownIt:
        """Made for the first text: an empty page needs none."""
        from markdown_it import MarkdownIt

        from slmdesk.text.words.formulas import enable_formulas

        made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        # Every address is let through: what is done with one is decided by judge_link, and said to the reader.
        made.validateLink = lambda url: True  # type: ignore[method-assign]
        enable_formulas(made)
        block, inline = made.block.ruler, made.inline.ruler
        block.before("table", "clock", self._block_clock, {"alt": ["paragraph", "reference", "blockquote", "list"]})
        inline.before("text", "clock", self._inline_clock)
        return made

    @property
    def options(self) -> OptionsDict:
        return self._markdown.options

    def parse(self, text: str, env: dict[str, Any]) -> list[Token]:
        """Tokens of `text`; link definitions are read from and added to `env`.  Raises FormattingTimeoutError."""
        self._deadline.restart()
        tokens = self._markdown.parse(text, env)
        if any(token.level >= DEEPEST for token in tokens):
            raise FormattingTimeoutError  # at its own limit markdown-it leaves text out and says nothing
        return tokens

    def definitions(self, text: str) -> dict[str, Any]:
        """An env with the link definitions found anywhere in `text`."""
        env: dict[str, Any] = {}
        lines = _DEFINITION.findall(text)
        if lines:
            try:
                self.parse("\n\n".join(lines), env)
            except FormattingTimeoutError:
                env.clear()
        return env

    def _block_clock(self, _state: StateBlock, _start: int, _end: int, _silent: bool) -> bool:
        self._deadline.check()
        return False

    def _inline_clock(self, _state: StateInline, _silent: bool) -> bool:
        self._deadline.check()
        return False


def top_level_starts(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Index and first line of each top-level block."""
    return [(i, t.map[0]) for i, t in enumerate(tokens) if t.level == 0 and t.nesting >= 0 and t.map]


def offset_of_line(text: str, line: int) -> int:
    """Where line number `line` (from 0) begins.  Lines end at newlines alone, as in markdown-it."""
    position = 0
    for _ in range(line):
        position = text.index("\n", position) + 1
    return position
