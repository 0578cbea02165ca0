"""Gives a letter its form: our own template as a Word file, a page, a mail."""

from __future__ import annotations

import datetime
import io
import re
import tomllib
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from pathlib import Path
from typing import Any

from slmdesk.base.documents import (
    Paper,
    Placed,
    Run,
    model_properties,
    paragraph,
    plain,
)
from slmdesk.base.letters import FIELD, Filling, Letter, LetterPart
from slmdesk.base.record import changed
from slmdesk.base.translation import LANGUAGES
from slmdesk.exports.word import number_pages

USUAL = "en"
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@[\w-]+(?:\.[\w-]+)*", re.ASCII)
_MESSAGE = re.compile(r"<[!-;=?-~]{1,900}>")
_REPLY = re.compile(r"(?:re|aw|sv|antw|rép|rif)\s*:", re.IGNORECASE)


@cache
def _forms() -> Mapping[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def form_of(language: str) -> Mapping[str, Any]:
    """Return what `letters.toml` says of a language, or else of English."""
    form: Mapping[str, Any] = _forms().get(language, _forms()[USUAL])
    return form


def filling_of(letter: Letter, *, has_sources: bool = True) -> Filling:
    """Return a letter as it fills a template."""
    fields = {
        "sender": "\n".join(letter.sender),
        "sender_line": " · ".join(letter.sender),
        "recipient": "\n".join(letter.recipient),
        "subject": " ".join(letter.subject.split()),
        "our_ref": letter.our_ref,
        "your_ref": letter.your_ref,
        "date": _date_words(letter),
        "signature": letter.signature,
    }
    body = list[LetterPart]()
    around = LetterPart(letter.salutation), LetterPart(letter.closing)
    for part in (around[0], *letter.body, around[1]):
        if part.text.strip():
            sources = tuple(map(plain, part.sources)) if has_sources else ()
            body.append(changed(part, text=plain(part.text.strip()), sources=sources))
    language = LANGUAGES.get(letter.language, LANGUAGES[USUAL])
    return Filling(
        {name: plain(words) for name, words in fields.items()},
        tuple(body),
        plain(letter.subject),
        letter.model,
        letter.language,
        language.is_right_to_left,
    )


def _date_words(letter: Letter) -> str:
    if not letter.date:
        return ""
    return day_words(datetime.date.fromisoformat(letter.date), letter.language)


def day_words(day: datetime.date, language: str) -> str:
    """Return a day as letters in a language write it."""
    form = form_of(language)
    month = form["months"].split()[day.month - 1]
    words: str = form["day"].format(day=day.day, month=month, year=day.year)
    return words


# ---- a Word file with fields

HEIGHTS_MM, WIDTHS_MM = (25, 45), (100, 65)
"""Heights and widths of the parts of a page's head, as DIN 5008 (form B) has them.

The address then stands in the window of an envelope.
"""
SIDES_MM = (25, 125)


def usual_template(language: str) -> bytes:
    """Return our own template, as a person might make one.

    Takes 0.1 s: never call it on the service thread.
    """
    import docx  # late: 46 ms
    from docx.enum.table import WD_ROW_HEIGHT_RULE
    from docx.shared import Mm, Pt

    form = form_of(language)
    document = docx.Document()
    document.core_properties.author = ""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin, page.right_margin = Mm(25), Mm(20)
    page.top_margin = page.bottom_margin = Mm(20)
    normal: Any = document.styles["Normal"]
    normal.font.name, normal.font.size = "Arial", Pt(11)
    normal.paragraph_format.space_after = Pt(0)

    head = document.add_table(rows=2, cols=2)
    head.autofit = False
    address, beside = form["sides"]
    for row, height in zip(head.rows, HEIGHTS_MM, strict=True):
        row.height, row.height_rule = Mm(height), WD_ROW_HEIGHT_RULE.EXACTLY
        for cell, width in zip(row.cells, WIDTHS_MM, strict=True):
            cell.width = Mm(width)
    head.cell(0, beside).paragraphs[0].add_run("{{sender}}").font.size = Pt(9)
    line = head.cell(1, address).paragraphs[0]
    line.add_run("{{sender_line}}").font.size = Pt(7)
    line.paragraph_format.space_after = Pt(20)
    head.cell(1, address).add_paragraph("{{recipient}}")
    for words in form["beside"]:
        head.cell(1, beside).add_paragraph().add_run(words).font.size = Pt(9)

    def add(words: str, before: int, after: int) -> Any:
        added = document.add_paragraph()
        added.paragraph_format.space_before = Pt(before)
        added.paragraph_format.space_after = Pt(after)
        return added.add_run(words)

    add(form["subject"], 24, 22).bold = True
    add("{{body}}", 0, 11)
    add("{{signature}}", 36, 0)
    page.different_first_page_header_footer = True
    number_pages(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


# ---- a page, a mail


def paper_of(letter: Letter) -> Paper:
    """Return what is printed of a letter, in our own form."""
    filling, form = filling_of(letter, has_sources=False), form_of(letter.language)
    fields = filling.fields
    lines = list[str]()
    for words in (*form["beside"], form["subject"]):
        label, name, _end = FIELD.split(words)
        value = fields[name]
        lines.append(f"{label}{value}" if value else "")
    *beside, subject = lines
    address_mm, beside_mm = (SIDES_MM[side] for side in form["sides"])
    head = (
        Placed(fields["sender"], beside_mm, 20, 9),
        Placed(fields["sender_line"], address_mm, 45, 7),
        Placed(fields["recipient"], address_mm, 55, 11),
        Placed("\n".join(filter(None, beside)), beside_mm, 50, 9),
    )
    body = [paragraph(part.text) for part in filling.body]
    end = (paragraph(""), paragraph(fields["signature"]))
    pieces = (paragraph(Run(subject, bold=True)), paragraph(""), *body, *end)
    return Paper(filling.subject, pieces, "", letter.language, letter.model, head)


def to_eml(letter: Letter) -> bytes:
    """Return a mail that a program opens to be sent: it has no sender and no date.

    What a letter says of addresses and other mails comes from a mail of a stranger:
    what is no address there is left out.
    """
    filling = filling_of(letter, has_sources=False)
    mail = EmailMessage(policy=SMTP)
    mail["X-Unsent"] = "1"
    if _ADDRESS.fullmatch(letter.recipient_mail):
        mail["To"] = Address(addr_spec=letter.recipient_mail)
    subject = filling.fields["subject"]
    answered = _MESSAGE.findall(letter.in_reply_to)[:1]
    if answered and not _REPLY.match(subject):
        subject = f"Re: {subject}"
    mail["Subject"] = subject
    for name, ids in (("In-Reply-To", answered), ("References", letter.references)):
        known = _MESSAGE.findall(" ".join(ids))
        if known:
            mail[name] = " ".join(known)
    for name, words in model_properties(letter.model).items():
        mail[f"X-{name}"] = words
    texts = [part.text for part in filling.body]
    mail.set_content(
        "\n\n".join(texts) + f"\n{letter.signature}\n", cte="quoted-printable"
    )
    return mail.as_bytes()
