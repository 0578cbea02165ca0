"""To whom an answer goes, and how it greets."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.claims.deadlines.finding import is_closing
from slmdesk.tasks.replies.frame import Head, frame_of, head_of
from slmdesk.tasks.replies.types import LANGUAGES
from slmdesk.tasks.replies.wording import sentences_in
from slmdesk.tasks.summaries.linking import Piece
from slmdesk.tasks.summaries.papers import own_date

pytestmark = pytest.mark.pure

OFFICE = "Rotes Kreuz Musterland e.V.\nAllee 5\n14469 Potsdam"
PERSON = "Lena Hoffmann\nGutenbergstraße 12\n14467 Potsdam"


def frame(above: str = "", greeting: str = "", below: str = "", author: str = ""):
    head = Head(above, greeting, below, is_mail=bool(author), author=author)
    return frame_of(head, (), range(0), "de", "de", "2026-11-30")


def test_a_private_letter_begins_with_who_wrote_it_not_with_who_gets_it():
    assert frame(f"{PERSON}\n\n{OFFICE}", "Guten Tag,").recipient == tuple(PERSON.splitlines())


def test_who_is_greeted_did_not_write_the_letter():
    asked = frame(f"{PERSON}\n\n{OFFICE}", "Sehr geehrte Frau Hoffmann,")
    assert asked.recipient == tuple(OFFICE.splitlines())


@pytest.mark.parametrize(
    ("below", "name"),
    [
        ("Rechtsanwaltskammer Musterland\n— Abteilung 3 —", "Rechtsanwaltskammer Musterland"),
        ("Lena Hoffmann, Rechtsanwältin", "Lena Hoffmann"),
        ("Le Maire,\nAlain DUVAL", "Alain DUVAL"),
        ("Anlage: Vollmacht", ""),
        ("Kaiserstraße 88", ""),
        ("die Kosten trägt die Beklagte", ""),
    ],
)
def test_who_signed_a_letter_without_a_letterhead_gets_the_answer(below, name):
    assert frame(below=below).recipient == ((name,) if name else ())


@pytest.mark.parametrize("above", [f"Frau\n{OFFICE}", "Blumen Musterland\nAllee 5\n14469 Potsdam"])
def test_a_signed_letter_is_answered_to_who_signed_it_not_to_whom_it_begins_with(above):
    assert frame(above, below="Lena Hoffmann").recipient == ("Lena Hoffmann",)


def test_a_letterhead_is_answered_also_where_a_person_signed():
    assert frame(OFFICE, below="Lena Hoffmann").recipient == tuple(OFFICE.splitlines())


def test_a_word_that_begins_like_a_reference_is_none():
    head = Head("The papers referred to in outline 3", "", "", is_mail=False)
    assert frame_of(head, (), range(0), "en", "en", "2026-11-30").your_ref == ""


@pytest.mark.parametrize(
    ("text", "below"),
    [
        ("Bonjour,\nTout va bien.\nBien cordialement,\nPierre Martin", "Pierre Martin"),
        ("Bonjour,\nDans l'attente, je vous prie d'agréer mes salutations.\nLéa Roy", "Léa Roy"),
        ("Bonjour,\nOui.\nCordialement\nMarc Lebon\n> Bonjour,\n> Cordialement\n> Anne Roy", "Marc Lebon"),
        ("Bonjour,\nTout va bien.\nPierre Martin\npar courriel", "Pierre Martin"),
        ("Bonjour,\nTout va bien.\nLa sortie se fera à 16 h.", ""),
    ],
    ids=["in a paragraph", "behind more words", "above an earlier mail", "no closing", "no name"],
)
def test_who_signed_stands_behind_the_first_closing(text, below):
    piece = Piece("d", 1, 0, 8, BlockKind.PARAGRAPH, "Bonjour,")
    signed = head_of((piece,), range(1), "fr", text)[2]
    assert "".join(frame(below=signed).recipient) == below


@pytest.mark.parametrize(
    ("above", "below", "greeted"),
    [
        ("Betreff: Vertrag mit Frau Selin Uval", "Anna Weber", "Guten Tag Anna Weber,"),
        ("Es bearbeitet: Frau Dr. Anna Weber", "", "Sehr geehrte Frau Dr. Weber,"),
        ("", "Frau A. Weber", "Sehr geehrte Frau Weber,"),
    ],
    ids=["another person", "who works on it", "an initial"],
)
def test_who_is_greeted_signed_the_letter_or_works_on_it(above, below, greeted):
    assert frame(above, below=below).salutation == greeted


def test_the_address_below_a_signature_is_taken_with_it():
    assert frame(below=f"{PERSON}\nTel.: 030 1234").recipient == tuple(PERSON.splitlines())


@pytest.mark.parametrize(
    ("below", "author", "greeted"),
    [
        ("Anna Weber", "Weber <weber@amt.de>", "Guten Tag Anna Weber,"),
        ("Xolani Weber", "x.weber@amt.de", "Guten Tag Xolani Weber,"),
        ("Schadensabteilung Haftpflicht", "haftpflicht@amt.de", ""),
        ("", "Amt Marktüberwachung <marktueberwachung@amt.de>", ""),
    ],
)
def test_a_department_is_not_greeted_as_a_person(below, author, greeted):
    salutation = frame(below=below, author=author).salutation
    assert salutation == (greeted or "Sehr geehrte Damen und Herren,")


@pytest.mark.parametrize(
    ("line", "dated"),
    [("Köln, 24. August 2025", (2025, 8, 24)), ("Eingang 24.08.2025, 20:42 Uhr", None)],
)
def test_a_day_of_receipt_is_not_the_day_of_the_letter(line, dated):
    piece = Piece("d", 1, 0, len(line), BlockKind.PARAGRAPH, line)
    assert own_date((piece,), range(1), "de")[0] == dated


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_of_ours_is_known_by_its_closing(language):
    assert is_closing(sentences_in(language)["closing"])
