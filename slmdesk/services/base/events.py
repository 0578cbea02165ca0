"""Events: what the services report to their listeners, on the service thread, as plain dataclasses.

Those of one job stand in the `events` module of its package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from slmdesk.core.records import DocumentRecord, Item, JobStatus, Message, ModelRecord
from slmdesk.core.translation import LiveSegment, SegmentRecord
from slmdesk.core.types import LoadedModel, Timing, Usage
from slmdesk.services.chat.attachments.budget import ContextPart
from slmdesk.services.chat.quote import Quoted
from slmdesk.services.documents.folder_types import CollectionState
from slmdesk.services.questions.prompt import Answered
from slmdesk.services.summaries.types import Sentence, Summary
from slmdesk.services.tables.types import Table, TableRow

if TYPE_CHECKING:
    from slmdesk.services.versions.types import Comparison


class ModelState(StrEnum):
    """What the engine child has of the chosen model."""

    NONE = "none"
    """No model in the library."""
    NOT_LOADED = "not_loaded"
    LOADING = "loading"
    READY = "ready"
    CRASHED = "crashed"


class Event:
    """The base of all that is reported to listeners."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A known failure (code and args), or a bug with its report; `sentence` is made on the desk."""

    code: str
    args: Mapping[str, str | int | float]
    sentence: str
    report: str = ""
    """Versions and trace of a bug; no text of the user's."""


@dataclass(frozen=True, slots=True)
class ItemChanged(Event):
    """An item is new, renamed, touched, deleted or restored."""

    item: Item


@dataclass(frozen=True, slots=True)
class ItemGone(Event):
    """An item was deleted for good."""

    id: str


@dataclass(frozen=True, slots=True)
class MessageAdded(Event):
    """A message was added to the tree."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageGrew(Event):
    """New text of an answer, as it comes."""

    chat: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class PromptProgress(Event):
    """How much of the prompt is read, in tokens."""

    chat: str
    message: str
    read: int
    total: int


@dataclass(frozen=True, slots=True)
class MessageEnded(Event):
    """An answer ended: complete, cancelled, failed or interrupted."""

    message: Message
    problem: Problem | None = None
    usage: Usage | None = None
    timing: Timing | None = None


@dataclass(frozen=True, slots=True)
class MessageChanged(Event):
    """A message is not as it was told before: another desk wrote it, or its answer goes on (Continue)."""

    message: Message


@dataclass(frozen=True, slots=True)
class ModelStateChanged(Event):
    """The state of the model in use."""

    state: ModelState
    model: str | None
    name: str
    fraction: float = 0.0
    """While loading: 0..1."""
    loaded: LoadedModel | None = None
    problem: Problem | None = None
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ModelsChanged(Event):
    """The library has another set of models."""


@dataclass(frozen=True, slots=True)
class DocumentsChanged(Event):
    """Another desk has opened, read or forgotten documents: the list of them is another one."""


@dataclass(frozen=True, slots=True)
class PaceChanged(Event):
    """More is known of how fast this PC is: what was said of the speed of models may be said anew."""


@dataclass(frozen=True, slots=True)
class ImportProgress(Event):
    """A model file is being copied in."""

    path: str
    done_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class ImportEnded(Event):
    """A model file is in the library (`model`), or is not (`problem`; both None: it was cancelled)."""

    path: str
    model: ModelRecord | None = None
    problem: Problem | None = None
    was_here: bool = False
    """The same file was in the library already, as `model`."""


@dataclass(frozen=True, slots=True)
class PackProgress(Event):
    """A pack of models is being written, or read and checked."""

    path: str
    done_bytes: int
    total_bytes: int
    eta_s: float | None = None
    """None while it is not known."""


@dataclass(frozen=True, slots=True)
class UnpackedModel:
    """A model that was in a pack."""

    model: ModelRecord
    is_new: bool
    """False: it was in the library already."""
    license: str = ""
    about: Mapping[str, str] = field(default_factory=dict)
    """What the list of suggested models says of it: title, licence, good_for, weakness …"""


@dataclass(frozen=True, slots=True)
class PackEnded(Event):
    """A pack was written, or its models were taken in; else `problem`, or nothing at all when it was cancelled."""

    path: str
    manifest_sha256: str = ""
    """Of the pack's list, to be compared over another way; empty when it was cancelled or failed."""
    bytes: int = 0
    models: tuple[UnpackedModel, ...] = ()
    problem: Problem | None = None


class MoveStep(StrEnum):
    """What a move of the models folder does just now."""

    COPYING = "copying"
    CHECKING = "checking"
    """What was copied is read again and compared."""
    FINISHING = "finishing"
    """The library is told the new places, then the old files go; this is not broken off any more."""


@dataclass(frozen=True, slots=True)
class MoveProgress(Event):
    """The models folder is being moved."""

    target: str
    step: MoveStep
    name: str
    """Of the model in hand."""
    done_bytes: int
    total_bytes: int
    """Of the models to be copied; 0 where nothing has to be."""
    fraction: float
    """Of the work, 0..1: copying and checking."""
    eta_s: float | None = None


@dataclass(frozen=True, slots=True)
class MoveEnded(Event):
    """The models folder is another one; else `problem`, or nothing at all (`moved` is None): it was cancelled."""

    target: str
    moved: int | None = None
    """How many models."""
    bytes: int = 0
    left: tuple[str, ...] = ()
    """Files of models that were not there, so that they could not be moved."""
    problem: Problem | None = None


class DownloadState(StrEnum):
    """Where a download is.  The last four are ends; a paused or failed one may be gone on with."""

    QUEUED = "queued"
    """It waits for its turn, or, with a note, for the network to be allowed."""
    ASKING = "asking"
    """The Hub is asked what the file is."""
    CHECKING = "checking"
    """What is there already is hashed."""
    FETCHING = "fetching"
    WAITING = "waiting"
    """No byte comes, or another try is due."""
    ELSEWHERE = "elsewhere"
    """Another window or command fetches the same file; its progress is shown."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DownloadChanged(Event):
    """How a download is; at most four times a second while it runs, and once at its end."""

    id: str
    repo: str
    name: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    """0 while it is not known."""
    bytes_per_s: float = 0.0
    eta_s: float | None = None
    fit: str = "unknown"
    """Whether it fits this PC: fits, tight, too_large; by its header once that has come."""
    note: Problem | None = None
    """Why it waits or was started over."""
    resumed_from: int = 0
    problem: Problem | None = None
    model: ModelRecord | None = None
    place: int = 0
    """In the queue while it waits for its turn: 1 is the next."""


@dataclass(frozen=True, slots=True)
class JobChanged(Event):
    """How a job is: after each step, and at each change of its status.  A download is one too, and counts bytes."""

    id: str
    kind: str
    status: JobStatus
    done: int
    """Steps with a result, or failed."""
    total: int
    eta_s: float | None = None
    """None while it is not known."""
    failed: int = 0
    title: str = ""
    problem: Problem | None = None
    """Why it was paused, or failed."""
    share: float | None = None
    """Of all its work, 0 to 1, what is likely to come included; None: not known."""
    eta_low_s: float | None = None
    eta_high_s: float | None = None
    """The same as `eta_s` where that is sure, else between which it lies."""
    steps_ahead: int = 0
    """Steps that are likely to come, beyond `total`."""


@dataclass(frozen=True, slots=True)
class SummaryGrew(Event):
    """More of a document was summarized: the points of one part, before they are checked by the model and merged.

    Sent without points too, when a job goes on that was paused.  Time left: the JobChanged of its job.
    """

    item: str
    job: str
    points: tuple[Sentence, ...]
    pages_read: int
    pages_total: int
    page_kind: str = "page"


@dataclass(frozen=True, slots=True)
class SummaryEnded(Event):
    """A summary is done and kept: as the result of its item, and as its message."""

    item: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class FolderWritten(Event):
    """The summaries of a folder's documents were written as files, or could not be."""

    item: str
    folder: str
    files: int
    failed: int
    """Documents that could not be read."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class ExtractionGrew(Event):
    """A row of a table is whole.  Time left: the JobChanged of its job."""

    item: str
    job: str
    row: TableRow


@dataclass(frozen=True, slots=True)
class ExtractionEnded(Event):
    """A table is done and kept: as the result of its item, and as its message."""

    item: str
    table: Table


@dataclass(frozen=True, slots=True)
class TranslationGrew(Event):
    """More of a translation is done: how many segments have their end, of how many."""

    item: str
    job: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class TranslationRead(Event):
    """How far reading what is to be translated is, before its first segment: texts found, then kept of how many."""

    item: str
    done: int
    total: int
    """0 while it is not known."""


@dataclass(frozen=True, slots=True)
class SegmentChanged(Event):
    """A segment of a translation is another now."""

    item: str
    segment: SegmentRecord


@dataclass(frozen=True, slots=True)
class ExamOffered(Event):
    """A model has answered for the first time: shall its exam begin?  Told once for each model."""

    model: str
    name: str
    minutes: int
    """About how long it takes."""


@dataclass(frozen=True, slots=True)
class PairUsed(Event):
    """A model has translated from one language into another."""

    model: str
    source: str
    """Code; empty: of several languages, or not known."""
    target: str


@dataclass(frozen=True, slots=True)
class LiveTranslated(Event):
    """The text in the pane of the translator, as far as it is translated."""

    segments: tuple[LiveSegment, ...]
    is_done: bool
    """Nothing is being written any more."""
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class GlossariesChanged(Event):
    """A glossary or a term is new, another, or gone."""


@dataclass(frozen=True, slots=True)
class MemoryChanged(Event):
    """The translation memory has other pairs."""


@dataclass(frozen=True, slots=True)
class ContextMeasured(Event):
    """How much of what the model can see a chat takes, in tokens."""

    chat: str | None
    tokens: int
    context_size: int
    parts: tuple[ContextPart, ...] = ()
    """What it is made of, and what is kept free for the answer."""


@dataclass(frozen=True, slots=True)
class DocumentChanged(Event):
    """A document is about to be read (status reading), was read, or could not be (failed, with `problem`)."""

    document: DocumentRecord
    problem: Problem | None = None
    was_changed: bool = False
    """The file is not as it was when it was read before: it is read again, and unchanged pages are kept."""


@dataclass(frozen=True, slots=True)
class DocumentProgress(Event):
    """Pages 1 to `done` of a document are kept and can be looked at; at most some five times a second."""

    id: str
    """Empty: of one that is read without being kept."""
    done: int
    total: int
    """0: not known yet."""
    eta_s: float | None = None
    """None while it is not known."""


@dataclass(frozen=True, slots=True)
class DocumentGone(Event):
    """A document was forgotten: its pages, passages and vectors are no more."""

    id: str


@dataclass(frozen=True, slots=True)
class CollectionChanged(Event):
    """A folder that is asked as one stands otherwise; at most some four times a second."""

    state: CollectionState


@dataclass(frozen=True, slots=True)
class CollectionGone(Event):
    """A folder was forgotten, with what was read for it."""

    id: str


@dataclass(frozen=True, slots=True)
class VersionsCompared(Event):
    """Two versions of a document are compared; told again when a model has said in words what changed."""

    item: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class VersionsFailed(Event):
    """A comparison of two versions could not be made, or was stopped."""

    item: str
    problem: Problem


@dataclass(frozen=True, slots=True)
class QuestionPlanned(Event):
    """What a model is about to read for a question: the documents whole, or their best passages."""

    item: str
    message: str
    """The answer that is being written."""
    is_whole: bool
    passages: int
    tokens: int
    """Of the text given to the model, without the question."""
    context_size: int


@dataclass(frozen=True, slots=True)
class QuestionAnswered(Event):
    """A question has its answer, with citations that were verified; its MessageEnded was told before."""

    item: str
    message: str
    answered: Answered


@dataclass(frozen=True, slots=True)
class QuotesFound(Event):
    """Quotations in an answer of a chat that stand in what was attached; its MessageEnded was told before."""

    item: str
    message: str
    quotes: tuple[Quoted, ...]


@dataclass(frozen=True, slots=True)
class RequestsToday(Event):
    """Requests in the network ledger since midnight, local time."""

    count: int


@dataclass(frozen=True, slots=True)
class TokenChanged(Event):
    """Where the access token of the Hub is; never the token."""

    place: str
    """environment (HF_TOKEN), keyring, file, ask (in memory until slmdesk ends), or empty: there is none."""
    host: str
    """The Hub or mirror in use, which alone is sent it."""


@dataclass(frozen=True, slots=True)
class Noticed(Event):
    """Something a person should know: shown in the quiet bar, with details to copy."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class NoticeOver(Event):
    """What a Noticed of this code said holds no more: what could not be saved is saved."""

    code: str
