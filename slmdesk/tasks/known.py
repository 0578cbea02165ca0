"""The tasks there are.

Each module of this package that has a TASK, found by its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from importlib import import_module
from typing import Any

from slmdesk import tasks
from slmdesk.tasks.shape import Task


@cache
def known_tasks() -> dict[str, Task[Any, Any]]:
    """Return the tasks by the kind of their items. Imports them."""
    found = dict[str, Task[Any, Any]]()
    for name in tasks.names():
        task = import_module(f"slmdesk.tasks.{name}").TASK
        found[task.kind] = task
    return found


def other_tasks(files: Collection[str]) -> Iterator[Task[Any, Any]]:
    """Yield the tasks but those of these files, which are not imported."""
    for name in tasks.names():
        if name not in files:
            yield import_module(f"slmdesk.tasks.{name}").TASK
