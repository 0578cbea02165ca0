"""Renders the exact prompt that a model would receive."""

from __future__ import annotations

from slmdesk.base.types import THINKING_OFF
from slmdesk.base.wire import messages_from
from slmdesk.children.tasks.base import Job, Task, text_of
from slmdesk.engine.base import Engine


def render(job: Job, engine: Engine) -> Task:
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
