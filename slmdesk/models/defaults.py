"""The default model for each job.  A default is a setting: the id of a model, or empty for the one last used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from slmdesk.base.errors import KnownError
from slmdesk.base.records import ModelRecord
from slmdesk.base.settings import Settings
from slmdesk.models.copies import usable
from slmdesk.runtime.service import Service


class DefaultUse(StrEnum):
    CHAT = "chat"
    SUMMARIZE = "summarize"
    TRANSLATE = "translate"
    EMBED = "embed"


SETTING: Mapping[DefaultUse, str] = MappingProxyType(
    {
        DefaultUse.CHAT: "model_for_chat",
        DefaultUse.SUMMARIZE: "model_for_summaries",
        DefaultUse.TRANSLATE: "model_for_translation",
        DefaultUse.EMBED: "model_for_embedding",
    }
)
WORDS: Mapping[DefaultUse, str] = MappingProxyType(
    {
        DefaultUse.CHAT: "chat",
        DefaultUse.SUMMARIZE: "summaries",
        DefaultUse.TRANSLATE: "translation",
        DefaultUse.EMBED: "finding passages",
    }
)


def can_do(record: ModelRecord, use: DefaultUse) -> bool:
    """Whether a model is of the right kind: an encoder never chats, and only an encoder makes vectors."""
    return record.kind == "encoder" if use is DefaultUse.EMBED else record.can_chat


def default_in(settings: Settings, models: Sequence[ModelRecord], use: DefaultUse) -> ModelRecord | None:
    requested = getattr(settings, SETTING[use])
    found = next((one for one in models if one.id == requested), None) if requested else None
    return found if found and can_do(found, use) else None


def uses_in(settings: Settings, record: ModelRecord) -> tuple[DefaultUse, ...]:
    return tuple(use for use in DefaultUse if getattr(settings, SETTING[use]) == record.id and can_do(record, use))


class DefaultsService(Service):
    """Service thread."""

    def default(self, use: DefaultUse) -> ModelRecord | None:
        models = self._store.models.all()
        found = default_in(self._settings.current, models, use)
        return usable(found, models) if found else None

    def uses_of(self, model: str) -> tuple[DefaultUse, ...]:
        """Raises KnownError `model.unknown`."""
        return uses_in(self._settings.current, self._store.models.get(model))

    def set_default(self, use: DefaultUse, model: str | None) -> ModelRecord | None:
        """Make a model the default for a job; None: the last used again.

        Raises KnownError `model.unknown`, `model.wrong_job`, `setting.managed`, and what kept it from being saved.
        """
        record = self._store.models.get(model) if model else None
        if record and not can_do(record, use):
            raise KnownError("model.wrong_job", name=record.name, job=WORDS[use])
        self._settings.change(**{SETTING[use]: record.id if record else ""})
        return record

    def forget(self, record: ModelRecord, heir: str = "") -> None:
        """A model is gone: what it was the default for falls back, or to the model with the id `heir`.  What the
        organisation set stays as it is.
        """
        managed = self._settings.policy.managed
        gone = {SETTING[use]: heir for use in uses_in(self._settings.current, record) if SETTING[use] not in managed}
        if gone:
            self._settings.change(**gone)


def lost_words(uses: Sequence[DefaultUse]) -> str:
    if not uses:
        return ""
    words = [WORDS[use] for use in uses]
    jobs = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
    return f"It was the default for {jobs}; the last used model takes its place."
