"""Errors as values: a code that never changes once released, with numbers or short strings as arguments."""

from __future__ import annotations

from collections.abc import Mapping

Args = Mapping[str, str | int | float]

BUG_CODE = "bug"


class SlmdeskError(Exception): ...


class KnownError(SlmdeskError):
    """A failure outside our control: a key of `sentences.CODES`; the arguments are numbers or short strings."""

    def __init__(self, code: str, **args: str | int | float) -> None:
        super().__init__(f"{code} {args}")
        self.code = code
        self.args_for_people: dict[str, str | int | float] = args


class BugError(SlmdeskError): ...


class Stopped(SlmdeskError):
    """The work was cancelled: never shown."""
