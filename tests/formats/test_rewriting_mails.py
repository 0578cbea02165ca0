"""Mails given back: their texts, and parts that are nobody's business."""

from __future__ import annotations

import email
import email.policy
import io
from email.message import EmailMessage

import pytest

from slmdesk.formats.reading import Reading, rewriter_of
from slmdesk.formats.rewriting.rewriters import LeftAsIs, Options, Rewriting, Unit, listed, written_to

pytestmark = pytest.mark.pure


def given_back(format_id, data, change=str.swapcase, refused=(), **options):
    """The units, what was left, and the file with all units changed."""
    data = data if isinstance(data, bytes) else data.encode()
    rewriter = rewriter_of(format_id, "a")
    found = list(listed(rewriter, Rewriting(Reading("a", data=data), Options(**options))))
    units = [one for one in found if isinstance(one, Unit)]
    out = io.BytesIO()
    answers = {at: (unit.text, change(unit.text)) for at, unit in enumerate(units)}
    assert written_to(rewriter, Rewriting(Reading("a", data=data), Options(**options)), answers, out) == [*refused]
    return [unit.text for unit in units], [one for one in found if isinstance(one, LeftAsIs)], out.getvalue()


def test_a_mail_with_both_texts_attachments_and_a_mail_inside():
    message, inner = EmailMessage(), EmailMessage()
    inner["Subject"], inner["From"] = "Inner words", "x@y.de"
    inner.set_content("Words of another mail\n")
    message["Subject"], message["From"], message["X-Long"] = "Good morning", "a@b.de", "word " * 40
    message.set_content("Dear Bob,\n")
    message.add_alternative("<p>Dear <b>Bob</b>,</p>", subtype="html")
    message.add_attachment(b"\x00\x01rent", maintype="application", subtype="octet-stream", filename="rent.bin")
    message.add_attachment(inner)
    data = message.as_bytes(policy=email.policy.SMTP)
    texts, left, made = given_back("eml", data)
    assert texts == ["Good morning", "Dear Bob,", "Dear <1>Bob</1>,"]
    assert [one.text for one in left] == ["rent.bin", "message/rfc822"]
    assert made.count(b"\r\n") == made.count(b"\n")
    again = email.message_from_bytes(made, policy=email.policy.default)
    assert again["Subject"] == "gOOD MORNING"
    assert again.get_body(("html",)).get_content().strip() == "<p>dEAR <b>bOB</b>,</p>"
    attachments = list(again.iter_attachments())
    assert attachments[0].get_content() == b"\x00\x01rent"
    assert attachments[1].get_content()["Subject"] == "Inner words"
    assert attachments[1].get_content().get_content().split() == ["Words", "of", "another", "mail"]
    before = email.message_from_bytes(data, policy=email.policy.default)
    assert again["X-Long"] == before["X-Long"]
