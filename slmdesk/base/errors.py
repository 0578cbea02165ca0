"""Error classes. An error has a code that never changes once released, and numbers or short strings as arguments."""

from __future__ import annotations

from collections.abc import Mapping

Args = Mapping[str, str | int | float]

BUG_CODE = "bug"


class SlmdeskError(Exception): ...


class KnownError(SlmdeskError):
    """A failure that is no bug here. Its code is a key of `sentences.CODES`, its arguments numbers or short strings."""

    def __init__(self, code: str, **args: str | int | float) -> None:
        super().__init__(f"{code} {args}")
        self.code = code
        self.args_for_people: dict[str, str | int | float] = args


class BugError(SlmdeskError): ...


class Stopped(SlmdeskError):
    """The work was cancelled. Never shown to a person."""
