"""Events of versions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdesk.services.base.events import Event, Problem

if TYPE_CHECKING:
    from slmdesk.services.versions.types import Comparison


@dataclass(frozen=True, slots=True)
class VersionsCompared(Event):
    """Two versions of a document are compared; told again when a model has said in words what changed."""

    item: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class VersionsFailed(Event):
    """A comparison of two versions could not be made, or was stopped."""

    item: str
    problem: Problem
