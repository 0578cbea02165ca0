"""Events of models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from slmdesk.core.records import ModelRecord
from slmdesk.services.base.events import Event, Problem


@dataclass(frozen=True, slots=True)
class PaceChanged(Event):
    """The estimate of this PC's speed has changed, so speeds shown for models may be outdated."""


@dataclass(frozen=True, slots=True)
class PackProgress(Event):
    """Progress of writing a pack, or of reading and checking one."""

    path: str
    done_bytes: int
    total_bytes: int
    eta_s: float | None = None
    """None while it is not known."""


@dataclass(frozen=True, slots=True)
class UnpackedModel:
    """A model unpacked from a pack."""

    model: ModelRecord
    is_new: bool
    """False: it was in the library already."""
    license: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """What the list of suggested models says of it: title, licence, good_for, weakness …"""


@dataclass(frozen=True, slots=True)
class PackEnded(Event):
    """A pack was written or its models were added; else `problem`, or neither when cancelled."""

    path: str
    manifest_sha256: str = ""
    """Of the pack's list, to be compared over another way; empty when it was cancelled or failed."""
    bytes: int = 0
    models: tuple[UnpackedModel, ...] = ()
    problem: Problem | None = None


class MoveStep(StrEnum):
    """The steps of moving the models folder."""

    COPYING = "copying"
    CHECKING = "checking"
    """What was copied is read again and compared."""
    FINISHING = "finishing"
    """The library is told the new places, then the old files go; this is not broken off any more."""


@dataclass(frozen=True, slots=True)
class MoveProgress(Event):
    """Progress of moving the models folder."""

    target: str
    step: MoveStep
    name: str
    """Of the model in hand."""
    done_bytes: int
    total_bytes: int
    """Of the models to be copied; 0 where nothing has to be."""
    fraction: float
    """Of the work, 0..1: copying and checking."""
    eta_s: float | None = None


@dataclass(frozen=True, slots=True)
class MoveEnded(Event):
    """The models folder was moved; else `problem`, or neither (`moved` is None) when cancelled."""

    target: str
    moved: int | None = None
    """How many models."""
    bytes: int = 0
    left: tuple[str, ...] = ()
    """Files of models that were not there, so that they could not be moved."""
    problem: Problem | None = None
