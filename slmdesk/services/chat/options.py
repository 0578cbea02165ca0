"""What a person set for one chat: its instructions, model, adapter and how words are chosen.

Kept in the item's own settings under these names, read from there as untrusted.  None, "" and 1.0 mean: as usual.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from slmdesk.core.errors import KnownError
from slmdesk.core.gguf.adapter import MOST_STRENGTH
from slmdesk.core.records import Message, ModelRecord
from slmdesk.core.types import Json, Sampling
from slmdesk.core.wire import sampling_from, to_json

MOST_TEMPERATURE = 2.0
"""Offered; above, no model writes sentences."""
_LIMITS: Mapping[str, tuple[float, float]] = {
    "lora_scale": (0.0, MOST_STRENGTH),
    "temperature": (0.0, 100.0),
    "top_p": (0.0, 1.0),
    "seed": (0, 2**32 - 1),
    "max_tokens": (1, 1 << 20),
}
_WHOLE = ("seed", "max_tokens")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """The values of one chat."""

    system: str = ""
    model: str = ""
    """Id of the model that answers here, whichever is in use elsewhere."""
    lora: str = ""
    """Id of an adapter."""
    lora_scale: float = 1.0
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    """None: another one for each answer."""
    max_tokens: int | None = None
    """Of an answer."""

    @property
    def sampling(self) -> Sampling:
        """How words are chosen, as far as a person said."""
        return Sampling(
            temperature=self.temperature, top_p=self.top_p, seed=self.seed, max_tokens=self.max_tokens
        )  # fmt: skip

    @property
    def settings(self) -> dict[str, Json]:
        """As an item keeps them: None for what is as usual, which takes a key away."""
        usual = ChatOptions()
        values = {name: getattr(self, name) for name in NAMES}
        return {name: None if value == getattr(usual, name) else value for name, value in values.items()}


NAMES = ("system", "model", "lora", "lora_scale", "temperature", "top_p", "seed", "max_tokens")


@dataclass(frozen=True, slots=True)
class Lora:
    """An adapter of the library at one strength."""

    id: str
    name: str
    path: str
    scale: float

    @property
    def said(self) -> dict[str, Json]:
        """As an answer's row keeps it, beside how its words were chosen."""
        return {"lora": self.id, "lora_name": self.name, "lora_scale": self.scale}


def options_from(untrusted: Mapping[str, Json]) -> ChatOptions:
    """The options in an item's settings; a value that makes no sense is as usual."""
    values = {}
    for name in NAMES:
        value = untrusted.get(name)
        if (isinstance(value, str) and name not in _LIMITS) or _is_number(name, value):
            values[name] = value
    return replace(ChatOptions(), **values)  # type: ignore[arg-type]


def check_options(options: ChatOptions) -> None:
    """Raises KnownError `request.invalid`, which names the option."""
    for name in _LIMITS:
        value = getattr(options, name)
        if value is not None and not _is_number(name, value):
            raise KnownError("request.invalid", what=name)


def sampling_for(request: Sampling, options: ChatOptions, usual: Sampling) -> Sampling:
    """How the words of an answer are chosen: the request, else the chat's own, else as usual.

    Raises KnownError `request.invalid`.
    """
    own = options.sampling
    seed = own.seed if request.seed is None else request.seed
    most = own.max_tokens if request.max_tokens is None else request.max_tokens
    return sampling_from(to_json(replace(request.over(own).over(usual), seed=seed, max_tokens=most)))


def lora_for(options: ChatOptions, record: ModelRecord, known: Sequence[ModelRecord]) -> Lora | None:
    """The adapter of a chat for a model; whether their sizes match is found out when the engine opens it.

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
    """The adapter an answer was written with.  Raises KnownError `adapter.gone`."""
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
