"""What all mail formats share: header lines, text, attachments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import PurePosixPath

from slmdesk.base.documents import Attachment, BlockKind, Page, PageKind, PageStatus, attachment_line, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.formats import FORMATS, format_of
from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record
from slmdesk.formats.base import Reading
from slmdesk.formats.html import notify
from slmdesk.formats.hypertext import walk
from slmdesk.formats.pieces import Piece, page_from, parted
from slmdesk.formats.sniffing import format_of_bytes

MAX_NAME_CHARACTERS = 120
_QUOTED = re.compile(r"\s{0,3}>")


class MailAttachment(Record):
    name: str
    """The declared name, untrusted; may be empty."""
    data: bytes | None
    """None: it is only mentioned, or cannot be extracted."""


@dataclass(slots=True)
class Mail:
    headers: list[tuple[str, str]] = field(default_factory=list)
    subject: str = ""
    sender: str = ""
    bodies: list[tuple[str, bool]] = field(default_factory=list)
    """Texts, and whether they are hypertext."""
    enclosed: list[MailAttachment] = field(default_factory=list)
    is_locked: bool = False


def pages_of(reading: Reading, mail: Mail) -> Iterator[Page]:
    """The mail as its first page (a long one as several), what came with it as the last."""
    reading.page_kind = PageKind.PART
    reading.title, reading.author = clean_label(mail.subject), clean_label(mail.sender)
    reading.attachments[:] = [_listed(index, one) for index, one in enumerate(mail.enclosed)]
    pieces = [Piece(BlockKind.PARAGRAPH, f"{name}: {value}", place="header") for name, value in mail.headers]
    for body, is_hypertext in mail.bodies:
        pieces += _hypertext(reading, body) if is_hypertext else plain_pieces(body)
    numbers = count(1)
    for portion in parted(pieces):
        reading.check()
        yield page_from(next(numbers), "Message", portion)
    if mail.is_locked:
        yield page_of(next(numbers), "Message", "", [], status=PageStatus.LOCKED, reason="encrypted")
    if reading.attachments:
        listed = [Piece(BlockKind.LIST_ITEM, attachment_line(one), 1) for one in reading.attachments]
        yield page_from(next(numbers), "Attachments", listed)


def taken_out(mail: Mail, path: str, index: int) -> tuple[str, bytes]:
    """The name and the bytes of what came with a mail.

    Raises KnownError `request.invalid` for none of that number, `document.unreadable` for one that is only named.
    """
    if not 0 <= index < len(mail.enclosed):
        raise KnownError("request.invalid", what="attachment")
    one, name = mail.enclosed[index], _listed(index, mail.enclosed[index]).name
    if one.data is None:
        raise KnownError("document.unreadable", path=f"{path} → {name}", reason="only its name is in the mail")
    return name, one.data


def plain_pieces(text: str) -> Iterator[Piece]:
    lines: list[str] = []
    is_quote = False
    for line in [*text.split("\n"), ""]:
        quoted = _QUOTED.match(line) is not None
        if lines and (not line.strip() or quoted != is_quote):
            yield Piece(BlockKind.QUOTE if is_quote else BlockKind.PARAGRAPH, "\n".join(lines))
            lines = []
        if line.strip():
            lines.append(line.rstrip())
            is_quote = quoted


def _hypertext(reading: Reading, body: str) -> Sequence[Piece]:
    found = walk(body, reading.path, check=reading.check)
    notify(reading, found)
    return found.pieces


def _listed(index: int, one: MailAttachment) -> Attachment:
    untrusted = PurePosixPath(one.name.replace("\\", "/").replace("\0", "")).name
    name = clean_label(untrusted, MAX_NAME_CHARACTERS) or f"attachment {index + 1}"
    return Attachment(index, name, len(one.data or b""), "" if one.data is None else _format(name, one.data))


def _format(name: str, data: bytes) -> str:
    """An id of core.formats: by its bytes, else by its name; empty for formats without a reader."""
    found = format_of_bytes(BytesIO(data))
    if found in {one.id for one in FORMATS}:
        return found
    if found:
        return ""
    try:
        return format_of(PurePosixPath(name)).id
    except KnownError:
        return ""
