"""Every widget has a name: tests, style sheets and screen readers' tools find it by that."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QObject

T = TypeVar("T", bound=QObject)


def named(thing: T, name: str) -> T:
    """`thing` with its objectName set."""
    thing.setObjectName(name)
    return thing
