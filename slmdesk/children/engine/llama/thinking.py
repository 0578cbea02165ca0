"""How a model thinks aloud: its thoughts told from its answer while it is written, with their marks and limits."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING

from slmdesk.base.record import Record
from slmdesk.base.types import Sampling

if TYPE_CHECKING:
    from slmdesk.children.engine.llama.vocabulary import Vocabulary

_TAG = re.compile(r"<(/?)((?:[\w.-]+:)?(?:think|thinking|thought|thoughts|reasoning|reason|analysis))>|\[(/?)(THINK)\]")
"""Pairs like <think>…</think>, whatever a family calls them; [THINK]…[/THINK]."""


class ThoughtMarks(Record):
    begins: tuple[str, ...]
    """Any of these, at the beginning of the answer, opens the thought."""
    ends: tuple[str, ...]
    """The mark met first closes it; `ends[0]` is written where the program closes it."""
    answers: tuple[str, ...] = ()
    """An answer without a thought may begin with any of these."""
    around: tuple[str, str] | None = None
    """What the answer itself may stand between."""

    @property
    def empty(self) -> str:
        """What an answer that shall have no thought begins with."""
        return self.answers[0] if self.answers else f"{self.begins[0]}\n\n{self.ends[0]}\n\n"

    def is_open_in(self, text: str) -> bool:
        """Whether a thought begins in `text` that does not end there."""
        opened = max(map(text.rfind, self.begins), default=-1)
        return opened > max(map(text.rfind, (*self.ends, *self.answers)), default=-1)

    def is_closed_in(self, text: str) -> bool:
        """Whether a thought ends in `text`, or an answer without a thought begins."""
        return any(mark in text for mark in (*self.ends, *self.answers)) and not self.is_open_in(text)

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.begins, *self.ends, *self.answers)


CHANNELS = ThoughtMarks(
    begins=("<|channel|>analysis<|message|>", "<|channel|>commentary<|message|>"),
    ends=("<|end|><|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>"),
    answers=("<|channel|>final<|message|>",),
)
"""The harmony format of GPT-OSS."""
_OTHERS = (
    CHANNELS,
    ThoughtMarks(("<|START_THINKING|>",), ("<|END_THINKING|>",)),
    ThoughtMarks(("<|channel>thought\n",), ("<channel|>",)),
    ThoughtMarks(("<unused94>thought\n",), ("<unused95>",)),
    ThoughtMarks(("Here is my thought process:",), ("Here is my response:",)),
)
"""Of families whose marks are no pair of tags: Cohere, Gemma, MedGemma, Granite 3."""
_THINK = ThoughtMarks(("<think>",), ("</think>",))
_RESPONSE = ("<response>", "</response>")
"""Granite 3.3 puts its answer between these, behind a <think>."""


def find_marks(template: str, is_token: Callable[[str], bool]) -> ThoughtMarks | None:
    """The marks of a model by its template, else by its vocabulary; None: it does not think.

    `is_token`: whether a text is a marker of the vocabulary.
    """
    for marks in _OTHERS:
        if marks.ends[-1].strip() in template:
            return marks
    closing = {tag[2] or tag[4] for tag in _TAG.finditer(template) if tag[1] or tag[3]}
    for match in _TAG.finditer(template):
        name = match[2] or match[4]
        if name in closing:
            begin, end = (f"<{name}>", f"</{name}>") if match[2] else (f"[{name}]", f"[/{name}]")
            around = _RESPONSE if all(mark in template for mark in _RESPONSE) else None
            return ThoughtMarks((begin,), (end,), around=around)
    return _THINK if all(map(is_token, _THINK.all)) else None


class _State(Enum):
    BEGINNING = auto()
    THOUGHT = auto()
    BETWEEN = auto()
    ANSWER = auto()


class ThoughtFilter:
    """Divides the text of an answer, which may be cut at any character, into thought and answer."""

    def __init__(self, marks: ThoughtMarks, *, is_open: bool = False) -> None:
        """`is_open`: the prompt has opened the thought already."""
        self._marks = marks
        self._state = _State.THOUGHT if is_open else _State.BEGINNING
        self._held = ""
        self._is_around = False
        """Whether the mark that opens the answer was met, and not yet the mark that ends it."""
        self._has_words = False
        """Whether the thought has begun behind the white space in front of it."""

    @property
    def is_thinking(self) -> bool:
        return self._state is _State.THOUGHT

    @property
    def is_answering(self) -> bool:
        """Whether the answer has begun: from here on every mark is a word."""
        return self._state is _State.ANSWER

    def feed(self, text: str) -> tuple[str, str]:
        """The thought and the answer that are certain with `text`."""
        self._held += text
        thought = ""
        if self._state is _State.BEGINNING:
            self._begin()
        if self._state is _State.THOUGHT:
            thought = self._think()
        if self._state is _State.BETWEEN:
            self._held = self._held.lstrip()
            if self._held and not self._open_answer(self._held):
                self._state = _State.ANSWER
        return thought, self._answer() if self._state is _State.ANSWER else ""

    def flush(self) -> tuple[str, str]:
        """What was held back, at the end of the text."""
        held, self._held = self._held, ""
        return (held.rstrip(), "") if self._state is _State.THOUGHT else ("", held)

    def _begin(self) -> None:
        begun = self._held.lstrip()
        for mark in self._marks.begins:
            if begun.startswith(mark):
                self._state, self._held = _State.THOUGHT, begun[len(mark) :]
                return
        for mark in self._marks.answers:
            if begun.startswith(mark):
                self._state, self._held = _State.BETWEEN, begun[len(mark) :]
                return
        if self._open_answer(begun):
            return
        if not any(mark.startswith(begun) for mark in (*self._marks.begins, *self._marks.answers)):
            self._state = _State.ANSWER

    def _open_answer(self, text: str) -> bool:
        """Take the mark that opens the answer off this text.  True: it was there, or may still come."""
        if self._marks.around is None or self._is_around:
            return False
        opening = self._marks.around[0]
        if text.startswith(opening):
            self._held, self._is_around, self._state = text[len(opening) :].lstrip(), True, _State.BETWEEN
            return not self._held
        return opening.startswith(text)

    def _answer(self) -> str:
        keep = 0
        if self._marks.around is not None and self._is_around:
            ending = self._marks.around[1]
            at = self._held.find(ending)
            if at >= 0:
                self._is_around = False
                self._held = self._held[:at].rstrip() + self._held[at + len(ending) :]
            else:
                keep = self._length_to_hold((ending,))
        answer, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return answer

    def _think(self) -> str:
        if not self._has_words:
            self._held = self._held.lstrip()
            self._has_words = bool(self._held)
        ends = [(at, mark) for mark in self._marks.ends if (at := self._held.find(mark)) >= 0]
        if ends:
            at, mark = min(ends, key=lambda hit: (hit[0], -len(hit[1])))
            thought, self._held = self._held[:at], self._held[at + len(mark) :]
            self._state = _State.BETWEEN
            return thought.rstrip()
        keep = self._length_to_hold(self._marks.ends)
        thought, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        return thought

    def _length_to_hold(self, ends: tuple[str, ...]) -> int:
        """Length of the end of the held text that may begin any of `ends`, with the white space before it."""
        return len(self._held) - len(self._held[: len(self._held) - held_length(self._held, ends)].rstrip())


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


NO_THOUGHTS = ThoughtTokens(ThoughtMarks((), ()), {}, ())
"""Of a model that does not think aloud."""


class Thought:
    """The thought of an answer.  Engine thread only."""

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
        """The thought and the answer that are certain with the text of another token."""
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


def held_length(text: str, marks: Sequence[str]) -> int:
    """Length of the end of `text` that may be the beginning of any of `marks`, but not yet a whole one."""
    begins = (mark[:length] for mark in marks for length in range(1, len(mark)))
    return max((len(begin) for begin in begins if text.endswith(begin)), default=0)
