"""Back up, restore or delete everything that slmdesk stores."""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there, private_folder, write_atomically
from slmdesk.base.paths import APP, Paths
from slmdesk.base.record import Record
from slmdesk.base.records import BackupCopy, Kind, Restored
from slmdesk.base.texts import _
from slmdesk.chat.service import ChatService
from slmdesk.hub.vault import SystemKeyring, Vault
from slmdesk.models.folder import OURS
from slmdesk.models.service import ModelService
from slmdesk.online.network import NetworkService, TokenService
from slmdesk.privacy.opening import system_keyring
from slmdesk.runtime.events import ItemChanged, ItemGone, ModelsChanged, Pending
from slmdesk.runtime.service import Runtime, Service, pending_on_file_thread
from slmdesk.store import KEYRING, BackupResult, DataKey, FileLock, backup, key_files, plain_backup
from slmdesk.store.restoring import PreparedBackup, prepare_backup, replace_history
from slmdesk.store.restoring import backups as backups
from slmdesk.store.restoring import restore as restore

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
        if running := [job for job in self._store.jobs.unfinished() if job.owner is not None]:
            raise KnownError("job.running", count=len(running))
        with self._store.alone():
            known = {Path(os.fsdecode(model.path)): model.linked for model in self._store.models.all()}
        folder, paths = self._models.folder, self._paths

        def count() -> Erasure:
            ours = (*known, *_elsewhere(paths), *_leftovers(folder), *_in(paths.models))
            ours = tuple(path for path in dict.fromkeys(ours) if not known.get(path))  # linked ones are not
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
    return [path for name, mark in pairs if mark and _mark(path := Path(name)) == mark]


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
                leftovers += _in(path) if path.is_dir() else [path]
    return leftovers


def _in(folder: Path) -> list[Path]:
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


PAGE = 500


class BackupService(Service):
    """Service that makes and restores backups. Service thread; copying runs on a file thread.

    `on_replaced` is called when the history was replaced, before events of its items are published.
    """

    def __init__(self, runtime: Runtime, chats: ChatService, on_replaced: Callable[[], None]) -> None:
        super().__init__(runtime)
        self._chats, self._on_replaced = chats, on_replaced

    def copies(self) -> Sequence[BackupCopy]:
        return backups(self._paths)

    def make(self, target: Path, *, plain: bool = False) -> Pending[BackupResult]:
        """Copy the history to `target`. Reports progress as (done, total) in pages.

        The backup of an encrypted history is encrypted too and contains its keys, unless `plain`; see store/backup.py.
        Raises KnownError `store.in_use` while another instance runs, `file.exists`, `encryption.plain`.
        """
        if is_there(target):
            raise KnownError("file.exists", path=str(target))
        if plain and self._store.key is not None and not self._settings.policy.encryption.plain_exports:
            raise KnownError("encryption.plain")
        held = ExitStack()
        held.enter_context(self._store.alone())

        def progressed(done: int, total: int) -> None:
            self._service_thread.post(lambda: making.progress((done, total)))

        key = self._store.key

        def make() -> BackupResult:
            if plain and key is not None:
                return plain_backup(self._paths, target, key)
            return backup(self._paths, target, progressed, key=key)

        making = pending_on_file_thread(self._service_thread, make, name="backup")
        return making.then(lambda _result: held.close())

    def restore(self, source: Path, source_key: DataKey | None = None) -> Pending[Restored]:
        """Replace the history by a backup. `source_key` is the key of the backup, if it is encrypted with another key
        than the history.

        An encrypted history keeps its keys. A plain history gets the keys of an encrypted backup. The old history is
        set aside whole. ItemGone is published for each old item, then ItemChanged for the newest items, and
        ModelsChanged. Raises KnownError `store.in_use` while another instance runs, `store.read_only`,
        `request.invalid` while an answer is being written. Ends with a Problem also for `key.missing`.
        """
        self._check_quiet()
        held = ExitStack()
        held.enter_context(self._store.alone())
        key = self._store.key
        ready = pending_on_file_thread(
            self._service_thread,
            lambda: held.enter_context(prepare_backup(self._paths, source, key=key, source_key=source_key)),
            name="restore",
        )
        restored = ready.map(self._replace)
        ready.then(lambda _result: held.close())  # the prepared copy and the lock
        return restored

    def _replace(self, ready: PreparedBackup) -> Restored:
        self._check_quiet()  # again: preparing the copy takes a while
        before = self._chats_there()
        restored = replace_history(self._paths, ready, store=self._store)
        self._on_replaced()
        for chat in before:
            self._chats.drop(chat)
            self._publish(ItemGone(chat))
        for item in reversed(self._store.items.page(limit=100)):
            self._publish(ItemChanged(item))
        self._publish(ModelsChanged())
        return restored

    def _check_quiet(self) -> None:
        self._store.require_writable()
        if self._chats.answers.count:
            raise KnownError("request.invalid", what=_("an answer is still being written"))

    def _chats_there(self) -> list[str]:
        ids: list[str] = []
        before: tuple[float, int] | None = None
        while page := self._store.items.page(before=before, limit=PAGE):
            ids += [item.id for item in page]
            before = (page[-1].updated, page[-1].n)
        return ids
