"""Makes the operating system keep this process offline if required, and writes non-request events into the ledger."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

import slmdesk
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.policy import Policy, shown_proxy
from slmdesk.base.record import Record
from slmdesk.base.records import Kind
from slmdesk.base.runtime.service import Runtime, Service
from slmdesk.base.settings import Settings, peek, policy_of
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.models.hub import barriers


class Enforcement(Record):
    by_system: bool
    """True if the kernel refuses every non-local socket. The kernel was just asked, so this is not an assumption."""
    words: str


def wall_in(paths: Paths, *, is_window: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Block connections that bypass the guard, and all connections if offline mode is enforced. This cannot be undone.
    Call it before there are threads.
    """
    barriers.watch()
    settings, policy = peek(paths.settings_file), policy_of(paths)
    if is_wanted(settings, policy) and not (is_window and has_remote_display(environment)):
        barriers.enforce()


def is_wanted(settings: Settings, policy: Policy) -> bool:
    return policy.forced.get("offline") is True or (settings.offline and settings.offline_enforced)


def has_remote_display(environment: Mapping[str, str]) -> bool:
    """Return whether the window is shown through a network by X. Blocking the network would also block the window."""
    if environment.get("WAYLAND_DISPLAY"):
        return False
    host = environment.get("DISPLAY", "").rpartition(":")[0]
    return bool(host) and host != "unix" and not host.startswith(("unix/", "/"))


def enforcement(settings: Settings, policy: Policy, environment: Mapping[str, str] = os.environ) -> Enforcement:
    if barriers.is_enforced():
        return Enforcement(True, _("The system refuses every connection but those within this PC, until slmdesk ends."))
    if not settings.offline:
        return Enforcement(False, _("slmdesk is online; each request passes its guard and stands in the ledger."))
    words = _("slmdesk itself sends nothing")
    if not is_wanted(settings, policy):
        return Enforcement(False, f"{words}.")
    why = _("the system enforces that from the next start on")
    if not barriers.can_enforce():
        why = _("this system offers no way to enforce that for it")
    elif has_remote_display(environment):
        why = _("the system cannot enforce that for a window shown through a network")
    return Enforcement(False, f"{words}; {why}.")


class LedgerEvents(Service):
    """Writes starts, ends and changes into the ledger. If that fails, work goes on, but `require_start` then prevents
    requests. Service thread.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._settings.listeners.append(self._on_settings)

    def start(self) -> None:
        with suppress(KnownError):
            self.require_start()

    def require_start(self) -> None:
        """Write the start of this instance into the ledger, before the first request. Raises KnownError store.*."""
        ledger = self._store.ledger
        if ledger.is_started:
            return
        with self._store.together():
            ledger.start({"version": slmdesk.__version__, **self._offline()})
            self._note_policy()

    def stop(self) -> None:
        with suppress(KnownError):
            self._store.ledger.stop()

    def link_opened(self) -> None:
        """Write into the ledger that a person opened an address in the browser. The address itself is not written."""
        with suppress(KnownError):
            self._store.ledger.append(Kind.LINK, {})

    def _offline(self) -> dict[str, Json]:
        is_managed = "offline" in self._settings.policy.managed
        return {
            "offline": self._settings.current.offline,
            "by": "policy" if is_managed else "person",
            **({"once": True} if self._settings.is_once else {}),
        }

    def _on_settings(self, _settings: Settings) -> None:
        """Write a switch between online and offline into the ledger, unless another instance has written it already."""
        with suppress(KnownError):
            if not self._store.ledger.is_started:
                return
            last, now = self._store.ledger.last(Kind.START, Kind.OFFLINE), self._offline()
            before = last.said if last is not None else {}
            if (before.get("offline"), before.get("once")) == (now["offline"], now.get("once")):
                return
            self._store.ledger.append(Kind.OFFLINE, now)

    def _note_policy(self) -> None:
        now = policy_shape(self._settings.policy)
        rules = [row.said for row in self._store.ledger.all_of(Kind.POLICY) if "file" in row.said]
        before = rules[-1] if rules else {}
        if (before.get("file"), before.get("sha256")) == (now["file"], now["sha256"]):
            return
        self._store.ledger.append(Kind.POLICY, now)


def policy_shape(policy: Policy) -> dict[str, Json]:
    """Return the organisation's rules as JSON: their file, its checksum and owner, and what they set."""
    return {
        "file": policy.path or None,
        "sha256": policy.sha256 or None,
        "owner": policy.owner or None,
        "sets": sets_of(policy),
        "models_folder": policy.models_folder or None,
        "hidden": sorted(policy.hidden),
        "shares": list(policy.shares),
    }


def sets_of(policy: Policy) -> dict[str, Json]:
    """Return the settings that the organisation's policy sets, without the password of a proxy."""
    forced = {key: shown_proxy(str(value)) if key == "proxy" else value for key, value in policy.forced.items()}
    return {**forced, **{key: list(allowed) for key, allowed in policy.choices.items()}}
