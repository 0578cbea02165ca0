"""Work on documents: a file for each task; what all of them share in `shape`, `report`, `service` and `export`."""

from pkgutil import iter_modules

SHARED = frozenset(("command", "export", "items", "known", "report", "service", "shape", "window", "words"))
"""Modules of the package that are no task."""


def names() -> list[str]:
    """Return the names of the modules that are tasks, without importing them."""
    return sorted({module.name for module in iter_modules(__path__)} - SHARED)
