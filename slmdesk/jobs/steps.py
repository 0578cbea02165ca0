"""Steps of jobs: their input for the engine, the key of their result, and what is stored of an answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import to_json
from slmdesk.base.types import ChatMessage, Json, Sampling
from slmdesk.base.wire import answer_from, messages_to_json, record_from, stored_from
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for, problem_of

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
        return {}, problem_of(str(untrusted.get("code", ""))[:80], stored_from(dict, untrusted.get("args")) or {})
    try:
        answer = answer_from(untrusted["answer"])
        scores = record_from(list[float], untrusted.get("scores", []))
    except KnownError as err:
        return {}, problem_for(err)
    kept: dict[str, Json] = {"text": answer.text, "finish_reason": str(answer.finish_reason), "scores": scores}
    if answer.thought:
        kept["thought"] = True
    if answer.probabilities:
        kept["probabilities"] = [list(one) for one in answer.probabilities]
    return kept, None


def scores_of(value: Mapping[str, Json] | None) -> Sequence[float] | None:
    return stored_from(list[float], (value or {}).get("scores"))


def tokens_of(untrusted: Mapping[str, Json]) -> tuple[int, int]:
    usage = stored_from(dict, (stored_from(dict, untrusted.get("answer")) or {}).get("usage")) or {}
    prompt, output = (stored_from(int, usage.get(key)) or 0 for key in ("prompt_tokens", "output_tokens"))
    return max(0, prompt), max(0, output)
