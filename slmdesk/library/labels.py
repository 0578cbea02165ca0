"""Labels for documents and folders: notes of the reader, sizes, unread pages."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from slmdesk.base.documents import DocumentInfo, Note, Page, PageKind, PageStatus
from slmdesk.library.folder_types import CollectionState, CollectionStatus

NOTES: Mapping[Note, str] = MappingProxyType(
    {
        Note.MACROS_IGNORED: "It holds macros. They were neither read nor run.",
        Note.CHANGES_ACCEPTED: "It has tracked changes. It was read as if all of them were accepted.",
        Note.HIDDEN_TEXT: "It holds text that cannot be seen in it. That text was read too.",
        Note.EXTERNAL_IGNORED: "It refers to other files or addresses. They were not opened.",
        Note.OTHER_FORMAT: "It is of another format than its name says.",
        Note.ENCODING_GUESSED: "How its letters are stored was guessed. If they look wrong, choose another encoding.",
        Note.PARTLY_DAMAGED: "It is damaged in part. What could be read was read.",
        Note.OCR_USED: "Pages that are pictures were read by text recognition. Compare them with the picture.",
        Note.OCR_MISSING: "Some pages are pictures of text, which cannot be read here.",
        Note.HEADERS_APART: "Headers and footers repeated on its pages are kept apart from its text.",
        Note.IMAGES_IGNORED: "Its pictures were not read.",
        Note.UNTIMED: "Some of its lines have no time. They were read too.",
    }
)
_PLURALS: Mapping[PageKind, str] = MappingProxyType(
    {
        PageKind.PAGE: "pages",
        PageKind.SLIDE: "slides",
        PageKind.SHEET: "sheets",
        PageKind.SECTION: "sections",
        PageKind.CHAPTER: "chapters",
        PageKind.PART: "parts",
    }
)


def notes_of(info: DocumentInfo) -> tuple[str, ...]:
    return tuple(NOTES[note] for note in info.notes)


def counted(count: int, kind: PageKind) -> str:
    return f"1 {kind.value}" if count == 1 else f"{count:,} {_PLURALS[kind]}"


def size_words(info: DocumentInfo) -> str:
    return counted(info.sheets, PageKind.SHEET) if info.sheets else counted(info.pages, info.page_kind)


def unread(pages: list[Page], kind: PageKind, *, most: int = 12) -> str:
    groups: dict[str, list[str]] = {}
    for page in pages:
        if page.status is not PageStatus.READ:
            groups.setdefault(page.reason or page.status.value, []).append(str(page.number))
    parts = []
    for reason, numbers in groups.items():
        shown = ", ".join(numbers[:most]) + (f" and {len(numbers) - most} more" if len(numbers) > most else "")
        noun = kind.value if len(numbers) == 1 else _PLURALS[kind]
        parts.append(f"{reason}: {noun} {shown}")
    return f"Without words – {'; '.join(parts)}." if parts else ""


def counted_documents(count: int) -> str:
    return "1 document" if count == 1 else f"{count:,} documents"


def folder_words(state: CollectionState) -> str:
    match state.status:
        case CollectionStatus.LOOKING:
            return "looking what is in it\u2026"
        case CollectionStatus.INDEXING:
            return f"reading {state.done:,} of {state.total:,}"
        case CollectionStatus.PAUSED if state.total:
            why = f": {state.reason}" if state.reason else ""
            return f"paused at {state.done:,} of {state.total:,}{why}"
        case CollectionStatus.PAUSED:
            return f"paused: {state.reason}" if state.reason else "paused"
        case CollectionStatus.STOPPED:
            return "stopped; what was read can be asked"
        case CollectionStatus.UNREACHABLE:
            return f"not reachable ({state.reason}); what was read of it can be asked"
        case CollectionStatus.ELSEWHERE:
            return "another window or command reads it"
        case CollectionStatus.WAITING:
            return counted_documents(state.documents)
    words = [counted_documents(state.documents)]
    if state.unread:
        words.append(f"{state.unread:,} not read")
    if state.later:
        words.append(f"{state.later:,} being written")
    return ", ".join(words)
