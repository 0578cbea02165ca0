"""One running answer: its tokens, its text, and when it ends."""

from __future__ import annotations

import time
from collections.abc import Sequence as Items

from slmdesk.base.record import Record, field
from slmdesk.base.types import Answer, FinishReason, Priority, Timing, TokenProbability, Usage
from slmdesk.engine.base import Finished, Piece, PromptRead, RequestFailed
from slmdesk.engine.llama.adapters import NO_ADAPTER, Adapter
from slmdesk.engine.llama.detokenizer import Detokenizer, StopFilter
from slmdesk.engine.llama.drafts import Copying
from slmdesk.engine.llama.sampler import Sampler
from slmdesk.engine.llama.stream import Outbox
from slmdesk.engine.llama.thinking import Thought

_CHECK_EVERY = 8
_LONGEST_PERIOD = 80
_LEAST_REPEATED = 120
"""Tokens that must all be repetition: long enough for a table's rule or a short list, and with three rounds of the
longest period still noticed within 256 tokens."""


class PreparedRequest(Record):
    key: str
    prompt: tuple[int, ...]
    most_tokens: int
    """Cap on the answer, at least 1: max_tokens or what the context leaves."""
    seed: int
    seed_given: bool
    stops: tuple[str, ...] = ()
    drop_lead: str = ""
    """A space with which the answer begins that is not part of it."""
    context_tokens: int = 0
    choices: tuple[str, ...] = ()
    choice_tokens: tuple[tuple[int, ...], ...] = ()
    """If given, the answer is how likely each is, and nothing is written."""
    with_probabilities: bool = False
    arrived: float = field(default_factory=time.perf_counter)


class CachedSequence:
    """A sequence id and what it has in memory: `tokens[:read]`, in cells described by `extents`."""

    def __init__(self, tokens: list[int], priority: Priority, adapter: Adapter = NO_ADAPTER) -> None:
        self.tokens = tokens
        self.priority = priority
        self.adapter = adapter
        """What its cells are computed with: no other may share them."""
        self.seq_id = -1
        self.read = 0
        self.extents: list[list[int]] = []
        """[run, how many of its cells]; see Pool."""
        self.grows_last = False
        self.used_at = 0
        self.ended_s = 0.0


class Sequence(CachedSequence):
    """A request that is waiting, being read, or writing its answer.  Engine thread only."""

    def __init__(
        self,
        requested: PreparedRequest,
        *,
        priority: Priority,
        outbox: Outbox,
        sampler: Sampler,
        detokenizer: Detokenizer,
        end_tokens: frozenset[int],
        adapter: Adapter = NO_ADAPTER,
        thought: Thought | None = None,
    ) -> None:
        super().__init__(list(requested.prompt), priority, adapter)
        self.requested = requested
        self.outbox = outbox
        self.sampler = sampler
        self.copying = Copying(requested.prompt)
        self.cached = 0
        self.reproducible = True
        self._detokenizer = detokenizer
        self._filter = StopFilter(requested.stops)
        self._end_tokens = end_tokens
        self._thought = thought
        self._lead = requested.drop_lead
        self._texts: list[str] = []
        self._output = 0
        self._length = 0
        self._probabilities: list[TokenProbability] = []
        self._first_at = 0.0

    @property
    def pending(self) -> int:
        return len(self.tokens) - self.read

    @property
    def writing(self) -> bool:
        return self._output > 0 and self.pending == 1

    @property
    def is_thinking(self) -> bool:
        return self._thought is not None and self._thought.is_open

    @property
    def tokens_to_write(self) -> int:
        return self.requested.most_tokens - self._output

    def note_cached(self) -> None:
        """Record the tokens found in memory at the start; not again when an evicted answer resumes."""
        if not self._output:
            self.cached = self.read

    def report_read(self) -> None:
        if not self._output:
            total = len(self.requested.prompt)
            self.outbox.put(PromptRead(self.requested.key, min(self.read, total), total))

    def take(self, token: int, probability: float | None = None) -> bool:
        """Add the token just chosen: emit its text, or end.  Returns whether the answer continues.

        `probability`: of the token, where the request asks for it.
        """
        if not self._output:
            self._first_at = time.perf_counter()
        if token in self._end_tokens:
            self._end(FinishReason.STOP)
            return False
        self._output += 1
        self.tokens.append(token)
        self.copying.note(self.tokens)
        written = self._without_thought(self._without_lead(self._text_of(token)))
        begin, self._length = self._length, self._length + len(written)
        if probability is not None:
            self._probabilities.append((begin, self._length + self._detokenizer.is_within, probability))
        text, stopped = self._filter.feed(written)
        if text:
            self._emit(text)
        if stopped:
            self._end(FinishReason.STOP_STRING, keep_held=False)
        elif self._output >= self.requested.most_tokens or not self._close_thought():
            self._end(FinishReason.LENGTH)
        elif self._output % _CHECK_EVERY == 0 and repeats(self.tokens[len(self.requested.prompt) :]):
            self._end(FinishReason.REPEAT)
        else:
            return True
        return False

    def judge(self, scores: tuple[float, ...]) -> None:
        self._first_at = time.perf_counter()
        self._texts = [self.requested.choices[scores.index(max(scores))]]
        self._end(FinishReason.STOP, scores=scores)

    def fail(self, code: str, **args: str | int | float) -> None:
        self.outbox.put(RequestFailed(self.requested.key, code, dict(args)))

    def _emit(self, text: str) -> None:
        self._texts.append(text)
        self.outbox.put(Piece(self.requested.key, text))

    def _text_of(self, token: int) -> str:
        if self._thought is None:
            return self._detokenizer.feed(token)
        return self._detokenizer.feed_marked(token, self._thought.marks)

    def _without_thought(self, text: str) -> str:
        if self._thought is None:
            return text
        return self._emit_thought(*self._thought.feed(text))

    def _emit_thought(self, thought: str, answer: str) -> str:
        if thought:
            self.outbox.put(Piece(self.requested.key, thought, is_thought=True))
        return answer

    def _close_thought(self) -> bool:
        """Write the end of a thought that has to end here.  False: there is no space for it."""
        if self._thought is None or not (closing := self._thought.closing(now=self.outbox.has_to_answer)):
            return True
        self._output += len(closing)
        self.tokens += closing
        self._emit_thought(*self._thought.close())
        return self._output < self.requested.most_tokens

    def _without_lead(self, text: str) -> str:
        if self._lead and text:
            text, self._lead = text.removeprefix(self._lead), ""
        return text

    def _end(self, reason: FinishReason, *, keep_held: bool = True, scores: tuple[float, ...] = ()) -> None:
        if keep_held:
            # half a character at the limit is caused by the limit, not by the model: it is left out
            half = "" if reason is FinishReason.LENGTH else self._detokenizer.flush()
            if self._thought is not None:
                half = self._without_thought(half) + self._emit_thought(*self._thought.flush())
            text, stopped = self._filter.feed(half)
            rest = text if stopped else text + self._filter.flush()
            if rest:
                self._emit(rest)
        answer = "".join(self._texts)
        now = time.perf_counter()
        wrote = now - self._first_at
        self.outbox.put(
            Finished(
                self.requested.key,
                Answer(
                    text=answer,
                    finish_reason=reason,
                    usage=Usage(len(self.requested.prompt), self._output, self.cached, self.requested.context_tokens),
                    timing=Timing(
                        first_token_s=self._first_at - self.requested.arrived,
                        tokens_per_s=(self._output - 1) / wrote if wrote > 0 and self._output > 1 else 0.0,
                    ),
                    seed=self.requested.seed,
                    reproducible=self.reproducible,
                    probabilities=_within(self._probabilities, len(answer)),
                    thought=self._thought.text if self._thought else "",
                    thought_seconds=self._thought.seconds if self._thought else 0.0,
                ),
                scores,
            )
        )


def _within(probabilities: Items[TokenProbability], length: int) -> tuple[TokenProbability, ...]:
    """Those that belong to a text that ends before a stop string; tokens that wrote nothing have none."""
    cut = ((begin, min(end, length), probability) for begin, end, probability in probabilities)
    return tuple(one for one in cut if one[0] < one[1])


def repeats(tokens: Items[int]) -> bool:
    """Whether `tokens` end in the same sequence of up to 80 tokens over and over.

    At least three rounds and 120 tokens; so an answer that begins to loop is noticed within 256 tokens.
    """
    end = len(tokens)
    last = tokens[-_CHECK_EVERY:]
    for period in range(1, _LONGEST_PERIOD + 1):
        length = max(_LEAST_REPEATED, 3 * period)
        if length > end:
            return False
        if tokens[end - period - _CHECK_EVERY : end - period] == last and (
            tokens[end - length : end - period] == tokens[end - length + period : end]
        ):
            return True
    return False
