"""How the Hub is reached, the access token, the proxy's password, and the network log, written before each request."""

from __future__ import annotations

import json
import logging
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, write_out
from slmdesk.base.paths import Paths
from slmdesk.base.policy import with_password, without_password
from slmdesk.base.protocol import picked
from slmdesk.base.record import Record, changed
from slmdesk.base.records import Answered, NetworkLogRow, Outgoing
from slmdesk.base.runtime.events import Noticed, Pending, RequestsToday, TokenChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import Runtime, Service, on_file_thread, pending_on_file_thread
from slmdesk.base.settings import Settings, reason_against
from slmdesk.base.text.cells import csv_text
from slmdesk.base.texts import N_, _, retold
from slmdesk.base.types import Json
from slmdesk.exports.papers import iso_time
from slmdesk.models.hub.guard import HUB, HUB_HOSTS, GuardPolicy, no_proxy
from slmdesk.models.hub.vault import PrivateFile, SystemKeyring, Vault
from slmdesk.models.online.offline import Enforcement, LedgerEvents, enforcement

RECORD_TIMEOUT_S = 10.0
FEATURE = "settings.network"
ONCE = N_("allowed only this once")
"""Added to the purpose of a request in the network log if the network was only allowed until slmdesk ends."""
EXPORT_PAGE = 2000
"""Rows that are read at once, so that the service thread can do other things in between."""


class Exported(Record):
    path: str
    rows: int


class NetworkService(Service):
    def __init__(self, runtime: Runtime, ledger_events: LedgerEvents) -> None:
        super().__init__(runtime)
        self.passwords, self._ledger_events = ProxyPasswords(runtime.paths), ledger_events
        self._reported = -1

    @property
    def is_offline(self) -> bool:
        return self._settings.current.offline

    def policy(self) -> GuardPolicy:
        """Return the rules for requests, made from the current settings. Any thread."""
        return policy_for(self._settings.current, self._is_offline, self.passwords)

    def set_offline(self, offline: bool) -> None:
        self._settings.change(offline=offline)

    @property
    def is_once(self) -> bool:
        return self._settings.is_once

    @property
    def enforcement(self) -> Enforcement:
        return enforcement(self._settings.current, self._settings.policy)

    def allow_once(self) -> None:
        """Allow the network for this process, marking each request so. Raises `setting.managed`, `network.enforced`."""
        self._settings.allow_once()

    def change(self, **values: Any) -> Pending[Settings]:
        """Change the settings for reaching the Hub. The result may be the Problem `setting.invalid` or
        `setting.managed`.

        A file of certificates is first read on a file thread, since its network share may not answer. A proxy's
        password is stored in the keyring or a file, never in the settings. Raises KnownError `feature.hidden`.
        """
        self._settings.policy.require(FEATURE)

        now = self._settings.current

        def work() -> dict[str, Any]:
            if path := values.get("ca_file"):
                certificates_in(Path(path))
            if "proxy" not in values:
                return values
            self._settings.policy.refuse("proxy", values["proxy"])
            if reason := reason_against("proxy", values["proxy"]):
                raise KnownError("setting.invalid", key="proxy", reason=reason)
            return {**values, **self.passwords.moved(values["proxy"], now)}

        checked = pending_on_file_thread(self._service_thread, work, name="network-settings")
        return checked.map(lambda settings: self._settings.change(**settings))

    def move_password(self) -> None:
        """If a proxy password was typed into the settings file, move it to the keyring or a file. Service thread."""
        now = self._settings.current
        if "proxy" in self._settings.policy.managed or without_password(now.proxy)[1] is None:
            return

        def moved(settings: dict[str, Any] | Problem) -> None:
            if isinstance(settings, Problem):
                self._publish(Noticed(settings))
            elif self._settings.current.proxy == now.proxy:
                self._settings.change(**settings)

        on_file_thread(self._service_thread, lambda: self.passwords.moved(now.proxy, now), moved, name="proxy-password")

    def today(self) -> int:
        """Return the number of requests since midnight, local time. Service thread."""
        midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        return self._store.ledger.count_since(midnight.timestamp())

    def say_today(self) -> None:
        """Publish RequestsToday if the number has changed. Service thread."""
        count = self.today()
        if count != self._reported:
            self._reported = count
            self._publish(RequestsToday(count))

    def requests(self, limit: int = 100, words: str = "") -> Sequence[NetworkLogRow]:
        """Return rows of the network log, newest first. Service thread."""
        return self._store.ledger.page(limit, words)

    def count(self, words: str = "") -> int:
        return self._store.ledger.count(words)

    def export(self, target: Path, words: str = "") -> Pending[Exported]:
        """Write the network log to a CSV or JSON file, depending on its suffix. An existing file is replaced. Raises
        KnownError `request.invalid`.
        """
        kind = format_for(target)

        def work() -> Exported:
            is_there(target)
            requests = list(self.all_requests(words))
            write_out(target, to_csv(requests) if kind == "csv" else to_json(requests))
            return Exported(str(target), len(requests))

        return pending_on_file_thread(self._service_thread, work, name="export-ledger")

    def all_requests(self, words: str = "") -> Iterator[NetworkLogRow]:
        """Yield all rows of the network log with these words, newest first. Never call it on the service thread."""
        page = self._service_thread.call(lambda: self._store.ledger.page(EXPORT_PAGE, words))
        while page:
            yield from page
            last = page[-1].n
            page = self._service_thread.call(lambda: self._store.ledger.page(EXPORT_PAGE, words, last))  # noqa: B023 (at once)

    def record(self, request: Outgoing) -> int:
        """Write a request to the network log before it is sent, and return its number (see RequestLog). Never call it
        on the service thread.

        Raises KnownError `network.offline` if another instance has just forbidden requests.
        """

        def write() -> int:
            self._settings.refresh()
            if self.is_offline:
                self._refuse(request, "network.offline")
                raise KnownError("network.offline", host=request.host)
            self._ledger_events.require_start()
            why = f"{request.purpose} ({ONCE})".strip() if self.is_once else request.purpose
            n = self._store.ledger.record(changed(request, purpose=why))
            self.say_today()
            return n

        return self._service_thread.call(write, RECORD_TIMEOUT_S)

    def finish(self, n: int, answer: Answered) -> None:
        """Write to the network log how a request ended (see RequestLog). Any thread; never blocks."""

        def write() -> None:
            self._store.ledger.finish(n, answer)
            self._publish(RequestsToday(self.today()))  # the number is the same, but a shown log reads its rows again

        self._service_thread.post(write)

    def refuse(self, request: Outgoing, code: str) -> None:
        """Write to the network log that a request was not sent (see RequestLog). Any thread; never blocks or raises."""
        self._service_thread.post(lambda: self._refuse(request, code))

    def _is_offline(self) -> bool:
        """A method and no lambda, since rules are compared: equal ones keep the connections open."""
        return self.is_offline

    def _refuse(self, request: Outgoing, code: str) -> None:
        with suppress(KnownError):
            self._store.ledger.refuse(request, code)


ENDPOINT_VARIABLE = "HF_ENDPOINT"
MAX_CA_BYTES = 16 << 20


class FixedProxy(Record):
    address: str
    place: str = ""
    """Where the proxy's password is stored. Empty if it has no password or the address contains it."""
    passwords: ProxyPasswords | None = None

    def __call__(self, _scheme: str, host: str) -> str:
        """Return the address of the proxy. Never call it on the service thread. Raises KnownError `proxy.password`."""
        if _is_here(host):
            return ""
        if not self.place or self.passwords is None:
            return self.address
        return self.passwords.full_address(self.address, self.place)


def system_proxy(scheme: str, host: str) -> str:
    """Return the proxy from HTTPS_PROXY and NO_PROXY or from the settings of the system, or "" for none."""
    import urllib.request  # 30 ms

    if _is_here(host) or urllib.request.proxy_bypass(host):
        return ""
    proxies = urllib.request.getproxies()
    address = proxies.get(scheme) or proxies.get("all") or ""
    return address if "://" in address or not address else f"http://{address}"


def policy_for(settings: Settings, offline: Callable[[], bool], passwords: ProxyPasswords | None = None) -> GuardPolicy:
    endpoint = endpoint_of(settings)
    host = (urlsplit(endpoint).hostname or "").lower()
    more = frozenset(settings.hub_hosts.lower().split())
    proxies = {"system": system_proxy, "none": no_proxy}
    return GuardPolicy(
        offline=offline,
        hosts=(HUB_HOSTS if endpoint == HUB else frozenset({host})) | more,
        endpoint=endpoint,
        proxy_for=proxies.get(settings.proxy) or FixedProxy(settings.proxy, settings.proxy_password_place, passwords),
        way=urlsplit(settings.proxy).netloc.rpartition("@")[2] or settings.proxy,
        ca_file=settings.ca_file,
    )


def endpoint_of(settings: Settings) -> str:
    """Return the address of the Hub: from the setting, else from HF_ENDPOINT, else the Hub's own."""
    return (settings.hub_endpoint or os.environ.get(ENDPOINT_VARIABLE) or HUB).rstrip("/")


def certificates_in(path: Path) -> int:
    """Return the number of certificates in a PEM file. Raises KnownError `setting.invalid` if it is not such a file."""
    import ssl  # 15 ms

    try:
        if not path.is_file() or path.stat().st_size > MAX_CA_BYTES:
            raise KnownError("setting.invalid", key="ca_file", reason=_("it is no file of certificates"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=path)
    except OSError as err:
        no_pem = _("there is no certificate in it (PEM)") if isinstance(err, ssl.SSLError) else ""
        reason = no_pem or err.strerror or _("it cannot be read")
        raise KnownError("setting.invalid", key="ca_file", reason=reason) from err
    return context.cert_store_stats()["x509"]


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


FORMATS = ("csv", "json")
COLUMNS = ("time", "host", "method", "path", "bytes", "purpose")


def format_for(path: Path) -> str:
    """Return "csv" or "json", from the file's suffix. Raises KnownError `request.invalid` for another suffix."""
    suffix = path.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise KnownError("request.invalid", what=_("the name must end in .csv, .pdf or .json"))
    return suffix


def json_of(row: NetworkLogRow) -> dict[str, Json]:
    """Return a row as JSON (see cli.md). `bytes` is null until the answer has ended."""
    return {"time": iso_time(row.time), **picked(row, *COLUMNS[1:])}


def to_json(rows: Sequence[NetworkLogRow]) -> bytes:
    return (json.dumps([json_of(row) for row in rows], ensure_ascii=False, indent=1) + "\n").encode()


def to_csv(rows: Sequence[NetworkLogRow]) -> bytes:
    """Return the rows as CSV (RFC 4180) in UTF-8. A BOM tells spreadsheets the encoding; no cell becomes a formula."""
    lines: list[Sequence[str]] = [COLUMNS]
    for row in rows:
        shape = json_of(row)
        lines.append(tuple("" if shape[key] is None else str(shape[key]) for key in COLUMNS))
    return ("\ufeff" + csv_text(lines)).encode()


TOKEN_VARIABLE = "HF_TOKEN"  # noqa: S105 (the name of a variable)
_TOKEN = re.compile("[!-~]{1,500}")
"""The tokens of the Hub have 37 letters and digits."""
PLACES = ("keyring", "ask", "file")
"""Where a token can be stored: in the system's keyring, in memory until slmdesk ends (it is then asked for again), or
in a file that only its owner can read.
"""
HUB_FEATURE = "token"


class TokenPlaces(Record):
    no_keyring: str = ""
    """Why the system's keyring cannot be used; empty if it can."""

    @property
    def has_keyring(self) -> bool:
        return not self.no_keyring


def checked_token(untrusted: str) -> str:
    """Return a pasted token without spaces around it. Raises KnownError `token.invalid`, which does not quote it."""
    word = untrusted.strip()
    if not _TOKEN.fullmatch(word):
        raise KnownError("token.invalid", reason=_("it must be one word of letters, digits and signs"))
    return word


class TokenService(Service):
    """Stores the access token of the Hub. Call it on the service thread; keyring and file are used on other threads."""

    def __init__(self, runtime: Runtime, network: NetworkService) -> None:
        super().__init__(runtime)
        self._network = network
        self.vaults: dict[str, Vault] = {"keyring": SystemKeyring(), "file": PrivateFile(runtime.paths.token_file)}
        self._session: dict[str, str] = {}
        self._one_at_a_time = threading.Lock()

    # For those who read gated repositories.

    def token(self) -> str:
        """Return the token for the Hub in use, or "". A keyring may wait, so never call it on the app's or the window's
        thread.

        Raises KnownError `token.keyring`, `file.unreadable`.
        """
        if token := _of_environment():
            return token
        host = self._host()
        if host in self._session:
            return self._session[host]
        now = self._settings.current
        if now.token_host != host or now.token_place not in self.vaults:
            return ""
        kept = self.vaults[now.token_place].get(host)
        try:
            return checked_token(kept)
        except KnownError:  # the token is missing, or was edited by hand
            return ""

    def state(self) -> TokenChanged:
        """Return where the token for the Hub in use is stored. Reads neither keyring nor file. Service thread."""
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
        """Store a token in one of PLACES and clear the others. Raises KnownError `token.invalid`, `feature.hidden`."""
        self._settings.policy.require(HUB_FEATURE)
        secret, host, now = checked_token(untrusted), self._host(), self._settings.current
        if place not in PLACES:
            raise KnownError("request.invalid", what=_("no place for a token"))

        def work() -> None:
            if place in self.vaults:
                self.vaults[place].put(host, secret)
            if (now.token_place, now.token_host) != (place, host):
                self._remove(now.token_place, now.token_host)

        def kept(_done: None) -> TokenChanged:
            try:
                self._settings.change(token_place=place, token_host=host if place in self.vaults else "")
            except BaseException:  # otherwise the secret would be stored in an unknown place
                threading.Thread(target=self._remove_quietly, args=(place, host), daemon=True).start()
                raise
            self._session.clear()
            if place == "ask":
                self._session[host] = secret
            return self._changed()

        return self._alone(work).map(kept)

    def forget(self) -> Pending[TokenChanged]:
        """Remove the token wherever slmdesk has stored it. The variable HF_TOKEN is not changed."""
        now = self._settings.current

        def forgotten(_done: None) -> TokenChanged:
            self._session.clear()
            self._settings.change(token_place="ask", token_host="")  # noqa: S106 (a place)
            return self._changed()

        return self._alone(lambda: self._remove(now.token_place, now.token_host)).map(forgotten)

    def _host(self) -> str:
        return urlsplit(self._network.policy().endpoint).netloc.rpartition("@")[2].lower()

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
        def run() -> None:
            with self._one_at_a_time:
                work()

        return pending_on_file_thread(self._service_thread, run, name="token")


def _of_environment() -> str:
    """Return the token in HF_TOKEN, or "" if there is none or it is not a single word."""
    try:
        return checked_token(os.environ.get(TOKEN_VARIABLE, ""))
    except KnownError:
        return ""


# Stores the proxy's password. In the system's keyring, else in a file that only its owner can read. The password never
# stands in settings, logs, errors or the network log, and is sent to the proxy only.


log = logging.getLogger(__name__)

SERVICE = "slmdesk: password of a proxy"
"""Name under which the system's keyring lists the password."""


class ProxyPasswords:
    """Stores a proxy's password. A keyring may wait, so never call it on the service thread or the window's thread."""

    def __init__(self, paths: Paths) -> None:
        self.vaults: dict[str, Vault] = {
            "keyring": SystemKeyring(service=SERVICE),
            "file": PrivateFile(paths.proxy_password_file),
        }
        self._known: dict[str, str] = {}

    def full_address(self, address: str, place: str) -> str:
        """Return the address with the stored password in it. Raises KnownError `proxy.password`."""
        password = self._known.get(address) or self._get(address, place)
        if place == "keyring":  # a keyring may ask its owner each time
            self._known[address] = password
        return with_password(address, password)

    def moved(self, proxy: str, now: Settings) -> dict[str, Any]:
        """Store the password in `proxy` and return the settings for it: the address without password, and where the
        password is.

        If `proxy` has no password, the stored one stays if the address is the same, and is deleted otherwise. Raises
        KnownError `proxy.password`.
        """
        address, password = without_password(proxy)
        before, place = now.proxy, now.proxy_password_place
        is_same = password is None and address == before
        new_place = place if is_same else ""
        if password:
            new_place = self._put(address, password)
        if place and (before, place) != (address, new_place):
            self._remove(before, place)
        return {"proxy": address, "proxy_password_place": new_place}

    def _get(self, address: str, place: str) -> str:
        try:
            password = self.vaults[place].get(address)
        except KnownError as err:
            raise _unreadable(err) from None
        if not password:
            raise KnownError("proxy.password", reason=_("it is not there any more"))
        return password

    def _put(self, address: str, password: str) -> str:
        self._known.pop(address, None)
        try:
            self.vaults["keyring"].put(address, password)
        except KnownError:
            try:
                self.vaults["file"].put(address, password)
            except KnownError as err:
                raise _unreadable(err) from None
            return "file"
        return "keyring"

    def _remove(self, address: str, place: str) -> None:
        self._known.pop(address, None)
        try:
            self.vaults[place].remove(address)
        except KnownError as err:  # another proxy can be used all the same
            log.error("the password of a proxy was not forgotten: %s", err.code)


def _unreadable(err: KnownError) -> KnownError:
    return KnownError("proxy.password", reason=str(err.args_for_people.get("reason", _("there is no room"))))


PURPOSES = (
    N_("download of {name}"), N_("header of {name}"), N_("card of {name}"), N_("files of {name}"), N_("search"),
)  # fmt: skip
"""What requests are for, as the log keeps it."""


def purpose_words(purpose: str) -> str:
    """Return the purpose of a request, which is logged in English, in the chosen language."""
    said, mark, __ = purpose.partition(f" ({ONCE})")
    return retold(said, *PURPOSES) + (f" ({_(ONCE)})" if mark else "")
