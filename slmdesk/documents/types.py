"""Types for documents and folders, for a sentence's position and for what was read, and their labels for people."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote_from_bytes, unquote_to_bytes

from slmdesk.base.documents import DocumentInfo, Note, Page, PageKind, PageStatus, is_recognised
from slmdesk.base.error_sentences import CODES
from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import lenient_from, record_from, stored_dict, stored_from, stored_list
from slmdesk.base.record import Record
from slmdesk.base.records import CollectionRecord, DocumentRecord
from slmdesk.base.runtime.events import Event
from slmdesk.base.texts import N_, _, ngettext, retold
from slmdesk.base.types import Json, counted_pages, page_word, parts_words
from slmdesk.tasks.jobs.types import FOLDER

KIND = FOLDER


class CollectionStatus(StrEnum):
    WAITING = "waiting"
    LOOKING = "looking"
    INDEXING = "indexing"
    CURRENT = "up_to_date"
    """All documents were read at the last scan, whenever that was."""
    PAUSED = "paused"
    STOPPED = "stopped"
    """A person stopped the reading of its documents. It is resumed on request."""
    UNREACHABLE = "unreachable"
    """The folder is unreachable, for example on an unplugged drive. Documents already read can still be asked about."""
    ELSEWHERE = "elsewhere"
    """Another window or command is reading its documents."""


class CollectionState(Record):
    record: CollectionRecord
    status: CollectionStatus
    documents: int = 0
    pages: int = 0
    unread: int = 0
    """Number of documents that could not be read. `CollectionService.unread` says which and why."""
    later: int = 0
    """Number of files that are being written or open in an office program. They are read later."""
    done: int = 0
    total: int = 0
    eta_s: float | None = None
    gone: int = 0
    """Number of documents removed in this run because their files are gone."""
    looked: float | None = None
    """Time of the last scan, in seconds since the epoch."""
    reason: str = ""
    job: str = ""


class SkippedDocument(Record):
    path: str
    code: str
    sentence: str


def folder_of(record: CollectionRecord) -> Path:
    return Path(os.fsdecode(record.path))


def quoted(path: bytes) -> str:
    """Encode a path for JSON; paths need not be valid text."""
    return quote_from_bytes(path)


def unquoted(path: str) -> bytes:
    return unquote_to_bytes(path)


def twins_in(settings: Mapping[str, Json]) -> dict[bytes, DuplicateFile]:
    twins = stored_dict(tuple[int, int, int, str], settings.get("twins")).items()
    return {(path := unquoted(key)): DuplicateFile(SeenFile(path, *numbers), of) for key, (*numbers, of) in twins}


def twins_to_json(twins: Mapping[bytes, DuplicateFile]) -> dict[str, Json]:
    return {
        quoted(path): [twin.seen.bytes, twin.seen.mtime_ns, twin.seen.inode, twin.of] for path, twin in twins.items()
    }


def broken_in(settings: Mapping[str, Json]) -> dict[bytes, UnreadableFile]:
    broken = stored_dict(tuple[int, int, int, str, dict[str, Json]], settings.get("broken")).items()
    return {
        (path := unquoted(key)): UnreadableFile(SeenFile(path, size, mtime_ns, inode), code, _args(args))
        for key, (size, mtime_ns, inode, code, args) in broken
    }


def broken_to_json(broken: Mapping[bytes, UnreadableFile]) -> dict[str, Json]:
    return {
        quoted(path): [file.seen.bytes, file.seen.mtime_ns, file.seen.inode, file.code, dict(file.args)]
        for path, file in broken.items()
    }


def settled(
    settings: Mapping[str, Json],
    documents: Container[str],
    twins: Mapping[bytes, DuplicateFile],
    broken: Mapping[bytes, UnreadableFile],
) -> dict[str, Json]:
    kept = {path: file for path, file in twins_in(settings).items() if file.of in documents}
    damaged = {path: file for path, file in broken_in(settings).items() if path not in twins}
    return {"twins": twins_to_json({**kept, **twins}), "broken": broken_to_json({**damaged, **broken})}


def left_in(settings: Mapping[str, Json]) -> dict[bytes, tuple[str, dict[str, str | int]]]:
    entries = stored_dict(tuple[str, dict[str, Json]], settings.get("left")).items()
    return {unquoted(key): (code, _args(args)) for key, (code, args) in entries}


def left_out_in(settings: Mapping[str, Json]) -> list[tuple[bytes, str, Mapping[str, str | int]]]:
    reasons: dict[bytes, tuple[str, Mapping[str, str | int]]] = {**left_in(settings)}
    reasons |= {path: (file.code, file.args) for path, file in broken_in(settings).items()}
    return [(path, code, args) for path, (code, args) in reasons.items()]


def mark_in(settings: Mapping[str, Json]) -> tuple[int, int]:
    """Return device and inode number of the folder at the last scan; zeros when unknown."""
    return stored_from(tuple[int, int], settings.get("mark")) or (0, 0)


def _args(untrusted: Mapping[str, object]) -> dict[str, str | int]:
    return {name: value for name, value in untrusted.items() if isinstance(value, str | int)}


def info_of(record: DocumentRecord) -> DocumentInfo:
    try:
        return record_from(DocumentInfo, record.info)
    except KnownError:
        return DocumentInfo(record.format, record.pages)


def parent_of(record: DocumentRecord) -> tuple[str, str]:
    parent, index, __ = attached(record)
    if index is None:
        return "", ""
    name = (stored_from(dict, record.info["attachment"]) or {}).get("parent")
    return parent, str(name or file_of(record).name)


def attached(record: DocumentRecord) -> tuple[str, int | None, list[int]]:
    """Return the id of the document that contains this attachment, and the attachment's index. In a mail inside a mail,
    also return the indexes of the mails around it.
    """
    attachment = stored_from(dict, record.info.get("attachment")) or {}
    if (index := stored_from(int, attachment.get("index"))) is None:
        return "", None, []
    return str(attachment.get("of") or ""), index, stored_list(int, attachment.get("inside"))


def file_of(record: DocumentRecord) -> Path:
    """Return the file of a document, or the file that contains it."""
    return Path(os.fsdecode(record.path))


RECEIPT = "receipt"
"""Key in the facts of a document: what a person said of its receipt, which is kept when the file is read again."""


DAYS_SAID = "days_said"
"""The same for what was said of the days by which something is due in it."""


def said_of(record: DocumentRecord | None) -> dict[str, Json]:
    """Return those facts of a document that a person said, which no reading finds again."""
    info = record.info if record else {}
    return {key: info[key] for key in (RECEIPT, DAYS_SAID) if key in info}


class Receipt(Record):
    """What a person said of a document: the day of its receipt (ISO 8601), and the place whose law holds."""

    day: str = ""
    place: str | None = None


def receipt_of(record: DocumentRecord) -> Receipt:
    return stored_from(Receipt, record.info.get(RECEIPT)) or Receipt()


class Span(Record):
    """A part of a page: the characters from `start` up to `end` (exclusive)."""

    document: str
    page: int
    start: int
    end: int


class Unread(Record):
    page: int
    reason: str
    """Either empty, scanned, locked or broken, or the code of the error that kept the model from reading it."""
    document: str = ""


class Coverage(Record, omit_defaults=True):
    pages_total: int
    pages_read: int
    blocks_total: int
    blocks_read: int
    unreadable: tuple[Unread, ...] = ()
    parts: tuple[str, ...] = ()
    """What in the pages that were read was not, as people know it: a kind of part, the name of an attachment."""


_UNREAD_BY_NOTE = {
    Note.FORMULAS_EMPTY: N_("formulas without a saved value"),
    Note.SIGNS_UNKNOWN: N_("signs of symbol fonts"),
    Note.PARTLY_DAMAGED: N_("what is damaged"),
}


def unread_parts(info: Mapping[str, Json]) -> tuple[str, ...]:
    """Return what in a document that was read was not, by the stored fields of its DocumentInfo."""
    known = lenient_from(DocumentInfo, info, format="", pages=0)
    named = known.names.get(Note.PARTS_UNREAD, ())
    noted = (words for note, words in _UNREAD_BY_NOTE.items() if note in known.notes)
    read = ("picture", "einvoice") if known.einvoices else ("picture",)
    attached = (each.name for each in known.attachments if each.format not in read)
    return tuple(dict.fromkeys((*named, *noted, *attached)))


def pages_read_words(read: int, total: int, page_kind: str = "page") -> str:
    return _("{read} of {total} {pages} read").format(read=read, total=total, pages=page_word(page_kind))


def coverage_words(coverage: Coverage, page_kind: str = "page") -> str:
    """Return one line about the coverage: "84 of 84 pages read.", with the unread pages and the reasons, if any."""
    line = f"{pages_read_words(coverage.pages_read, coverage.pages_total, page_kind)}."
    by_reason: dict[str, list[int]] = {}
    for page in coverage.unreadable:
        by_reason.setdefault(page.reason, []).append(page.page)
    if by_reason:
        parts = [f"{page_ranges(pages)} ({unread_reason(reason)})" for reason, pages in by_reason.items()]
        line += _(" Not read: {parts}.").format(parts="; ".join(parts))
    return f"{line} {parts_words(coverage.parts)}".rstrip()


PageKinds = str | Mapping[str, str]
"""What pages are called: one word for all documents, or a word for each document's name or id."""


def kind_in(kinds: PageKinds, document: str) -> str:
    return kinds if isinstance(kinds, str) else kinds.get(document, "page")


def page_ranges(pages: Sequence[int]) -> str:
    ranges: list[list[int]] = []
    for page in sorted(set(pages)):
        if ranges and page == ranges[-1][1] + 1:
            ranges[-1][1] = page
        else:
            ranges.append([page, page])
    return ", ".join(str(begin) if begin == end else f"{begin}–{end}" for begin, end in ranges)


CHARACTERS_PER_TOKEN = 7
"""Most characters per token in any text. Shows without counting what can never fit."""

NOTES: Mapping[Note, str] = MappingProxyType(
    {
        Note.MACROS_IGNORED: _("It holds macros. They were neither read nor run."),
        Note.CHANGES_ACCEPTED: _("It has tracked changes. It was read as if all of them were accepted."),
        Note.HIDDEN_TEXT: _("It holds text that cannot be seen in it. That text was read too."),
        Note.EXTERNAL_IGNORED: _("It refers to other files or addresses. They were not opened."),
        Note.OTHER_FORMAT: _("It is of another format than its name says."),
        Note.ENCODING_GUESSED: _(
            "How its letters are stored was guessed. If they look wrong, choose another encoding."
        ),
        Note.PARTLY_DAMAGED: _("It is damaged in part. What could be read was read."),
        Note.OCR_USED: _("Pages that are pictures were read by text recognition. Compare them with the picture."),
        Note.OCR_MISSING: _("Some pages are pictures of text, which cannot be read here."),
        Note.HEADERS_APART: _("Headers and footers repeated on its pages are kept apart from its text."),
        Note.LINE_NUMBERS: _("The numbers beside its lines are left out of its text."),
        Note.IMAGES_IGNORED: _("Its pictures were not read."),
        Note.UNTIMED: _("Some of its lines have no time. They were read too."),
        Note.STRUCK: _(
            "Words struck through or covered in it do not count. They are shown on the page. Places: {count}"
        ),
        Note.SIGNED: _("It is signed electronically. Whether its signatures are valid was not checked."),
        Note.SIGNS_UNKNOWN: _("Signs of these symbol fonts could not be read: {names}"),
        Note.PARTS_UNREAD: _("These parts of it were not read: {names}"),
        Note.FORMULAS_EMPTY: _("Its formulas without a saved value were left empty: {count}"),
        Note.FORMS_DIFFER: _("It has two forms that differ. The fuller one was read. Only the other one says: {names}"),
        Note.EINVOICE_LACKS: _("The e-invoice lacks what every invoice says: {names}"),
        Note.EINVOICE_BROKEN: _("The e-invoice in it cannot be read: {names}"),
        Note.EINVOICES: _("It holds several invoices: {names}"),
    }
)


def notes_of(info: DocumentInfo) -> tuple[str, ...]:
    return tuple(_note_words(note, info.counts.get(note, 0), info.names.get(note, ())) for note in info.notes)


def _note_words(note: Note, count: int, names: Sequence[str]) -> str:
    words = NOTES[note]
    if note is Note.HIDDEN_TEXT and names:
        words = _("It holds text that cannot be seen in it: {names}. That text was read too.")
    return words.format(count=count, names=", ".join(map(_, names)))


def size_words(info: DocumentInfo) -> str:
    return counted_pages(info.sheets, PageKind.SHEET) if info.sheets else counted_pages(info.pages, info.page_kind)


def unread_reason(reason: str) -> str:
    """Say why a page was not read: what the reader, the page's status or the code of an error says of it."""
    return retold(reason) if reason not in CODES else _("the model could not read it")


def unread(pages: list[Page], kind: PageKind, *, most: int = 12) -> str:
    groups: dict[str, list[str]] = {}
    for page in pages:
        if page.status is not PageStatus.READ:
            groups.setdefault(page.reason or page.status.value, []).append(str(page.number))
    parts = []
    for reason, numbers in groups.items():
        shown = ", ".join(numbers[:most]) + (
            _(" and {count} more").format(count=len(numbers) - most) if len(numbers) > most else ""
        )
        parts.append(f"{unread_reason(reason)}: {page_word(kind, len(numbers))} {shown}")
    return _("Without words – {parts}.").format(parts="; ".join(parts)) if parts else ""


def recognised(pages: Sequence[Page]) -> Iterator[tuple[int, str, bool]]:
    """Yield the number of each page read off a picture, how surely it was, and whether figures are doubtful."""
    for page in pages:
        if page.status is PageStatus.READ and is_recognised(page):
            words = _("Page {number}: {how}").format(number=page.number, how=retold(page.reason))
            yield page.number, words, "; check " in page.reason


def counted_documents(count: int) -> str:
    return ngettext("1 document", "{n:,} documents", count)


def folder_words(state: CollectionState) -> str:
    match state.status:
        case CollectionStatus.LOOKING:
            return _("looking what is in it\u2026")
        case CollectionStatus.INDEXING:
            return _("reading {done:,} of {total:,}").format(done=state.done, total=state.total)
        case CollectionStatus.PAUSED if state.total:
            why = f": {state.reason}" if state.reason else ""
            return _("paused at {done:,} of {total:,}{why}").format(done=state.done, total=state.total, why=why)
        case CollectionStatus.PAUSED:
            return _("paused: {reason}").format(reason=state.reason) if state.reason else _("paused")
        case CollectionStatus.STOPPED:
            return _("stopped; what was read can be asked")
        case CollectionStatus.UNREACHABLE:
            return _("not reachable ({reason}); what was read of it can be asked").format(reason=state.reason)
        case CollectionStatus.ELSEWHERE:
            return _("another window or command reads it")
        case CollectionStatus.WAITING:
            return counted_documents(state.documents)
    words = [counted_documents(state.documents)]
    if state.unread:
        words.append(_("{unread:,} not read").format(unread=state.unread))
    if state.later:
        words.append(_("{later:,} being written or open elsewhere").format(later=state.later))
    return ", ".join(words)


class SeenFile(Record):
    path: bytes
    bytes: int
    mtime_ns: int
    inode: int


class DuplicateFile(Record):
    """A file with the same bytes as a document of the folder. It is not read, and not found a second time."""

    seen: SeenFile
    of: str


class UnreadableFile(Record):
    """A file that could not be opened. It is tried again when it has changed."""

    seen: SeenFile
    code: str
    args: Mapping[str, str | int]


class CollectionChanged(Event):
    """Event: the state of a folder (collection) has changed. Sent at most about four times a second."""

    state: CollectionState


class ReceiptChanged(Event):
    """A person has said when a document was received, or whose law holds for it."""

    document: str


class DaysFound(Event):
    """The days by which papers want something were found, or a person said something of one."""


class CollectionGone(Event):
    id: str
