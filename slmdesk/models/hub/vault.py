"""Keeps an access token or the password of a proxy, in the system's keyring or in a file of mode 0600.

This is the only module that imports keyring. A keyring's back end speaks over D-Bus or to the system and may hang. So
every call runs on a thread of its own and is given up after a while.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from slmdesk.base.disks import is_open_to_others
from slmdesk.base.errors import KnownError
from slmdesk.base.files import PRIVATE_FILE, private_folder, write_atomically, writing_to
from slmdesk.base.texts import _

log = logging.getLogger(__name__)

SERVICE = "slmdesk: access token of a model hub"
FIND_S = 5.0
ANSWER_S = 60.0
"""Seconds to wait for the keyring. It is long because a locked keyring first asks its owner for a password."""
MAX_FILE_BYTES = 64 << 10
_OF_DESKTOPS = ("SecretService", "libsecret", "kwallet")
_SYSTEM = {"darwin": ("macOS",), "win32": ("Windows",)}.get(sys.platform, _OF_DESKTOPS)
"""Modules of keyring.backends of this operating system. Others, such as plain files, are never used, nor loaded: on
Linux the one of macOS starts a compiler to look for its libraries.
"""

T = TypeVar("T")


class Vault(Protocol):
    """Store of one secret per host. Its methods may wait, so call them on any thread but the app's and the window's."""

    def missing(self) -> str:
        """Return why the vault cannot be used here, in a few words. Return "" if it can be used."""

    def get(self, host: str) -> str:
        """Return the secret of the host, or "". Raises KnownError `token.keyring` or `file.unreadable`."""

    def put(self, host: str, secret: str) -> None:
        """Store the secret of the host. Raises KnownError `token.keyring`, `file.unwritable`, `disk.full`."""

    def remove(self, host: str) -> None:
        """Delete the secret of the host, if there is one. Raises as `put` does."""


class SystemKeyring:
    """The keyring of the system: Secret Service or KWallet, the macOS keychain, the Windows credential locker."""

    def __init__(self, *, service: str = SERVICE, find_s: float = FIND_S, answer_s: float = ANSWER_S) -> None:
        self._service, self._find_s, self._answer_s = service, find_s, answer_s

    def missing(self) -> str:
        """Return why the keyring cannot be used. Checked at each call, since a desktop's keyring may start later."""
        try:
            _within(_backend, self._find_s)
        except KnownError as err:
            return str(err.args_for_people["reason"])
        return ""

    def get(self, host: str) -> str:
        return _within(lambda: str(_backend().get_password(self._service, host) or ""), self._answer_s)

    def put(self, host: str, secret: str) -> None:
        """Store the secret. If the keyring stores it only after the wait was given up, it is deleted again."""

        def keep() -> None:
            _backend().set_password(self._service, host, secret)

        _within(keep, self._answer_s, undo=lambda: _remove(self._service, host))

    def remove(self, host: str) -> None:
        _within(lambda: _remove(self._service, host), self._answer_s)


class PrivateFile:
    """JSON file of mode 0600 in a folder of mode 0700. It is not encrypted, but only its owner can read it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def missing(self) -> str:
        return ""

    def get(self, host: str) -> str:
        """Return the secret. If other users could read the file, its mode is first set to 0600."""
        secret = self._read().get(host, "")
        return secret if isinstance(secret, str) else ""

    def put(self, host: str, secret: str) -> None:
        """Store the secret. Raises `file.unwritable` if the file system has no owners, as on many USB sticks."""
        private_folder(self._path.parent)
        self._remove_halves()
        write_atomically(self._path, json.dumps({host: secret}).encode())
        if is_open_to_others(self._path):
            self._path.unlink(missing_ok=True)
            reason = _("this disk cannot keep it from other people")
            raise KnownError("file.unwritable", path=str(self._path), reason=reason)

    def remove(self, host: str) -> None:
        """Delete the file, also if it cannot be read. It is kept if it holds a secret of another host only."""
        with writing_to(self._path):
            if not self._holds_only_others(host):
                self._path.unlink(missing_ok=True)
            self._remove_halves()

    def _holds_only_others(self, host: str) -> bool:
        with suppress(KnownError):
            secrets = self._read()
            return bool(secrets) and host not in secrets
        return False

    def _remove_halves(self) -> None:
        """Delete temporary files of `write_atomically` that a power cut during `put` has left. They contain a token."""
        for half in self._path.parent.glob(f".{self._path.name}.*.new"):
            with suppress(OSError):
                half.unlink()

    def _read(self) -> dict[str, object]:
        try:
            handle = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        except FileNotFoundError:
            return {}
        except OSError as err:
            raise self._unreadable(err.strerror or type(err).__name__) from err
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise self._unreadable(_("it is no regular file"))
            if os.name != "nt" and about.st_mode & 0o077:
                with suppress(OSError):
                    os.fchmod(file.fileno(), PRIVATE_FILE)
            untrusted = file.read(MAX_FILE_BYTES)
        try:
            shape = json.loads(untrusted)
        except (ValueError, RecursionError):
            raise self._unreadable(_("it is damaged")) from None  # the cause would quote what is in it
        return shape if isinstance(shape, dict) else {}

    def _unreadable(self, reason: str) -> KnownError:
        return KnownError("file.unreadable", path=str(self._path), reason=reason)


def _backend() -> Any:
    """Return the operating system's own keyring. May wait. Raises KnownError `token.keyring`."""
    from keyring import core  # late: 60 ms

    chosen = core._keyring_backend or core.load_env() or core.load_config() or _of_system()
    for each in (chosen, *getattr(chosen, "backends", ())):
        package, __, module = type(each).__module__.rpartition(".")
        if package == "keyring.backends" and module in _SYSTEM:
            core.set_keyring(chosen)
            return each
    raise KnownError("token.keyring", reason=_("this system has none"))


def _of_system() -> Any:
    from keyring.backend import KeyringBackend

    for name in _SYSTEM:
        import_module(f"keyring.backends.{name}")
    viable = sorted(KeyringBackend.get_viable_backends(), key=lambda kind: float(kind.priority))
    return viable[-1]() if viable else None


def _remove(service: str, host: str) -> None:
    from keyring.errors import PasswordDeleteError

    with suppress(PasswordDeleteError):
        _backend().delete_password(service, host)


def _within(work: Callable[[], T], seconds: float, undo: Callable[[], None] | None = None) -> T:
    """Run `work` on a thread of its own and return its result. Give up after `seconds`; if it succeeds later, call
    `undo`.

    Raises KnownError `token.keyring`. The error does not contain the back end's message, which may quote a secret.
    """
    answers: SimpleQueue[T | KnownError] = SimpleQueue()
    lock = threading.Lock()
    is_left = False

    def run() -> None:
        answer: T | KnownError
        try:
            answer = work()
        except KnownError as err:
            answer = err
        except Exception as err:  # noqa: BLE001  a back end is foreign code: whatever it raises, it cannot be used
            answer = KnownError("token.keyring", reason=_reason(err))
        with lock:
            answers.put(answer)
            is_late = is_left
        if is_late and undo is not None and not isinstance(answer, KnownError):
            try:
                undo()
            except Exception as err:  # noqa: BLE001  as above; the caller got its error long ago
                log.error("a keyring that answered late does not forget what it was given: %s", type(err).__name__)

    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        with lock:
            is_left = answers.empty()
        if is_left:
            raise KnownError("token.keyring", reason=_("it does not answer")) from None
        answer = answers.get_nowait()
    if isinstance(answer, KnownError):
        raise KnownError(answer.code, **answer.args_for_people) from None
    return answer


def _reason(err: Exception) -> str:
    return {"KeyringLocked": _("it is locked"), "NoKeyringError": _("this system has none")}.get(
        type(err).__name__, _("it refused: {name}").format(name=type(err).__name__)
    )
