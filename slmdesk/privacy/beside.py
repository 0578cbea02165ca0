"""The files beside the history that are sealed with its key: names in the settings, and the person's own words."""

from __future__ import annotations

from typing import Protocol

from slmdesk.base.settings import SettingsFile
from slmdesk.store import Store


class Resealed(Protocol):
    def reseal(self) -> None:
        """Write them as the key of the history asks for.  Raises KnownError file.…, disk.full."""


def follow_key(store: Store, settings: SettingsFile, words: Resealed) -> None:
    """Write these files as the history's key asks for; then the keys of before are forgotten.  Service thread.

    Killed or failed at any moment, the keys of before are kept in the history and open them at the next start.
    Raises KnownError file.…, disk.full, store.*.
    """
    settings.use_key(*store.keys_for("settings"))
    words.reseal()
    store.forget_former_keys()
