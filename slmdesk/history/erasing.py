"""Deletes everything that slmdesk keeps: history, settings, logs, saved states, secrets; the models if asked.

What is looked at and forgotten while the services are open is asked of ErasingService, on the service thread; the files
go by `erase`, when they are closed.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.ledger import Kind
from slmdesk.base.paths import APP, Paths
from slmdesk.base.record import Record
from slmdesk.history.retention import RetentionService
from slmdesk.hub.vault import Vault
from slmdesk.models.move.files import OURS
from slmdesk.models.service import ModelService
from slmdesk.online.access_token import TokenService
from slmdesk.online.network_log import NetworkService
from slmdesk.online.statement.service import StatementService
from slmdesk.online.statement.signing import NAME
from slmdesk.privacy.opening import system_keyring
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import KEYRING, FileLock, key_files

CONFIRMATION = "delete everything"
PLACE = "keyring"
"""Of a token or password, in the settings."""


class Erasure(Record):
    folders: tuple[Path, ...]
    models: tuple[Path, ...]
    """Files of models that were copied in or downloaded; linked ones are no files of ours.  Empty: they stay."""
    files: int
    bytes: int


class ErasingService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        retention: RetentionService,
        network: NetworkService,
        tokens: TokenService,
        statements: StatementService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._retention, self._network, self._tokens = models, retention, network, tokens
        self._statements = statements
        self.keys: Vault = system_keyring()

    def look(self, *, models: bool) -> Pending[Erasure]:
        """Count what would be deleted; nothing is changed.

        Raises KnownError `store.in_use` while another window or command runs, `hold.all`, `job.running`.
        """
        self._retention.take_policy()
        self._store.holds.require_none()
        if running := [one for one in self._store.jobs.unfinished() if one.owner is not None]:
            raise KnownError("job.running", count=len(running))
        with self._store.alone():
            known = [Path(os.fsdecode(one.path)) for one in self._store.models.all() if not one.linked]
        folder, paths = self._models.folder, self._paths

        def count() -> Erasure:
            theirs = [*known, *_leftovers(folder)] if models else []
            folders = tuple(one for one in _folders(paths) if one.exists())
            found = [*(file for one in folders for file in _files(paths, one, models=models)), *theirs]
            sizes = [_size(one) for one in dict.fromkeys(found)]
            return Erasure(folders, tuple(theirs), len(sizes), sum(sizes))

        return pending_on_file_thread(self._service_thread, count, name="erase")

    def forget_secrets(self) -> Pending[tuple[str, ...]]:
        """Take what slmdesk keeps in the system's keyring out of it; returns what could not be taken out.

        Whatever lies in files instead goes with them.
        """
        now, paths, signing = self._settings.current, self._paths, self._statements.keys.vaults[PLACE]
        secrets: list[tuple[str, Vault, str]] = []
        if now.token_place == PLACE and now.token_host:
            secrets.append(("the access token", self._tokens.vaults[PLACE], now.token_host))
        if now.proxy_password_place == PLACE:
            secrets.append(("the password of the proxy", self._network.passwords.vaults[PLACE], now.proxy))
        was_signed = any(one.said.get("key_place") == PLACE for one in self._store.ledger.all_of(Kind.STATEMENT))

        def forget() -> tuple[str, ...]:
            found = [*secrets, *(("the key of the history", self.keys, one.store) for one in key_files(paths)
                                 if one.has(KEYRING))]  # fmt: skip
            if was_signed or not signing.missing():
                found.append(("the key of statements", signing, NAME))
            left: list[str] = []
            for name, vault, account in found:
                try:
                    vault.remove(account)
                except KnownError:
                    left.append(name)
            return tuple(dict.fromkeys(left))

        return pending_on_file_thread(self._service_thread, forget, name="erase")


def erase(paths: Paths, found: Erasure) -> tuple[Path, ...]:
    """Delete it all, the services being closed; what is of an organisation (policy.toml) stays.  Any thread.

    Returns what could not be deleted.  Raises KnownError `store.in_use` when another instance runs meanwhile.
    """
    lock = FileLock(paths.schema_lock)
    try:
        if not lock.try_alone():
            raise KnownError("store.in_use")
        for file in found.models:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        keeps_models = not found.models
        for folder in _folders(paths):
            for file in list(_files(paths, folder, models=not keeps_models)):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
    finally:
        lock.close()
    _remove_sockets()
    for folder in (*_folders(paths), paths.models):
        _remove_empty(folder)
    for home in {one.parent for one in (*_folders(paths), paths.models)}:
        if home.name == APP or home == paths.data.parent == paths.config.parent:
            with suppress(OSError):
                home.rmdir()
    left = [file for one in _folders(paths) for file in _files(paths, one, models=not keeps_models)]
    return (*left, *(one for one in found.models if one.exists()))


def _folders(paths: Paths) -> list[Path]:
    return list(dict.fromkeys((paths.data, paths.cache, paths.logs, paths.config)))


def _files(paths: Paths, folder: Path, *, models: bool) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        here = Path(at)
        if not models:
            folders[:] = [one for one in folders if here / one != paths.models]
        for name in (*files, *(one for one in folders if (here / one).is_symlink())):
            if here / name != paths.policy_file:
                yield here / name


def _leftovers(folder: Path) -> list[Path]:
    found: list[Path] = []
    with suppress(OSError):
        for one in folder.iterdir():
            if one.name.startswith(OURS):
                found += [one] if not one.is_dir() else [each for each in one.rglob("*") if not each.is_dir()]
    return found


def _remove_empty(folder: Path) -> None:
    for at, _folders_in, _files_in in os.walk(folder, topdown=False):
        with suppress(OSError):
            Path(at).rmdir()


def _remove_sockets() -> None:
    if os.name == "nt":
        return
    for parent in {tempfile.gettempdir(), "/tmp"}:  # noqa: S108 - removed only where it is ours alone
        folder = Path(parent) / f"{APP}-{os.getuid()}"
        with suppress(OSError):
            info = folder.lstat()
            if stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid():
                shutil.rmtree(folder)


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0


def summary_of(found: Erasure) -> Sequence[str]:
    return [*map(str, found.folders), *map(str, found.models)]
