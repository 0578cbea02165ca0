"""The lines under a message: its attachments, and the quotations found in it."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.core.attached import AttachmentPart, used_words
from slmdesk.core.records import Message
from slmdesk.gui.chat.view import Extra
from slmdesk.services.chat.quote import Quoted

MOST_QUOTE = 90
"""Characters of a quotation on its line; the tooltip has all of it."""


def extras_of(message: Message, quotes: Sequence[Quoted]) -> tuple[Extra, ...]:
    attached = [
        Extra(f"attached {at}", "file-text", _attached_line(part), read_words(part))
        for at, part in enumerate(message.attachments)
    ]
    quoted = [
        Extra(f"quote {at}", "search", _quote_line(one), f"{one.name}, page {one.page}: \u201c{one.quote}\u201d")
        for at, one in enumerate(quotes)
    ]
    return (*attached, *quoted)


def extra_of(message: Message, quotes: Sequence[Quoted], key: str) -> AttachmentPart | Quoted | None:
    """The attachment or quotation of a line."""
    kind, _, at = key.partition(" ")
    things: Sequence[AttachmentPart | Quoted] = message.attachments if kind == "attached" else quotes
    return things[int(at)] if at.isdigit() and int(at) < len(things) else None


def read_words(part: AttachmentPart) -> str:
    """How much of an attachment was read, with all numbers."""
    about = part.attached
    if not about.is_planned or about.is_gone:
        return f"{about.name}: {used_words(about)}."
    reported = [f"{about.name}: {used_words(about)}; {about.words_read:,} of {about.words_total:,} words are read"]
    if about.words_left_out:
        reported.append(f"{about.words_left_out:,} are left out")
    if about.tokens:
        reported.append(f"{about.tokens:,} tokens")
    return ", ".join(reported) + "."


def _attached_line(part: AttachmentPart) -> str:
    about = part.attached
    tokens = f" \u00b7 {about.tokens:,} tokens" if about.tokens else ""
    return f"{about.name} \u00b7 {used_words(about)}{tokens}"


def _quote_line(one: Quoted) -> str:
    words = " ".join(one.quote.split())
    cut = words if len(words) <= MOST_QUOTE else words[: MOST_QUOTE - 1].rstrip() + "\u2026"
    return f"\u201c{cut}\u201d \u2014 {one.name}, page {one.page}"
