"""A letter before it has a form: what is written, to whom, and what it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slmdesk.base.record import Record


class LetterPart(Record):
    """A paragraph."""

    text: str
    sources: tuple[str, ...] = ()
    """What it rests on, in words for a comment: "letter.pdf, p. 1: „…“"."""
    id: str = ""
    """Id of the point that it answers. Empty for a fixed part."""


class Letter(Record):
    """Each text may be empty: nothing is invented for what nobody said."""

    sender: tuple[str, ...] = ()
    """Lines of the person's own address."""
    recipient: tuple[str, ...] = ()
    """Lines of the address, the name first."""
    recipient_mail: str = ""
    subject: str = ""
    our_ref: str = ""
    your_ref: str = ""
    date: str = ""
    """ISO 8601."""
    salutation: str = ""
    body: tuple[LetterPart, ...] = ()
    closing: str = ""
    signature: str = ""
    """Name below the closing. Several lines are separated by line ends."""
    language: str = ""
    """ISO 639-1."""
    model: str = ""
    """Name of the model that worded it. Empty where none did."""
    is_draft: bool = False
    """Whether points are not answered yet."""
    in_reply_to: str = ""
    """Message-ID of the mail that it answers, as written there."""
    references: tuple[str, ...] = ()


class Filling(Record):
    """A letter in words, as it fills a template."""

    fields: Mapping[str, str]
    """What stands for each field but the body, by its name. Lines end with "\\n"."""
    body: tuple[LetterPart, ...]
    subject: str = ""
    model: str = ""
    language: str = ""
    is_right_to_left: bool = False


BODY = "body"
"""The field of the whole text, from the salutation to the closing."""
FIELD = re.compile(r"\{\{\s*(\w+)\s*\}\}")
"""A field of a template: {{subject}}."""
