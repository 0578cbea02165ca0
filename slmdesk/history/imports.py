"""Import chats of ChatGPT, and of slmdesk itself, from files and folders. Service thread.

The reader child reads the files. Each chat is added as soon as it is complete, so that a stop or a crash leaves only
complete chats. A chat that is in the history already, with the same words, is not added again.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from slmdesk.base.documents import (
    IMPORTED,
    INTERRUPTED,
    OWN_PROGRAM,
    OWN_VERSION,
    ForeignChat,
    ForeignMessage,
    counted_words,
)
from slmdesk.base.error_sentences import CODES
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import record_from, stored_dict, stored_from
from slmdesk.base.record import Number, Record, changed, to_json
from slmdesk.base.records import Item, Message, Status
from slmdesk.base.runtime.events import ItemsAdded, Pending
from slmdesk.base.runtime.messages import Problem, problem_for
from slmdesk.base.runtime.service import Runtime, Service, pending_on_file_thread
from slmdesk.base.texts import _, ngettext
from slmdesk.base.types import AttachmentPart, Json, Origin, Role, TextPart
from slmdesk.base.untrusted import clean_label
from slmdesk.chat.conversation import NEW_CHAT, WINDOW, copied_window, title_from
from slmdesk.chat.types import KIND, Quoted, options_from
from slmdesk.children.client import ChildClient, JobHandle
from slmdesk.documents.reading import start_reader
from slmdesk.history.store import new_id

TELL_AFTER_S = 0.2


class ImportProgress(Record):
    file: str
    added: int
    known: int


class ImportReport(Record):
    added: tuple[str, ...] = ()
    known: int = 0
    left_out: Mapping[str, int] | None = None
    """Content of the new chats that could not be imported: its name in the singular, and the count."""
    unknown: int = 0
    too_large: int = 0
    empty: int = 0
    problems: tuple[tuple[str, Problem], ...] = ()
    is_stopped: bool = False

    @property
    def counts(self) -> list[str]:
        lines = [
            _("{chats} imported.").format(chats=_chats(len(self.added))) if self.added else _("No chats were imported.")
        ]
        if self.known:
            lines.append(
                _("{chats} {was} here already and {was} not added again.").format(
                    chats=_chats(self.known), was=_was(self.known)
                )
            )
        if lacks := counted_words(self.left_out or {}):
            lines.append(_("Left out, since slmdesk cannot keep it: {lacks}.").format(lacks=lacks))
        if self.too_large:
            lines.append(
                _("{chats} {was} too large and not imported.").format(
                    chats=_chats(self.too_large), was=_was(self.too_large)
                )
            )
        if self.empty:
            lines.append(
                _("{chats} without messages {was} skipped.").format(chats=_chats(self.empty), was=_was(self.empty))
            )
        if self.unknown:
            entries = ngettext("1 entry was", "{n:,} entries were", self.unknown)
            lines.append(_("{entries} not recognised as a chat.").format(entries=entries))
        return lines

    @property
    def lines(self) -> list[str]:
        sentences = [*self.counts, *(problem.sentence for _name, problem in self.problems)]
        return [*sentences, _("The import was stopped before its end.")] if self.is_stopped else sentences


def _chats(count: int) -> str:
    return counted_words({"chat": count})


def _was(count: int) -> str:
    return ngettext("was", "were", count)


class ImportService(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._runtime, self._reader = runtime, reader
        self._running: list[_Import] = []

    def import_files(self, paths: Sequence[Path]) -> Pending[ImportReport]:
        """Import the chats in files, and in folders with such files.

        Reports progress as ImportProgress. A cancel ends with the report on what was added so far. Raises KnownError
        `store.read_only`.
        """
        self._store.require_writable()
        running = _Import(self._runtime, self._reader)
        self._running.append(running)
        running.pending.then(lambda _end: self._running.remove(running))
        running.begin(paths)
        return running.pending

    def close(self) -> None:
        for job in list(self._running):
            job.stop()


class _Import(Service):
    def __init__(self, runtime: Runtime, reader: ChildClient) -> None:
        super().__init__(runtime)
        self._reader = reader
        self._left: deque[Path] = deque()
        self._steps: deque[Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._is_posted = False
        """Whether a step is waiting on the service thread. Guarded by the lock."""
        self._added: list[str] = []
        self._counts: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._problems: list[tuple[str, Problem]] = []
        self._sums: set[str] = set()
        self._last = 0
        """Number of the newest item when the checksums were looked up."""
        self._handle: JobHandle | None = None
        self._is_stopped = False
        self._file, self._told = "", 0.0
        self.pending: Pending[ImportReport] = Pending(self.stop)

    def begin(self, paths: Sequence[Path]) -> None:
        self._look_up()
        search = pending_on_file_thread(self._service_thread, lambda: sources_in(paths), name="chat-import")
        search.then(self._on_found)

    def stop(self) -> None:
        self._is_stopped = True
        if self._handle is not None:
            self._handle.cancel()

    def _on_found(self, sources: Sources | Problem) -> None:
        if isinstance(sources, Problem):
            self.pending.end(sources)
            return
        self._left.extend(sources.files)
        self._problems.extend(sources.problems)
        self._next()

    def _next(self) -> None:
        if self._is_stopped or not self._left:
            self._end()
            return
        path = self._left.popleft()
        self._file = path.name
        before = self._seen
        self._handle, reading = start_reader(
            self._service_thread, self._reader, "chats", {"path": str(path)}, self._on_partial
        )
        self._told = 0.0
        self._tell()
        reading.then(lambda result: self._queue(lambda: self._on_read(path.name, before, result)))

    @property
    def _seen(self) -> int:
        return len(self._added) + self._counts["known"] + self._counts["refused"]

    def _on_partial(self, untrusted: Mapping[str, Any]) -> None:  # on a thread of the client
        self._queue(lambda: self._take(untrusted))

    def _queue(self, step: Callable[[], object]) -> None:
        """Run a step on the service thread after the steps before it, each as a task of its own. So other requests need
        not wait, even if the reader is faster than the disk. Any thread.
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

    def _on_read(self, name: str, before: int, result: Mapping[str, Json] | Problem) -> None:
        self._handle = None
        if isinstance(result, Problem) or self._is_stopped:
            if isinstance(result, Problem) and not self._is_stopped:
                self._problems.append((name, result))
            self._next()
            return
        for what in ("unknown", "too_large", "empty"):
            count = result.get(what)
            if isinstance(count, int):
                self._counts[what] += count
        broken = str(result.get("broken") or "")
        has_chats = self._seen > before or bool(result.get("too_large"))
        if broken and has_chats:
            self._say(name, KnownError("chats.broken", path=name, reason=broken))
        elif broken:
            self._say(name, KnownError("chats.unreadable", path=name, reason=broken))
        elif not has_chats and not result.get("empty"):
            self._say(name, KnownError("chats.unknown", path=name))
        self._next()

    def _say(self, name: str, error: KnownError) -> None:
        self._problems.append((name, problem_for(error)))

    def _end(self) -> None:
        if self._added:
            self._publish(ItemsAdded())
        counts = self._counts
        self.pending.end(ImportReport(
            tuple(self._added), counts["known"], dict(self._left_out), counts["unknown"], counts["too_large"],
            counts["empty"], tuple(self._problems), self._is_stopped,
        ))  # fmt: skip

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
                self._counts["refused"] += 1
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
        foreign = record_from(ForeignChat, untrusted.get("foreign"))
        return chat_of_foreign(foreign, now), dict(foreign.left_out)

    def _look_up(self) -> None:
        """Learn the checksums of chats that were imported since, perhaps by another instance."""
        last = self._store.imports.last()
        self._sums |= self._store.imports.sums(after=self._last)
        self._last = last

    def _add(self, chat: NewChat, lacks: Mapping[str, int]) -> None:
        try:
            with self._store.together():
                self._look_up()  # in the write: nobody adds the same chat between the look and this
                if chat.sum in self._sums:
                    self._counts["known"] += 1
                    return
                item = self._store.imports.add(chat.item, chat.messages)
                if chat.documents:
                    self._store.documents.link(item.id, chat.documents)
                if chat.quotes:
                    self._store.results.save(item.id, {"quotes": chat.quotes})
        except KnownError as err:
            if err.code == "request.invalid":
                self._counts["unknown"] += 1
                return
            self._problems.append((self._file, problem_for(err)))  # a full disk: complete chats stay
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


# Converting imported chats for the store. The chats come from ChatGPT or from our own JSON export. All of their
# content is untrusted. Each chat and message gets a new id. Apart from these ids the functions are pure.


MOST_TITLE = 200
_LATEST = 1e10


class NewChat(Record):
    item: Item
    messages: tuple[Message, ...]
    quotes: Mapping[str, Json]
    """Verified quotations, by the id of the answer."""
    sum: str
    """Checksum that is the same for the same chat of the same program, whatever its title."""

    @property
    def documents(self) -> tuple[str, ...]:
        parts = (
            part.attached for message in self.messages for part in message.attachments if not part.attached.is_gone
        )
        return tuple(dict.fromkeys(part.document for part in parts if part.document))


def sum_of(program: str, id: str, messages: Sequence[Message]) -> str:
    """Return a checksum of a chat's texts, without dates and ids of its messages."""
    places = {message.id: at for at, message in enumerate(messages)}
    rows = [
        [places.get(message.parent or ""), str(message.role), message.words, message.thought, message.original,
         len(message.attachments)]
        for message in messages
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([program, id, rows]).encode()).hexdigest()


def chat_of_foreign(foreign: ForeignChat, now: float) -> NewChat:
    """Convert a chat of ChatGPT. A message without a time gets the time of the message before."""
    ids = {message.id: new_id() for message in foreign.messages}
    times = [message.created for message in foreign.messages if message.created is not None]
    created = min(foreign.created if foreign.created is not None else min(times, default=now), now)
    updated = foreign.updated if foreign.updated is not None else max(times, default=created)
    messages: list[Message] = []
    at = created
    for number, message in enumerate(foreign.messages):
        at = message.created if message.created is not None else at
        messages.append(_foreign_message(message, foreign.program, ids, number, min(at, now)))
    first = next((message.words for message in messages if message.role is Role.USER), "")
    sum = sum_of(foreign.program, foreign.id, messages)
    mark: dict[str, Json] = {"program": foreign.program, "id": foreign.id[:200], "sum": sum, "time": now}
    settings: dict[str, Json] = {IMPORTED: mark}
    if foreign.leaf in ids:
        settings["leaf"] = ids[foreign.leaf]
    title = title_from(foreign.title or first)
    updated = min(max(updated, created), now)
    item = _item(title, created, updated, settings, pinned=False, archived=False)
    return NewChat(item, tuple(messages), {}, sum)


def _item(
    title: str, created: float, updated: float, settings: Mapping[str, Json], *, pinned: bool, archived: bool
) -> Item:
    return Item(
        n=0, id=new_id(), kind=KIND, title=title, folder=None, pinned=pinned, created=created, updated=updated,
        deleted_at=None, revision=0, settings=settings, archived=archived,
    )  # fmt: skip


def _foreign_message(
    message: ForeignMessage, program: str, ids: Mapping[str, str], number: int, created: float
) -> Message:
    is_answer = message.role == Role.ASSISTANT
    return Message(
        n=number, id=ids[message.id], item="", parent=ids.get(message.parent or ""),
        role=Role.ASSISTANT if is_answer else Role.USER,
        parts=() if is_answer else (TextPart(message.text, Origin.PERSON),),
        text=message.text if is_answer else "",
        status=Status.INTERRUPTED if is_answer and message.status == INTERRUPTED else Status.COMPLETE,
        owner=None, model_sha256=None, model_name=clean_label(message.model, MOST_TITLE) or None, preset=None,
        sampling={IMPORTED: program}, seed=None, tokens_in=None, tokens_out=None,
        tokens_reused=None, seconds=None, finish_reason=message.finish_reason or None, prompt_version=None,
        error_code=None, error_args={}, created=created, revision=0, thought=message.thought,
    )  # fmt: skip


class _Exported(Record):
    id: str
    parent: str | None
    role: Role
    text: str
    status: Status
    created: str
    model: str | None = None
    model_sha256: str | None = None
    preset: str | None = None
    prompt_version: str | None = None
    thought: str = ""
    thought_seconds: Number | None = None
    original: str | None = None
    seconds: Number | None = None
    finish_reason: str | None = None


IsHere: TypeAlias = Callable[[str, str], bool]


def chat_of_own(untrusted: Mapping[str, Json], now: float, is_here: IsHere) -> NewChat:
    """Read a chat that `exports.papers.chat_shape` wrote. Only its ids are different.

    `is_here` tells whether a document is in the library, by id and sha256. For other documents the text that was sent
    to the model is kept. Raises KnownError `request.invalid` for anything that no export contains, `chats.unreadable`
    for a file of a newer version.
    """
    version = untrusted.get("version")
    if isinstance(version, int) and version > OWN_VERSION:
        raise KnownError("chats.unreadable", path="", reason=_("a newer version of slmdesk wrote it"))
    shapes = untrusted.get("messages")
    if untrusted.get("kind") != KIND or not isinstance(shapes, list):
        raise KnownError("request.invalid", what=_("no chat"))
    exported = [record_from(_Exported, shape) for shape in shapes]
    ids = {message.id: new_id() for message in exported}
    messages = tuple(
        _own_message(message, shape, ids, number, now, is_here)
        for number, (message, shape) in enumerate(zip(exported, shapes, strict=True))
    )
    id = untrusted.get("id")
    sum = sum_of(OWN_PROGRAM, stored_from(str, id) or "", messages)
    mark: dict[str, Json] = {"program": OWN_PROGRAM, "id": str(id)[:200], "sum": sum, "time": now}
    if origin := _origin(untrusted.get("origin")):
        mark["origin"] = origin
    created = min(_time(untrusted.get("created"), now), now)
    updated = min(max(_time(untrusted.get("updated"), now), created), now)
    title = clean_label(stored_from(str, untrusted.get("title")) or "", MOST_TITLE) or NEW_CHAT
    settings = {**_settings(stored_from(dict, untrusted.get("settings")) or {}, ids), IMPORTED: mark}
    pinned, archived = (untrusted.get(key) is True for key in ("pinned", "archived"))
    item = _item(title, created, updated, settings, pinned=pinned, archived=archived)
    quotes: dict[str, Json] = {
        ids[id]: [to_json(quote) for quote in quoted]
        for id, quoted in stored_dict(tuple[Quoted, ...], untrusted.get("quotes")).items()
        if id in ids
    }
    return NewChat(item, messages, quotes, sum)


def _settings(untrusted: Mapping[str, Json], ids: Mapping[str, str]) -> dict[str, Json]:
    settings: dict[str, Json] = {**options_from(untrusted).settings, **copied_window(untrusted, ids)}
    settings["leaf"] = ids.get(stored_from(str, untrusted.get("leaf")) or "")
    return {key: value for key, value in settings.items() if value}


def _own_message(
    exported: _Exported, untrusted: Mapping[str, Json], ids: Mapping[str, str], number: int, now: float, is_here: IsHere
) -> Message:
    parts = tuple(_part(shape, is_here) for shape in stored_from(list, untrusted.get("parts")) or ())
    said = "".join(part.text for part in parts if not isinstance(part, AttachmentPart))
    error, tokens, sampling = (stored_from(dict, untrusted.get(key)) or {} for key in ("error", "tokens", "sampling"))
    code = stored_from(str, error.get("code"))
    is_known = code in CODES
    if (window := stored_from(dict, sampling.get(WINDOW))) is not None:
        copied = {key: value for key, value in copied_window(window, ids).items() if value is not None}
        sampling = {**sampling, WINDOW: copied}
    status = exported.status
    if status is Status.STREAMING or (status is Status.FAILED and not is_known):
        status = Status.INTERRUPTED
    return Message(
        n=number, id=ids[exported.id], item="", parent=ids.get(exported.parent or ""), role=exported.role, parts=parts,
        text="" if said == exported.text else exported.text, status=status, owner=None,
        model_sha256=exported.model_sha256, model_name=exported.model, preset=exported.preset, sampling=sampling,
        seed=_whole(untrusted.get("seed")), tokens_in=_whole(tokens.get("in")), tokens_out=_whole(tokens.get("out")),
        tokens_reused=_whole(tokens.get("reused")), seconds=exported.seconds, finish_reason=exported.finish_reason,
        prompt_version=exported.prompt_version, error_code=code if is_known else None,
        error_args=_args(error.get("args")) if is_known else {}, created=min(_time(exported.created, now), now),
        revision=0, thought=exported.thought, thought_seconds=exported.thought_seconds, original=exported.original,
    )  # fmt: skip


def _part(untrusted: object, is_here: IsHere) -> TextPart:
    if "attached" not in (stored_from(dict, untrusted) or {}):
        return record_from(TextPart, untrusted)
    part = record_from(AttachmentPart, untrusted)
    about = part.attached
    is_gone = (bool(about.document) and not is_here(about.document, about.sha256)) or about.is_folder
    return changed(part, attached=changed(about, is_gone=True)) if is_gone else part


def _origin(untrusted: object) -> dict[str, Json]:
    shape = stored_from(dict, untrusted) or {}
    program, id = (stored_from(str, shape.get(key)) for key in ("program", "id"))
    if not program or id is None:
        return {}
    origin: dict[str, Json] = {"program": clean_label(program, 60), "id": id[:200]}
    return {**origin, "time": _time(shape.get("imported"), 0.0)}


def _whole(untrusted: object) -> int | None:
    """Return the value if it is a whole number that the database can store, otherwise None."""
    number = stored_from(int, untrusted)
    return None if number is None or abs(number) >= 1 << 62 else number


def _args(untrusted: object) -> dict[str, Json]:
    entries = (stored_from(dict, untrusted) or {}).items()
    plain = {
        key: value for key, value in entries if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
    return {key: value[:500] if isinstance(value, str) else value for key, value in plain.items()}


def _time(untrusted: object, otherwise: float) -> float:
    try:
        when = datetime.fromisoformat(str(untrusted).replace("Z", "+00:00"))
        if not when.tzinfo:
            when = when.replace(tzinfo=UTC)
        seconds = when.timestamp()
    except (ValueError, OverflowError):
        return otherwise
    return seconds if 0 <= seconds < _LATEST else otherwise


MOST_FILES, MOST_DEPTH = 20_000, 8


class Sources(Record):
    files: tuple[Path, ...]
    problems: tuple[tuple[str, Problem], ...]


def sources_in(paths: Sequence[Path]) -> Sources:
    """Return the given files, and from folders the files whose names say that they contain chats.

    What cannot be used is reported as a problem `file.missing`, `file.unreadable`, `chats.unknown` (a folder without
    such files) or `chats.not_searched` (a part of a folder). The search goes on after a problem.
    """
    return _Search().run(paths)


class _Search:
    def __init__(self) -> None:
        self._found: dict[Path, None] = {}
        self._problems: list[tuple[str, Problem]] = []

    def run(self, paths: Sequence[Path]) -> Sources:
        for path in paths:
            if os.path.isdir(path):  # noqa: PTH112  raises nothing for a name that cannot be, or a folder that is shut
                self._search(path)
            elif not os.path.lexists(path):
                self._say(path, KnownError("file.missing", path=str(path)))
            else:
                self._found[path] = None
        return Sources(tuple(self._found), tuple(self._problems))

    def _search(self, top: Path) -> None:
        """Add the files with chats in a folder and its subfolders, by name. Links are not followed."""
        paths: list[Path] = []
        shut: list[OSError] = []
        is_cut = has_deeper = False
        for place, folders, files in os.walk(top, onerror=shut.append):
            folders.sort()
            if len(Path(place).relative_to(top).parts) >= MOST_DEPTH:
                has_deeper = has_deeper or bool(folders)
                folders.clear()
            paths += [Path(place, name) for name in sorted(files) if _is_of_chats(name)]
            if len(paths) > MOST_FILES:
                is_cut = True
                break
        self._found.update(dict.fromkeys(paths[:MOST_FILES]))
        if is_cut:
            reason = _("it holds more than {most_files:,} files of chats, and the first of them were taken")
            self._left_out(top, reason.format(most_files=MOST_FILES))
        if has_deeper:
            reason = _("folders more than {most_depth} levels below it were left out")
            self._left_out(top, reason.format(most_depth=MOST_DEPTH))
        if shut:
            first, count = shut[0], ngettext("1 folder", "{n:,} folders", len(shut))
            reason = _("{count} could not be opened, first {filename} ({strerror})")
            self._left_out(top, reason.format(count=count, filename=first.filename, strerror=first.strerror))
        if not paths and not (shut or has_deeper):
            self._say(top, KnownError("chats.unknown", path=str(top)))

    def _left_out(self, top: Path, reason: str) -> None:
        self._say(top, KnownError("chats.not_searched", path=str(top), reason=reason))

    def _say(self, path: Path, error: KnownError) -> None:
        self._problems.append((path.name, problem_for(error)))


def _is_of_chats(name: str) -> bool:
    return name.startswith("conversations") and name.endswith(".json")
