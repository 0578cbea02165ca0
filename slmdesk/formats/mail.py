"""Reads mails as they are sent (RFC 5322, MIME) and web pages saved in that form (RFC 2557), and holds what the readers
of all mail formats share.
"""

from __future__ import annotations

import email
import email.errors
import email.policy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from itertools import count
from pathlib import PurePosixPath
from typing import Any, cast

from slmdesk.base.documents import FORMATS, Attachment, BlockKind, Page, PageKind, PageStatus, attachment_line, page_of
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.base.untrusted import clean_label
from slmdesk.formats.containers import format_by_name, format_of_bytes
from slmdesk.formats.hypertext import decoded_markup, notify, walk
from slmdesk.formats.reading import Reading
from slmdesk.formats.text import NotTextError, Piece, decode, lines_made_one, page_from, parted, sections_of

MAX_NAME_CHARACTERS = 120
_QUOTED = re.compile(r"\s{0,3}>")


class MailAttachment(Record):
    name: str
    """The name that the mail declares. It is untrusted and may be empty."""
    data: bytes | None
    """The bytes, or None if the mail only mentions the attachment or the bytes cannot be extracted."""


@dataclass(slots=True)
class Mail:
    headers: list[tuple[str, str]] = field(default_factory=list)
    subject: str = ""
    sender: str = ""
    bodies: list[tuple[str, bool]] = field(default_factory=list)
    """Each text of the mail, and whether the text is HTML."""
    enclosed: list[MailAttachment] = field(default_factory=list)
    is_locked: bool = False


def pages_of(reading: Reading, mail: Mail) -> Iterator[Page]:
    """Yield the mail as a first page (if long, as several pages) and the list of its attachments as the last page."""
    reading.page_kind = PageKind.PART
    reading.title, reading.author = clean_label(mail.subject), clean_label(mail.sender)
    reading.attachments[:] = [_listed(index, other_attachment) for index, other_attachment in enumerate(mail.enclosed)]
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
        listed = [
            Piece(BlockKind.LIST_ITEM, attachment_line(other_attachment), 1) for other_attachment in reading.attachments
        ]
        yield page_from(next(numbers), "Attachments", listed)


def taken_out(mail: Mail, path: str, index: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an attachment.

    Raises KnownError `request.invalid` for a wrong number, `document.unreadable` for an attachment that is only named.
    """
    if not 0 <= index < len(mail.enclosed):
        raise KnownError("request.invalid", what="attachment")
    other_attachment, name = mail.enclosed[index], _listed(index, mail.enclosed[index]).name
    if other_attachment.data is None:
        raise KnownError("document.unreadable", path=f"{path} → {name}", reason=_("only its name is in the mail"))
    return name, other_attachment.data


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


def _listed(index: int, other_attachment: MailAttachment) -> Attachment:
    untrusted = PurePosixPath(other_attachment.name.replace("\\", "/").replace("\0", "")).name
    name = clean_label(untrusted, MAX_NAME_CHARACTERS) or f"attachment {index + 1}"
    data = other_attachment.data
    return Attachment(index, name, len(data or b""), "" if data is None else _format(name, data))


def _format(name: str, data: bytes) -> str:
    """Return the attachment's format id (base.documents), by its bytes, else by its name, or "" if no reader exists."""
    found = format_of_bytes(BytesIO(data)) or format_by_name(name)
    return found if found in {file_format.id for file_format in FORMATS} else ""


# ---- reads mails as they are sent (RFC 5322, MIME), and web pages saved in that form (RFC 2557)


HEADERS = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
MOST_DEPTH = 40
MOST_HEADER_CHARACTERS = 20_000
MAX_MAIL_BYTES = 100 << 20
"""Most bytes of a mail. The whole mail is held in memory, with attachments that are a third longer than their files."""
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted")
_PARSED = (ValueError, LookupError, AttributeError, TypeError, email.errors.MessageError)
_EXTENSIONS = {
    "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "application/pdf": ".pdf",
    "image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif",
}  # fmt: skip


def read(reading: Reading) -> Iterator[Page]:
    return pages_of(reading, mail_of(parsed(reading)))


def attachment(reading: Reading, index: int) -> tuple[str, bytes]:
    return taken_out(mail_of(parsed(reading)), reading.path, index)


def read_archive(reading: Reading) -> Iterator[Page]:
    """Yield the sections of a web page saved with its pictures. The page is the first HTML part of the file."""
    reading.page_kind = PageKind.SECTION
    for part in parsed(reading).walk():
        if part.get_content_type() in ("text/html", "application/xhtml+xml"):
            found = walk(_text(part), reading.path, is_packed=True, check=reading.check)
            found.has_external = False  # its pictures came with it
            reading.title, reading.author = found.title, found.author
            notify(reading, found)
            for number, (label, pieces) in enumerate(sections_of(found.pieces), 1):
                yield page_from(number, label, pieces)
            return
    raise KnownError("document.damaged", path=reading.path, reason=_("no web page is in it"))


def mail_of(message: Message) -> Mail:
    mail = Mail()
    mail.headers = [(name, value) for name in HEADERS if (value := _header(message, name))]
    mail.subject, mail.sender = _header(message, "Subject"), _header(message, "From")
    _collect(message, mail, 0)
    return mail


class _Policy(email.policy.EmailPolicy):
    """Python's parser of headers, which takes minutes for very long ones, for those of usual length alone."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        if len(value) <= MOST_HEADER_CHARACTERS:
            return super().header_fetch_parse(name, value)
        return value[:MOST_HEADER_CHARACTERS] if name.lower().startswith("content-") else value


_POLICY = _Policy()


def parsed(reading: Reading, policy: Any = _POLICY) -> Message:
    """Parse the document as a mail. Raises KnownError `document.damaged`, `document.too_large`."""
    data = reading.all_bytes()
    if len(data) > MAX_MAIL_BYTES:
        raise KnownError("document.too_large", path=reading.path, bytes=len(data), limit=MAX_MAIL_BYTES)
    parts = count()

    def made(policy: Any) -> Message:
        reading.check_count(next(parts))
        part: Message = (policy.message_factory or Message)(policy=policy)
        return part

    message: Message = email.message_from_bytes(data.lstrip(b"\r\n\xef\xbb\xbf"), cast("Any", made), policy=policy)
    if not message.keys():
        raise KnownError("document.damaged", path=reading.path, reason=_("it does not begin as a mail"))
    return message


def _header(message: Message, name: str) -> str:
    """Return the value of a header on a single line, without characters that cannot be stored."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name.lower()), "")
    if storable(raw) != raw:
        return " ".join(storable(raw).split())
    try:
        value = str(message.get(name) or "")
    except _PARSED:
        value = raw
    return " ".join(value.split())


def storable(text: str) -> str:
    """Replace lone surrogates, put by Python's parser for bytes it cannot decode, with the bytes' most likely text."""
    raw = text.encode("utf-8", "surrogateescape") if any("\ud800" <= letter <= "\udfff" for letter in text) else None
    if raw is None:
        return text
    try:
        return decode(raw).text
    except NotTextError:
        return raw.decode("utf-8", "replace")


def _collect(part: Message, mail: Mail, depth: int) -> None:
    kind = part.get_content_type()
    if kind in _ENCRYPTED:
        mail.is_locked = True
    if kind == "multipart/alternative" and depth < MOST_DEPTH:
        _choose(part, mail, depth)
    elif part.is_multipart() and kind != "message/rfc822" and depth < MOST_DEPTH:
        for message in _parts(part):
            _collect(message, mail, depth + 1)
    elif _is_body(part):
        text = _text(part)
        if text.strip():
            mail.bodies.append((text, kind == "text/html"))
    elif not (kind == "multipart/encrypted" or (part.is_multipart() and depth >= MOST_DEPTH and not _parts(part))):
        mail.enclosed.append(_enclosed(part))


def _choose(part: Message, mail: Mail, depth: int) -> None:
    """Add one of several alternative forms of a text: plain text if it has at least half as many words as the HTML."""
    forms = []
    for message in _parts(part):
        form = Mail()
        _collect(message, form, depth + 1)
        mail.enclosed += form.enclosed
        mail.is_locked |= form.is_locked
        if form.bodies:
            forms.append(form.bodies)
    if not forms:
        return
    plain = [form for form in forms if not any(is_hypertext for __, is_hypertext in form)]
    rich = [form for form in forms if form not in plain]
    if plain and (not rich or _words(plain[0]) * 2 >= _words(rich[-1])):
        mail.bodies += plain[0]
    else:
        mail.bodies += rich[-1]


def _words(form: list[tuple[str, bool]]) -> int:
    texts = [
        " ".join(piece.text for piece in walk(text, "").pieces) if is_hypertext else text for text, is_hypertext in form
    ]
    return sum(len(text.split()) for text in texts)


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [message for message in payload if isinstance(message, Message)] if isinstance(payload, list) else []


def _is_body(part: Message) -> bool:
    if part.get_content_type() not in ("text/plain", "text/html", "text/enriched") or part.is_multipart():
        return False
    return _said(part.get_content_disposition) != "attachment" and not _said(part.get_filename)


def _said(ask: Callable[[], str | None]) -> str:
    """Call a getter of a mail part and return its value, or "" if the header cannot be parsed."""
    try:
        return str(ask() or "")
    except _PARSED:
        return ""


def _enclosed(part: Message) -> MailAttachment:
    name = storable(_said(part.get_filename))
    if part.get_content_type() == "message/rfc822":
        inner = _parts(part)
        subject = _header(inner[0], "Subject").replace("/", " ") if inner else ""
        return MailAttachment(name or f"{subject or 'message'}.eml", inner[0].as_bytes() if inner else None)
    if part.is_multipart():
        return MailAttachment(name or "message", None)
    data = part.get_payload(decode=True)
    if not name and (extension := _EXTENSIONS.get(part.get_content_type())):
        name = f"{part.get_content_maintype()}{extension}"
    return MailAttachment(name, data if isinstance(data, bytes) else None)


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    is_markup = part.get_content_subtype() == "html"
    try:
        text = decoded_markup(data, _said(part.get_content_charset), is_markup=is_markup).text
    except NotTextError:
        text = data.decode("utf-8", "replace").replace("\0", "")
    text = lines_made_one(text)
    is_flowed = part.get_param("format") == "flowed" and part.get_content_subtype() == "plain"
    return _unflowed(text) if is_flowed else text


def _unflowed(text: str) -> str:
    """Join lines that end in a space with the next line (RFC 3676)."""
    lines: list[str] = []
    for line in text.split("\n"):
        goes_on = bool(lines) and lines[-1].endswith(" ") and lines[-1] != "-- "
        line = line[1:] if line.startswith(" ") else line
        if goes_on and line and lines[-1].startswith(">") == line.startswith(">"):
            lines[-1] += line.lstrip("> ") if line.startswith(">") else line
        else:
            lines.append(line)
    return "\n".join(lines)
