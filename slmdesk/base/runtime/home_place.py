"""Warnings about the disk that holds the user's history: network drives, synced folders, open permissions."""

from __future__ import annotations

from pathlib import Path

from slmdesk.base.disks import place_of
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import ServiceThread, pending_on_file_thread


def look_at_home(service_thread: ServiceThread, paths: Paths) -> Pending[tuple[Problem, ...]]:
    """Run `home_problems` on a separate thread. Service thread."""
    return pending_on_file_thread(service_thread, lambda: home_problems(paths), name="look-at-home")


def home_problems(paths: Paths) -> tuple[Problem, ...]:
    """Return the problems `home.open`, `home.network`, `home.synced` and `home.unknown` (the system does not say where
    a folder lies), each at most once, for the folders that hold texts of the user.

    May wait for another computer, so never call this on the service thread or the window's thread.
    """
    problems: dict[str, Problem] = {}
    for folder in (paths.data, paths.config, paths.cache):
        for error in _errors(folder):
            problems.setdefault(error.code, problem_for(error))
    return tuple(problems.values())


def _errors(folder: Path) -> list[KnownError]:
    path, errors = str(folder), []
    try:
        place = place_of(folder)
    except OSError as err:
        return [KnownError("home.unknown", path=path, reason=err.strerror or str(err))]
    if place.is_open:
        errors.append(KnownError("home.open", path=path))
    if place.network:
        errors.append(KnownError("home.network", path=path, kind=place.network))
    if place.synced:
        errors.append(KnownError("home.synced", path=path, service=place.synced))
    return errors
