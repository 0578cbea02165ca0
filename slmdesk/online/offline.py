"""Makes the operating system keep this process offline if required, and writes non-request events into the ledger."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import slmdesk
from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, writing_to
from slmdesk.base.paths import Paths
from slmdesk.base.policy import Policy, shown_proxy
from slmdesk.base.record import Record
from slmdesk.base.records import Kind, LedgerRow
from slmdesk.base.settings import Settings, peek, policy_of
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.hub import barriers
from slmdesk.runtime.service import Runtime, Service


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


# ---- writes into the ledger what is no request


LOOK_S = 1.0
LEAVE_S = 0.5


class LedgerEvents(Service):
    """Writes starts, ends and changes into the ledger. If that fails, work goes on, but `require_start` then prevents
    requests. Service thread.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._leaving: _Leaving | None = None
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
            row = ledger.start({"version": slmdesk.__version__, **self._offline()})
            self._note_policy()
        if folder := self._settings.policy.heads:
            self._leave_head(Path(folder), row)

    def stop(self) -> None:
        self._note_leaving(LEAVE_S)
        with suppress(KnownError):
            self._store.ledger.stop()

    def link_opened(self) -> None:
        """Write into the ledger that a person opened an address in the browser. The address itself is not written."""
        with suppress(KnownError):
            self._store.ledger.append(Kind.LINK, {})

    def _leave_head(self, folder: Path, row: LedgerRow) -> None:
        """Write the last hash of the ledger into the organisation's folder, on a thread, since a network share may be
        slow.

        If that fails, the ledger gets a row about it, and work goes on.
        """
        first = self._store.ledger.rows(1, 1)[0]
        words = f"{first.hash}\n{row.n}\n{row.hash}\n{row.time}\n"
        self._leaving = _Leaving(folder, first.hash, words)
        self._service_thread.call_later(LOOK_S, self._note_leaving)

    def _note_leaving(self, wait_s: float = 0.0) -> None:
        leaving = self._leaving
        if leaving is None:
            return
        leaving.thread.join(wait_s)
        if leaving.thread.is_alive() and not wait_s:
            self._service_thread.call_later(LOOK_S, self._note_leaving)
            return
        self._leaving = None
        problem = _("the folder does not answer") if leaving.thread.is_alive() else leaving.problem
        if problem:
            with suppress(KnownError):
                self._store.ledger.append(Kind.POLICY, {"heads": str(leaving.folder), "problem": problem})

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
    """Return the organisation's rules as JSON: their file, its checksum and owner, and what they set (no passwords)."""
    forced = {key: shown_proxy(str(value)) if key == "proxy" else value for key, value in policy.forced.items()}
    return {
        "file": policy.path or None,
        "sha256": policy.sha256 or None,
        "owner": policy.owner or None,
        "sets": {**forced, **{key: list(allowed) for key, allowed in policy.choices.items()}},
        "models_folder": policy.models_folder or None,
        "hidden": sorted(policy.hidden),
        "shares": list(policy.shares),
        "heads": policy.heads or None,
    }


class _Leaving:
    def __init__(self, folder: Path, chain: str, words: str) -> None:
        self.folder, self.problem = folder, ""
        self.thread = threading.Thread(target=self._run, args=(chain, words), name="ledger-head", daemon=True)
        self.thread.start()

    def _run(self, chain: str, words: str) -> None:
        try:
            leave_head(self.folder, chain, words)
        except KnownError as err:
            self.problem = str(err.args_for_people.get("reason", _("the disk is full")))


def leave_head(folder: Path, chain: str, words: str) -> None:
    """Write a new file CHAIN-TIME-RANDOM.txt into a folder where people may add files but not change them.

    CHAIN is the start of the ledger's first hash, which differs from PC to PC. Raises KnownError `file.unwritable`,
    `disk.full`.
    """
    when = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{chain[:16]}-{when}-{secrets.token_hex(4)}.txt"
    with writing_to(path), os.fdopen(open_new(path), "wb") as out:
        out.write(words.encode())
