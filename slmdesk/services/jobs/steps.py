"""Steps of jobs: their input for the engine, the key of their result, and what is stored of an answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from slmdesk.core.errors import KnownError
from slmdesk.core.record import to_json
from slmdesk.core.types import ChatMessage, Json, Sampling
from slmdesk.core.wire import answer_from, messages_to_json
from slmdesk.services.base.events import Problem
from slmdesk.services.base.messages import problem_for, problem_of

_LATER = (
    "dry_multiplier", "dry_base", "dry_allowed_length", "xtc_probability", "xtc_threshold", "word_bias",
)  # fmt: skip
"""Fields that came after steps were stored: left out where they are not set, so that older steps keep their keys."""


def step_key(model_sha256: str, prompt_version: str, step: Mapping[str, Json]) -> str:
    """Return the key of a step's result: the same model, prompt version and input give the same key."""
    text = json.dumps([model_sha256, prompt_version, step], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def step_of(
    messages: Sequence[ChatMessage],
    sampling: Sampling,
    *,
    choices: Sequence[str] = (),
    with_probabilities: bool = False,
) -> dict[str, Json]:
    """Build a step for the engine's `batch` request.

    It asks for an answer, with or without the probabilities of its tokens, or with `choices` for the likelihood of
    each.
    """
    sampled = {name: one for name, one in to_json(sampling).items() if name not in _LATER or one not in (None, [])}
    step: dict[str, Json] = {"messages": messages_to_json(messages), "sampling": sampled}
    if choices:
        step["choices"] = list(choices)
    if with_probabilities:
        step["with_probabilities"] = True
    return step


def value_of(untrusted: Mapping[str, Json]) -> tuple[dict[str, Json], Problem | None]:
    if "answer" not in untrusted:
        args = untrusted.get("args")
        return {}, problem_of(str(untrusted.get("code", ""))[:80], args if isinstance(args, Mapping) else {})
    scores = untrusted.get("scores", [])
    try:
        answer = answer_from(untrusted["answer"])
        if not isinstance(scores, list | tuple) or not all(isinstance(one, int | float) for one in scores):
            raise KnownError("request.invalid", what="scores")
    except KnownError as err:
        return {}, problem_for(err)
    kept: dict[str, Json] = {"text": answer.text, "finish_reason": str(answer.finish_reason), "scores": list(scores)}
    if answer.thought:
        kept["thought"] = True
    if answer.probabilities:
        kept["probabilities"] = [list(one) for one in answer.probabilities]
    return kept, None


def scores_of(value: Mapping[str, Json] | None) -> Sequence[float] | None:
    found = (value or {}).get("scores")
    if isinstance(found, list | tuple) and all(isinstance(one, int | float) for one in found):
        return [float(one) for one in found if isinstance(one, int | float)]
    return None


def tokens_of(untrusted: Mapping[str, Json]) -> tuple[int, int]:
    answer = untrusted.get("answer")
    usage = answer.get("usage") if isinstance(answer, Mapping) else None
    found = [usage.get(key) if isinstance(usage, Mapping) else 0 for key in ("prompt_tokens", "output_tokens")]
    prompt, output = (one if type(one) is int and one >= 0 else 0 for one in found)
    return prompt, output
