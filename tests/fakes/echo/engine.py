"""A fake engine for tests: it always gives the same answer, and on request is slow, fails, crashes, hangs or
misbehaves.

It runs in a real child like the real one, so that everything around an engine can be tested without a model.  Its
options come as JSON in the environment variable SLMDESK_ECHO; with `words` on, a last message that begins with a
line `#echo {json}` changes them for its own request.
"""

from __future__ import annotations

import json
import math
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from fakes.echo import faults
from fakes.echo.options import AT_LOAD, EchoOptions
from fakes.echo.writer import MARKS, Writer, last_text_of, thinks, tokens_of

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.types import (
    Answer,
    ChatMessage,
    Device,
    LoadedModel,
    LoadSpec,
    MemoryParts,
    Offload,
    Priority,
    PromptPart,
    Timing,
    Usage,
)
from slmdesk.children.engine.interface import (
    EngineEvent,
    Finished,
    Piece,
    PromptRead,
    ReadState,
    Rendered,
    Request,
    RequestFailed,
)
from slmdesk.children.engine.llama.thinking import ThoughtFilter

READ_SLICE = 256
LOAD_STEPS = 10
"""How often a load that takes its time says how far it is."""


@dataclass(slots=True)
class _Model:
    spec: LoadSpec
    seen: list[str]
    """Tokens of the last prompt and answer: the fake's prefix cache."""


class EchoEngine:
    """Answers with the last message, in place of LlamaEngine.  Thread-safe."""

    def __init__(self, options: EchoOptions | None = None) -> None:
        self.options = EchoOptions.from_environment() if options is None else options
        self._models: dict[str, _Model] = {}
        self._numbers = count(1)
        self.lock = threading.Lock()
        self._runs: set[_Run] = set()
        self._busy = 0
        self._work = 0
        self._templates = 0
        self._card = ""

    def load(self, spec: LoadSpec, on_progress: Callable[[float], bool]) -> LoadedModel:
        """Pretend to load: the file must exist, but is not read."""
        if spec.path and not Path(spec.path).is_file():
            raise KnownError("model.missing", path=spec.path)
        with self.working():
            offload = self._offload_of(spec)
            self._card = offload.device if offload else ""
            on_progress(0.0)
            if offload and self.options.card_fault:
                faults.FAULTS[self.options.card_fault]()
            if self.options.at == AT_LOAD and not (spec.anyway and self.options.fail == "model.out_of_memory"):
                self.strike(self.options)
            steps = LOAD_STEPS if self.options.load_seconds else 1
            for step in range(steps + 1):
                self.move()
                if not on_progress(step / steps):
                    raise Stopped
                time.sleep(self.options.load_seconds / steps)
        handle = f"echo-{next(self._numbers)}"
        self._models[handle] = _Model(spec, [])
        return LoadedModel(
            handle=handle,
            name="Echo",
            architecture="echo",
            context_tokens=spec.context_tokens,
            pool_tokens=spec.pool_tokens or spec.context_tokens * 4,
            sequences=spec.sequences or 4,
            has_chat_template=True,
            template="plain" if spec.template == "plain" else "file",
            memory=MemoryParts(1, 1, 1),
            cost_curve=spec.cost_curve or ((1, 1.0), (4, 2.0)),
            behaves=not self.options.is_noise,
            offload=offload,
            thinking=("off", "on") if self.options.thought else (),
        )

    def _offload_of(self, spec: LoadSpec) -> Offload | None:
        cards = self.devices() if spec.use_card else ()
        return Offload(cards[0].name, 9, 9) if cards else None

    def unload(self, handle: str) -> None:
        self._models.pop(handle, None)
        for run in list(self._runs):
            run.end_requests_of(handle)

    def thinks(self, handle: str) -> bool:
        return bool(self.options.thought)

    def count_tokens(self, handle: str, texts: Sequence[str]) -> list[int]:
        self.model(handle)
        return [len(tokens_of(text)) for text in texts]

    def count_tokens_of_file(self, path: str, texts: Sequence[str]) -> list[int]:
        if not Path(path).is_file():
            raise KnownError("model.missing", path=path)
        return [len(tokens_of(text)) for text in texts]

    def render(
        self, handle: str, messages: Sequence[ChatMessage], answer_prefix: str = "", thinking: str = "off"
    ) -> Rendered:
        self.model(handle)
        parts: list[PromptPart] = []
        for message in messages:
            parts += [PromptPart(f"<{message.role}>", True), PromptPart(message.text, False), PromptPart("\n", True)]
        parts.append(PromptPart("<assistant>", True))
        if answer_prefix:
            parts.append(PromptPart(answer_prefix, False))
        return Rendered(tuple(parts), sum(len(tokens_of(part.text)) for part in parts))

    def generate(self, requests: Sequence[Request], priority: Priority = Priority.INTERACTIVE) -> _Run:
        return _Run(self, requests)

    def embed(self, path: str, texts: Sequence[str], keep_going: Callable[[], bool]) -> Iterator[list[bytes]]:
        """Vectors of letter counts: texts with the same letters are near each other."""
        if not Path(path).is_file():
            raise KnownError("model.missing", path=path)
        for text in texts:
            self.move()
            if not keep_going():
                raise Stopped
            counts = [1.0 + text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"]
            length = math.sqrt(sum(count * count for count in counts))
            yield [struct.pack("<26f", *(count / length for count in counts))]

    def quantize(self, *_: object) -> None:
        raise KnownError("model.wrong_kind", kind="an engine without formats")

    def divergence(self, *_: object, is_reference: bool) -> float:
        raise KnownError("model.wrong_kind", kind="an engine without formats")

    def state_version(self, handle: str) -> str:
        self.model(handle)
        return f"echo {self.options.version}"

    def state_of(self, handle: str, messages: Sequence[ChatMessage]) -> ReadState | None:
        """The text itself as state; token numbers are checksums."""
        prompt = [token for part in self.render(handle, messages).parts for token in tokens_of(part.text)]
        held = prompt[: _common(self.model(handle).seen, prompt)]
        return ReadState(_numbers_of(held), json.dumps(held).encode()) if held else None

    def restore(self, handle: str, tokens: bytes, load: Callable[[], bytes | memoryview]) -> int:
        model = self.model(handle)
        count = len(tokens) // 4
        if _numbers_of(model.seen[:count]) != tokens:
            words = json.loads(bytes(load()))
            if _numbers_of(words) != tokens:
                return 0
            model.seen = words
        return count

    def work_done(self) -> int:
        return self._work

    def is_busy(self) -> bool:
        return self._busy > 0

    def in_template(self) -> bool:
        """True only when an option makes it hang there."""
        return self._templates > 0

    def devices(self) -> tuple[Device, ...]:
        return (Device("Echo card", self.options.gpu_bytes),) if self.options.gpu_bytes else ()

    def backends(self) -> tuple[str, ...]:
        return ("Echo",) if self.options.gpu_bytes else ()

    def card_of_load(self) -> str:
        return self._card

    def close(self) -> None:
        for run in list(self._runs):
            run.close()
        self._models.clear()

    # ---- for its runs

    def model(self, handle: str) -> _Model:
        """Raises KnownError `model.not_loaded`."""
        try:
            return self._models[handle]
        except KeyError as err:
            raise KnownError("model.not_loaded") from err

    def move(self) -> None:
        with self.lock:
            self._work += 1

    def working(self) -> _Counted:
        return _Counted(self, "_busy")

    def strike(self, options: EchoOptions) -> None:
        if options.flood_stderr:
            faults.flood_stderr(options.flood_stderr)
        if options.fault:
            faults.FAULTS[options.fault]()
        if options.hang == "template":
            with _Counted(self, "_templates"):
                threading.Event().wait()
        if options.hang == "still":
            threading.Event().wait()
        if options.hang == "spin":
            faults.spin()
        if options.fail:
            raise KnownError(options.fail)

    def add_run(self, run: _Run, step: int) -> None:
        with self.lock:
            if (run in self._runs) == (step > 0):
                return
            self._busy += step
            (self._runs.add if step > 0 else self._runs.discard)(run)


class _Counted:
    def __init__(self, engine: EchoEngine, name: str) -> None:
        self._engine, self._name = engine, name

    def __enter__(self) -> None:
        self._step(1)

    def __exit__(self, *_: object) -> None:
        self._step(-1)

    def _step(self, step: int) -> None:
        with self._engine.lock:
            setattr(self._engine, self._name, getattr(self._engine, self._name) + step)


class _Run(Iterator[EngineEvent]):
    """The events of several requests, one token of each in turn.  `close` may be called from any thread."""

    def __init__(self, engine: EchoEngine, requests: Sequence[Request]) -> None:
        self._engine = engine
        self._closed = threading.Event()
        self._has_to_answer = threading.Event()
        self._gone: set[str] = set()
        self._turns = [(request, self._events(request)) for request in requests]
        self._next = 0
        engine.add_run(self, 1)

    def __iter__(self) -> _Run:
        return self

    def __next__(self) -> EngineEvent:
        while self._turns and not self._closed.is_set():
            self._next %= len(self._turns)
            request, events = self._turns[self._next]
            event = self._step(request, events)
            if event is None:
                continue
            if isinstance(event, Finished | RequestFailed):
                del self._turns[self._next]
            else:
                self._next += 1
            return event
        self._engine.add_run(self, -1)
        raise StopIteration

    def _step(self, request: Request, events: Iterator[EngineEvent]) -> EngineEvent | None:
        try:
            if request.handle in self._gone:
                raise KnownError("model.not_loaded")
            return next(events)
        except Stopped:
            return None
        except KnownError as err:
            return RequestFailed(request.key, err.code, err.args_for_people)

    def close(self) -> None:
        while self._closed.is_set() and self._engine.options.refuse_cancel:  # a cancel closes first, then its job
            self._engine.move()  # looks alive, but ends nothing
            time.sleep(0.1)
        self._closed.set()
        self._engine.add_run(self, -1)

    def answer_now(self) -> None:
        self._has_to_answer.set()

    def end_requests_of(self, handle: str) -> None:
        self._gone.add(handle)

    def _events(self, request: Request) -> Iterator[EngineEvent]:
        model = self._engine.model(request.handle)
        options = self._options_of(request)
        prompt = self._prompt_tokens(request)
        space = model.spec.context_tokens - len(prompt)
        if space < 1:
            raise KnownError("context.full", needed=len(prompt) + 1, available=model.spec.context_tokens)
        cached = _common(model.seen, prompt)
        arrived = time.monotonic()
        for read in range(cached, len(prompt), READ_SLICE):
            self._wait(options.slow_read, options)
            yield PromptRead(request.key, read, len(prompt))
        began = time.monotonic()
        writer = Writer(request, options, space)
        text = thought = ""
        thoughts = ThoughtFilter(MARKS[options.marks]) if thinks(request, options) else None
        thought_until = began
        for number, piece in enumerate([""] if request.choices else writer.pieces()):
            if options.at == number:
                self._engine.strike(options)
            is_over = self._is_thought_over(thoughts, request, writer.written)
            self._wait(0.0 if is_over else options.slow, options)
            if thoughts is not None:
                was_open = thoughts.is_thinking
                new, piece = thoughts.feed(piece)
                thought_until = time.monotonic() if was_open else thought_until
                if new and not is_over:
                    thought += new
                    yield Piece(request.key, new, is_thought=True)
            if piece:
                text += piece
                yield Piece(request.key, piece)
        if thoughts is not None and (rest := thoughts.flush()[1]):
            text += rest
            yield Piece(request.key, rest)
        scores = _scores(request.choices, options.choice)
        if scores:
            text = request.choices[scores.index(max(scores))]
        model.seen = prompt + tokens_of(text)
        seconds = max(time.monotonic() - began, 1e-6)
        yield Finished(
            request.key,
            Answer(
                text=text,
                finish_reason=writer.reason,
                usage=Usage(len(prompt), writer.written, cached, model.spec.context_tokens),
                timing=Timing(first_token_s=began - arrived + options.slow, tokens_per_s=writer.written / seconds),
                seed=request.sampling.seed or 0,
                reproducible=True,
                probabilities=tuple(probability for probability in writer.probabilities if probability[1] <= len(text)),
                thought=thought,
                thought_seconds=thought_until - began,
            ),
            scores,
        )

    def _is_thought_over(self, thoughts: ThoughtFilter | None, request: Request, written: int) -> bool:
        """Whether a thought goes on that was to end: it is written to its end at once, and not told."""
        most = request.sampling.thought_tokens
        is_late = self._has_to_answer.is_set() or (most is not None and written > most)
        return thoughts is not None and thoughts.is_thinking and is_late

    def _options_of(self, request: Request) -> EchoOptions:
        options, text = self._engine.options, last_text_of(request)
        if options.words and text.startswith("#echo "):
            options = options.changed(json.loads(text.partition("\n")[0].removeprefix("#echo ")))
        return options

    def _prompt_tokens(self, request: Request) -> list[str]:
        parts = request.prompt
        if request.messages:
            parts = self._engine.render(request.handle, request.messages, request.answer_prefix).parts
        return [token for part in parts for token in tokens_of(part.text)]

    def _wait(self, seconds: float, options: EchoOptions) -> None:
        self._closed.wait(seconds)
        while options.until and not Path(options.until).exists() and not self._closed.wait(0.01):
            self._engine.move()  # it does not hang
        if self._closed.is_set():
            raise Stopped
        self._engine.move()


def _numbers_of(words: Sequence[str]) -> bytes:
    return struct.pack(f"<{len(words)}I", *(zlib.crc32(word.encode("utf-8", "replace")) for word in words))


def _scores(choices: Sequence[str], likeliest: str) -> tuple[float, ...]:
    """Three quarters for one of the choices, the others share the rest."""
    best = choices.index(likeliest) if likeliest in choices else 0
    rest = math.log(0.25 / max(1, len(choices) - 1))
    return tuple(math.log(0.75) if number == best else rest for number in range(len(choices)))


def _common(tokens: Sequence[str], other: Sequence[str]) -> int:
    """How many leading items are equal; the last of `other` is always read again, as a real engine must."""
    same = 0
    for left, right in zip(tokens, other[:-1], strict=False):
        if left != right:
            break
        same += 1
    return same
