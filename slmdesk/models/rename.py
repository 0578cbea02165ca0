"""Renames models; each name is used only once."""

from __future__ import annotations

from collections.abc import Iterable

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.records import ModelRecord
from slmdesk.loader.events import ModelsChanged
from slmdesk.models.display_name import MAX_NAME
from slmdesk.runtime.service import Service


class NameService(Service):
    """On the service thread."""

    def rename(self, model: str, name: str) -> ModelRecord:
        """Show a model under another name, made fit to be shown.  The file keeps its own.

        Raises KnownError `model.unknown`, `model.name_taken` (by another model), `request.invalid` (nothing left of
        the name).
        """
        record = self._store.models.get(model)
        label = clean_label(name, MAX_NAME)
        if not label:
            raise KnownError("request.invalid", what="the name is empty")
        if other := holder_of(label, (one for one in self._store.models.all() if one.id != record.id)):
            raise KnownError("model.name_taken", name=label, id=other.id)
        if label == record.name:
            return record
        changed = self._store.models.change(record.id, name=label)
        self._publish(ModelsChanged())
        return changed


def holder_of(name: str, models: Iterable[ModelRecord]) -> ModelRecord | None:
    """The model that is meant when somebody says `name`: it is called so, or its id begins so."""
    requested = name.casefold()
    return next((one for one in models if one.name.casefold() == requested or one.id.startswith(name)), None)


def name_beside(name: str, quantization: str, models: Iterable[ModelRecord]) -> str:
    """`name`, or what tells a new model from another of that name: how its numbers are written, else a number.

    Files of one repository bear one name in their headers; in a list nobody could choose between them.
    """
    known = tuple(models)
    if quantization and holder_of(name, known):
        name = f"{name[: MAX_NAME - len(quantization) - 7]} {quantization}"
    return free_name(name, known)


def free_name(name: str, models: Iterable[ModelRecord]) -> str:
    known = tuple(models)
    label, number = name, 2
    while holder_of(label, known):
        label, number = f"{name[: MAX_NAME - 6]} ({number})", number + 1
    return label
