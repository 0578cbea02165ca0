"""The lines under a message: its attachments, the quotations found in it, and the pages read of a folder."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.attached import AttachmentPart, Place, used_words
from slmdesk.base.record import Record
from slmdesk.base.records import Message, Status
from slmdesk.chat.quote import Quoted
from slmdesk.chat.window.view import Extra

MOST_QUOTE = 90
"""Characters of a quotation on its line; the tooltip has all of it."""
PAGE_END = 1 << 30
"""Past the last character of any page."""


class UsedPage(Record):
    """A page of which passages were read for an answer, because its folder is attached."""

    name: str
    document: str
    kind: str
    page: int
    spans: tuple[tuple[int, int], ...]


def extras_of(message: Message, quotes: Sequence[Quoted], asked: Message | None = None) -> tuple[Extra, ...]:
    """The lines of a message; `asked` is the question of an answer."""
    attached = [
        Extra(f"attached {at}", _icon_of(one), _attached_line(one), read_words(one))
        for at, one in enumerate(message.attachments)
        if not one.attached.is_of_folder
    ]
    quoted = [
        Extra(f"quote {at}", "search", _quote_line(one), f"{one.name}, page {one.page}: \u201c{one.quote}\u201d")
        for at, one in enumerate(quotes)
    ]
    if asked is None or message.status is Status.STREAMING or not message.text:
        return (*attached, *quoted)
    searched = [
        Extra(f"searched {at}", "folder-open", read_words(one).rstrip("."), read_words(one))
        for at, one in enumerate(asked.attachments) if one.attached.is_folder
    ]  # fmt: skip
    pages = [
        Extra(
            f"page {at}", "file-text", f"{one.name}, {one.kind} {one.page}", f"Open {one.name} at {one.kind} {one.page}"
        )
        for at, one in enumerate(used_pages(asked, quotes))
    ]
    return (*attached, *quoted, *searched, *pages)


def extra_of(
    message: Message, quotes: Sequence[Quoted], key: str, asked: Message | None = None
) -> AttachmentPart | Quoted | UsedPage | None:
    """The attachment, quotation or page of a line."""
    kind, _, at = key.partition(" ")
    things: Sequence[AttachmentPart | Quoted | UsedPage] = ()
    if kind in ("attached", "quote"):
        things = message.attachments if kind == "attached" else quotes
    elif asked is not None:
        things = asked.attachments if kind == "searched" else used_pages(asked, quotes)
    return things[int(at)] if at.isdigit() and int(at) < len(things) else None


def used_pages(asked: Message, quotes: Sequence[Quoted]) -> list[UsedPage]:
    """The pages of folders that were read for a question, but those of quotations, which have lines of their own."""
    quoted = {(one.document, one.page) for one in quotes}
    return [
        UsedPage(about.name, about.document, about.page_kind, page, spans_on(page, about.places))
        for about in (part.attached for part in asked.attachments)
        for page in (about.pages_used if about.is_of_folder else ())
        if (about.document, page) not in quoted
    ]


def spans_on(page: int, places: Sequence[Place]) -> tuple[tuple[int, int], ...]:
    return tuple(
        (start if first == page else 0, end if last == page else PAGE_END)
        for first, start, last, end in places
        if first <= page <= last
    )


def read_words(part: AttachmentPart) -> str:
    """How much of an attachment was read, with all numbers."""
    about = part.attached
    if not about.is_planned or about.is_gone or about.is_folder:
        return f"{about.name}: {used_words(about)}."
    reported = [f"{about.name}: {used_words(about)}; {about.words_read:,} of {about.words_total:,} words are read"]
    if about.words_left_out:
        reported.append(f"{about.words_left_out:,} are left out")
    if about.tokens:
        reported.append(f"{about.tokens:,} tokens")
    return ", ".join(reported) + "."


def _icon_of(part: AttachmentPart) -> str:
    return "folder-open" if part.attached.is_folder else "file-text"


def _attached_line(part: AttachmentPart) -> str:
    about = part.attached
    if about.is_folder and about.is_planned and not about.is_gone:
        return f"{about.name} \u00b7 {about.documents_total:,} document{'s' * (about.documents_total != 1)}"
    tokens = f" \u00b7 {about.tokens:,} tokens" if about.tokens else ""
    return f"{about.name} \u00b7 {used_words(about)}{tokens}"


def _quote_line(one: Quoted) -> str:
    words = " ".join(one.quote.split())
    cut = words if len(words) <= MOST_QUOTE else words[: MOST_QUOTE - 1].rstrip() + "\u2026"
    return f"\u201c{cut}\u201d \u2014 {one.name}, page {one.page}"
