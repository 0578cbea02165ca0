"""Generates many answers, requested as steps and computed together."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Partial, Progress, Step, Token
from slmdesk.base.record import to_json
from slmdesk.base.types import Json
from slmdesk.children.tasks.base import Job, Task, TaskEvent
from slmdesk.children.tasks.chat import chat_request
from slmdesk.engine.base import Engine, Finished, Piece, PromptRead, Request, RequestFailed


def batch(job: Job, engine: Engine) -> Task:
    """Payload {handle, stream}; each step {messages, sampling, answer_prefix, choices, with_probabilities, lora,
    lora_scale}.

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
