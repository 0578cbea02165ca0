"""Stores the proxy's password: in the system's keyring, else in a file that only its owner can read.

It is in no settings, log, error or row of the network log, and is sent to the proxy alone.
"""

from __future__ import annotations

import logging
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.policy import with_password, without_password
from slmdesk.base.settings import Settings
from slmdesk.hub.vault import PrivateFile, SystemKeyring, Vault

log = logging.getLogger(__name__)

SERVICE = "slmdesk: password of a proxy"
"""The name under which the keyring of the system lists it."""


class ProxyPasswords:
    """Stores one password for one proxy address.  Not on the service or window thread: a keyring may wait."""

    def __init__(self, paths: Paths) -> None:
        self.vaults: dict[str, Vault] = {
            "keyring": SystemKeyring(service=SERVICE),
            "file": PrivateFile(paths.proxy_password_file),
        }
        self._known: dict[str, str] = {}

    def full_address(self, address: str, place: str) -> str:
        """The address with the password that is kept for it.  Raises KnownError `proxy.password`."""
        password = self._known.get(address) or self._get(address, place)
        if place == "keyring":  # which may ask its owner each time
            self._known[address] = password
        return with_password(address, password)

    def moved(self, proxy: str, now: Settings) -> dict[str, Any]:
        """What the settings hold for this proxy: its address, and where the password is that stood in it.

        Without a password the one that is kept for the same address stays; that of another address is forgotten.
        Raises KnownError `proxy.password`.
        """
        address, password = without_password(proxy)
        before, place = now.proxy, now.proxy_password_place
        is_same = password is None and address == before
        new_place = self._put(address, password) if password else place if is_same else ""
        if place and (before, place) != (address, new_place):
            self._remove(before, place)
        return {"proxy": address, "proxy_password_place": new_place}

    def _get(self, address: str, place: str) -> str:
        try:
            password = self.vaults[place].get(address)
        except KnownError as err:
            raise _unreadable(err) from None
        if not password:
            raise KnownError("proxy.password", reason="it is not there any more")
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
    return KnownError("proxy.password", reason=str(err.args_for_people.get("reason", "there is no room")))
