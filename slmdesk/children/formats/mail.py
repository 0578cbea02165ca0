"""Reads mails as they are sent (RFC 5322, MIME) and web pages saved in that form (RFC 2557), and holds what the readers
of all mail formats share.
"""

from __future__ import annotations

import email
import email.errors
import email.policy
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parsedate_to_datetime
from io import BytesIO
from itertools import count, groupby
from pathlib import PurePosixPath
from typing import Any, cast

from slmdesk.base.documents import (
    FORMATS,
    Attachment,
    BlockKind,
    Note,
    Page,
    PageKind,
    PageStatus,
    attachment_line,
    page_of,
)
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.text.threads import ends_earlier, headers_in
from slmdesk.base.text.words import tongue
from slmdesk.base.texts import N_, _, date_words
from slmdesk.base.untrusted import clean_label
from slmdesk.children.formats.containers import format_by_name, format_of_bytes
from slmdesk.children.formats.hypertext import decoded_markup, notify, walk
from slmdesk.children.formats.invitations import invitation
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import NotTextError, Piece, decode, lines_made_one, page_from, parted, sections_of
from slmdesk.children.formats.tnef import Packed, unpacked
from slmdesk.children.formats.wrapping import margin_of, rejoined

MAX_NAME_CHARACTERS = 120
MOST_IDS = 2_000
"""Letters of the ids of a mail and of those that it answers."""
_QUOTED = re.compile(r"\s{0,3}>")
_HYPHEN = re.compile(r"-(?<=\w-)[^\S\n]*\n")
_SIGNATURE = "--"
_SYLLABLES = frozenset(("de", "nl"))
"""Languages in which a hyphen at the end of a line mostly parts a word."""


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
    message_id: str = ""
    references: str = ""
    bodies: list[tuple[str, bool]] = field(default_factory=list)
    """Each text of the mail, and whether the text is HTML."""
    reports: list[str] = field(default_factory=list)
    """What a mail program says beside the text: an invitation, or why a mail was not delivered."""
    enclosed: list[MailAttachment] = field(default_factory=list)
    is_locked: bool = False
    differences: list[str] = field(default_factory=list)
    """Figures or words of a form of the text that was not read."""
    unread: list[str] = field(default_factory=list)
    """Parts that no reader takes out."""


def pages_of(reading: Reading, mail: Mail) -> Iterator[Page]:
    """Yield the mail as a first page (if long, as several pages) and the list of its attachments as the last page."""
    reading.page_kind = PageKind.PART
    reading.title, reading.author = clean_label(mail.subject), clean_label(mail.sender)
    reading.message_id, reading.references = mail.message_id[:MOST_IDS], mail.references[-MOST_IDS:]
    reading.attachments[:] = [_listed(index, attachment) for index, attachment in enumerate(mail.enclosed)]
    pieces = [Piece(BlockKind.PARAGRAPH, _head(name, value), place="header") for name, value in mail.headers]
    pieces += (Piece(BlockKind.PARAGRAPH, report) for report in dict.fromkeys(mail.reports))
    for body, is_hypertext in mail.bodies:
        pieces += threaded(_hypertext(reading, body) if is_hypertext else [*plain_pieces(body)])
    for word in mail.differences:
        reading.note(Note.FORMS_DIFFER, name=word)
    for name in mail.unread:
        reading.note(Note.PARTS_UNREAD, name=name)
    numbers = count(1)
    for portion in parted(pieces):
        reading.check()
        yield page_from(next(numbers), "Message", portion)
    if mail.is_locked:
        yield page_of(next(numbers), "Message", "", [], status=PageStatus.LOCKED, reason=N_("encrypted"))
    if reading.attachments:
        listed = [Piece(BlockKind.LIST_ITEM, attachment_line(attachment), 1) for attachment in reading.attachments]
        yield page_from(next(numbers), "Attachments", listed)


_HEADS = {
    "From": N_("From: {words}"), "To": N_("To: {words}"), "Cc": N_("Cc: {words}"), "Bcc": N_("Bcc: {words}"),
    "Reply-To": N_("Reply to: {words}"), "Date": N_("Date: {words}"), "Subject": N_("Subject: {words}"),
}  # fmt: skip


def _head(name: str, value: str) -> str:
    return _(_HEADS[name]).format(words=_moment_of_header(value) if name == "Date" else value)


def _moment_of_header(value: str) -> str:
    """Return the date and time of a mail's header in words, or as it is if it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except _PARSED:
        return value
    day = date_words(moment)
    zone = moment.strftime("%z")
    if zone in ("", "+0000"):
        return f"{day}, {moment:%H:%M}" + (" UTC" if zone else "")
    offset = f"{zone[0]}{int(zone[1:3])}" + (f":{zone[3:]}" if zone[3:] != "00" else "")
    return f"{day}, {moment:%H:%M} (UTC{offset})"


def taken_out(mail: Mail, path: str, index: int) -> tuple[str, bytes]:
    """Return the name and the bytes of an attachment.

    Raises KnownError `request.invalid` for a wrong number, `document.unreadable` for an attachment that is only named.
    """
    if not 0 <= index < len(mail.enclosed):
        raise KnownError("request.invalid", what="attachment")
    attachment, name = mail.enclosed[index], _listed(index, mail.enclosed[index]).name
    if attachment.data is None:
        raise KnownError("document.unreadable", path=f"{path} → {name}", reason=_("only its name is in the mail"))
    return name, attachment.data


def plain_pieces(text: str) -> Iterator[Piece]:
    every = text.split("\n")
    quotes = [_QUOTED.match(line) is not None for line in every]
    margin = margin_of([line for line, quoted in zip(every, quotes, strict=True) if not quoted])
    drops_hyphens = margin > 0 and _HYPHEN.search(text) is not None and tongue(text) in _SYLLABLES
    lines: list[str] = []
    is_quote = is_signed = False
    for line, quoted in zip([*every, ""], [*quotes, False], strict=True):
        is_blank = not line.strip(" \t>")
        if lines and (is_blank or quoted != is_quote or _SIGNATURE in (line.rstrip(), lines[-1])):
            if margin and not (is_quote or is_signed):
                lines = rejoined(lines, margin, drops_hyphens=drops_hyphens)
            yield Piece(BlockKind.QUOTE if is_quote else BlockKind.PARAGRAPH, "\n".join(lines))
            is_signed = is_signed or lines[-1] == _SIGNATURE
            lines = []
        if not is_blank:
            lines.append(line.rstrip())
            is_quote = quoted


def threaded(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Yield the pieces of a mail's text with what earlier mails say as quotes, and the headers of these mails apart.

    Behind such a header all is quoted; if the mail marks what it quotes, up to the first paragraph without a mark.
    """
    lines = [(at, line) for at, piece in enumerate(pieces) for line in piece.text.split("\n")]
    quotes = [pieces[at].kind is BlockKind.QUOTE for at, __ in lines]
    headers = [*headers_in([f"> {line}" if quotes[at] else line for at, (__, line) in enumerate(lines)])]
    if not headers:
        yield from pieces
        return
    parts = {at: "header" for start, stop in headers for at in range(start, stop)}
    parts |= {at: "end" for at, (__, line) in enumerate(lines) if ends_earlier(line)}
    is_quoted = is_marked = False
    for (at, part), some in groupby(range(len(lines)), lambda at: (lines[at][0], parts.get(at, ""))):
        numbers, piece = [*some], pieces[at]
        if part == "header" and not quotes[numbers[0]]:
            is_quoted, is_marked = True, any(quotes[numbers[-1] + 1 : numbers[-1] + 2])
        elif part == "end" or (is_marked and not part and piece.kind is BlockKind.PARAGRAPH):
            is_quoted = False
        text = "\n".join(lines[number][1] for number in numbers)
        is_words = piece.kind is not BlockKind.CAPTION
        kind = BlockKind.QUOTE if part or (is_quoted and is_words) else piece.kind
        yield changed(piece, kind=kind, text=text, place="header" if part else piece.place)


def _hypertext(reading: Reading, body: str) -> Sequence[Piece]:
    document = walk(body, reading.path, check=reading.check)
    notify(reading, document)
    return document.pieces


def _listed(index: int, attachment: MailAttachment) -> Attachment:
    untrusted = PurePosixPath(attachment.name.replace("\\", "/").replace("\0", "")).name
    name = clean_label(untrusted, MAX_NAME_CHARACTERS) or f"attachment {index + 1}"
    data = attachment.data
    return Attachment(index, name, len(data or b""), "" if data is None else _format(name, data))


def _format(name: str, data: bytes) -> str:
    """Return the attachment's format id (base.documents), by its bytes, else by its name, or "" if no reader exists."""
    format_id = format_of_bytes(BytesIO(data)) or format_by_name(name)
    return format_id if format_id in {file_format.id for file_format in FORMATS} - {"recording"} else ""


# Reads mails as they are sent (RFC 5322, MIME), and web pages saved in that form (RFC 2557)

HEADERS = ("From", "To", "Cc", "Bcc", "Reply-To", "Date", "Subject")
MOST_DEPTH = 40
MOST_HEADER_CHARACTERS = 20_000
MAX_MAIL_BYTES = 100 << 20
"""Most bytes of a mail. The whole mail is held in memory, with attachments that are a third longer than their files."""
CMS = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")
_REPORTS = tuple(
    f"message/{kind}{name}" for kind in ("", "global-") for name in ("delivery-status", "disposition-notification")
)
_UNSEEN = re.compile(
    r"<?\b(?:https?|mailto|cid|tel):[^\s<>\])]*>?|\S+@\S+|\[(?:cid|image|bild|inline)[^\]\n]{0,200}\]|\[\d{1,3}\]|"
    r"^[ \t>]*\d{1,2}[.)]\s",
    re.IGNORECASE | re.MULTILINE,
)
_WORD = re.compile(r"\d(?:[\d.,]*\d)?|[\u3040-\u9fff\uac00-\ud7af]|[^\W\d_\u3040-\u9fff\uac00-\ud7af]+")
_HINT = re.compile(
    r"\bhtml\b|browser|navigat|navegad|przegląd|\bonline\b|view (?:this|the) (?:mail|message)", re.IGNORECASE
)
_HINT_WORDS, _LACKS = 60, 0.1
"""A text of fewer words may only say that there is another. The second number is the share of the HTML's words that
the plain text may lack: signs drawn otherwise, a name that is a picture.
"""
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
            document = walk(_text(part, "text/html"), reading.path, is_packed=True, check=reading.check)
            document.has_external = False  # its pictures came with it
            reading.title, reading.author = document.title, document.author
            notify(reading, document)
            for number, (label, pieces) in enumerate(sections_of(document.pieces), 1):
                yield page_from(number, label, pieces)
            return
    raise KnownError("document.damaged", path=reading.path, reason=_("no web page is in it"))


def mail_of(message: Message) -> Mail:
    mail = Mail()
    for takes_named in (False, True):  # a text with a file name is the message if there is no other
        mail = Mail()
        _collect(message, mail, 0, takes_named=takes_named)
        if mail.bodies or mail.reports or mail.is_locked:
            break
    mail.headers = [(name, value) for name in HEADERS if (value := _header(message, name))]
    mail.subject, mail.sender = _header(message, "Subject"), _header(message, "From")
    mail.message_id, mail.references = _header(message, "Message-ID"), _header(message, "References")
    return mail


class _Policy(email.policy.EmailPolicy):
    """Python's parser of headers, which takes minutes for very long ones, for those of usual length alone."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        if len(value) <= MOST_HEADER_CHARACTERS:
            return super().header_fetch_parse(name, value)
        return value[:MOST_HEADER_CHARACTERS] if name.lower().startswith("content-") else value


POLICY = _Policy()


def parsed(reading: Reading, policy: Any = POLICY) -> Message:
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


def _collect(part: Message, mail: Mail, depth: int, *, takes_named: bool) -> None:
    kind, name = part.get_content_type(), storable(_said(part.get_filename))
    if kind in CMS or name.lower() == "smime.p7m":
        if content := signed_content(bytes_of(part)):
            _collect_signed(content, name, mail, depth, takes_named=takes_named)
            return
        mail.is_locked = True
    mail.is_locked |= kind == "multipart/encrypted"
    if kind in _TNEF or name.lower() == "winmail.dat":
        if (packed := unpacked(bytes_of(part))) is not None:
            _add_packed(mail, packed)
            return
        mail.unread.append("winmail.dat")
    if kind in _REPORTS:
        mail.reports += [report for inner in _parts(part) if (report := _report(inner))]
    elif kind == "multipart/alternative" and depth < MOST_DEPTH:
        _choose(part, mail, depth, takes_named=takes_named)
    elif part.is_multipart() and kind != "message/rfc822" and depth < MOST_DEPTH:
        for message in _parts(part):
            _collect(message, mail, depth + 1, takes_named=takes_named)
    elif kind == "text/rfc822-headers":
        about = email.message_from_bytes(bytes_of(part), policy=email.policy.default)
        said = [value for name in ("Subject", "To", "Date") if (value := _header(about, name))]
        mail.reports.append(_("The mail: {words}").format(words=" – ".join(said)))
    elif _is_body(part, kind, name, is_root=depth == 0, takes_named=takes_named):
        text = _text(part, kind)
        if kind != "text/html":
            text, is_locked = without_armour(text)
            mail.is_locked |= is_locked
        if text.strip():
            mail.bodies.append((text, kind == "text/html"))
    elif not (kind == "multipart/encrypted" or (part.is_multipart() and depth >= MOST_DEPTH and not _parts(part))):
        if kind == "text/calendar" and (event := invitation(_text(part, kind))):
            mail.reports.append(event)
        mail.enclosed.append(_enclosed(part, kind, name))


def _add_packed(mail: Mail, packed: Packed) -> None:
    """Add what Outlook packed: its attachments, and its text unless the mail says all of that."""
    mail.enclosed += [MailAttachment(*file) for file in packed.files]
    form = [(packed.html, True)] if packed.html.strip() else [(packed.plain, False)]
    if not _words(_seen(form)).keys() <= _words(_seen(mail.bodies)).keys():
        mail.bodies += form


def _collect_signed(content: bytes, name: str, mail: Mail, depth: int, *, takes_named: bool) -> None:
    """Add what a signature holds: a mail's text with its attachments, or a file ("invoice.xml.p7m")."""
    if name and name.lower() != "smime.p7m":
        mail.enclosed.append(MailAttachment(name.removesuffix(".p7m"), content))
    elif depth < MOST_DEPTH:
        inner: Message = email.message_from_bytes(content.lstrip(b"\r\n"), policy=email.policy.default)
        _collect(inner, mail, depth + 1, takes_named=takes_named)


def _choose(part: Message, mail: Mail, depth: int, *, takes_named: bool) -> None:
    forms = []
    for message in _parts(part):
        form = Mail()
        _collect(message, form, depth + 1, takes_named=takes_named)
        mail.enclosed += form.enclosed
        mail.reports += form.reports
        mail.unread += form.unread
        mail.is_locked |= form.is_locked
        if form.bodies:
            forms.append(form.bodies)
    plain = [form for form in forms if not any(is_hypertext for __, is_hypertext in form)]
    rich = [form for form in forms if form not in plain]
    add_fuller(mail, plain[0] if plain else [], rich[-1] if rich else [])


def add_fuller(mail: Mail, plain: list[tuple[str, bool]], rich: list[tuple[str, bool]]) -> None:
    """Add one of two forms of a text: the plain one, unless it lacks words or figures of the HTML. What only the other
    form says becomes `differences`, unless that is a hint to read the HTML.
    """
    if not (plain and rich):
        mail.bodies += plain or rich
        return
    words, seen = _words("\n".join(text for text, __ in plain)), _words(_seen(rich))
    lacks, extra = ([word for word in these if word not in others] for these, others in ((seen, words), (words, seen)))
    figures = [[word for word in lost if word[0].isdigit()] for lost in (lacks, extra)]
    size, seen_size = sum(words.values()), sum(seen.values())
    is_hint = size < _HINT_WORDS and not figures[1] and _HINT.search(plain[0][0]) is not None
    is_fuller = bool(figures[0]) or len(lacks) > _LACKS * len(seen)
    is_rich = is_hint or (is_fuller and size <= 2 * seen_size)
    mail.bodies += rich if is_rich else plain
    lost, known = (extra, words) if is_rich else (lacks, seen)
    if not is_hint and (figures[is_rich] or len(lost) > max(2, 2 * _LACKS * len(known))):
        mail.differences += figures[is_rich] or lost


def _seen(form: list[tuple[str, bool]]) -> str:
    pieces = [piece for text, __ in form for piece in walk(text, "").pieces]
    return "\n".join(piece.text for piece in pieces if piece.kind is not BlockKind.CAPTION and piece.place != "hidden")


def _words(text: str) -> Counter[str]:
    """Count words and figures, without addresses, links and the numbers of lists, which only one form may show."""
    return Counter(_WORD.findall(_UNSEEN.sub(" ", text).casefold()))


def _parts(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [message for message in payload if isinstance(message, Message)] if isinstance(payload, list) else []


def _is_body(part: Message, kind: str, name: str, *, is_root: bool, takes_named: bool) -> bool:
    if kind not in ("text/plain", "text/html", "text/enriched") or part.is_multipart():
        return False
    if name and not takes_named:
        return False
    return (takes_named and is_root) or _said(part.get_content_disposition) != "attachment"


def _said(ask: Callable[[], str | None]) -> str:
    """Call a getter of a mail part and return its value, or "" if the header cannot be parsed."""
    try:
        return str(ask() or "")
    except _PARSED:
        return ""


def _enclosed(part: Message, kind: str, name: str) -> MailAttachment:
    if kind == "message/rfc822":
        inner = _parts(part)
        subject = _header(inner[0], "Subject").replace("/", " ") if inner else ""
        return MailAttachment(name or f"{subject or 'message'}.eml", inner[0].as_bytes() if inner else None)
    if part.is_multipart():
        return MailAttachment(name or "message", None)
    data = bytes_of(part)
    if not name and (extension := _EXTENSIONS.get(kind)):
        name = f"{part.get_content_maintype()}{extension}"
    return MailAttachment(name, data)


def bytes_of(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: Message, kind: str) -> str:
    data = bytes_of(part)
    try:
        text = decoded_markup(data, _said(part.get_content_charset), is_markup=kind == "text/html").text
    except NotTextError:
        text = data.decode("utf-8", "replace").replace("\0", "")
    text = lines_made_one(text)
    is_flowed = kind == "text/plain" and part.get_param("format") == "flowed"
    return unflowed(text, is_spaceless=str(part.get_param("delsp")).lower() == "yes") if is_flowed else text


def unflowed(text: str, *, is_spaceless: bool = False) -> str:
    """Join lines that end in a space with the next line of the same depth (RFC 3676). `is_spaceless`: without it."""
    lines: list[list[str]] = []
    goes_on = -1
    for line in text.split("\n"):
        words = line.lstrip(">")
        depth = len(line) - len(words)
        stuffed = words.startswith(" ")
        words = words[1:] if stuffed else words
        is_signature = words == "-- "
        if goes_on == depth and not is_signature:
            # a space that needs not be there is the writer's
            is_own = is_spaceless and stuffed and not depth and not words.startswith((" ", ">", "From "))
            if is_own:
                lines[-1].append(" ")
        else:
            lines.append([f"{'>' * depth} " if depth else ""])
        goes_on = depth if words.endswith(" ") and not is_signature else -1
        lines[-1].append(words[:-1] if is_spaceless and goes_on == depth else words)
    return "\n".join(map("".join, lines))


# What is signed (CMS, RFC 5652; PGP, RFC 4880)

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_MOST_ELEMENTS = 100_000
_SIGNED, _SIGNATURE_OF, _ARMOUR = "-----BEGIN PGP SIGNED MESSAGE-----", "PGP SIGNATURE-----", "PGP MESSAGE-----"


_ARMOUR_HEAD = re.compile(r"\A(?:[\w-]+:[^\n]*\n)*\n")


class _Element(Record):
    """A BER element: its tag, where its content begins and ends, and where the next element begins."""

    tag: int
    start: int
    end: int
    after: int


def signed_content(data: bytes) -> bytes:
    """Return what a CMS structure signs. Returns no bytes if it is encrypted, holds only a signature, or is damaged."""
    try:
        whole = _element(data, 0)
        kind = _child(data, whole, 0)
        if data[kind.start : kind.end] != _SIGNED_DATA:
            return b""
        signed = _child(data, _child(data, whole, 1), 0)
        content = _child(data, _child(data, _child(data, signed, 2), 1), 0)
        return b"".join(_octets(data, content))
    except (IndexError, ValueError):
        return b""


def _element(data: bytes, at: int, depth: int = 0) -> _Element:
    """Raises IndexError or ValueError if there is no whole element."""
    tag, length, start = data[at], data[at + 1], at + 2
    if length == 0x80 and depth < MOST_DEPTH:  # it ends with two zero bytes
        end = start
        for __ in range(_MOST_ELEMENTS):
            if data[end : end + 2] == b"\0\0":
                return _Element(tag, start, end, end + 2)
            end = _element(data, end, depth + 1).after
        raise ValueError
    if length > 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[at + 2 : start])
    if length == 0x80 or start + length > len(data):
        raise ValueError
    return _Element(tag, start, start + length, start + length)


def _child(data: bytes, parent: _Element, index: int) -> _Element:
    child = _element(data, parent.start)
    for __ in range(index):
        child = _element(data, child.after)
    if child.after > parent.end:
        raise ValueError
    return child


def _octets(data: bytes, element: _Element) -> Iterator[bytes]:
    if not element.tag & 0x20:
        yield data[element.start : element.end]
        return
    at = element.start
    for __ in range(_MOST_ELEMENTS):
        if at >= element.end:
            return
        part = _element(data, at)
        yield data[part.start : part.end]
        at = part.after
    raise ValueError


def without_armour(text: str) -> tuple[str, bool]:
    """Return a text without the lines of a PGP signature around it, and whether a part is encrypted and left out."""
    head, is_signed, rest = text.partition(f"{_SIGNED}\n")
    if is_signed:
        said, __, rest = _ARMOUR_HEAD.sub("", rest).partition(f"\n-----BEGIN {_SIGNATURE_OF}")
        text = head + re.sub(r"^- ", "", said, flags=re.MULTILINE) + rest.partition(f"-----END {_SIGNATURE_OF}")[2]
    head, is_locked, rest = text.partition(f"-----BEGIN {_ARMOUR}")
    return head + rest.partition(f"-----END {_ARMOUR}")[2], bool(is_locked)


# What mail programs say: a mail was not delivered (RFC 3464) or was read (RFC 8098)

_REPORTED = {
    "Final-Recipient": N_("Recipient"),
    "Action": N_("What happened"),
    "Disposition": N_("What happened"),
    "Status": N_("Status"),
    "Diagnostic-Code": N_("Reason"),
    "Will-Retry-Until": N_("Tried again until"),
}
_MEANS = {
    "2": N_("delivered"),
    "4": N_("not delivered yet"),
    "5": N_("not delivered"),
    "1.1": N_("no such address"),
    "1.2": N_("no such domain"),
    "1.10": N_("no such domain"),
    "2.1": N_("mailbox closed"),
    "2.2": N_("mailbox full"),
    "2.3": N_("mail too large"),
    "3.4": N_("mail too large"),
    "4.1": N_("no answer from the server"),
    "4.4": N_("no way to the server"),
    "4.7": N_("tried too long"),
    "7.1": N_("refused by the server"),
}
_TYPED = re.compile(r"^[\w/-]+;\s*")


def _report(fields: Message) -> str:
    lines = []
    for name, meaning in _REPORTED.items():
        value = _header(fields, name)
        if name == "Disposition":
            value = value.rpartition(";")[2].strip()
        elif name == "Status":
            kind, __, detail = value.partition(" ")[0].partition(".")
            said = ": ".join(_(_MEANS[key]) for key in (kind, detail) if key in _MEANS)
            value = f"{value} ({said})" if said else value
        if value:
            lines.append(f"{_(meaning)}: {_TYPED.sub('', value)}")
    return "\n".join(lines)
