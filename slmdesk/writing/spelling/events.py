"""Events of the spelling service."""

from __future__ import annotations

from slmdesk.runtime.events import Event


class SpellingChanged(Event):
    """What counts as misspelled has changed: a word was added or removed, or other dictionaries are used."""
