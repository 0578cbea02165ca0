"""Has the system keep this process offline, where the policy or the settings ask for it, and says who keeps it so."""

from __future__ import annotations

import os
from collections.abc import Mapping

from slmdesk.base.paths import Paths
from slmdesk.base.policy import Policy
from slmdesk.base.record import Record
from slmdesk.base.settings import Settings, peek, policy_of
from slmdesk.hub import audit, kernel


class Enforcement(Record):
    by_system: bool
    """The kernel refuses every socket but local ones: asked just now, not assumed."""
    words: str


def wall_in(paths: Paths, *, is_window: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Give up connections past the guard, and all of them where offline is enforced.

    To be called in a process of our own before it has threads; it cannot be taken back.
    """
    audit.watch()
    settings, policy = peek(paths.settings_file), policy_of(paths)
    if is_wanted(settings, policy) and not (is_window and has_remote_display(environment)):
        kernel.enforce()


def is_wanted(settings: Settings, policy: Policy) -> bool:
    return policy.forced.get("offline") is True or (settings.offline and settings.offline_enforced)


def has_remote_display(environment: Mapping[str, str]) -> bool:
    """Whether the window is shown through a network, by X: without that there would be no window."""
    if environment.get("WAYLAND_DISPLAY"):
        return False
    host = environment.get("DISPLAY", "").rpartition(":")[0]
    return bool(host) and host != "unix" and not host.startswith(("unix/", "/"))


def enforcement(settings: Settings, policy: Policy, environment: Mapping[str, str] = os.environ) -> Enforcement:
    if kernel.is_enforced():
        return Enforcement(True, "The system refuses every connection but those within this PC, until slmdesk ends.")
    if not settings.offline:
        return Enforcement(False, "slmdesk is online; each request passes its guard and stands in the ledger.")
    words = "slmdesk itself sends nothing"
    if not is_wanted(settings, policy):
        return Enforcement(False, f"{words}.")
    if not kernel.can_enforce():
        return Enforcement(False, f"{words}; this system offers no way to enforce that for it.")
    if has_remote_display(environment):
        return Enforcement(False, f"{words}; the system cannot enforce that for a window shown through a network.")
    return Enforcement(False, f"{words}; the system enforces that from the next start on.")
