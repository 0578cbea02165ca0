"""Restores the model that was in use, after others were tried or measured.  Service thread."""

from __future__ import annotations

import time
from contextlib import suppress

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.loader.model_loader import ModelLoader
from slmdesk.models.service import ModelService
from slmdesk.store import Store


class PreviousModel(Record):
    usual: ModelRecord | None
    """The one that answers where none is named."""
    loaded: ModelRecord | None


def mark(models: ModelService, loader: ModelLoader) -> PreviousModel:
    held = loader.loaded()
    try:
        usual: ModelRecord | None = models.choose(None)
    except KnownError:  # none yet, or several and none was ever used
        usual = None
    return PreviousModel(usual, held[0] if held else None)


def return_to(before: PreviousModel, models: ModelService, loader: ModelLoader, store: Store) -> None:
    with suppress(KnownError):  # removed meanwhile, or the disk is full: another one answers then
        if before.usual is not None and models.choose(None).id != before.usual.id:
            store.models.change(before.usual.id, last_used=time.time())
    if before.loaded is not None:
        loader.choose(before.loaded, explicit=False)
