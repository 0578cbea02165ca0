"""Builds the load options of a model from the settings and what was measured of it on this PC."""

from __future__ import annotations

import os

from slmdesk.base.records import ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.base.types import LoadSpec
from slmdesk.base.wire import stored_from, stored_list
from slmdesk.gguf.offload import offload_of
from slmdesk.loader.crash_history import crashed_card


def context_tokens(record: ModelRecord, settings: Settings) -> int:
    """Return the context size a model is loaded with: the setting, or the size it was trained with."""
    requested, train = settings.context_tokens, record.header.get("context_length")
    return min(requested, train) if isinstance(train, int) and train > 0 else requested


def limits_of(settings: Settings) -> tuple[int, int, bool]:
    """Return the settings a model is loaded with; when they change it must be loaded again."""
    return settings.context_tokens, settings.sequences, settings.use_graphics_card


def spec_for(record: ModelRecord, settings: Settings, *, anyway: bool = False) -> LoadSpec:
    return LoadSpec(
        path=os.fsdecode(record.path),
        sha256=record.sha256,
        context_tokens=context_tokens(record, settings),
        sequences=settings.sequences or None,
        template_checked=record.info.get("template_checked") is True,
        cost_curve=tuple(stored_list(tuple[int, float], record.info.get("cost_curve"))),
        behaves=record.behaves,
        flash=stored_from(bool, record.info.get("flash")),
        measured_on=offload_of(record.info),
        anyway=anyway,
        use_card=settings.use_graphics_card and not crashed_card(record.info),
    )
