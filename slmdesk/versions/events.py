"""Events of version comparisons."""

from __future__ import annotations

from slmdesk.runtime.events import Event, Problem
from slmdesk.versions.types import Comparison


class VersionsCompared(Event):
    """Two versions were compared; published again when a model has described the changes."""

    item: str
    comparison: Comparison


class VersionsFailed(Event):
    item: str
    problem: Problem
