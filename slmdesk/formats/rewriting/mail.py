"""Translates a mail's subject and texts; attachments are kept unchanged, and reported (RFC 5322, 2045)."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage

from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.rewriting import hypertext, plain
from slmdesk.formats.rewriting.base import LeftAsIs, Rewriting, Unit, Units

HEAD_BYTES = 4_096


def rewrite(rewriting: Rewriting) -> Units:
    reading = rewriting.reading
    message = email.message_from_bytes(reading.all_bytes(), policy=email.policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise KnownError("document.damaged", path=reading.path, reason="it is no mail")
    is_changed = False
    subject = str(message["subject"] or "").strip()
    if any(letter.isalpha() for letter in subject):
        answer = yield Unit(subject, kind="title", place="subject")
        if answer is not None:
            del message["subject"]
            message["Subject"] = answer
            is_changed = True
    for part in _own_parts(message):
        reading.check()
        kind = part.get_content_type()
        if part.is_attachment() or kind not in ("text/plain", "text/html"):
            is_signature = kind in ("application/pgp-signature", "application/pkcs7-signature")
            yield LeftAsIs("signature" if is_signature else "embedded", "", str(part.get_filename() or kind)[:80])
            continue
        is_changed |= yield from _part(part, kind, rewriting)
    untrusted = reading.all_bytes()
    line_end = "\r\n" if b"\r\n" in untrusted[:HEAD_BYTES] else "\n"
    policy = email.policy.default.clone(linesep=line_end, refold_source="none")
    rewriting.data = message.as_bytes(policy=policy) if is_changed else untrusted


def _own_parts(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts of a mail; a nested mail is one of them, whatever it contains."""
    if message.is_multipart() and message.get_content_maintype() == "multipart" and not message.is_attachment():
        for part in message.iter_parts():
            if isinstance(part, EmailMessage):
                yield from _own_parts(part)
    else:
        yield message


def _part(part: EmailMessage, kind: str, rewriting: Rewriting) -> Units:
    """The units of one text; returns whether it was changed."""
    try:
        words = part.get_content()
    except (LookupError, UnicodeError, KeyError):  # an unknown charset
        words = part.get_payload(decode=True).decode("utf-8", "replace")  # type: ignore[union-attr]
    inner = Rewriting(
        Reading(rewriting.reading.path, data=str(words).encode("utf-8", "replace"), stop=rewriting.reading.stop),
        rewriting.options,
    )
    inner.reading.encoding = "utf-8"
    yield from (plain.rewrite if kind == "text/plain" else hypertext.rewrite)(inner)
    made = (inner.data or b"").decode("utf-8", "replace")
    if made == str(words):
        return False
    part.set_content(made, subtype=kind.partition("/")[2], charset="utf-8")
    return True
