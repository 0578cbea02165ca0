"""The records that the store returns instead of rows, with the rules of keeping and the chain of the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from slmdesk.base.record import Record, field
from slmdesk.base.texts import _
from slmdesk.base.types import AttachmentPart, Json, Role, TextPart


class Status(StrEnum):
    STREAMING = "streaming"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    """Its instance ended while it grew; the text so far is kept."""


class Item(Record):
    """A chat, summary, translation, question, table …  Times are seconds since the epoch, UTC."""

    n: int
    id: str
    kind: str
    title: str
    folder: str | None
    """Id of the space it is in; a space that is in the trash, or gone, is none."""
    pinned: bool
    created: float
    updated: float
    deleted_at: float | None
    revision: int
    settings: Mapping[str, Json] = field(default_factory=dict)
    """What belongs to this item alone, such as its system prompt and its chosen leaf message."""
    archived: bool = False
    """Out of the list and of searches, and kept."""


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
    """What was put in, each with its origin; for an answer empty: its words are `text`."""
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
    """What a model thought aloud before this answer: no part of its words, found by no search, sent to no model."""
    thought_seconds: float | None = None
    original: str | None = None
    """What the model wrote, where a person has changed the text since; found by no search, sent to no model."""

    @property
    def words(self) -> str:
        """The text of a message, by whomever; without attachments."""
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
    """Messages that were deleted, as long as a person may want them back; kept in memory alone."""

    item: str
    rows: tuple[Mapping[str, Any], ...]
    moved: tuple[tuple[str, str], ...]
    """Messages that stayed and hung below a moved message, each with the id of that message."""


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
    """How long it thought aloud; None: not at all, or before its text was continued."""
    kept: Mapping[str, Json] = field(default_factory=dict)

    def fields_for(self, old: Message, text: str, thought: str) -> dict[str, Any]:
        """What changes in a message that ends so."""
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
    """A hit of the history search; the snippet marks matches with U+E000 before and U+E001 after."""

    item: str
    message: str
    """Empty when the title alone holds the words; the snippet is then how the item begins."""
    title: str
    snippet: str
    n: int = 0
    """Of the message, or of the item's newest: the `before` of the next page."""


class ModelRecord(Record):
    id: str
    name: str
    path: bytes
    linked: bool
    """The file stays where the person keeps it."""
    bytes: int
    sha256: str
    mtime_ns: int
    inode: int
    header: Mapping[str, Json]
    source: str
    added: float
    last_used: float | None
    info: Mapping[str, Json] = field(default_factory=dict)
    """Measured on this PC under this checksum: cost curve, template verdict, whether it behaves, load crashes."""

    @property
    def kind(self) -> str:
        """model, encoder or adapter; records from before kinds existed are models."""
        return str(self.header.get("kind") or "model")

    @property
    def can_chat(self) -> bool:
        return self.kind in ("model", "unknown")

    @property
    def behaves(self) -> bool | None:
        """Whether a test found that it behaves like a language model; None: not tested yet."""
        found = self.info.get("behaves")
        return found if isinstance(found, bool) else None


class NetworkLogRow(Record):
    n: int
    """Of its row in the ledger, where other rows stand between."""
    time: float
    host: str
    method: str
    path: str
    purpose: str
    bytes: int | None


class JobStatus(StrEnum):
    """The state of a job.  The last three are ends; a failed job may be resumed."""

    OPEN = "open"
    RUNNING = "running"
    """Its owner runs it; when the owner is gone, any instance may take it."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_end(self) -> bool:
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED)


class JobRecord(Record):
    """Long work made of steps, each saved when it is done."""

    n: int
    id: str
    kind: str
    title: str
    status: JobStatus
    owner: str | None
    item: str | None
    """What it works for; goes for good with it."""
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
    """Of model sha256, prompt version and input: the same key has the same result."""
    input: Mapping[str, Json]
    status: StepStatus
    value: Mapping[str, Json]
    deaths: int
    """How many children died while they had it in hand."""
    error_code: str | None
    error_args: Mapping[str, Json]


class Measurement(Record):
    key: str
    value: Mapping[str, Json]
    time: float
    """Seconds since the epoch, UTC."""


class DocumentStatus(StrEnum):
    READING = "reading"
    READ = "read"
    FAILED = "failed"


class DocumentRecord(Record):
    """A document that was opened: its path, and what its reader reported.  Its pages are stored separately."""

    n: int
    id: str
    path: bytes
    name: str
    sha256: str
    """Of its bytes when they were read."""
    format: str
    bytes: int
    mtime_ns: int
    reader: str
    """Version of the reader that read it."""
    status: DocumentStatus
    info: Mapping[str, Json]
    """core.documents.DocumentFacts as an object; empty while it is read."""
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
    """Looked at again and again while a window is open; else only when somebody asks."""
    settings: Mapping[str, Json]
    """What the last look found: see services.collection_shapes."""
    added: float


class KnownFile(Record):
    """What of a folder's document is needed to see whether its file has changed."""

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
    """A copy in the backups folder; it was verified when it was made."""

    path: Path
    time: float
    """Of what is in it: seconds since the epoch."""
    bytes: int


class Restored(Record):
    """The backup as it was read, and where the previous history is now."""

    bytes: int
    sha256: str
    aside: Path | None


class Rescued(Record):
    """How many rows were brought over; `unreadable` counts those that were found but could not be read, `lost_pages`
    the pages of the file that held rows and cannot be read at all, `lost_segments` those missing between others of
    their translation, `seen` the rows that could be read, also when they are here already.
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
    lost_pages: int = 0
    lost_segments: int = 0


# ---- rules that say how long things are kept, and holds that keep them whatever a rule or a person says


DAY_S = 86_400
MOST_DAYS = 36_500
DOCUMENT = "document"
"""As the kind of a rule: the text of documents that nothing uses any more."""
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
        DOCUMENT: (_("document that nothing uses"), _("documents that nothing uses")),
    }
)
"""What a rule may be about, singular and plural; "": every kind of item, without documents."""


class Then(StrEnum):
    TRASH = "trash"
    """To the trash, and from there for good after `Rule.trash_days`."""
    DELETE = "delete"


class SetBy(StrEnum):
    PERSON = "person"
    POLICY = "policy"


class What(StrEnum):
    ITEM = "item"
    """With the documents it is about."""
    DOCUMENT = "document"
    FOLDER = "folder"
    """A space with its chats, or a folder that is asked with its documents."""
    ALL = "all"


class Rule(Record):
    id: str
    kind: str
    """Of KINDS."""
    folder: str
    """Id of a space, of which alone it is; "": everything."""
    days: int
    then: Then
    trash_days: int
    set_by: SetBy
    since: float
    """When it was made, seconds since 1970; nothing counts as lying in the trash from before."""


class Hold(Record):
    """Something that nothing may delete until the hold is released."""

    id: str
    what: What
    target: str
    """Id of the item, document or folder; "" for all."""
    reason: str
    set_by: SetBy
    since: float
    until: float | None = None
    """From when on it is released; None: only by somebody."""


def counted(kind: str, count: int) -> str:
    single, several = KINDS.get(kind, KINDS[""])
    return f"1 {single}" if count == 1 else f"{count:,} {several}"


# ---- the ledger
#
# what happened on this PC with the network, each row chained by a hash to the row before. The hash of a row is
# SHA-256 over seven lines joined by newlines: the hash of the row before (64 zeros before the first), n, time,
# monotonic, boot, kind, data. Times are whole microseconds; `data` is a line of canonical JSON. Whoever changes,
# drops, adds or moves a row must compute all that follow anew, and then the head changes.
# online/statement/verify.py does the same for an auditor, without this package, and counts what rows say.


BEGINNING = "0" * 64


class Kind(StrEnum):
    START = "start"
    STOP = "stop"
    OFFLINE = "offline"
    POLICY = "policy"
    """The organisation's rules are others than before, or a rule could not be carried out."""
    REQUEST = "request"
    """Written before anything is sent."""
    END = "end"
    REFUSED = "refused"
    LINK = "link"
    """An address was opened in the browser, by hand."""
    RESTORE = "restore"
    STATEMENT = "statement"


class LedgerRow(Record):
    n: int
    """From 1 on, without gaps."""
    time: int
    """Microseconds since 1970, UTC."""
    monotonic: int
    """Microseconds by a clock that nobody sets and that goes on while the PC sleeps; within a `boot`."""
    boot: str
    kind: str
    data: str
    hash: str

    @property
    def values(self) -> dict[str, Json]:
        """What `data` says.  Raises ValueError where it is no JSON object."""
        found = json.loads(self.data)
        if not isinstance(found, dict):
            raise ValueError("no object")
        return found

    @property
    def said(self) -> dict[str, Json]:
        """The same; nothing where somebody has made it unreadable, which must keep nobody from working."""
        return said_in(self.data)

    @property
    def is_imported(self) -> bool:
        """Whether it is from before there was a chain, or from another chain: its time is that of then."""
        return '"imported":true' in self.data and self.said.get("imported") is True


class Outgoing(Record):
    host: str
    method: str
    path: str
    purpose: str = ""
    port: int = 0
    via: str = ""
    """How the proxy is chosen: system, none, or its address, without a password."""
    query_sha256: str = ""
    """Of what stands behind the question mark, such as searched words; empty where nothing does."""


class Answered(Record):
    bytes: int
    """Of the answer, as they came over the line."""
    status: int = 0
    """HTTP; 0: there was no answer."""
    proxy: str = ""
    """Host and port of the proxy it went through; empty: straight."""


_FOR_SPREADSHEETS = {ord(mark): f"\\u{ord(mark):04x}" for mark in ";|=@"}


def said_in(data: str) -> dict[str, Json]:
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def canonical(data: Mapping[str, Json]) -> str:
    """JSON that is always the same for the same values: a single line, keys sorted, no spaces, letters as they are.

    Signs that a spreadsheet takes for the end of a cell or the beginning of a formula are escaped: a row goes into
    ledger.csv as it is, or its hash could not be checked.
    """
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_FOR_SPREADSHEETS)  # none of them stands outside of strings


def chain_hash(before: str, n: int, time: int, monotonic: int, boot: str, kind: str, data: str) -> str:
    return hashlib.sha256("\n".join((before, f"{n}\n{time}\n{monotonic}", boot, kind, data)).encode()).hexdigest()


def first_fault(rows: Iterable[LedgerRow], *, before: str = BEGINNING, first: int = 1) -> int | None:
    """The number that the first row should have which is not the one written there; None: the chain holds.

    Rows missing at the end cannot be seen without a head from elsewhere.
    """
    for n, row in enumerate(rows, first):
        before = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if (row.n, row.hash) != (n, before):
            return n
    return None
