"""Records that the store returns instead of database rows; the ledger's hash chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from slmdesk.base.record import Record, field
from slmdesk.base.texts import N_, _, grouped, retold
from slmdesk.base.types import AttachmentPart, Json, Role, TextPart


class Status(StrEnum):
    STREAMING = "streaming"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """The instance that wrote the answer ended before the answer was complete. The text so far is kept."""


class Item(Record):
    """A chat, summary, translation, question, table … Times are seconds since the epoch, UTC."""

    n: int
    id: str
    kind: str
    title: str
    folder: str | None
    """Id of the space that the item is in. The id of a space that is deleted or in the trash counts as no space."""
    pinned: bool
    created: float
    updated: float
    deleted_at: float | None
    revision: int
    settings: Mapping[str, Json] = field(default_factory=dict)
    """Settings of this item alone, such as its system prompt and its chosen leaf message."""
    archived: bool = False
    """An archived item is kept, but does not appear in the list or in searches."""

    @property
    def shown_title(self) -> str:
        """The title as people read it: what the program called it, in their language."""
        return title_words(self.title, self.kind)


PERSONS_TITLES = ("chat", "question", "writing", "comparison", "space")
"""Kinds of items whose titles are a person's words."""
CHAT_TITLES = (N_("New chat"), N_("Continued: {title}"), N_("{title} (copy)"))
TITLES = (
    N_("Summary: {name} and {n} more"), N_("Summary: {name}"), N_("Table: {name} and {n} more"), N_("Table: {name}"),
    N_("Compare: {first} and {last}"), N_("{name} and {n} more"), N_("{first} and {last}"),
    N_("Without names: {name}"), N_("Reply: {name}"), N_("Reply: {name} and {n} more"),
)  # fmt: skip


def title_words(title: str, kind: str = "") -> str:
    """Say a title that the program made in the language of the window. It is stored in English."""
    if kind in PERSONS_TITLES:
        return retold(title, *CHAT_TITLES)
    words, arrow, language = title.rpartition(" → ")
    return f"{words}{arrow}{_(language)}" if arrow else retold(title, *TITLES)


class MessagePlace(NamedTuple):
    n: int
    id: str
    parent: str | None
    role: str


class Message(Record):
    n: int
    id: str
    item: str
    parent: str | None
    role: Role
    parts: tuple[TextPart, ...]
    """The parts that a person or the program put in, each with its origin. Empty for an answer; `text` is its text."""
    text: str
    status: Status
    owner: str | None
    model_sha256: str | None
    model_name: str | None
    preset: str | None
    sampling: Mapping[str, Json]
    seed: int | None
    tokens_in: int | None
    tokens_out: int | None
    tokens_reused: int | None
    seconds: float | None
    finish_reason: str | None
    prompt_version: str | None
    error_code: str | None
    error_args: Mapping[str, Json]
    created: float
    revision: int
    thought: str = ""
    """What the model thought before this answer. It is not part of the answer, not searched, and sent to no model."""
    thought_seconds: float | None = None
    original: str | None = None
    """The model's text, if a person has edited the answer since. It is not searched, and is sent to no model."""

    @property
    def words(self) -> str:
        """The text of a message, whoever wrote it, without attachments."""
        return self.text or "".join(part.text for part in self.parts if not isinstance(part, AttachmentPart))

    @property
    def attachments(self) -> tuple[AttachmentPart, ...]:
        return tuple(part for part in self.parts if isinstance(part, AttachmentPart))


class PresetRecord(Record):
    n: int
    id: str
    name: str
    place: float
    value: Mapping[str, Json]
    created: float


class RemovedMessages(Record):
    """Messages that were deleted, kept in memory only, as long as a person may undo the deletion."""

    item: str
    rows: tuple[Mapping[str, Any], ...]
    moved: tuple[tuple[str, str], ...]
    """Messages that were not deleted but whose parent was: pairs of the message's id and its old parent's id."""


class AnswerEnding(Record):
    status: Status
    finish_reason: str | None = None
    tokens_in: int | None = None
    tokens_out: int | None = None
    tokens_reused: int | None = None
    seconds: float | None = None
    seed: int | None = None
    reproducible: bool | None = None
    error_code: str | None = None
    error_args: Mapping[str, Json] = field(default_factory=dict)
    thought_seconds: float | None = None
    """Seconds that the model thought. None if it did not think, or thought before its text was continued."""
    kept: Mapping[str, Json] = field(default_factory=dict)

    def fields_for(self, old: Message, text: str, thought: str) -> dict[str, Any]:
        """Return the fields of the message `old` that change when the answer ends in this way."""
        same = ("status", "finish_reason", "tokens_in", "tokens_out", "tokens_reused", "seconds", "error_code")
        known = {} if self.reproducible is None else {"reproducible": self.reproducible}
        return {
            **{name: getattr(self, name) for name in same},
            "text": text,
            "thought": thought,
            "thought_seconds": old.thought_seconds if self.thought_seconds is None else self.thought_seconds,
            "owner": None,
            "seed": old.seed if self.seed is None else self.seed,
            "sampling": {**old.sampling, **self.kept, **known},
            "error_args": dict(self.error_args),
        }


class Found(Record):
    """A hit of the history search. In the snippet each match stands between U+E000 and U+E001."""

    item: str
    message: str
    """Id of the message. Empty if only the title matches; the snippet is then the beginning of the item."""
    title: str
    snippet: str
    n: int = 0
    """Number of the message, or of the item's newest message. It is the `before` of the next page of hits."""


class ModelRecord(Record):
    id: str
    name: str
    path: bytes
    linked: bool
    """Whether the file stays where the person keeps it, instead of in the models folder."""
    bytes: int
    sha256: str
    mtime_ns: int
    inode: int
    header: Mapping[str, Json]
    source: str
    added: float
    last_used: float | None
    info: Mapping[str, Json] = field(default_factory=dict)
    """Measurements on this PC for this checksum: cost curve, template verdict, if the model behaves, load crashes."""

    @property
    def kind(self) -> str:
        """The kind: model, encoder or adapter. Records of older versions have no kind, and count as models."""
        return str(self.header.get("kind") or "model")

    @property
    def can_chat(self) -> bool:
        return self.kind in ("model", "unknown")

    @property
    def behaves(self) -> bool | None:
        """Whether a test found that the file behaves like a language model. None if it was not tested yet."""
        flag = self.info.get("behaves")
        return flag if isinstance(flag, bool) else None


class NetworkLogRow(Record):
    n: int
    """Number of the row in the ledger. Numbers in between belong to rows of other kinds."""
    time: float
    host: str
    method: str
    path: str
    purpose: str
    bytes: int | None


class JobStatus(StrEnum):
    """The state of a job. The last three mean that the job has ended. A failed job may be resumed."""

    OPEN = "open"
    RUNNING = "running"
    """The owner of the job runs it. When the owner is gone, any instance may take over the job."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class JobRecord(Record):
    """Long work made of steps. Each step's result is saved when the step is done."""

    n: int
    id: str
    kind: str
    title: str
    status: JobStatus
    owner: str | None
    item: str | None
    """Id of the item that the job works for. Deleting the item for good deletes the job."""
    model_sha256: str
    settings: Mapping[str, Json]
    error_code: str | None
    error_args: Mapping[str, Json]
    created: float
    updated: float
    done: int
    failed: int
    total: int


class StepStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


class JobStep(Record):
    key: str
    """Derived from the model's sha256, the prompt version and the input. The same key means the same result."""
    input: Mapping[str, Json]
    status: StepStatus
    value: Mapping[str, Json]
    deaths: int
    """How many child processes crashed while working on the step."""
    error_code: str | None
    error_args: Mapping[str, Json]


class Measurement(Record):
    key: str
    value: Mapping[str, Json]
    time: float
    """Time of the measurement, in seconds since the epoch, UTC."""


class DocumentStatus(StrEnum):
    READING = "reading"
    READ = "read"
    FAILED = "failed"


class DocumentRecord(Record):
    """A document that was opened: its path, and what its reader reported. Its pages are stored separately."""

    n: int
    id: str
    path: bytes
    name: str
    sha256: str
    """SHA-256 of the file when it was read."""
    format: str
    bytes: int
    mtime_ns: int
    reader: str
    """Version of the reader that read the document. A newer reader reads the document again."""
    status: DocumentStatus
    info: Mapping[str, Json]
    """A DocumentFacts record as a JSON object. Empty while the document is being read."""
    collection: str | None
    error_code: str | None
    error_args: Mapping[str, Json]
    added: float
    opened: float
    pages: int = 0


class CollectionRecord(Record):
    """A folder of documents that are asked together."""

    n: int
    id: str
    name: str
    path: bytes
    watched: bool
    """Whether the folder is checked again and again while a window is open. If not, it is only checked on request."""
    settings: Mapping[str, Json]
    """What the last check of the folder found, and its settings."""
    added: float


class KnownFile(Record):
    """The data of a document in a folder that tell whether its file has changed."""

    id: str
    path: bytes
    sha256: str
    bytes: int
    mtime_ns: int
    inode: int
    status: DocumentStatus
    reader: str
    error_code: str | None


class Passage(Record):
    """A passage for search and quotation: from character `start` of a page to `end` of `page_end`."""

    n: int
    document: str
    page: int
    page_end: int
    start: int
    end: int
    text: str


class BackupCopy(Record):
    """A copy in the backups folder. It was verified when it was made."""

    path: Path
    time: float
    """Time of the content, in seconds since the epoch."""
    bytes: int


class HistoryContents(Record):
    """What a history holds, in numbers."""

    kinds: Mapping[str, int]
    """By kind of item: how many there are outside the trash."""
    documents: int
    time: float
    """When it was last written to, in seconds since the epoch. 0 if it is empty."""


class Restored(Record):
    """Size and checksum of the backup that was restored, and the path where the previous history is now."""

    bytes: int
    sha256: str
    aside: Path | None


BROUGHT = "brought"
"""Key in what a restored backup brought and a person has not decided on: in the info of a model, the value of a preset,
the settings of a folder or a job.
"""


class Brought(Record):
    """What a restored backup brought that would act on this PC. None of it is used before a person was asked."""

    models: tuple[ModelRecord, ...] = ()
    folders: tuple[CollectionRecord, ...] = ()
    """Folders that were watched."""
    presets: tuple[PresetRecord, ...] = ()
    jobs: tuple[JobRecord, ...] = ()
    """Jobs that were not finished. They are paused, and a person resumes them one by one."""

    @property
    def is_empty(self) -> bool:
        return not (self.models or self.folders or self.presets)


class Rescued(Record):
    """How many rows of each table were copied. `unreadable` counts rows that the file has or names and that cannot be
    read. `uncounted` is the number of tables of which nobody can tell how many are missing. `lost_segments` counts
    segments missing in the middle of a translation. `seen` counts all readable rows, also those that the store had
    already.
    """

    items: int
    messages: int
    models: int
    requests: int
    unreadable: int
    seen: int = 0
    translations: int = 0
    segments: int = 0
    memory: int = 0
    glossaries: int = 0
    terms: int = 0
    presets: int = 0
    uncounted: int = 0
    lost_segments: int = 0


DOCUMENT = "document"
KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "": (_("item"), _("items")),
        "chat": (_("chat"), _("chats")),
        "question": (_("question"), _("questions")),
        "summary": (_("summary"), _("summaries")),
        "extraction": (_("table"), _("tables")),
        "versions": (_("comparison of versions"), _("comparisons of versions")),
        "translation": (_("translation"), _("translations")),
        "writing": (_("text of the page Write"), _("texts of the page Write")),
        "comparison": (_("comparison of models"), _("comparisons of models")),
        "reply": (_("reply to a letter"), _("replies to letters")),
        "due": (_("list of deadlines"), _("lists of deadlines")),
        "stand_ins": (_("key to a copy without names"), _("keys to copies without names")),
        DOCUMENT: (_("document that nothing uses"), _("documents that nothing uses")),
    }
)
"""Kinds of items with their names in singular and plural. "" means any kind."""


def counted(kind: str, count: int) -> str:
    single, several = KINDS.get(kind, KINDS[""])
    return f"1 {single}" if count == 1 else f"{grouped(count)} {several}"


# The ledger. The ledger says what happened on this PC with the network. Each row contains a hash over the row before.
# The hash is SHA-256 over seven lines joined by newlines: the hash of the row before (64 zeros before the first), n,
# time, monotonic, boot, kind, data. Times are whole microseconds; `data` is a line of canonical JSON. Whoever
# changes, drops, adds or moves a row must compute all later hashes again, and then the last hash changes.


BEGINNING = "0" * 64


class Kind(StrEnum):
    START = "start"
    STOP = "stop"
    OFFLINE = "offline"
    POLICY = "policy"
    """The organisation's rules have changed, or a rule could not be carried out."""
    REQUEST = "request"
    """A network request. Written before anything is sent."""
    END = "end"
    REFUSED = "refused"
    LINK = "link"
    """A person opened an address in the browser."""
    RESTORE = "restore"
    STATEMENT = "statement"
    """A statement that an earlier version signed."""


class LedgerRow(Record):
    n: int
    """Number of the row, from 1 on, without gaps."""
    time: int
    """Time of the row, in microseconds since 1970, UTC."""
    monotonic: int
    """Microseconds of a clock that nobody can set and that counts while the PC sleeps. Comparable only in a `boot`."""
    boot: str
    kind: str
    data: str
    hash: str

    @property
    def said(self) -> dict[str, Json]:
        """The content of `data`, or an empty object if it was made unreadable. Damage here must stop nobody's work."""
        return said_in(self.data)


class Outgoing(Record):
    host: str
    method: str
    path: str
    purpose: str = ""
    port: int = 0
    via: str = ""
    """How the proxy is chosen: system, none, or its address without a password."""
    query_sha256: str = ""
    """SHA-256 of the part of the address after the question mark, such as searched words. Empty if there is none."""


class Answered(Record):
    bytes: int
    """Bytes of the answer as they were transferred."""
    status: int = 0
    """HTTP status. 0 means that there was no answer."""
    proxy: str = ""
    """Host and port of the proxy that was used. Empty for a direct connection."""


_FOR_SPREADSHEETS = {ord(mark): f"\\u{ord(mark):04x}" for mark in ";|=@"}


def said_in(data: str) -> dict[str, Json]:
    try:
        stored = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return stored if isinstance(stored, dict) else {}


def canonical(data: Mapping[str, Json]) -> str:
    """Return JSON that is always the same for the same values: one line, sorted keys, no spaces, non-ASCII letters
    unescaped.

    Characters that a spreadsheet takes for the end of a cell or the beginning of a formula are escaped. So a row can be
    written to ledger.csv unchanged, and its hash can be checked there.
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_FOR_SPREADSHEETS)  # these characters appear only inside strings


def chain_hash(before: str, n: int, time: int, monotonic: int, boot: str, kind: str, data: str) -> str:
    return hashlib.sha256("\n".join((before, f"{n}\n{time}\n{monotonic}", boot, kind, data)).encode()).hexdigest()
