"""JSON of a model and its expected speed, as in cli.md."""

from __future__ import annotations

import os

from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.gguf.offload import offload_of, offload_words
from slmdesk.gguf.speed import Speed

HEADER_KEYS = ["architecture", "quantization", "parameters", "context_length", "has_chat_template", "license", "base"]


def shape_of_model(record: ModelRecord) -> dict[str, Json]:
    return {
        **picked(record, "id", "name", "bytes", "sha256", "source", "linked", "kind"),
        **{key: record.header.get(key) for key in HEADER_KEYS},
        "path": os.fsdecode(record.path),
        "behaves_like_a_language_model": record.behaves,
        **card_shape(record),
    }


def card_shape(record: ModelRecord | None) -> dict[str, Json]:
    """What was on a graphics card when it was last loaded; null for nothing."""
    offload = offload_of(record.info) if record else None
    return {"on_graphics_card": offload_words(offload) if offload else None}


def speed_shape(speed: Speed | None) -> dict[str, Json]:
    """The expected speed in tokens a second; null where it is not known."""
    names = ("tokens_per_s", "tokens_per_s_low", "tokens_per_s_high")
    figures = (speed.tokens_per_s, speed.low, speed.high) if speed else (None, None, None)
    return {name: None if one is None else round(one, 2) for name, one in zip(names, figures, strict=True)}


def pairs_shape(record: ModelRecord) -> dict[str, Json]:
    from slmdesk.translation.pairs.exams import results_of
    from slmdesk.translation.pairs.labels import shape_of_pair

    return {"translates": [shape_of_pair(one) for one in results_of(record)]}
