"""Many answers, asked for in steps and computed together."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Partial, Progress, Step
from slmdesk.core.types import Json
from slmdesk.core.wire import to_json
from slmdesk.engine.base import Engine, Finished, PromptRead, Request, RequestFailed
from slmdesk.tasks.base import Job, Task, TaskEvent
from slmdesk.tasks.chat import chat_request

MAX_WAVE = 256
"""Steps given to the engine at once; it decides itself how many run side by side."""


def batch(job: Job, engine: Engine) -> Task:
    """Payload {handle}; each step {messages, sampling, answer_prefix, choices, lora, lora_scale}.

    A Partial for each step as it ends, in any order: {answer}, with choices {answer, scores}, or
    {code, args}.  Result {done, failed}: counts.
    """
    done = failed = 0
    for steps in job.waves(MAX_WAVE):
        requests, refused = _requests(job, steps)
        yield from refused
        failed += len(refused)
        with job.generating(engine, requests) as events:
            for event in events:
                told = _told(job, event)
                if told is not None:
                    yield told
                done += isinstance(event, Finished)
                failed += isinstance(event, RequestFailed)
        job.check()
    return {"done": done, "failed": failed}


def _requests(job: Job, steps: Sequence[Step]) -> tuple[list[Request], list[Partial]]:
    requests, refused = [], []
    for step in steps:
        try:
            requests.append(chat_request(job, step.key, step.payload))
        except KnownError as err:
            refused.append(_failed(job, step.key, err.code, err.args_for_people))
    return requests, refused


def _told(job: Job, event: object) -> TaskEvent | None:
    match event:
        case PromptRead(key, read, total):
            return Progress(job.id, read, total, "token", key)
        case Finished(key, answer, scores):
            value: dict[str, Json] = {"answer": to_json(answer)}
            return Partial(job.id, key, value | {"scores": list(scores)} if scores else value)
        case RequestFailed(key, code, args):
            return _failed(job, key, code, args)
    return None


def _failed(job: Job, key: str, code: str, args: dict[str, str | int | float]) -> Partial:
    return Partial(job.id, key, {"code": code, "args": args})
