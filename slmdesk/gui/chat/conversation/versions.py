"""The versions of the messages shown."""

from __future__ import annotations

from collections.abc import Mapping


class Versions:
    """For each message of the open chat the ids of all its versions, oldest first."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[str, ...]] = {}

    def fill(self, siblings: Mapping[str, tuple[str, ...]]) -> None:
        """Take the versions that the services give for the opened chat."""
        self._of = dict(siblings)

    def take_place(self, old: str, new: str) -> None:
        """A newer version has replaced `old`."""
        ids = self._of.get(old, (old,))
        if new not in ids:
            self._of[new] = (*ids, new)

    def place_of(self, message: str) -> tuple[int, int]:
        """The number of a message's version, from 1, and how many there are; (0, 0) for the only one."""
        ids = self._of.get(message, ())
        return (ids.index(message) + 1, len(ids)) if ids else (0, 0)

    def neighbour(self, message: str, step: int) -> str | None:
        """The version `step` steps away; None where there is none."""
        ids = self._of.get(message, ())
        at = ids.index(message) + step if ids else -1
        return ids[at] if 0 <= at < len(ids) else None
