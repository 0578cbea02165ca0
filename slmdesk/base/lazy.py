"""Attributes that are imported and made when they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Generic, TypeVar

S = TypeVar("S")
T = TypeVar("T")


def imported(path: str) -> Any:
    """What a path names: the module below `slmdesk`, a colon and the name in it."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(f"slmdesk.{module}"), name)


class Lazy(Generic[S, T]):
    """An attribute of an S whose class T is imported when it is first used."""

    def __init__(self, path: str, make: Callable[[S, type[T]], T]) -> None:
        """`path`: of the class, see `imported`; `make` is given the S and the class."""
        self._path, self._make = path, make

    def __set_name__(self, _class: type[S], name: str) -> None:
        self.name = name

    def __get__(self, owner: S, _class: type[S]) -> T:
        return self.made(owner)

    def made(self, owner: S) -> T:
        """Return it, made where it is not there yet; Python itself finds it from then on."""
        if self.name not in vars(owner):
            vars(owner)[self.name] = self._make(owner, imported(self._path))
        made: T = vars(owner)[self.name]
        return made
