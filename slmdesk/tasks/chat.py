"""Generates one answer of a chat."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.core.errors import KnownError, Stopped
from slmdesk.core.gguf.adapter import MOST_STRENGTH
from slmdesk.core.protocol import Progress, Token
from slmdesk.core.record import to_json
from slmdesk.core.types import Json
from slmdesk.core.wire import messages_from, sampling_from
from slmdesk.engine.base import Engine, Finished, Piece, PromptRead, Request, RequestFailed
from slmdesk.tasks.base import Job, Task, text_of, texts_of
from slmdesk.tasks.states import restore_state


def chat(job: Job, engine: Engine) -> Task:
    """Payload {handle, messages, sampling, answer_prefix, choices, with_probabilities, lora, lora_scale, state};
    `state` is {path, model} of a saved one that holds the beginning.

    Progress in tokens of the prompt, Token…, an Answer; with `choices` also {scores}.  A step, whatever is in it, ends
    what is being thought aloud.
    """
    request = chat_request(job, "", job.payload)
    restore_state(engine, request.handle, job.payload.get("state"))
    job.check()
    with job.generating(engine, [request]) as events:
        job.on_step(lambda _step: events.answer_now())
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
    shape = untrusted if isinstance(untrusted, dict) else {}
    prefix = shape.get("answer_prefix", "")
    if not isinstance(prefix, str):
        raise KnownError("request.invalid", what="answer_prefix")
    return Request(
        key=key,
        handle=text_of(job, "handle"),
        messages=messages_from(shape.get("messages")),
        answer_prefix=prefix,
        sampling=sampling_from(shape.get("sampling")),
        choices=_choices(shape.get("choices", ())),
        with_probabilities=_flag(shape, "with_probabilities"),
        lora=_lora(shape.get("lora", "")),
        lora_scale=_scale(shape.get("lora_scale", 1.0)),
    )


def _flag(shape: Mapping[str, Json], name: str) -> bool:
    value = shape.get(name, False)
    if not isinstance(value, bool):
        raise KnownError("request.invalid", what=name)
    return value


def _lora(untrusted: Json) -> str:
    if not isinstance(untrusted, str) or "\0" in untrusted:
        raise KnownError("request.invalid", what="lora")
    return untrusted


def _scale(untrusted: Json) -> float:
    if isinstance(untrusted, bool) or not isinstance(untrusted, int | float) or not 0 <= untrusted <= MOST_STRENGTH:
        raise KnownError("request.invalid", what="lora_scale")
    return float(untrusted)


def _choices(untrusted: Json) -> tuple[str, ...]:
    choices = texts_of(untrusted, "choices")
    if "" in choices:
        raise KnownError("request.invalid", what="choices")
    return tuple(choices)
