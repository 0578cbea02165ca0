"""Events of models."""

from __future__ import annotations

from slmdesk.runtime.events import Event


class PaceChanged(Event):
    """The estimate of this PC's speed has changed, so speeds shown for models may be outdated."""
