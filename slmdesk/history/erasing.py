"""Delete everything that slmdesk stores."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import private_folder, write_atomically
from slmdesk.base.paths import APP, Paths
from slmdesk.base.record import Record
from slmdesk.base.records import Kind
from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.service import Runtime, Service, pending_on_file_thread
from slmdesk.base.texts import _
from slmdesk.history.privacy.opening import system_keyring
from slmdesk.history.store import KEYRING, FileLock, key_files
from slmdesk.models.folder import OURS, is_model_file
from slmdesk.models.hub.vault import SystemKeyring, Vault
from slmdesk.models.online.network import NetworkService, TokenService
from slmdesk.models.service import ModelService

CONFIRMATION = _("delete everything")
PLACE = "keyring"
"""Value of a setting that says that a token or password is kept in the system's keyring."""


SIGNING, SIGNING_KEY = "slmdesk: key that signs statements for auditors", "statement key"
"""Name and account of a key in the system's keyring, with which earlier versions signed statements."""


ELSEWHERE = ".elsewhere"
"""Name of a file in our own folder of models: the files of ours in other folders that stayed when all else was deleted,
each with its size and time, so that no other file of that name is taken for it.
"""


class Erasure(Record):
    folders: tuple[Path, ...]
    models: tuple[Path, ...]
    """Model files copied into the library or downloaded, and all else in our own folder of models: it may be of a
    history that is gone. Linked files are not ours. Empty if models are not deleted.
    """
    files: int
    bytes: int
    elsewhere: tuple[Path, ...] = ()
    """Files of models that stay, in another folder than our own."""


class ErasingService(Service):
    def __init__(
        self,
        runtime: Runtime,
        models: ModelService,
        network: NetworkService,
        tokens: TokenService,
    ) -> None:
        super().__init__(runtime)
        self._models, self._network, self._tokens = models, network, tokens
        self.keys: Vault = system_keyring()
        self.signing: Vault = SystemKeyring(service=SIGNING)

    def look(self, *, models: bool) -> Pending[Erasure]:
        """Count what would be deleted. Nothing is changed.

        Raises KnownError `store.in_use` while another window or command runs, `job.running`.
        """
        if running := [job for job in self._store.jobs.unfinished() if self._store.jobs.is_run(job)]:
            raise KnownError("job.running", count=len(running))
        with self._store.alone():
            known = self._store.models.all()
        linked = {Path(os.fsdecode(model.path)) for model in (*known, *self._store.models.brought()) if model.linked}
        owned = [Path(os.fsdecode(model.path)) for model in known if self._models.owns(model)]
        folder, paths = self._models.folder, self._paths

        def count() -> Erasure:
            found = (*owned, *_elsewhere(paths), *_leftovers(folder), *_in(paths.models))
            ours = tuple(path for path in dict.fromkeys(found) if path not in linked)
            theirs = ours if models else ()
            folders = tuple(folder for folder in _folders(paths) if folder.exists())
            files = [*(file for folder in folders for file in _files(paths, folder)), *theirs]
            sizes = [_size(path) for path in dict.fromkeys(files)]
            elsewhere = (path for path in ours if not path.is_relative_to(paths.models))
            return Erasure(folders, theirs, len(sizes), sum(sizes), () if models else tuple(elsewhere))

        return pending_on_file_thread(self._service_thread, count, name="erase")

    def forget_secrets(self) -> Pending[tuple[str, ...]]:
        """Remove the secrets of slmdesk from the system's keyring. Returns the names of the secrets that could not be
        removed.

        Secrets in files are deleted together with the files.
        """
        now, paths, signing = self._settings.current, self._paths, self.signing
        secrets: list[tuple[str, Vault, str]] = []
        if now.token_place == PLACE and now.token_host:
            secrets.append((_("the access token"), self._tokens.vaults[PLACE], now.token_host))
        if now.proxy_password_place == PLACE:
            secrets.append((_("the password of the proxy"), self._network.passwords.vaults[PLACE], now.proxy))
        was_signed = any(row.said.get("key_place") == PLACE for row in self._store.ledger.all_of(Kind.STATEMENT))

        def forget() -> tuple[str, ...]:
            entries = [*secrets, *((_("the key of the history"), self.keys, file.store) for file in key_files(paths)
                                 if file.has(KEYRING))]  # fmt: skip
            if was_signed or not signing.missing():
                entries.append((_("the key of statements"), signing, SIGNING_KEY))
            left: list[str] = []
            for name, vault, account in entries:
                try:
                    vault.remove(account)
                except KnownError:
                    left.append(name)
            return tuple(dict.fromkeys(left))

        return pending_on_file_thread(self._service_thread, forget, name="erase")


def erase(paths: Paths, erasure: Erasure) -> tuple[Path, ...]:
    """Delete all files. The services must be closed. The organisation's policy.toml stays. Any thread.

    Returns the files that could not be deleted. Raises KnownError `store.in_use` when another instance runs meanwhile.
    """
    lock = FileLock(paths.schema_lock)
    try:
        if not lock.try_alone():
            raise KnownError("store.in_use")
        for file in erasure.models:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        for folder in _folders(paths):
            for file in list(_files(paths, folder)):
                with suppress(OSError):
                    file.unlink(missing_ok=True)
        if marks := {str(path): mark for path in erasure.elsewhere if (mark := _mark(path))}:
            with suppress(KnownError):  # then nobody knows them, and the person was told where they are
                private_folder(paths.models)
                write_atomically(paths.models / ELSEWHERE, json.dumps(marks).encode())
    finally:
        lock.close()
    _remove_sockets()
    for folder in (*_folders(paths), paths.models):
        for at, _folders_in, _files_in in os.walk(folder, topdown=False):
            with suppress(OSError):
                Path(at).rmdir()
    for home in {folder.parent for folder in (*_folders(paths), paths.models)}:
        if home.name == APP or home == paths.data.parent == paths.config.parent:
            with suppress(OSError):
                home.rmdir()
    left = [file for folder in _folders(paths) for file in _files(paths, folder)]
    return (*left, *(model for model in erasure.models if model.exists()))


def _folders(paths: Paths) -> list[Path]:
    return list(dict.fromkeys((paths.data, paths.cache, paths.logs, paths.config)))


def _files(paths: Paths, folder: Path) -> Iterator[Path]:
    """Yield all files but the policy and what lies in the folder of the models."""
    for at, folders, files in os.walk(folder):
        here = Path(at)
        folders[:] = [folder for folder in folders if here / folder != paths.models]
        for name in (*files, *(folder for folder in folders if (here / folder).is_symlink())):
            if here / name != paths.policy_file:
                yield here / name


def _elsewhere(paths: Paths) -> list[Path]:
    """Return the files that stayed in other folders, as far as they are there unchanged."""
    try:
        marks = json.loads((paths.models / ELSEWHERE).read_bytes())
    except (OSError, ValueError):
        return []
    pairs = marks.items() if isinstance(marks, dict) else ()
    return [path for name, mark in pairs if mark and _mark(path := Path(name)) == mark and is_model_file(path)]


def _mark(path: Path) -> list[int]:
    """Return the size and time of a file. Empty if there is none."""
    try:
        info = path.lstat()
    except OSError:
        return []
    return [info.st_size, info.st_mtime_ns] if stat.S_ISREG(info.st_mode) else []


def _leftovers(folder: Path) -> list[Path]:
    leftovers: list[Path] = []
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith(OURS):
                leftovers += _in(path) if path.is_dir() and not path.is_symlink() else [path]
    return leftovers


def _in(folder: Path) -> list[Path]:
    """Return all files in a folder of ours. A link to a folder is somebody else's, and what is in it is not ours."""
    if folder.is_symlink():
        return []
    return [path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]


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
