"""A running answer: its tokens, its text, its drafts, the events it passes on, and when it ends."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterator
from collections.abc import Sequence as AbstractSequence
from collections.abc import Sequence as Items
from queue import SimpleQueue

from slmdesk.base.record import Record, field
from slmdesk.base.types import Answer, FinishReason, Priority, Timing, TokenProbability, Usage
from slmdesk.base.untrusted import JOINER
from slmdesk.children.engine.interface import EngineEvent, Finished, Piece, PromptRead, RequestFailed
from slmdesk.children.engine.llama.context import NO_ADAPTER, Adapter, CostCurve
from slmdesk.children.engine.llama.sampler import Sampler
from slmdesk.children.engine.llama.sight import Run, Sight, runs_in
from slmdesk.children.engine.llama.thinking import Thought
from slmdesk.children.engine.llama.vocabulary import Detokenizer, StopFilter

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
    given: tuple[int, ...] = ()
    """If given, the tokens of the answer."""
    marks: tuple[int, ...] = ()
    """Lengths of beginnings of the prompt at which a mark is taken."""
    arrived: float = field(default_factory=time.perf_counter)


class Mark(Record):
    """What a model without a way back (recurrent layers, a sliding window) needs to go back to a length."""

    length: int
    data: memoryview


MOST_MARKS = 3
"""Of a conversation."""
WORTH_MARKING = 32
"""Tokens from a mark to the next."""


def marks_among(edges: Items[int]) -> list[int]:
    """Choose the lengths at which marks are taken, of those at which a part of a prompt ends (ascending).

    Those that lie closest behind another are dropped, since least is read again without them; never the last two: they
    are about where the question begins and ends.
    """
    kept: list[int] = []
    for edge in edges:
        if edge >= WORTH_MARKING + (kept[-1] if kept else 0):
            kept.append(edge)
    while len(kept) > MOST_MARKS:
        del kept[closest(kept[:-2])]
    return kept


def closest(lengths: Items[int]) -> int:
    """The index of the length that lies closest behind the one before."""
    return min(range(len(lengths)), key=lambda at: lengths[at] - (lengths[at - 1] if at else 0))


class CachedSequence:
    """A sequence id and what it has in memory: `tokens[:read]`."""

    def __init__(self, tokens: list[int], priority: Priority, adapter: Adapter = NO_ADAPTER) -> None:
        self.tokens = tokens
        self.priority = priority
        self.adapter = adapter
        """What its cells are computed with: no other may share them."""
        self.seq_id = -1
        self.read = 0
        self.used_at = 0
        self.is_disposable = False
        """Nobody will go on with all of it."""
        self.marks: tuple[Mark, ...] = ()
        """In ascending order; only together with the cells of `tokens[:read]`."""
        self.copied: bytes | memoryview = b""
        """Its cells, where they are in no slot any more."""
        self.pictures = runs_in(tokens)

    @property
    def copied_bytes(self) -> int:
        return len(self.copied) + sum(len(mark.data) for mark in self.marks)

    def position(self, length: int) -> int:
        """The position of the token at this place: pictures may take fewer positions than cells (M-RoPE)."""
        return length - sum(run.cells - run.positions for run in self.pictures if run.end <= length)

    def whole(self, length: int) -> int:
        """As much of `length` tokens as ends in no picture, which is read as a whole or not at all."""
        return next((run.start for run in self.pictures if run.start < length < run.end), length)


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
        thought: Thought,
        sight: Sight | None = None,
    ) -> None:
        super().__init__(list(requested.prompt), priority, adapter)
        self.sight = sight
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
    def to_next_mark(self) -> int:
        """How many tokens may be read together: up to the next mark or picture."""
        pictures = (run.start for run in self.pictures if run.start > self.read)
        marks = (mark for mark in self.requested.marks if mark > self.read)
        return min(next(marks, len(self.tokens)), next(pictures, len(self.tokens))) - self.read

    @property
    def picture(self) -> Run | None:
        """The picture that is to be read next; None: words."""
        return next((run for run in self.pictures if run.start == self.read), None)

    def see(self, context: int, keep_going: Callable[[], bool]) -> int:
        """Read that picture into a context of the library.  Returns what `llama_decode` does."""
        assert self.picture is not None
        assert self.sight is not None
        number, at = self.pictures.index(self.picture), self.position(self.read)
        return self.sight.read(number, context, at, self.seq_id, keep_going)

    @property
    def writing(self) -> bool:
        return self._output > 0 and self.pending == 1

    @property
    def is_thinking(self) -> bool:
        return self._thought.is_open

    @property
    def tokens_to_write(self) -> int:
        return self.requested.most_tokens - self._output

    @property
    def given(self) -> Items[int]:
        """The tokens still to be written, where none is chosen."""
        return self.requested.given[self._output :]

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
        text = self._detokenizer.feed(token, self._thought.marks)
        return text.replace(JOINER, "")  # copied from words that were broken for the model alone

    def _without_thought(self, text: str) -> str:
        return self._emit_thought(*self._thought.feed(text))

    def _emit_thought(self, thought: str, answer: str) -> str:
        if thought:
            self.outbox.put(Piece(self.requested.key, thought, is_thought=True))
        return answer

    def _close_thought(self) -> bool:
        """Write the end of a thought that has to end here.  False: there is no space for it."""
        closing = self._thought.closing(now=self.outbox.has_to_answer)
        if not closing:
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
                    thought=self._thought.text,
                    thought_seconds=self._thought.seconds,
                ),
                scores,
            )
        )


def _within(probabilities: Items[TokenProbability], length: int) -> tuple[TokenProbability, ...]:
    """Those that belong to a text that ends before a stop string; tokens that wrote nothing have none."""
    cut = ((begin, min(end, length), probability) for begin, end, probability in probabilities)
    return tuple(span for span in cut if span[0] < span[1])


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


GATHER_S = 0.04
"""Seconds between two pieces of text.  Each time a reader wakes, it takes a core from llama.cpp's threads, which
then wait for each other: waking at every token halved the speed on two cores.  The window repaints no faster."""


class Outbox:
    """The engine thread's end: accepts events until its reader has gone."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, bool], str] = {}
        """By key and whether it is thought, in the order it came."""
        self.has_to_answer = False
        """Set when a thought shall end now; read by the engine thread at each token."""
        self._reported_at = 0.0
        self.queue: SimpleQueue[EngineEvent | None] = SimpleQueue()
        self.closed = False
        """Set when the reader has stopped; read by the engine thread before each step."""

    def put(self, event: EngineEvent) -> None:
        """Hand over an event; text is collected for a moment, and passed on before any other event.  Never blocks."""
        if not isinstance(event, Piece):
            self.report_held()
            self.queue.put(event)
            return
        place = event.key, event.is_thought
        self._held[place] = self._held.get(place, "") + event.text
        if time.monotonic() - self._reported_at >= GATHER_S:
            self.report_held()

    def report_held(self) -> None:
        if not self._held:
            return
        for (key, is_thought), text in self._held.items():
            self.queue.put(Piece(key, text, is_thought))
        self._held.clear()
        self._reported_at = time.monotonic()


class EventStream(Iterator[EngineEvent]):
    """The reader's end: a blocking iterator that ends when each of its requests has ended.

    `close` may be called from any thread and any number of times: it cancels what is still running and wakes a reader.
    """

    def __init__(self, outbox: Outbox, requests: int, cancel: Callable[[], None]) -> None:
        self._outbox = outbox
        self._left = requests
        self._cancel = cancel

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> EngineEvent:
        if self._left == 0 or self._outbox.closed:
            raise StopIteration
        event = self._outbox.queue.get()
        if event is None:
            raise StopIteration
        if isinstance(event, (Finished, RequestFailed)):
            self._left -= 1
        return event

    def answer_now(self) -> None:
        """Let a thought end here.  Any thread."""
        self._outbox.has_to_answer = True

    def close(self) -> None:
        """Cancel what is still running.  Returns at once; the engine stops within a step."""
        if not self._outbox.closed:
            self._outbox.closed = True
            self._outbox.queue.put(None)
            if self._left:
                self._cancel()

    def __del__(self) -> None:
        self.close()


# Drafts: the next tokens of an answer that copies its prompt, computed together and verified by the sampler. A draft
# is looked up in the prompt, no second model writes it: where the last tokens of an answer stand in the prompt, those
# behind them probably follow (prompt lookup decoding). Each is accepted only if the sampler, asked at its position,
# chooses it as well.


SIZES = (3, 7, 15)
"""Tokens of a draft: with the token before them 4, 8 or 16 are computed, which kernels like best."""
_MATCH = 3
"""Tokens of an answer that must stand in the prompt in a row."""
_NEAR = 8
"""Tokens behind the place where a passage was left in which a single token does: there an answer changed its text."""
_FIRST_CONFIDENCE = 0.6
_WEIGHT_OF_NEW = 0.15
_MOST_CONFIDENCE = 0.99
_WORTH = 1.1
"""Tokens that a draft must promise for the cost of a token."""
_STAKE = 4.0
"""Steps that drafts of an answer may cost before they have saved any; what they have saved may be lost again."""
_WEIGHT_OF_STEP = 0.2
_FORGETTING = 0.01
_MOST_EXCESS = 4.0


class Copying:
    """Follows an answer through the passage of its prompt that it seems to copy.  Engine thread only."""

    def __init__(self, prompt: AbstractSequence[int]) -> None:
        self._prompt = array("i", prompt)
        self._bytes = self._prompt.tobytes()
        self._next: int | None = None
        self._left = 0
        """Where the last passage was left: texts are copied forwards."""
        self.confidence = _FIRST_CONFIDENCE
        """How often the expected token was right of late, 0..1; it counts whether or not it was drafted."""
        self.saved = 0.0
        """Steps that drafts of this answer have saved, less what they cost."""

    def note(self, tokens: AbstractSequence[int]) -> None:
        if self._next is not None:
            is_right = self._prompt[self._next] == tokens[-1]
            self.confidence += _WEIGHT_OF_NEW * (is_right - self.confidence)
            self._left = self._next + is_right
            self._next = self._left if is_right else None
        if self._next is None:
            self._next = self._find(tokens[-_MATCH:])
        if self._next == len(self._prompt):
            self._next = None

    def following(self, most: int) -> list[int]:
        if self._next is None:
            return []
        tokens = self._prompt[self._next : self._next + most].tolist()
        return tokens[: next((at for at, token in enumerate(tokens) if token < 0), most)]  # no pictures

    def _find(self, last: AbstractSequence[int]) -> int | None:
        """Where the prompt goes on after these tokens: behind the passage left last, else anywhere; or else after the
        last token alone, near where that passage was left.
        """
        wanted, width = array("i", last).tobytes(), self._prompt.itemsize
        for start in (max(0, self._left - _MATCH), 0):
            at = self._bytes.find(wanted, start * width)
            while at >= 0 and at % width:
                at = self._bytes.find(wanted, at + 1)
            if at >= 0:
                return at // width + len(last)
        near = self._prompt[self._left : self._left + (_NEAR if self._left else 0)]
        return self._left + near.index(last[-1]) + 1 if last[-1] in near else None


class DraftGate:
    """Decides how many tokens to draft, by the cost curve and by what steps with drafts were seen to cost.

    There is one for each loaded model; engine thread only.
    """

    def __init__(self, curve: CostCurve) -> None:
        self._curve = curve
        self._plain_s = 0.0
        self._excess = 1.0
        """Cost of a step with a draft, relative to what the curve says."""

    def note(self, size: int, seconds: float) -> None:
        if size == 1:
            self._plain_s += (_WEIGHT_OF_STEP if self._plain_s else 1.0) * (seconds - self._plain_s)
            self._excess += _FORGETTING * (1.0 - self._excess)  # so that a busy moment does not end drafts for good
        elif self._plain_s:
            seen = min(seconds / (self._plain_s * self._curve.cost(size)), _MOST_EXCESS)
            self._excess += _WEIGHT_OF_STEP * (seen - self._excess)

    def cost(self, size: int) -> float:
        """What a step with a draft costs that computes `size` tokens, in steps without a draft."""
        return self._curve.cost(size) * self._excess

    def size(self, confidence: float, saved: float) -> int:
        """How many tokens to draft: as many as promise most tokens for their cost; 0 where that does not pay.

        Confidence may err; so no more is staked than drafts of this answer have `saved`, and a little.
        """
        chance = min(confidence, _MOST_CONFIDENCE)
        best, gain = 0, _WORTH
        for size in SIZES:
            cost = self.cost(size + 1)
            promised = (1 - chance ** (size + 1)) / (1 - chance) / cost
            if promised > gain and cost - 1 <= saved + _STAKE:
                best, gain = size, promised
        return best
