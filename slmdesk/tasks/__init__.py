"""Work on documents: a file for each task; what all of them share in `shape`, `report`,
`service` and `export`.

The folders have what the tasks do, and `jobs`, which does it step by step.
"""

from pkgutil import iter_modules

SHARED = frozenset(("export", "items", "known", "report", "service", "shape", "words"))
"""Modules of the package that are no task."""


def names() -> list[str]:
    """Return the names of the modules that are tasks, without importing them."""
    files = {module.name for module in iter_modules(__path__) if not module.ispkg}
    return sorted(files - SHARED)
