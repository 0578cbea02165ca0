"""Writes into the ledger what is no request: start and end of this instance, offline or not, the policy, links."""

from __future__ import annotations

from contextlib import suppress

import slmdesk
from slmdesk.core.errors import KnownError
from slmdesk.core.ledger import Kind
from slmdesk.core.policy import Policy
from slmdesk.core.types import Json
from slmdesk.services.base.service import Runtime, Service
from slmdesk.services.online.routes import shown_proxy
from slmdesk.settings import Settings


class LedgerEvents(Service):
    """Of one instance; everything on the service thread.

    What cannot be written (a full disk, a read-only history) keeps nobody from working offline; a request is another
    matter: see `require_start`.
    """

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(runtime)
        self._settings.listeners.append(self._on_settings)

    def start(self) -> None:
        """Write down that this instance has started, as far as that can be written now."""
        with suppress(KnownError):
            self.require_start()

    def require_start(self) -> None:
        """Write down that this instance has started, if that is not done: before the first request.  Raises KnownError
        store.*.
        """
        ledger = self._store.ledger
        if ledger.is_started:
            return
        with self._store.together():
            ledger.start({"version": slmdesk.__version__, **self._offline()})
            self._note_policy()

    def stop(self) -> None:
        """Write down that this instance ends in order."""
        with suppress(KnownError):
            self._store.ledger.stop()

    def link_opened(self) -> None:
        """Write down that a person opened an address in the browser; not which."""
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
        """Another instance may have written it already: each switch stands there once."""
        with suppress(KnownError):
            if not self._store.ledger.is_started:
                return
            last, now = self._store.ledger.last(Kind.START, Kind.OFFLINE), self._offline()
            with suppress(ValueError):
                before = last.values if last is not None else {}
                if (before.get("offline"), before.get("once")) == (now["offline"], now.get("once")):
                    return
            self._store.ledger.append(Kind.OFFLINE, now)

    def _note_policy(self) -> None:
        last, now = self._store.ledger.last(Kind.POLICY), policy_shape(self._settings.policy)
        with suppress(ValueError):
            before = last.values if last is not None else {"file": None, "sha256": None}
            if (before.get("file"), before.get("sha256")) == (now["file"], now["sha256"]):
                return
        self._store.ledger.append(Kind.POLICY, now)


def policy_shape(policy: Policy) -> dict[str, Json]:
    """The organisation's rules: their file, its checksum and owner, and what they set, without a password."""
    forced = {key: shown_proxy(str(value)) if key == "proxy" else value for key, value in policy.forced.items()}
    return {
        "file": policy.path or None,
        "sha256": policy.sha256 or None,
        "owner": policy.owner or None,
        "sets": {**forced, **{key: list(allowed) for key, allowed in policy.choices.items()}},
        "models_folder": policy.models_folder or None,
        "hidden": sorted(policy.hidden),
        "shares": list(policy.shares),
    }
