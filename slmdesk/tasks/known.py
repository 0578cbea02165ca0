"""The tasks there are: each module of this package that has a TASK, found by its name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from slmdesk import tasks
from slmdesk.tasks.shape import Task


@cache
def known_tasks() -> dict[str, Task[Any, Any]]:
    """Return the tasks by the kind of their items. Imports them."""
    found = [import_module(f"slmdesk.tasks.{name}").TASK for name in tasks.names()]
    return {task.kind: task for task in found}
