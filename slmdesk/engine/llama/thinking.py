"""How one model thinks aloud: its marks as tokens, and the thought of one answer with its limits."""

from __future__ import annotations

import time
from collections.abc import Mapping

from slmdesk.base.record import Record
from slmdesk.base.types import Sampling
from slmdesk.engine.llama.vocabulary import Vocabulary
from slmdesk.engine.thoughts import ThoughtFilter, ThoughtMarks


class ThoughtTokens(Record):
    marks: ThoughtMarks
    spelled: Mapping[int, bytes]
    """Of its marks the control tokens, which would be shown to nobody."""
    closing: tuple[int, ...]

    @classmethod
    def of(cls, marks: ThoughtMarks, vocabulary: Vocabulary) -> ThoughtTokens:
        tokens = {token for mark in marks.all for token in vocabulary.tokenize(mark, special=True)}
        spelled = {token: vocabulary.text_of(token).encode() for token in tokens & vocabulary.control_tokens}
        closing = vocabulary.tokenize(f"\n{marks.ends[0]}\n\n", special=True)
        return cls(marks, spelled, tuple(closing))


class Thought:
    """The thought of one answer.  Engine thread only."""

    def __init__(self, tokens: ThoughtTokens, sampling: Sampling, *, is_open: bool) -> None:
        """`is_open`: the prompt ends inside of it."""
        self._tokens = tokens
        self._filter = ThoughtFilter(tokens.marks, is_open=is_open)
        self._most_tokens, self._most_seconds = sampling.thought_tokens, sampling.thought_seconds
        self._count = 0
        self._began = 0.0
        self._texts: list[str] = []
        self.seconds = 0.0

    @property
    def text(self) -> str:
        return "".join(self._texts)

    @property
    def is_open(self) -> bool:
        return self._filter.is_thinking

    @property
    def marks(self) -> Mapping[int, bytes]:
        """The control tokens that count as text now: none once the answer has begun."""
        return {} if self._filter.is_answering else self._tokens.spelled

    def feed(self, text: str) -> tuple[str, str]:
        """The thought and the answer that are certain with the text of one more token."""
        self._began = self._began or time.perf_counter()
        was_open = self.is_open
        thought, answer = self._filter.feed(text)
        if was_open or self.is_open:
            self._count += 1
            self.seconds = time.perf_counter() - self._began
        self._texts.append(thought)
        return thought, answer

    def flush(self) -> tuple[str, str]:
        """What was held back, at the end of the answer."""
        thought, answer = self._filter.flush()
        self._texts.append(thought)
        return thought, answer

    def closing(self, *, now: bool) -> tuple[int, ...]:
        """The tokens that close it where it has become too long, or has to end `now`; none: it may go on."""
        if not self.is_open:
            return ()
        is_long = self._most_tokens is not None and self._count >= self._most_tokens
        is_slow = self._most_seconds is not None and self.seconds >= self._most_seconds
        return self._tokens.closing if now or is_long or is_slow else ()

    def close(self) -> tuple[str, str]:
        return self.feed(f"\n{self._tokens.marks.ends[0]}\n\n")
