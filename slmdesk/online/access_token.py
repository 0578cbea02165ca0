"""The access token of the Hub: where it is stored, and which requests may carry it.

It is used where a gated repository is read, and sent to the Hub alone (hub/transport.py removes it elsewhere).  It is
in no log, error, event or row of the network log.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.hub.guard import GuardPolicy
from slmdesk.hub.vault import PrivateFile, SystemKeyring, Vault
from slmdesk.online.events import TokenChanged
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 (the name of one)
MAX_TOKEN = 500
"""Characters; those of the Hub have 37."""
PLACES = ("keyring", "ask", "file")
"""keyring: the system's; ask: in memory until slmdesk ends, then asked for again; file: one only its owner can read."""
FEATURE = "token"


class TokenPlaces(Record):
    no_keyring: str = ""
    """Why the system's keyring cannot be used; empty when it can."""

    @property
    def has_keyring(self) -> bool:
        return not self.no_keyring


def checked_token(untrusted: str) -> str:
    """A pasted token without the spaces around it.  Raises KnownError `token.invalid`, which does not quote it."""
    word = untrusted.strip()
    if not word:
        raise KnownError("token.invalid", reason="there is nothing")
    if len(word) > MAX_TOKEN:
        raise KnownError("token.invalid", reason="it is too long")
    if any(one.isspace() for one in word):
        raise KnownError("token.invalid", reason="it is more than one word")
    if not (word.isascii() and word.isprintable()):
        raise KnownError("token.invalid", reason="it has characters that no token has")
    return word


class TokenService(Service):
    """Called on the service thread; keyring and file are used on other threads."""

    def __init__(self, runtime: Runtime, policy: Callable[[], GuardPolicy]) -> None:
        super().__init__(runtime)
        self._policy = policy
        self.vaults: dict[str, Vault] = {"keyring": SystemKeyring(), "file": PrivateFile(runtime.paths.token_file)}
        self._session: dict[str, str] = {}
        self._one_at_a_time = threading.Lock()

    # ---- for those who read gated repositories

    def token(self) -> str:
        """The token for the Hub in use, or empty.  Any thread but the app's and the window's: a keyring may wait.

        Raises KnownError `token.keyring` or `file.unreadable` where one is kept and cannot be had.
        """
        if found := _of_environment():
            return found
        host = self._host()
        if host in self._session:
            return self._session[host]
        now = self._settings.current
        if now.token_host != host or now.token_place not in self.vaults:
            return ""
        kept = self.vaults[now.token_place].get(host)
        try:
            return checked_token(kept)
        except KnownError:  # gone, or spoilt by hand
            return ""

    # ---- for the frontends

    def state(self) -> TokenChanged:
        """Where the token for the Hub in use is.  Service thread; asks neither keyring nor file."""
        host, now = self._host(), self._settings.current
        place = ""
        if _of_environment():
            place = "environment"
        elif host in self._session:
            place = "ask"
        elif now.token_host == host and now.token_place in self.vaults:
            place = now.token_place
        return TokenChanged(place, host)

    def places(self) -> Pending[TokenPlaces]:
        return pending_on_file_thread(
            self._service_thread, lambda: TokenPlaces(self.vaults["keyring"].missing()), name="token-places"
        )

    def keep(self, untrusted: str, place: str) -> Pending[TokenChanged]:
        """Keep this token at one of PLACES for the Hub in use, instead of any other.

        Raises KnownError `token.invalid`, `feature.hidden`.  When it cannot be kept, the old one stays.
        """
        self._settings.policy.require(FEATURE)
        secret, host, now = checked_token(untrusted), self._host(), self._settings.current
        if place not in PLACES:
            raise KnownError("request.invalid", what="no place for a token")

        def work() -> None:
            if place in self.vaults:
                self.vaults[place].put(host, secret)
            if (now.token_place, now.token_host) != (place, host):
                self._remove(now.token_place, now.token_host)

        def kept(_done: None) -> TokenChanged:
            try:
                self._settings.change(token_place=place, token_host=host if place in self.vaults else "")
            except BaseException:  # else it would lie where nobody knows of it
                threading.Thread(target=self._remove_quietly, args=(place, host), daemon=True).start()
                raise
            self._session.clear()
            if place == "ask":
                self._session[host] = secret
            return self._changed()

        return self._alone(work).map(kept)

    def forget(self) -> Pending[TokenChanged]:
        """Forget the token wherever it is; HF_TOKEN is not ours to forget."""
        now = self._settings.current

        def forgotten(_done: None) -> TokenChanged:
            self._session.clear()
            self._settings.change(token_place="ask", token_host="")  # noqa: S106 (a place)
            return self._changed()

        return self._alone(lambda: self._remove(now.token_place, now.token_host)).map(forgotten)

    # ---- inside

    def _host(self) -> str:
        return urlsplit(self._policy().endpoint).netloc.rpartition("@")[2].lower()

    def _remove(self, place: str, host: str) -> None:
        if host and place in self.vaults:
            self.vaults[place].remove(host)

    def _remove_quietly(self, place: str, host: str) -> None:
        with suppress(KnownError):
            self._remove(place, host)

    def _changed(self) -> TokenChanged:
        state = self.state()
        self._publish(state)
        return state

    def _alone(self, work: Callable[[], None]) -> Pending[None]:
        """`work` on a thread of its own, one after another."""

        def run() -> None:
            with self._one_at_a_time:
                work()

        return pending_on_file_thread(self._service_thread, run, name="token")


def _of_environment() -> str:
    """HF_TOKEN; empty for none, or one that is no single word."""
    try:
        return checked_token(os.environ.get(TOKEN_VARIABLE, ""))
    except KnownError:
        return ""
