"""To whom an answer goes, and how it greets."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import BlockKind
from slmdesk.claims.deadlines.finding import is_closing
from slmdesk.tasks.replies.frame import Head, facts_of, frame_of, head_of, references_of
from slmdesk.tasks.replies.points import Sentence
from slmdesk.tasks.replies.types import LANGUAGES, Frame
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


def test_a_letterhead_ends_before_the_address_of_who_gets_the_letter():
    letterhead = "Lena Hoffmann\nRechtsanwältin\nAllee 5, 14469 Potsdam"
    ours = "Max und Eva Muster\nGutenbergstraße 12\n14467 Potsdam"
    asked = frame(f"{letterhead}\n{ours}", below="Lena Hoffmann")
    assert asked.recipient == tuple(letterhead.splitlines())


def test_a_letterhead_in_one_line_ends_before_the_address_of_who_gets_the_letter():
    office = "Deutsche Rentenversicherung Bund\nRuhrstraße 2 | 10709 Berlin"
    asked = frame(f"{office}\nAnna Weber, Allee 5 14469 Potsdam", "Guten Tag,")
    assert asked.recipient == tuple(office.splitlines())


@pytest.mark.parametrize(
    "line", ["Blau · Allee 5 · 14469 Potsdam", "Blau, Allee 5, D-14469 Potsdam", "Blau | Allee 5 | 14469 Potsdam"]
)
def test_the_address_of_who_writes_may_be_one_line_above_ours(line):
    asked = frame(f"{line}\n\n{OFFICE}", "Guten Tag,", "Lena Hoffmann").recipient
    assert (asked[:2], asked[2][-13:], len(asked)) == (("Blau", "Allee 5"), "14469 Potsdam", 3)


def test_two_people_write_a_letter_together():
    both = PERSON.replace("Lena", "Lena Weber und Max", 1)
    asked = frame(f"Absender:\n{both}\n\n{OFFICE}", "Guten Tag,", "Lena Weber\nMax Hoffmann")
    assert asked.recipient == tuple(both.splitlines())
    assert asked.salutation == "Guten Tag Lena Weber und Max Hoffmann,"


def test_a_name_with_a_von_is_that_of_who_signed():
    asked = frame(f"{OFFICE}\nLena von Hoff", "Guten Tag,", "Lena von Hoff")
    assert asked.recipient[0] == OFFICE.splitlines()[0]
    assert frame(f"Frau\n{OFFICE}", below="Lena von Hoff").recipient == ("Lena von Hoff",)


def test_who_is_greeted_did_not_write_the_letter():
    asked = frame(f"{PERSON}\n\n{OFFICE}", "Sehr geehrte Frau Hoffmann,")
    assert asked.recipient == tuple(OFFICE.splitlines())


@pytest.mark.parametrize(
    ("below", "name"),
    [
        ("Rechtsanwaltskammer Musterland\n— Abteilung 3 —", "Rechtsanwaltskammer Musterland"),
        ("Lena Hoffmann, Rechtsanwältin", "Lena Hoffmann"),
        ("Le Maire,\nAlain DUVAL", "Alain DUVAL"),
        ("Pour le collectif, Anna Duval et Marc Roy", "Anna Duval et Marc Roy"),
        ("Das Kollektiv Blau! (Anna und Max)", "Das Kollektiv Blau"),
        ("Im Auftrag\nAnna Weber", "Anna Weber"),
        ("III. Rückzahlung", ""),
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


def test_a_line_too_long_for_a_name_is_no_letterhead():
    matter = "Insolvenzverfahren Rote Sonne Montage und Handel Musterland GmbH, 35 IN 417/26"
    assert frame(f"{matter}\nDatum 10. Juni 2026", "Sehr geehrte Frau Weber,").recipient == ()


def test_a_letterhead_is_answered_also_where_a_person_signed():
    assert frame(OFFICE, below="Lena Hoffmann").recipient == tuple(OFFICE.splitlines())


def test_a_word_that_begins_like_a_reference_is_none():
    assert references_of("The papers referred to in outline 3", (), "en") == ()


@pytest.mark.parametrize(
    ("above", "text", "language", "references"),
    [
        ("Az.: 12/26-K", "Ihr Antrag wird unter dem Aktenzeichen 12/26-K-W01 geführt.", "de", ["12/26-K-W01"]),
        ("Az.: 12/26-K", "Das LG entschied unter dem Aktenzeichen 3 O 4/20 anders.", "de", ["12/26-K"]),
        ("Rechnung Nr. 4711 vom 3. Mai", "Bitte geben Sie stets unser Zeichen K 8 an.", "de", ["K 8"]),
        ("", "It has the reference number (AB_26-C7). Please include it in your reply.", "en", ["AB_26-C7"]),
        ("File no. 12", "Please quote our reference SW/2026/18 in all letters.", "en", ["SW/2026/18"]),
        ("Dossier n° 12\nRéférence à rappeler : 2026-44", "", "fr", ["2026-44"]),
        ("Expediente n.º 12", "Indique siempre la referencia 44/2026 en su respuesta.", "es", ["44/2026"]),
        ("Betreff: Az. 12/26\nIhr Zeichen: 12/26\nUnser Zeichen: V-7", "", "de", ["V-7"]),
        ("Your reference: 12/26\nReference: V-7", "", "en", ["V-7"]),
        ("Unser Zeichen: LEG-44 / Ihr Zeichen: SU-1", "", "de", ["LEG-44"]),
        ("Az.: LG Essen 4 O 24/26 Ihre Rechnung", "", "de", ["LG Essen 4 O 24/26"]),
        ("Kundennummer: 4711\nVertragsnummer: 815", "", "de", ["4711", "815"]),
    ],
)
def test_the_file_number_that_the_letter_asks_for_comes_before_its_others(above, text, language, references):
    said = (Sentence(text, (), is_point=False),)
    assert references_of(above, said, language) == references


def test_of_several_file_numbers_none_is_sure():
    facts = facts_of((), Frame(), ["4711", "815"], "de")
    assert [(fact.kind, fact.text) for fact in facts] == [("references", "4711"), ("references", "815")]


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
        ("Staatsanwalt Anna Weber", "poststelle@amt.de", ""),
        ("A. Anna Weber", "poststelle@amt.de", "Guten Tag A. Anna Weber,"),
        ("", "Dr. Xolani Weber <weber@amt.de>", "Guten Tag Dr. Xolani Weber,"),
        ("", "Amt Marktüberwachung <marktueberwachung@amt.de>", ""),
        ("", "_noreply@amt.de", ""),
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


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("Ihr Zeichen: 12, Ihre Nachricht vom: 24.08.2025", "de"),
        ("Your letter of 24 August 2025", "en"),
        ("Re: Letter dated 24th August 2025", "en"),
        ("V/Réf : votre lettre du 24 août 2025", "fr"),
        ("Asunto: su carta de 24 de agosto de 2025", "es"),
    ],
)
def test_the_day_of_our_letter_is_not_the_day_of_theirs(line, language):
    lines = (line, "31.08.2025")
    pieces = [Piece("d", 1, 0, len(text), BlockKind.PARAGRAPH, text) for text in lines]
    assert own_date(pieces, range(2), language)[0] == (2025, 8, 31)


@pytest.mark.parametrize(
    ("lines", "subject"),
    [
        (
            ("Madame Claire Martin 8, avenue du Mail 1205 Genève", "Objet : arriéré de loyer", "Madame,"),
            "Arriéré de loyer",
        ),
        (("Mr Luc Roy 8 bd du Mail 75 015 Paris", "Monsieur le Directeur,", "Objet : audience"), "Audience"),
        (("Demande d'audience", "Madame,"), "Demande d'audience"),
        (("A l’attention de M. Roy, Délégué", "Monsieur,"), "Votre courrier"),
        (("La Poste 8 bd du Mail 75015 Paris", "Monsieur,"), "Votre courrier"),
        (("Anna Duval", "Monsieur,"), "Votre courrier"),
        (("Dossier | 4711", "Monsieur,"), "Votre courrier"),
    ],
    ids=["an address", "below the salutation", "unmarked", "an addressee", "a street", "who wrote it", "a table"],
)
def test_a_subject_is_marked_or_above_the_salutation_and_no_addressee(lines, subject):
    pieces = [Piece("d", 1, 0, len(line), BlockKind.PARAGRAPH, line) for line in lines]
    head = Head("", "", "Anna Duval", is_mail=False)
    assert frame_of(head, pieces, range(len(lines)), "fr", "fr", "").subject == subject


def test_an_english_subject_may_begin_with_an_article():
    lines = ("A change to your lease", "Dear Ms Weber,")
    pieces = [Piece("d", 1, 0, len(line), BlockKind.PARAGRAPH, line) for line in lines]
    head = Head("", "", "", is_mail=False)
    assert frame_of(head, pieces, range(2), "en", "en", "").subject == lines[0]


def test_a_heading_further_up_is_a_letterhead():
    pieces = [
        Piece("d", 1, 0, 16, BlockKind.HEADING, "Kanzlei Adler & Partner", level=1),
        Piece("d", 1, 0, 13, BlockKind.PARAGRAPH, "Mahnung zur Baulast"),
        Piece("d", 1, 0, 13, BlockKind.PARAGRAPH, "Guten Tag Frau Weber,"),
    ]
    assert frame_of(Head("", "", "", is_mail=False), pieces, range(3), "de", "de", "").subject == "Mahnung zur Baulast"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_of_ours_is_known_by_its_closing(language):
    assert is_closing(sentences_in(language)["closing"])
