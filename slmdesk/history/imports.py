"""Imports chats of other programs, and of slmdesk itself, from files and folders.  Service thread.

The reader child reads the files; each chat is added as a whole as it comes, so that a stop or a crash leaves whole
chats alone.  One that is here already, with the same words, is not added again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from slmdesk.base.chat_import import OWN_PROGRAM, ForeignChat, counted_words
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.types import Json
from slmdesk.base.wire import record_from, stored_from
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.history.chat_sources import Source, Sources, sources_in
from slmdesk.history.new_chats import NewChat, chat_of_foreign, chat_of_own, sum_of
from slmdesk.library.reader_jobs import start_reader
from slmdesk.runtime.events import ItemsAdded, Problem
from slmdesk.runtime.file_thread import pending_on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

TELL_AFTER_S = 0.2


class ImportProgress(Record):
    file: str
    added: int
    known: int


class ImportReport(Record):
    added: tuple[str, ...] = ()
    known: int = 0
    left_out: Mapping[str, int] | None = None
    """What the new chats lack, by its name in the singular."""
    unknown: int = 0
    too_large: int = 0
    empty: int = 0
    problems: tuple[tuple[str, Problem], ...] = ()
    is_stopped: bool = False

    @property
    def counts(self) -> list[str]:
        found = [f"{_chats(len(self.added))} imported." if self.added else "No chats were imported."]
        if self.known:
            found.append(
                f"{_chats(self.known)} {_was(self.known)} here already and {_was(self.known)} not added again."
            )
        if lacks := counted_words(self.left_out or {}):
            found.append(f"Left out, since slmdesk cannot keep it: {lacks}.")
        if self.too_large:
            found.append(f"{_chats(self.too_large)} {_was(self.too_large)} too large and not imported.")
        if self.empty:
            found.append(f"{_chats(self.empty)} without messages {_was(self.empty)} skipped.")
        if self.unknown:
            entries = "1 entry was" if self.unknown == 1 else f"{self.unknown:,} entries were"
            found.append(f"{entries} not recognised as a chat.")
        return found

    @property
    def lines(self) -> list[str]:
        found = [*self.counts, *(problem.sentence for _name, problem in self.problems)]
        return [*found, "The import was stopped before its end."] if self.is_stopped else found


def _chats(count: int) -> str:
    return counted_words({"chat": count})


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


class ImportService(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._runtime, self._reader = runtime, reader
        self._running: list[_Import] = []

    def import_files(self, paths: Sequence[Path]) -> Pending[ImportReport]:
        """Import the chats of files, and of folders with such files.

        Reports progress as ImportProgress.  A cancel ends with the report on what was added until then.
        Raises KnownError `store.read_only`.
        """
        self._store.require_writable()
        running = _Import(self._runtime, self._reader)
        self._running.append(running)
        running.pending.then(lambda _end: self._running.remove(running))
        running.begin(paths)
        return running.pending

    def close(self) -> None:
        for one in list(self._running):
            one.stop()


class _Import(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._reader = reader
        self._left: deque[Source] = deque()
        self._steps: deque[Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._is_posted = False
        """Whether a step waits on the service thread.  With the lock."""
        self._added: list[str] = []
        self._counts: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._problems: list[tuple[str, Problem]] = []
        self._sums: set[str] = set()
        self._handle: JobHandle | None = None
        self._is_stopped = False
        self._file, self._told = "", 0.0
        self.pending: Pending[ImportReport] = Pending(self.stop)

    def begin(self, paths: Sequence[Path]) -> None:
        self._sums = self._store.imports.sums()
        found = pending_on_file_thread(self._service_thread, lambda: sources_in(paths), name="chat-import")
        found.then(self._on_found)

    def stop(self) -> None:
        self._is_stopped = True
        if self._handle is not None:
            self._handle.cancel()

    def _on_found(self, found: Sources | Problem) -> None:
        if isinstance(found, Problem):
            self.pending.end(found)
            return
        self._left.extend(found.files)
        self._problems.extend(found.problems)
        self._next()

    def _next(self) -> None:
        if self._is_stopped or not self._left:
            self._end()
            return
        source = self._left.popleft()
        self._file, before = source.path.name, self._seen
        payload: dict[str, Json] = {"path": str(source.path), "thread": source.thread}
        self._handle, reading = start_reader(self._service_thread, self._reader, "chats", payload, self._on_partial)
        self._told = 0.0
        self._tell()
        reading.then(lambda result: self._queue(lambda: self._on_read(source, before, result)))

    @property
    def _seen(self) -> int:
        return len(self._added) + self._counts["known"] + self._counts["unknown"] + self._counts["too_large"]

    def _on_partial(self, untrusted: Mapping[str, Any]) -> None:  # on a thread of the client
        self._queue(lambda: self._take(untrusted))

    def _queue(self, step: Callable[[], object]) -> None:
        """Have a step done on the service thread after those before it, each in a turn of its own: what others ask in
        between is not kept waiting by a reader that is quicker than the disk.  On any thread.
        """
        with self._lock:
            self._steps.append(step)
            is_first, self._is_posted = not self._is_posted, True
        if is_first:
            self._service_thread.post(self._do_one)

    def _do_one(self) -> None:
        try:
            self._steps.popleft()()
        finally:
            with self._lock:
                has_more = self._is_posted = bool(self._steps)
            if has_more:
                self._service_thread.post(self._do_one)

    def _on_read(self, source: Source, before: int, result: Mapping[str, Json] | Problem) -> None:
        self._handle = None
        if isinstance(result, Problem) or self._is_stopped:
            if isinstance(result, Problem) and not self._is_stopped:
                self._problems.append((source.path.name, result))
            self._next()
            return
        for name in ("unknown", "too_large", "empty"):
            count = result.get(name)
            self._counts[name] += count if isinstance(count, int) else 0
        broken, name = str(result.get("broken") or ""), source.path.name
        if broken and self._seen > before:
            self._say(name, KnownError("chats.broken", path=name, reason=broken))
        elif broken:
            self._say(name, KnownError("chats.unreadable", path=name, reason=broken))
        elif self._seen == before and not result.get("empty"):
            self._say(name, KnownError("chats.unknown", path=name))
        self._next()

    def _say(self, name: str, error: KnownError) -> None:
        self._problems.append((name, problem_for(error)))

    def _end(self) -> None:
        if self._added:
            self._publish(ItemsAdded())
        self.pending.end(
            ImportReport(
                tuple(self._added),
                self._counts["known"],
                dict(self._left_out),
                self._counts["unknown"],
                self._counts["too_large"],
                self._counts["empty"],
                tuple(self._problems),
                self._is_stopped,
            )
        )

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._told >= TELL_AFTER_S:
            self._told = now
            self.pending.progress(ImportProgress(self._file, len(self._added), self._counts["known"]))

    # ---- chats

    def _take(self, untrusted: Mapping[str, Any]) -> None:
        if self._is_stopped:
            return
        try:
            chat, lacks = self._made(untrusted)
        except KnownError as err:
            if err.code == "chats.unreadable":
                self._say(self._file, KnownError(err.code, path=self._file, reason=str(err.args_for_people["reason"])))
            self._counts["unknown"] += 1
            return
        if chat.sum in self._sums or self._is_of_here(untrusted, chat):
            self._counts["known"] += 1
        else:
            self._add(chat, lacks)
        self._tell()

    def _made(self, untrusted: Mapping[str, Any]) -> tuple[NewChat, Mapping[str, int]]:
        now = time.time()
        if isinstance(own := untrusted.get("own"), Mapping):
            return chat_of_own(own, now, self._has_document), {}
        found = record_from(ForeignChat, untrusted.get("foreign"))
        return chat_of_foreign(found, now), dict(found.left_out)

    def _add(self, chat: NewChat, lacks: Mapping[str, int]) -> None:
        try:
            with self._store.together():
                item = self._store.imports.add(chat.item, chat.messages)
                if chat.documents:
                    self._store.documents.link(item.id, chat.documents)
                if chat.quotes:
                    self._store.results.save(item.id, {"quotes": chat.quotes})
        except KnownError as err:
            if err.code == "request.invalid":
                self._counts["unknown"] += 1
                return
            self._problems.append((self._file, problem_for(err)))  # a full disk: what is whole stays
            self.stop()
            return
        self._sums.add(chat.sum)
        self._added.append(item.id)
        self._left_out.update(lacks)

    def _has_document(self, id: str, sha256: str) -> bool:
        try:
            return self._store.documents.get(id).sha256 == sha256
        except KnownError:
            return False

    def _is_of_here(self, untrusted: Mapping[str, Any], chat: NewChat) -> bool:
        id = stored_from(str, (stored_from(dict, untrusted.get("own")) or {}).get("id"))
        if id is None:
            return False
        try:
            item = self._store.items.get(id)
        except KnownError:
            return False
        if item.id != id or item.deleted_at is not None:
            return False
        return chat.sum == sum_of(OWN_PROGRAM, id, self._store.messages.of_item(id))
