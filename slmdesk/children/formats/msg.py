"""Reads Outlook mails. The library python-oxmsg extracts the fields, and almost any field may be missing."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from typing import Any, TypeVar

from oxmsg import Message

from slmdesk.base.documents import Page
from slmdesk.base.errors import KnownError
from slmdesk.base.texts import N_, _
from slmdesk.children.formats.hypertext import decoded_markup
from slmdesk.children.formats.mail import Mail, MailAttachment, add_fuller, pages_of, taken_out
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import NotTextError, lines_made_one
from slmdesk.children.formats.tnef import rich_text

MAX_MAIL_BYTES = 100 << 20
PID_HTML, PID_RICH_TEXT, PID_RECIPIENT_TYPE, PID_FILENAME = 0x1013, 0x1009, 0x0C15, 0x3704
_TO = {1: "To", 2: "Cc", 3: "Bcc"}
_BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)
_HEADER = N_("header")
_TEXT = N_("text")
T = TypeVar("T")


def read(reading: Reading) -> Iterator[Page]:
    return pages_of(reading, mail_of(reading))


def attachment(reading: Reading, index: int) -> tuple[str, bytes]:
    return taken_out(mail_of(reading), reading.path, index)


def mail_of(reading: Reading) -> Mail:
    """Parse the document as an Outlook mail. Raises KnownError `document.damaged`, `document.too_large`."""
    data = reading.all_bytes()
    if len(data) > MAX_MAIL_BYTES:
        raise KnownError("document.too_large", path=reading.path, bytes=len(data), limit=MAX_MAIL_BYTES)
    try:
        message = Message.load(data)
        message.message_class  # noqa: B018  a first field: without the table of fields it is no mail
    except (*_BROKEN, RecursionError) as err:
        raise KnownError("document.damaged", path=reading.path, reason=_("it is no whole Outlook mail")) from err
    fields = _Fields()
    mail = Mail(
        subject=fields.words(N_("subject"), lambda: message.subject),
        sender=fields.words(N_("sender"), lambda: message.sender),
        message_id=fields.words(_HEADER, lambda: message.message_headers.get("Message-ID")),
        references=fields.words(_HEADER, lambda: message.message_headers.get("References")),
        unread=fields.broken,
    )
    people = _people(message, fields)
    date = fields.value(N_("date"), lambda: message.sent_date)
    named = [
        ("From", mail.sender),
        *((name, "; ".join(people[name])) for name in people),
        ("Date", format_datetime(date) if date is not None else ""),
        ("Subject", mail.subject),
    ]
    mail.headers = [(name, " ".join(value.split())) for name, value in named if value]
    body = fields.words(_TEXT, lambda: message.body)
    hypertext = _hypertext(message, fields)
    plain = [(lines_made_one(body), False)] if body.strip() else []
    add_fuller(mail, plain, [(hypertext, True)] if hypertext.strip() else [])
    compressed = fields.value(_TEXT, lambda: message.properties.binary_prop_value(PID_RICH_TEXT))
    if compressed and not mail.bodies:
        words = rich_text(compressed)
        if words:
            mail.bodies.append((words, False))
        else:
            mail.unread.append("RTF")
    enclosed = fields.value(N_("attachment"), lambda: message.attachments) or ()
    mail.enclosed = [_enclosed(attachment, fields) for attachment in enclosed]
    return mail


class _Fields:
    """Takes out fields of a mail, and names those that are there but broken."""

    def __init__(self) -> None:
        self.broken: list[str] = []

    def value(self, name: str, get: Callable[[], T | None]) -> T | None:
        try:
            return get()
        except _BROKEN:
            self.broken.append(name)
            return None

    def words(self, name: str, get: Callable[[], str | None]) -> str:
        return (self.value(name, get) or "").replace("\0", "")


def _people(message: Message, fields: _Fields) -> dict[str, list[str]]:
    people: dict[str, list[str]] = {}
    one = N_("recipient")
    for recipient in fields.value(one, lambda: message.recipients) or ():
        name = fields.words(one, lambda person=recipient: person.name)  # type: ignore[misc]
        address = fields.words(one, lambda person=recipient: person.email_address)  # type: ignore[misc]
        kind = fields.value(one, lambda person=recipient: person.properties.int_prop_value(PID_RECIPIENT_TYPE))  # type: ignore[misc]
        shown = f"{name} <{address}>" if address and address != name else name
        if shown:
            people.setdefault(_TO.get((kind or 1) & 0xF, "To"), []).append(shown)
    return {name: people[name] for name in _TO.values() if name in people}


def _hypertext(message: Message, fields: _Fields) -> str:
    """Return the HTML body, decoded from its raw bytes where possible. The library itself would use a code page that is
    often wrong, and raise.
    """
    raw = fields.value(_TEXT, lambda: message.properties.binary_prop_value(PID_HTML))
    if raw:
        try:
            return lines_made_one(decoded_markup(raw).text)
        except NotTextError:
            fields.broken.append(_TEXT)
            return ""
    return lines_made_one(fields.words(_TEXT, lambda: message.html_body))


def _enclosed(enclosed: Any, fields: _Fields) -> MailAttachment:
    one = N_("attachment")
    name = fields.words(one, lambda: enclosed.file_name)
    name = name or fields.words(one, lambda: enclosed.properties.str_prop_value(PID_FILENAME))
    return MailAttachment(name, fields.value(one, lambda: enclosed.file_bytes))
