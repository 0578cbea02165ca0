"""Generates one answer of a chat."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.protocol import Progress, Token
from slmdesk.base.record import Record, to_json
from slmdesk.base.types import ChatMessage, Json
from slmdesk.base.wire import picked, record_from, sampling_from
from slmdesk.children.tasks.base import Job, Task, text_of
from slmdesk.children.tasks.states import restore_state
from slmdesk.engine.base import Engine, Finished, Piece, PromptRead, Request, RequestFailed
from slmdesk.gguf.adapter import MOST_STRENGTH


class _ChatRequest(Record):
    messages: tuple[ChatMessage, ...]
    sampling: Json = None
    answer_prefix: str = ""
    choices: tuple[Annotated[str, Meta(min_length=1)], ...] = ()
    with_probabilities: bool = False
    lora: Annotated[str, Meta(pattern=r"\A[^\x00]*\Z")] = ""
    lora_scale: Annotated[float, Meta(ge=0, le=MOST_STRENGTH)] = 1.0


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
    shape = record_from(_ChatRequest, untrusted)
    values = {**picked(shape, *shape.__struct_fields__), "sampling": sampling_from(shape.sampling)}
    return Request(key=key, handle=text_of(job, "handle"), **values)
