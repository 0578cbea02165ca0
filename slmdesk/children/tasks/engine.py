"""What the engine's child can do: answers, prompts, models, saved states, vectors, measurements."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import psutil

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Partial, Progress, Step, Token, messages_from, record_from
from slmdesk.base.record import Count, to_json
from slmdesk.base.saved_states import BadState, StateHead, StateReader, open_state, write_state
from slmdesk.base.sealing import KEY_BYTES
from slmdesk.base.texts import _
from slmdesk.base.threads import usable_cores
from slmdesk.base.types import (
    THINKING_OFF,
    Backends,
    Json,
    LoadedModel,
    LoadSpec,
    PcMeasurement,
    Recipe,
)
from slmdesk.children.engine.interface import Finished, Piece, PromptRead, Request, RequestFailed
from slmdesk.children.tasks.job import Job, Task, TaskEvent, text_of

if TYPE_CHECKING:
    from slmdesk.children.engine.llama.engine import LlamaEngine


def chat(job: Job, engine: LlamaEngine) -> Task:
    """Payload {handle, messages, sampling, answer_prefix, choices, with_probabilities, given, lora, lora_scale,
    state};
    `state` is {path, model} of a saved state that holds the beginning.

    Progress in tokens of the prompt, Token…, an Answer; with `choices` also {scores}.  A step, whatever is in it, ends
    what is being thought aloud.
    """
    request = chat_request(job, "", job.payload)
    restore_state(engine, request.handle, job.payload.get("state"))
    job.check()
    with closing(job.answers(engine, [request], steps_end_thoughts=True)) as events:
        for event in events:
            match event:
                case PromptRead(_, read, total):
                    yield Progress(job.id, read, total, "token")
                case Piece(_, text, is_thought):
                    yield Token(job.id, text, is_thought=is_thought)
                case Finished(_, answer, scores):
                    result: dict[str, Json] = to_json(answer)
                    return result | {"scores": list(scores)} if scores else result
                case RequestFailed(_, code, args):
                    raise KnownError(code, **args)
    raise Stopped


def chat_request(job: Job, key: str, untrusted: Json) -> Request:
    """A request of the engine from what came over the pipe.  Raises KnownError `request.invalid`."""
    known = untrusted if isinstance(untrusted, dict) else {}
    return record_from(Request, {"messages": None, **known, "key": key, "handle": text_of(job, "handle"), "prompt": ()})


def batch(job: Job, engine: LlamaEngine) -> Task:
    """Payload {handle, stream}; each step {messages, sampling, answer_prefix, choices, with_probabilities, given,
    lora, lora_scale}.

    With `stream` a Token for each new piece, its key the step's.  A Partial for each step as it ends, in any order:
    {answer}, with choices {answer, scores}, or {code, args}.  Result {done, failed}: counts.
    """
    done = failed = 0
    streams = job.payload.get("stream") is True
    for event in job.answering(engine, lambda steps: _requests(job, steps)):
        reported = _reported(job, event)
        if streams and isinstance(event, Piece) and not event.is_thought:
            yield Token(job.id, event.text, event.key)
        elif reported is not None:
            yield reported
        done += isinstance(event, Finished)
        failed += isinstance(event, RequestFailed)
    return {"done": done, "failed": failed}


def _requests(job: Job, steps: Sequence[Step]) -> tuple[list[Request], list[RequestFailed]]:
    requests, refused = [], []
    for step in steps:
        try:
            requests.append(chat_request(job, step.key, step.payload))
        except KnownError as err:
            refused.append(RequestFailed(step.key, err.code, err.args_for_people))
    return requests, refused


def _reported(job: Job, event: object) -> TaskEvent | None:
    match event:
        case PromptRead(key, read, total):
            return Progress(job.id, read, total, "token", key)
        case Finished(key, answer, scores):
            value: dict[str, Json] = {"answer": to_json(answer)}
            return Partial(job.id, key, value | {"scores": list(scores)} if scores else value)
        case RequestFailed(key, code, args):
            return Partial(job.id, key, {"code": code, "args": args})
    return None


def render(job: Job, engine: LlamaEngine) -> Task:
    """Payload {handle, messages, answer_prefix, thinking}.

    Result {text, tokens, missing, lookalikes, parts: [{text, trusted}]}.
    """
    messages = messages_from(job.payload.get("messages"))
    thinking = text_of(job, "thinking", THINKING_OFF)
    rendered = engine.render(text_of(job, "handle"), messages, text_of(job, "answer_prefix", ""), thinking)
    yield from ()
    return {
        "text": rendered.text,
        "tokens": rendered.tokens,
        "missing": list(rendered.missing),
        "lookalikes": list(rendered.lookalikes),
        "parts": [{"text": part.text, "trusted": part.trusted} for part in rendered.parts],
    }


def save_state(job: Job, engine: LlamaEngine) -> Task:
    """Payload {handle, messages, folder, key, model, documents, most_bytes, seal}: keep what is in memory of the
    beginning of `messages`, sealed with the key `seal` (hex) if given.

    Result {bytes, tokens}; 0 where there is nothing to keep.  Raises KnownError `disk.full`, `file.unwritable`.
    """
    yield from ()
    handle = text_of(job, "handle")
    folder = Path(text_of(job, "folder"))
    most = job.payload.get("most_bytes")
    documents = job.payload.get("documents")
    if not isinstance(most, int) or not isinstance(documents, list):
        raise KnownError("request.invalid", what=_("most_bytes, documents"))
    state = engine.state_of(handle, messages_from(job.payload.get("messages")))
    job.check()
    if state is None:
        return {"bytes": 0, "tokens": 0}
    head = StateHead(
        key=text_of(job, "key"),
        model=text_of(job, "model"),
        engine=engine.state_version(handle),
        documents=tuple(map(str, documents)),
        tokens=len(state.tokens) // 4,
        bytes=len(state.data),
    )
    seal = _key_of(job.payload.get("seal"))
    path = write_state(folder, head, state.tokens, state.data, most_bytes=most, key=seal)
    return {"bytes": path.stat().st_size, "tokens": head.tokens}


def restore_state(engine: LlamaEngine, handle: str, untrusted: Json) -> int:
    """Put back the state that {path, model, seal} names; what cannot be used is deleted, and the prompt read as ever.

    Returns how many tokens need not be read.
    """
    if not isinstance(untrusted, dict):
        return 0
    path, model = untrusted.get("path"), untrusted.get("model")
    if not isinstance(path, str) or not isinstance(model, str):
        raise KnownError("request.invalid", what="state")
    file, seal = Path(path), _key_of(untrusted.get("seal"))
    try:
        reader = open_state(file, model=model, engine=engine.state_version(handle), key=seal)
    except OSError:
        return 0
    except BadState:
        return _refused(file)
    try:
        return engine.restore(handle, reader.tokens, lambda: _data_of(reader)) or _refused(file)
    except BadState:
        return _refused(file)
    except OSError:
        return 0
    finally:
        reader.close()


def _key_of(untrusted: Json) -> bytes:
    """A state's key from the job line; empty where the history is not encrypted.  Raises KnownError."""
    if untrusted is None:
        return b""
    with suppress(TypeError, ValueError):
        key = bytes.fromhex(untrusted)  # type: ignore[arg-type]  # checked by it
        if len(key) == KEY_BYTES:
            return key
    raise KnownError("request.invalid", what="seal")


def _data_of(reader: StateReader) -> memoryview:
    if reader.head.bytes > psutil.virtual_memory().available // 2:
        raise OSError(0, "no memory for it")
    return reader.data()


def _refused(path: Path) -> int:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return 0  # it is refused again the next time
    return 0


SENT_S = 0.1
"""In which the line that names a card leaves the process: a driver may end it at once, and the app must know why."""


def load(job: Job, engine: LlamaEngine) -> Task:
    """Payload: a LoadSpec.  Progress in permille, its `key` the card that is being used; a LoadedModel."""
    spec = record_from(LoadSpec, job.payload)

    def work(notify: Callable[[TaskEvent], None]) -> LoadedModel:
        last, card = -1, ""

        def on_progress(part: float) -> bool:
            nonlocal last, card
            permille, old = int(part * 1000), card
            card = engine.card_of_load()
            if permille > last or card != old:
                last = permille
                notify(Progress(job.id, permille, 1000, "permille", card))
            if card and card != old:
                time.sleep(SENT_S)
            return not job.is_cancelled

        return engine.load(spec, on_progress)

    loaded = yield from job.reported_by(work)
    if job.is_cancelled:  # nobody would know the handle
        engine.unload(loaded.handle)
        job.check()
    return to_json(loaded)


def unload(job: Job, engine: LlamaEngine, handle: str) -> Task:
    """Free a model; an unknown handle is no error."""
    yield from ()
    engine.unload(handle)
    return {}


def count_tokens(job: Job, engine: LlamaEngine, texts: Sequence[str], *, handle: str, path: str) -> Task:
    """Result {counts}: with no handle by the vocabulary of the file at `path` alone."""
    yield from ()
    counts = engine.count_tokens(handle, texts) if handle else engine.count_tokens_of_file(path, texts)
    return {"counts": list(counts)}


MOST_TEXTS = 1000


def embed(job: Job, engine: LlamaEngine) -> Task:
    """Payload {path, texts}: the file of an embedding model, and what is to be turned into vectors.

    A Partial with {vectors: [base64 of float32, …]} for some texts together, keyed by the number of the first, in
    order; Progress in texts.  Result {count}.
    """
    texts = record_from(list[str], job.payload.get("texts"))
    if not 0 < len(texts) <= MOST_TEXTS:
        raise KnownError("request.invalid", what="texts")
    done = 0
    vectors = cast("_Closeable", engine.embed(text_of(job, "path"), texts, lambda: not job.is_cancelled))
    with closing(vectors):
        for some in vectors:
            job.check()
            reported = [base64.b64encode(part).decode("ascii") for part in some]
            yield Partial(job.id, str(done), {"vectors": reported})
            done += len(some)
            yield Progress(job.id, done, len(texts), "text")
    return {"count": done}


class _Closeable(Iterator[list[bytes]]):
    close: Callable[[], None]


SECONDS = 0.8
"""With the start of the child and the filling of the memory that is read, about a second."""


def measure(job: Job, engine: LlamaEngine) -> Task:
    """No payload.  Result: a PcMeasurement.  Raises Stopped."""
    from slmdesk.children.engine.llama.library import measure_bandwidth

    yield from ()
    threads = usable_cores()
    bandwidth = measure_bandwidth(threads, seconds=SECONDS, keep_going=lambda: not job.is_cancelled)
    job.check()
    return to_json(PcMeasurement(bandwidth, threads, engine.devices()))


def backends(job: Job, engine: LlamaEngine) -> Task:
    """No payload.  Result: the Backends of the library, found without computing anything."""
    yield from ()
    job.check()
    return to_json(Backends(engine.backends(), engine.devices()))


def quantize(job: Job, engine: LlamaEngine) -> Task:
    """Payload {path, target, format, left_out, origin}: make `target` of `path`.  Progress in permille, {}."""
    left_out = record_from(list[Count], job.payload.get("left_out", []))
    recipe = Recipe(text_of(job, "format"), tuple(sorted(left_out)), text_of(job, "origin"))
    source, target = text_of(job, "path"), text_of(job, "target")

    def work(notify: Callable[[TaskEvent], None]) -> None:
        engine.quantize(source, target, recipe, _permille(job, notify))

    yield from job.reported_by(work)
    return {}


def divergence(job: Job, engine: LlamaEngine) -> Task:
    """Payload {path, text, predictions, is_reference}: what it predicts over the text is written into the file
    `predictions`, or compared with it.  Progress in permille; {divergence}.
    """
    path, text, predictions = (text_of(job, name) for name in ("path", "text", "predictions"))
    is_reference = job.payload.get("is_reference") is True

    def work(notify: Callable[[TaskEvent], None]) -> float:
        return engine.divergence(path, text, predictions, _permille(job, notify), is_reference=is_reference)

    return {"divergence": (yield from job.reported_by(work))}


def _permille(job: Job, notify: Callable[[TaskEvent], None]) -> Callable[[float], bool]:
    last = -1

    def on_progress(part: float) -> bool:
        nonlocal last
        if int(part * 1000) > last:
            last = int(part * 1000)
            notify(Progress(job.id, min(1000, last), 1000, "permille"))
        return not job.is_cancelled

    return on_progress
