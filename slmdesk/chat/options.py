"""Options of a single chat: its instructions, model, adapter and sampling.

Stored in the item's own settings under these names, and read from there as untrusted.  None, "" and 1.0 mean the
default.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.languages import LANGUAGES
from slmdesk.base.record import Record, changed, to_json
from slmdesk.base.records import Message, ModelRecord
from slmdesk.base.types import THINKING, THINKING_OFF, THINKING_USUAL, Json, Sampling
from slmdesk.base.wire import sampling_from, stored_from
from slmdesk.chat.answer_form import GRAMMAR, MOST_FORM, SCHEMA
from slmdesk.chat.samplers import MOST_BIASES, MOST_STOPS, SETTINGS, is_bias, is_stop
from slmdesk.gguf.adapter import MOST_STRENGTH

_LIMITS: Mapping[str, tuple[float, float]] = {
    "lora_scale": (0.0, MOST_STRENGTH),
    "seed": (0, 2**32 - 1),
    "max_tokens": (1, 1 << 20),
    **{one.name: (one.least, one.most) for one in SETTINGS},
}
_WHOLE = ("seed", "max_tokens", *(one.name for one in SETTINGS if one.is_whole))
ASK, LEAVE_OUT, SUMMARIZE = "", "leave_out", "summarize"
WHEN_FULL = (ASK, LEAVE_OUT, SUMMARIZE)
"""What happens when a chat becomes longer than the context: the question is refused and the person asked; the oldest
turns are left out of the prompt; they are left out, and notes of the model stand for them.
"""
ANY_LANGUAGE, OF_MESSAGE = "", "message"
ANSWER_LANGUAGES = (ANY_LANGUAGE, OF_MESSAGE, *LANGUAGES)
"""Which language answers are asked for in: the model's choice, that of each message, or always the same one."""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "thinking": THINKING,
    "when_full": WHEN_FULL,
    "answer_language": ANSWER_LANGUAGES,
}


class Example(Record):
    question: str
    answer: str


class ChatOptions(Record):
    system: str = ""
    model: str = ""
    """Id of the model that answers in this chat, whichever is used elsewhere; empty for the default."""
    lora: str = ""
    lora_scale: float = 1.0
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    typical_p: float | None = None
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    penalty_last_n: int | None = None
    dry_multiplier: float | None = None
    dry_base: float | None = None
    dry_allowed_length: int | None = None
    xtc_probability: float | None = None
    xtc_threshold: float | None = None
    stop: tuple[str, ...] = ()
    word_bias: tuple[tuple[str, float], ...] = ()
    """Words with a weight, from -100 (forbidden) to 100."""
    json_schema: str = ""
    """Answers are bound to it; kept also where it cannot be used, so that nothing typed is lost."""
    grammar: str = ""
    """The same in GBNF; not together with json_schema."""
    seed: int | None = None
    """None: a different one for each answer."""
    max_tokens: int | None = None
    thinking: str = ""
    """One of THINKING, for a model that thinks aloud; empty: its usual way."""
    when_full: str = ASK
    answer_language: str = ANY_LANGUAGE
    preset: str = ""
    """Id of the preset these options came from; some may have been changed since."""
    examples: tuple[Example, ...] = ()

    @property
    def sampling(self) -> Sampling:
        return Sampling(
            **{name: getattr(self, name) for name in SAMPLED},
            json_schema=self.json_schema or None,
            grammar=self.grammar or None,
            thinking=THINKING_OFF if self.json_schema or self.grammar else self.thinking or THINKING_USUAL,
            thought_tokens=MOST_THOUGHT_TOKENS,
            thought_seconds=MOST_THOUGHT_SECONDS,
        )

    @property
    def settings(self) -> dict[str, Json]:
        """Return the options as an item's settings; None for a default, which removes the key."""
        usual = ChatOptions()
        values: dict[str, Json] = {name: getattr(self, name) for name in NAMES}
        settings = {name: None if value == getattr(usual, name) else value for name, value in values.items()}
        return {
            **settings,
            "stop": list(self.stop) or None,
            "word_bias": [list(one) for one in self.word_bias] or None,
            EXAMPLES: [[one.question, one.answer] for one in self.examples] or None,
        }


FORMS = (SCHEMA, GRAMMAR)
SAMPLED = (*(one.name for one in SETTINGS), "seed", "max_tokens", "stop", "word_bias")
NAMES = (
    "system", "model", "lora", "lora_scale", *(one.name for one in SETTINGS), "seed", "max_tokens", "thinking",
    "when_full", "answer_language", "preset", *FORMS,
)  # fmt: skip
EXAMPLES, MOST_EXAMPLES, MOST_EXAMPLE = "examples", 8, 8_000
MOST_THOUGHT_TOKENS, MOST_THOUGHT_SECONDS = 2048, 180.0
"""A chat's model answers when it has thought for so long: small models may think in circles."""


class Lora(Record):
    id: str
    name: str
    path: str
    scale: float

    @property
    def said(self) -> dict[str, Json]:
        return {"lora": self.id, "lora_name": self.name, "lora_scale": self.scale}


def options_from(untrusted: Mapping[str, Json]) -> ChatOptions:
    """Read the options from an item's settings; an invalid value becomes the default."""
    values: dict[str, Json] = {}
    for name in NAMES:
        value = untrusted.get(name)
        is_text = isinstance(value, str) and name not in _LIMITS and value in _CHOICES.get(name, (value,))
        if name in FORMS and (len(str(value)) > MOST_FORM or any(values.get(form) for form in FORMS)):
            continue  # an answer has one form
        if is_text or _is_number(name, value):
            values[name] = value
    return changed(
        ChatOptions(),
        **values,  # type: ignore[arg-type]
        stop=_stops_from(untrusted.get("stop")),
        word_bias=_biases_from(untrusted.get("word_bias")),
        examples=examples_from(untrusted.get(EXAMPLES)),
    )


def _stops_from(untrusted: object) -> tuple[str, ...]:
    stops = stored_from(tuple[str, ...], untrusted) or ()
    return stops if len(stops) <= MOST_STOPS and all(map(is_stop, stops)) else ()


def _biases_from(untrusted: object) -> tuple[tuple[str, float], ...]:
    pairs = stored_from(tuple[tuple[str, float], ...], untrusted) or ()
    return pairs if len(pairs) <= MOST_BIASES and all(is_bias(*one) for one in pairs) else ()


def examples_from(untrusted: object) -> tuple[Example, ...]:
    """Read examples, as pairs or as objects with `question` and `answer`; none where one is invalid."""
    found = stored_from(tuple[Example | tuple[str, str], ...], untrusted) or ()
    examples = tuple(one if isinstance(one, Example) else Example(*one) for one in found)
    return examples if _are_examples(examples) else ()


def _are_examples(examples: Sequence[Example]) -> bool:
    sides = [side for one in examples for side in (one.question, one.answer)]
    return len(examples) <= MOST_EXAMPLES and all(side.strip() and len(side) <= MOST_EXAMPLE for side in sides)


def check_options(options: ChatOptions) -> None:
    """Check the values of the options.  Raises KnownError `request.invalid`, which names the option."""
    for name in _LIMITS:
        value = getattr(options, name)
        if value is not None and not _is_number(name, value):
            raise KnownError("request.invalid", what=name)
    if any(len(getattr(options, name)) > MOST_FORM for name in FORMS) or (options.json_schema and options.grammar):
        raise KnownError("request.invalid", what="form of the answer")
    for name, read in (("stop", _stops_from), ("word_bias", _biases_from)):
        if read(getattr(options, name)) != getattr(options, name):
            raise KnownError("request.invalid", what=name)
    if not _are_examples(options.examples):
        raise KnownError("request.invalid", what=EXAMPLES)
    for name, values in _CHOICES.items():
        if getattr(options, name) not in ("", *values):
            raise KnownError("request.invalid", what=name)


def sampling_for(request: Sampling, options: ChatOptions, usual: Sampling) -> Sampling:
    """Merge the sampling of an answer: the request's, else the chat's, else the default.

    Raises KnownError `request.invalid`.
    """
    own = options.sampling
    is_bound = request.json_schema is not None or request.grammar is not None
    form = request if is_bound else own
    merged = changed(
        request.over(own).over(usual),
        seed=own.seed if request.seed is None else request.seed,
        max_tokens=own.max_tokens if request.max_tokens is None else request.max_tokens,
        stop=request.stop or own.stop,
        word_bias=request.word_bias or own.word_bias,
        json_schema=form.json_schema,
        grammar=form.grammar,
        thinking=THINKING_OFF if is_bound else own.thinking,  # a bound answer has no room for a thought
        thought_tokens=own.thought_tokens,
        thought_seconds=own.thought_seconds,
    )
    return sampling_from(to_json(merged))


def lora_for(options: ChatOptions, record: ModelRecord, known: Sequence[ModelRecord]) -> Lora | None:
    """Return the adapter of a chat for a model; whether their sizes match is only known when the engine opens it.

    Raises KnownError `adapter.gone`, `adapter.other_model`.
    """
    if not options.lora:
        return None
    adapter = next((one for one in known if one.id == options.lora and one.kind == "adapter"), None)
    if adapter is None:
        raise KnownError("adapter.gone")
    theirs, ours = adapter.header.get("architecture"), record.header.get("architecture")
    if theirs and ours and theirs != ours:
        reason = f"it is made for {theirs}, not for {ours}"
        raise KnownError("adapter.other_model", adapter=adapter.name, model=record.name, reason=reason)
    return Lora(adapter.id, adapter.name, os.fsdecode(adapter.path), options.lora_scale)


def lora_of(message: Message, known: Sequence[ModelRecord]) -> Lora | None:
    """Return the adapter an answer was written with.  Raises KnownError `adapter.gone`."""
    said = options_from(message.sampling)
    adapter = next((one for one in known if one.id == said.lora), None) if said.lora else None
    if said.lora and adapter is None:
        raise KnownError("adapter.gone")
    return Lora(adapter.id, adapter.name, os.fsdecode(adapter.path), said.lora_scale) if adapter else None


def _is_number(name: str, value: object) -> bool:
    if name not in _LIMITS or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = _LIMITS[name]
    return math.isfinite(value) and low <= value <= high and (name not in _WHOLE or isinstance(value, int))
