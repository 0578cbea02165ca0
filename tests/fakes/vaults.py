"""Keyrings that behave: one that works, one that is not there, and one that hangs."""

from __future__ import annotations

import threading

import keyring.backend

from slmdesk.base.errors import KnownError


class MemoryVault:
    """Keeps secrets for as long as it lives; with `reason` it cannot be used."""

    def __init__(self, reason: str = "") -> None:
        self.reason, self.kept = reason, {}

    def missing(self) -> str:
        return self.reason

    def get(self, host: str) -> str:
        self._check()
        return self.kept.get(host, "")

    def put(self, host: str, secret: str) -> None:
        self._check()
        self.kept[host] = secret

    def remove(self, host: str) -> None:
        self._check()
        self.kept.pop(host, None)

    def _check(self) -> None:
        if self.reason:
            raise KnownError("token.keyring", reason=self.reason)


class SystemBackend(keyring.backend.KeyringBackend):
    """A back end of the keyring library that says it is the system's; `wait` holds every call up."""

    priority = 9

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}
        self.go, self.asked = threading.Event(), threading.Event()
        self.go.set()
        self.error: Exception | None = None

    def _wait(self) -> None:
        self.asked.set()
        assert self.go.wait(60)
        if self.error:
            raise self.error

    def get_password(self, service, username):
        self._wait()
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self._wait()
        self.kept[service, username] = password

    def delete_password(self, service, username):
        self._wait()
        if self.kept.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


SystemBackend.__module__ = "keyring.backends.SecretService"


class PlainFileBackend(SystemBackend):
    """As those of keyrings.alt: a file for everybody."""


PlainFileBackend.__module__ = "keyrings.alt.file"
