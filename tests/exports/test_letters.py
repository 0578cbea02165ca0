"""Letters as pages and as mails that are not sent yet. Nothing of a stranger's mail gets into a header as it is."""

from __future__ import annotations

import email
import email.policy

import pytest

from slmdesk.base.documents import Paper
from slmdesk.base.letters import Letter, LetterPart
from slmdesk.base.record import changed
from slmdesk.children.formats import mail
from slmdesk.children.formats.reading import Reading
from slmdesk.exports.letters import filling_of, paper_of, to_eml
from slmdesk.exports.writers import in_form

pytestmark = pytest.mark.pure
LETTER = Letter(
    sender=("Anna Muster", "Hauptstr. 1", "12345 Berlin"),
    recipient=("Stadtwerke GmbH", "54321 Köln"),
    recipient_mail="info@stadtwerke.example",
    subject="Rechnung\n4711",
    your_ref="R-4711",
    date="2026-03-01",
    salutation="Sehr geehrte Frau Keller,",
    body=(LetterPart("Die Rechnung über 120,00 € ist bezahlt.", ("S. 1",)), LetterPart("  ")),
    closing="Mit freundlichen Grüßen",
    signature="Anna Muster",
    language="de",
    model="Qwen 1.5B",
    in_reply_to="<b@stadtwerke.example>",
    references=("<a@stadtwerke.example>", "<b@stadtwerke.example>"),
)


def parsed(letter: Letter) -> email.message.EmailMessage:
    return email.message_from_bytes(to_eml(letter), policy=email.policy.default)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("language", "day"),
    [("de", "1. März 2026"), ("en", "1 March 2026"), ("fr", "1 mars 2026"), ("es", "1 de marzo de 2026"),
     ("pl", "1 March 2026")],
)  # fmt: skip
def test_the_day_is_written_in_the_language_of_the_letter(language: str, day: str) -> None:
    assert filling_of(changed(LETTER, language=language)).fields["date"] == day


def test_a_letter_of_nothing_has_no_value() -> None:
    filling = filling_of(Letter())
    assert not any(filling.fields.values())
    assert filling.body == ()


def test_empty_parts_and_signs_that_no_file_holds_are_left_out() -> None:
    filling = filling_of(changed(LETTER, body=(LetterPart("a\x00b"), LetterPart(" ")), closing=""), has_sources=False)
    assert [(part.text, part.sources) for part in filling.body] == [(LETTER.salutation, ()), ("a\ufffdb", ())]


def test_a_mail_is_a_draft_that_answers_another() -> None:
    made = parsed(LETTER)
    assert (made["X-Unsent"], made["To"], made["Subject"]) == ("1", "info@stadtwerke.example", "Re: Rechnung 4711")
    assert made["In-Reply-To"] == "<b@stadtwerke.example>"
    assert made["References"] == "<a@stadtwerke.example> <b@stadtwerke.example>"
    assert made["From"] is made["Date"] is None
    assert made["X-AISystemUsed"] == "Qwen 1.5B"
    assert made.get_content().replace("\r\n", "\n") == (
        "Sehr geehrte Frau Keller,\n\nDie Rechnung über 120,00 € ist bezahlt.\n\nMit freundlichen Grüßen\nAnna Muster\n"
    )


def test_our_own_reader_reads_the_mail() -> None:
    reading = Reading("a.eml", data=to_eml(LETTER))
    text = "\n".join(page.text for page in mail.read(reading))
    assert "120,00 €" in text
    assert reading.references == " ".join(LETTER.references)


@pytest.mark.parametrize(
    ("field", "value", "header"),
    [
        ("recipient_mail", "a@b.example\r\nBcc: c@d.example", "To"),
        ("recipient_mail", "a@b.example, c@d.example", "To"),
        ("recipient_mail", "Keller", "To"),
        ("recipient_mail", "keller.@docomo.example", "To"),
        ("recipient_mail", "keller@b..example", "To"),
        ("in_reply_to", "no id\r\nBcc: c@d.example", "In-Reply-To"),
        ("references", ("Bcc: c@d.example",), "References"),
    ],
)
def test_what_is_no_address_and_no_id_is_left_out(field: str, value: object, header: str) -> None:
    made = parsed(changed(LETTER, **{field: value}))
    assert made[header] is None
    assert made["Bcc"] is None


def test_a_subject_that_is_an_answer_is_not_made_one_twice() -> None:
    assert parsed(changed(LETTER, subject="AW: Rechnung"))["Subject"] == "AW: Rechnung"
    assert parsed(changed(LETTER, in_reply_to=""))["Subject"] == "Rechnung 4711"


def test_a_page_has_a_head_and_no_line_of_ours() -> None:
    paper = in_form(paper_of(LETTER), "pdf", has_line=True)
    assert isinstance(paper, Paper)
    assert [placed.text for placed in paper.head] == [
        "Anna Muster\nHauptstr. 1\n12345 Berlin", "Anna Muster · Hauptstr. 1 · 12345 Berlin",
        "Stadtwerke GmbH\n54321 Köln",
        "Ihr Zeichen: R-4711\nDatum: 1. März 2026",
    ]  # fmt: skip
    texts = [piece.text for piece in paper.pieces if piece.text]
    assert texts == ["Rechnung 4711", *(part.text for part in filling_of(LETTER).body), "Anna Muster"]


def test_a_french_address_stands_at_the_right() -> None:
    paper = paper_of(changed(LETTER, language="fr"))
    assert paper.head[2].left_mm > paper.head[0].left_mm
    assert paper.pieces[0].text == "Objet : Rechnung 4711"
