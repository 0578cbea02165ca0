"""Redacts mails by building a new mail from the headers, texts and attachments of the old one (RFC 5322, 2045-2047)."""

from __future__ import annotations

import email
import email.errors
import email.policy
import re
from email.header import Header, decode_header
from email.headerregistry import UnstructuredHeader
from email.message import EmailMessage, Message

from slmdesk.base.errors import KnownError
from slmdesk.children.formats.containers import format_by_name
from slmdesk.children.formats.mail import CMS, bytes_of, parsed, signed_content, storable
from slmdesk.children.formats.redacting.office import PICTURES, embedded, picture, suffix_of
from slmdesk.children.formats.redacting.redactors import MOST_DEPTH, Redacting, put_in_value
from slmdesk.children.formats.redacting.text import redact_markup, redact_text
from slmdesk.children.formats.text import NotTextError, decode

_KEPT = (
    "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject", "Message-ID", "In-Reply-To", "References",
    "Organization", "Importance", "Priority", "X-Priority", "Comments", "Keywords", "Content-Language",
)  # fmt: skip
"""Headers that are copied. All others tell the route of the mail, the computers on it and the programs used."""
_MOST_PARTS = 1_000
_ADDRESS = re.compile(r"[\r\n]+")


class _Folded(email.policy.EmailPolicy):
    """Folds texts that are not ASCII without losing blanks between encoded words, as Python's own policy does."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if isinstance(value, UnstructuredHeader) and not value.isascii():
            folded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {folded}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _Folded(linesep="\r\n")


class _AsWritten(email.policy.Compat32):
    """Gives headers as text also where their bytes are not ASCII, which Python's own policy gives as U+FFFD."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return storable(value)


_READ = _AsWritten()
_DROPPED_PARTS = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")


def redact(redacting: Redacting) -> bytes:
    message = parsed(redacting.reading, _READ)
    new = _Mail(redacting).made(message)
    return new.as_bytes(policy=_POLICY)


class _Mail:
    def __init__(self, redacting: Redacting) -> None:
        self._redacting = redacting
        self._parts = 0

    def made(self, message: Message) -> EmailMessage:
        new = self._part(message, 0)
        if new is None:
            new = EmailMessage(policy=_POLICY)
            new.set_content("")
        self._headers(message, new)
        return new

    def _headers(self, message: Message, new: EmailMessage) -> None:
        dropped = {name for name in message if name.lower() not in {name.lower() for name in _KEPT}}
        if any(not name.lower().startswith(("content-", "mime-")) for name in dropped) and self._redacting.removes:
            self._redacting.remove("mail_route", "headers")
        for name in _KEPT if self._redacting.removes else dict.fromkeys(message.keys()):
            if name.lower().startswith(("content-t", "content-d", "mime-")):
                continue
            for value in message.get_all(name, []):
                text = put_in_value(self._redacting.words, _decoded(str(value)), f"header {name}")
                if name in ("From", "Sender"):
                    self._redacting.person(text.partition("<")[0].strip('" '))
                self._set(new, name, text)

    def _set(self, new: EmailMessage, name: str, text: str) -> None:
        """Set a header. One that cannot be written, such as an identifier with a bar in it, is omitted and reported."""
        text = _ADDRESS.sub(" ", text).replace("\0", "")
        try:
            del new[name]
            new[name] = text
            str(new[name]).encode()
            _POLICY.fold_binary(name, new[name])
        except Exception:  # noqa: BLE001  its parser raises whatever it comes upon in a header that is none
            del new[name]
            self._redacting.remove("header", name)

    def _part(self, part: Message, depth: int) -> EmailMessage | None:
        """Return a new part made from the old one, or None if the part is left out and reported."""
        self._parts += 1
        kind = part.get_content_type()
        name = self._name(part)
        if self._parts > _MOST_PARTS or depth > 20:
            self._redacting.remove("embedded", name or kind)
            return None
        if kind in CMS or name.lower() == "smime.p7m":
            content = signed_content(bytes_of(part))
            if content:
                return self._signed(content, name, depth)
        if kind in (*CMS, "multipart/encrypted"):
            raise KnownError("document.locked", path=self._redacting.reading.path)
        if kind in _DROPPED_PARTS:
            self._redacting.remove("signature", name)
            return None
        if kind == "message/rfc822":
            return self._nested(part, name)
        if part.is_multipart():
            return self._several(part, kind, depth)
        if part.get_content_disposition() != "attachment" and not name and kind in ("text/plain", "text/html"):
            return self._text(part, kind)
        return self._file(part, kind, name)

    def _signed(self, content: bytes, name: str, depth: int) -> EmailMessage | None:
        """Return what a signature holds, without it: a mail's text with its attachments, or a file."""
        self._redacting.remove("signature", name)
        if not name or name.lower() == "smime.p7m":
            return self._part(email.message_from_bytes(content.lstrip(b"\r\n"), policy=_READ), depth + 1)
        inner = EmailMessage()
        inner.set_content(content, "application", "octet-stream", filename=name.removesuffix(".p7m"))
        return self._file(inner, "application/octet-stream", name.removesuffix(".p7m"))

    def _several(self, part: Message, kind: str, depth: int) -> EmailMessage | None:
        new = EmailMessage(policy=_POLICY)
        sort = kind.partition("/")[2] if kind in ("multipart/alternative", "multipart/related") else "mixed"
        new["MIME-Version"] = "1.0"
        new["Content-Type"] = f"multipart/{sort}"
        made = [self._part(message, depth + 1) for message in part.get_payload() if isinstance(message, Message)]
        messages = [message for message in made if message is not None]
        if not messages:
            return None
        for message in messages:
            del message["MIME-Version"]
            new.attach(message)
        return new

    def _text(self, part: Message, kind: str) -> EmailMessage:
        new = EmailMessage(policy=_POLICY)
        text = _text_of(part)
        if kind == "text/html":
            text = redact_markup(self._redacting, text, "text of the mail")
        else:
            text = redact_text(self._redacting, text, "text of the mail")
        new.set_content(text, subtype=kind.partition("/")[2], charset="utf-8", cte="base64")
        return new

    def _nested(self, part: Message, name: str) -> EmailMessage | None:
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload and isinstance(payload[0], Message) else None
        if inner is None or self._redacting.depth >= MOST_DEPTH:
            self._redacting.remove("embedded", name or "mail")
            return None
        within = self._redacting.inside(name or "mail", b"")
        new = EmailMessage(policy=_POLICY)
        made = _Mail(within).made(inner)
        new["Content-Type"] = "message/rfc822"
        new["Content-Disposition"] = "attachment"
        new.set_payload([made])
        return new

    def _file(self, part: Message, kind: str, name: str) -> EmailMessage | None:
        made = self._bytes(kind, name, bytes_of(part))
        if made is None:
            return None
        new = EmailMessage(policy=_POLICY)
        is_told = bool(self._redacting.words.spans(kind, "kind of an attachment", bare=True))
        main, _, sub = ("application/octet-stream" if is_told else kind).partition("/")
        clean = put_in_value(self._redacting.words, name, "name of an attachment") or "attachment"
        is_inline = part.get_content_disposition() == "inline"
        new.set_content(
            made, maintype="application" if main == "text" else main, subtype="octet-stream" if main == "text" else sub,
            filename=clean, disposition="inline" if is_inline else "attachment",
        )  # fmt: skip
        if content_id := str(part.get("Content-ID", "")):
            self._set(new, "Content-ID", put_in_value(self._redacting.words, content_id, "attachment"))
        return new

    def _bytes(self, kind: str, name: str, data: bytes) -> bytes | None:
        if not self._redacting.removes and kind.startswith(("image/", "audio/", "video/")):
            return data
        if suffix_of(name) in PICTURES or kind.startswith("image/"):
            return picture(self._redacting, name, data)
        usual = format_by_name(name) or ("txt" if kind.startswith("text/") else "")
        return embedded(self._redacting, name, data, usual=usual, called=name or kind)

    def _name(self, part: Message) -> str:
        try:
            return " ".join(_decoded(part.get_filename() or "").split())[:200]
        except (ValueError, LookupError, UnicodeError):
            return ""


def _decoded(raw: str) -> str:
    """Decode encoded words, also beside letters that are not ASCII, which `decode_header` gives as escapes."""
    try:
        pieces: list[tuple[str | bytes, str | None]] = decode_header(raw)
        return "".join(
            piece if isinstance(piece, str) else piece.decode(charset or "raw-unicode-escape", "replace")
            for piece, charset in pieces
        )
    except (ValueError, LookupError, UnicodeError, email.errors.HeaderParseError):
        return raw


def _text_of(part: Message) -> str:
    data = bytes_of(part)
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeError):
        try:
            return decode(data).text
        except NotTextError:
            return data.decode("utf-8", "replace").replace("\0", "")
