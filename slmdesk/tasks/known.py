"""The tasks there are: each module of this package that has a TASK, found by its name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from slmdesk import tasks
from slmdesk.tasks.shape import Task

SHARED = frozenset(("command", "export", "items", "known", "report", "service", "shape", "window", "words"))
"""Modules of the package that are no task."""


@cache
def known_tasks() -> dict[str, Task[Any, Any]]:
    """Return the tasks by the kind of their items. Imports them."""
    names = sorted(module.name for module in iter_modules(tasks.__path__) if module.name not in SHARED)
    found = [import_module(f"slmdesk.tasks.{name}").TASK for name in names]
    return {task.kind: task for task in found}
