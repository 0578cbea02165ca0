"""Backups of everything but the models: made, checked, listed and restored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there
from slmdesk.base.paths import Paths
from slmdesk.base.records import BackupCopy, Restored
from slmdesk.chat.service import ChatService
from slmdesk.loader.events import ModelsChanged
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.store import BackupResult, DataKey, backup, plain_backup
from slmdesk.store.preparing import PreparedBackup, prepare_backup
from slmdesk.store.restoring import backups, replace_history, restore

PAGE = 500


class BackupService(Service):
    """Makes and restores backups.  On the service thread; the copying runs on a file thread.

    `on_replaced` is called when the history was replaced, before events of its items are published.
    """

    def __init__(self, runtime: Runtime, chats: ChatService, on_replaced: Callable[[], None]) -> None:
        super().__init__(runtime)
        self._chats, self._on_replaced = chats, on_replaced

    def copies(self) -> Sequence[BackupCopy]:
        return backup_copies(self._paths)

    def make(self, target: Path, *, plain: bool = False) -> Pending[BackupResult]:
        """Copy the history to `target`.  Reports progress as (done, total) in pages.

        The copy of an encrypted history is encrypted as well, its keys with it, unless it is to be `plain`; see
        store/backup_file.py.  Raises KnownError `store.in_use` while another instance runs, `file.exists`,
        `encryption.plain`.
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
        """Replace the history by a backup; `source_key`: of one that is encrypted with other keys.

        An encrypted history keeps its keys; a plain one gets those of an encrypted backup.  The old history is set
        aside as a whole.  ItemGone is published for each chat that was shown, then ItemChanged for the newest ones, and
        ModelsChanged.  Raises KnownError `store.in_use` while another instance runs, `store.read_only`,
        `request.invalid` while an answer is being written; ends with a Problem also for `key.missing`.
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
        self._check_quiet()  # once more: making ready takes a while
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
            raise KnownError("request.invalid", what="an answer is still being written")

    def _chats_there(self) -> list[str]:
        ids: list[str] = []
        before: tuple[float, int] | None = None
        while page := self._store.items.page(before=before, limit=PAGE):
            ids += [item.id for item in page]
            before = (page[-1].updated, page[-1].n)
        return ids


def backup_copies(paths: Paths) -> Sequence[BackupCopy]:
    """Checked copies in the folder of backups that can be restored, newest first.  Opens no history.  Any thread."""
    return backups(paths)


def restore_backup(
    paths: Paths, source: Path, *, key: DataKey | None = None, source_key: DataKey | None = None
) -> Restored:
    """Put a backup back while no instance runs; the history that is there need not be readable.  Any thread.

    `key`: of the history, `source_key`: of the backup, where they are encrypted; see `store.restore`.
    Raises KnownError `store.in_use`, `file.missing`, `file.unreadable`, `backup.unusable`, `store.newer`,
    `key.missing`, `key.wrong`, `key.library_missing`, `disk.full`, `store.full`, `file.unwritable`; nothing is changed
    then.
    """
    return restore(paths, source, key=key, source_key=source_key)
