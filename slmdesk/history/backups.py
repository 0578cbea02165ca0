"""Back up the history, restore a backup with the window open, undo that, and decide on what a backup brought."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.base.errors import KnownError
from slmdesk.base.files import is_there
from slmdesk.base.records import BackupCopy, Brought, HistoryContents, ModelRecord, Restored
from slmdesk.base.runtime.events import (
    DocumentGone,
    HistoryReplaced,
    ItemChanged,
    ItemGone,
    ModelsChanged,
    Pending,
    outcome,
)
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import Runtime, Service, Slices, pending_on_file_thread, sliced
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.chat.types import PresetsChanged
from slmdesk.documents.types import CollectionChanged, CollectionGone
from slmdesk.history.store import BackupResult, DataKey, backup, plain_backup, unlock_backup
from slmdesk.history.store.restoring import (
    PreparedBackup,
    contents_of,
    forget_replaced,
    prepare_backup,
    prepare_undo,
    replace_history,
)
from slmdesk.history.store.restoring import backups as backups
from slmdesk.history.store.restoring import last_replaced as last_replaced
from slmdesk.history.store.restoring import look_into as look_into
from slmdesk.history.store.restoring import restore as restore
from slmdesk.history.store.restoring import undo as undo
from slmdesk.models.importer import ImportEnded
from slmdesk.models.service import MAX_NAME, ModelService, free_name

if TYPE_CHECKING:
    from slmdesk.chat.service import ChatService
    from slmdesk.documents.folders import CollectionService

PAGE = 500


class BackupService(Service):
    """Service that makes and restores backups. Service thread; copying runs on a file thread.

    `on_replaced` is called when the history was replaced, before events of its items are published.
    """

    def __init__(
        self,
        runtime: Runtime,
        chats: ChatService,
        models: ModelService,
        collections: Callable[[], CollectionService],
        on_replaced: Callable[[], None],
    ) -> None:
        super().__init__(runtime)
        self._chats, self._models, self._collections, self._on_replaced = chats, models, collections, on_replaced

    def copies(self) -> list[BackupCopy]:
        return backups(self._paths)

    def make(self, target: Path, *, plain: bool = False) -> Pending[BackupResult]:
        """Copy the history to `target`. Reports progress as (done, total) in pages.

        The backup of an encrypted history is encrypted too and contains its keys, unless `plain`; see
        history/store/backup.py. Raises KnownError `store.in_use` while another instance runs, `file.exists`,
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

    def key_of(self, source: Path, words: str) -> Pending[DataKey]:
        """Return the key of an encrypted backup. `words` is its passphrase or recovery key.

        Takes about a second. Ends with a Problem `key.wrong`, `key.mistyped`, `key.file_damaged`, `file.…`.
        """
        return pending_on_file_thread(self._service_thread, lambda: unlock_backup(source, words), name="restore")

    def look(
        self, source: Path, source_key: DataKey | None = None, *, removed: Sequence[str] = ()
    ) -> Pending[tuple[HistoryContents, HistoryContents]]:
        """Check a backup wholly, and return what it holds and what the history holds. Nothing is changed.

        `removed`: documents that are gone for the person, though their removal can still be undone. Raises and ends
        like `restore`.
        """
        self._check_quiet()
        held = ExitStack()
        held.enter_context(self._store.alone())
        key, mine = self._store.key, self._store.contents(removed)

        def look() -> tuple[HistoryContents, HistoryContents]:
            with prepare_backup(self._paths, source, key=key, source_key=source_key) as ready:
                return contents_of(ready), mine

        looking = pending_on_file_thread(self._service_thread, look, name="restore")
        return looking.then(lambda _result: held.close())

    def restore(self, source: Path, source_key: DataKey | None = None) -> Pending[Restored]:
        """Replace the history by a backup. `source_key` is the key of the backup, if it is encrypted with another key
        than the history.

        An encrypted history keeps its keys. A plain history gets the keys of an encrypted backup. The old history is
        set aside whole. What the backup brings that would act here waits for `use_brought` or `leave_brought`.
        ItemGone, DocumentGone and CollectionGone are published for what was there, then HistoryReplaced and what is
        there now. Raises KnownError `store.in_use` while another instance runs, `store.read_only`, `job.running`,
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

    def undo(self, replaced: Path) -> Pending[Restored]:
        """Bring back the history that a restore replaced, exactly as it was. The restored one is set aside in its turn.

        Raises and publishes like `restore`.
        """
        self._check_quiet()
        held = ExitStack()
        held.enter_context(self._store.alone())
        key = self._store.key
        ready = pending_on_file_thread(
            self._service_thread,
            lambda: held.enter_context(prepare_undo(self._paths, replaced, key=key)),
            name="restore",
        )
        undone = ready.map(self._replace)
        ready.then(lambda _result: held.close())
        return undone.then(lambda end: None if isinstance(end, Problem) else forget_replaced(replaced))

    def _replace(self, ready: PreparedBackup) -> Restored:
        self._check_quiet()  # again: preparing the copy takes a while
        items, documents = self._items_there(), self._store.documents.ids()
        folders = [folder.id for folder in self._store.collections.all()]
        restored = replace_history(self._paths, ready, store=self._store)
        self._on_replaced()
        for item in items:
            self._chats.drop(item)
            self._publish(ItemGone(item))
        for document in documents - self._store.documents.ids():
            self._publish(DocumentGone(document))
        for folder in folders:
            self._publish(CollectionGone(folder))
        self._publish(HistoryReplaced())
        for state in self._collections().all():
            self._publish(CollectionChanged(state))
        for there in reversed(self._store.items.page(limit=100)):
            self._publish(ItemChanged(there))
        self._publish(PresetsChanged())
        self._publish(ModelsChanged())
        return restored

    def _check_quiet(self) -> None:
        self._store.require_writable()
        if self._chats.answers.count:
            raise KnownError("request.invalid", what=_("an answer is still being written"))
        if running := [job for job in self._store.jobs.unfinished() if self._store.jobs.is_mine(job)]:
            raise KnownError("job.running", count=len(running))

    def _items_there(self) -> list[str]:
        ids: list[str] = []
        before: tuple[float, int] | None = None
        while page := self._store.items.page(before=before, limit=PAGE):
            ids += [item.id for item in page]
            before = (page[-1].updated, page[-1].n)
        return ids

    # ---- what a backup brought

    def brought(self) -> Brought:
        """Return what the last backup brought that would act on this PC, as long as nobody has decided on it."""
        return self._store.brought.all()

    @sliced
    def use_brought(self) -> Slices[tuple[Problem, ...]]:
        """Watch the folders, use the presets, and link the models, each judged as at any import. Jobs stay paused.

        The result are the problems of models that could not be taken; they are in no list any more.
        """
        problems: list[Problem] = []
        models = self._store.brought.all().models
        for folder in self._store.brought.take_folders_and_presets():
            self._collections().set_watched(folder, True)
        self._publish(PresetsChanged())
        for model in models:
            known = {record.id for record in self._store.models.all()}
            try:
                importing = self._models.import_file(Path(os.fsdecode(model.path)), link=True)
            except KnownError as err:
                problems.append(problem_for(err))
            else:
                (end,) = yield outcome(importing)
                problems += self._settled(model, end, known)
            self._store.brought.forget_model(model.id)
        self._publish(ModelsChanged())
        return tuple(problems)

    def _settled(self, brought: ModelRecord, end: ImportEnded | Problem, known: set[str]) -> list[Problem]:
        """Give a model that was judged here the id that it had, and its name if it is the same file."""
        if isinstance(end, Problem):
            return [end]
        if end.model is None:
            return [end.problem] if end.problem else []
        if end.model.id not in known:
            same = end.model.sha256 == brought.sha256
            self._store.brought.take_model(brought, end.model.id, self._name_for(brought) if same else end.model.name)
        return []

    def _name_for(self, brought: ModelRecord) -> str:
        others = [model for model in self._store.models.all() if model.sha256 != brought.sha256]
        return free_name(clean_label(brought.name, MAX_NAME), others)

    def leave_brought(self) -> None:
        """Forget the models and presets. Folders are not watched, and jobs stay paused. No file is touched."""
        folders = self._store.brought.all().folders
        self._store.brought.leave_out()
        for folder in folders:
            self._collections().set_watched(folder.id, False)
        self._publish(PresetsChanged())
        self._publish(ModelsChanged())
