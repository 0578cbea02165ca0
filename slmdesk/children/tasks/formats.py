"""Makes a model file in another format, and measures what it brings and costs."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.model_formats import GREEDY_TOKENS, WRITTEN_TOGETHER, FormatQuality, FormatSpeed, Recipe
from slmdesk.base.protocol import Progress
from slmdesk.base.record import Count, to_json
from slmdesk.base.types import ChatMessage, LoadSpec, Role, Sampling, TextPart
from slmdesk.base.wire import record_from
from slmdesk.children.tasks.base import Job, Task, TaskEvent, text_of, texts_of
from slmdesk.engine.base import Engine, Finished, Request, RequestFailed

_CURVE = ((1, 1.0), (WRITTEN_TOGETHER, WRITTEN_TOGETHER / 2))
"""The same for all files, so that all compute the same tokens in the same steps: other batches round differently."""
_CONTEXT = 1024


def quantize(job: Job, engine: Engine) -> Task:
    """Payload {path, target, format, left_out, origin}: make `target` of `path`.  Progress in permille, {}."""
    left_out = record_from(list[Count], job.payload.get("left_out", []))
    recipe = Recipe(text_of(job, "format"), tuple(sorted(left_out)), text_of(job, "origin"))
    source, target = text_of(job, "path"), text_of(job, "target")

    def work(notify: Callable[[TaskEvent], None]) -> None:
        engine.quantize(source, target, recipe, _permille(job, notify))

    yield from job.reported_by(work)
    return {}


def format_speed(job: Job, engine: Engine) -> Task:
    """Payload {path}.  Progress in permille, a FormatSpeed."""
    path = text_of(job, "path")

    def work(notify: Callable[[TaskEvent], None]) -> FormatSpeed:
        return engine.format_speed(path, _permille(job, notify))

    return to_json((yield from job.reported_by(work)))


def format_quality(job: Job, engine: Engine) -> Task:
    """Payload {path, texts, questions, predictions, is_reference}: what it predicts over the texts is written into the
    file `predictions`, or compared with it; the questions are answered with the likeliest tokens.

    Progress in permille; result: the fields of a FormatQuality, and {answers}.
    """
    path, predictions = text_of(job, "path"), text_of(job, "predictions")
    texts, questions = (texts_of(job.payload.get(name), name) for name in ("texts", "questions"))
    if not texts or not questions:
        raise KnownError("request.invalid", what="texts, questions")
    is_reference = job.payload.get("is_reference") is True

    def work(notify: Callable[[TaskEvent], None]) -> FormatQuality:
        told = _permille(job, notify)
        return engine.format_quality(path, texts, predictions, lambda part: told(part * 0.6), is_reference=is_reference)

    quality = yield from job.reported_by(work)
    answers = yield from _answers(job, engine, path, questions)
    return {**to_json(quality), "answers": list(answers)}


def _answers(job: Job, engine: Engine, path: str, questions: Sequence[str]) -> Generator[TaskEvent, None, list[str]]:
    spec = LoadSpec(
        path=path,
        context_tokens=_CONTEXT,
        sequences=WRITTEN_TOGETHER,
        cost_curve=_CURVE,
        behaves=True,
        flash=True,  # for all formats the same, or the words would differ by the kind of attention
    )
    handle = engine.load(spec, lambda _part: not job.is_cancelled).handle
    requests = [
        Request(
            key=str(number),
            handle=handle,
            messages=(ChatMessage(Role.USER, (TextPart(question),)),),
            sampling=Sampling(temperature=0.0, max_tokens=GREEDY_TOKENS, seed=1),
        )
        for number, question in enumerate(questions)
    ]
    answers = [""] * len(questions)
    done = 0
    try:
        with job.generating(engine, requests) as events:
            for event in events:
                if isinstance(event, RequestFailed):
                    raise KnownError(event.code, **event.args)
                if isinstance(event, Finished):
                    answers[int(event.key)] = event.answer.text
                    done += 1
                    yield Progress(job.id, 600 + 400 * done // len(questions), 1000, "permille")
    finally:
        engine.unload(handle)
    return answers


def _permille(job: Job, notify: Callable[[TaskEvent], None]) -> Callable[[float], bool]:
    last = -1

    def on_progress(part: float) -> bool:
        nonlocal last
        if int(part * 1000) > last:
            last = int(part * 1000)
            notify(Progress(job.id, min(1000, last), 1000, "permille"))
        return not job.is_cancelled

    return on_progress
