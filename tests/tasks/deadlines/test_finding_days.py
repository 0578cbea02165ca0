"""Which days of a paper are due, by rules alone."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date
from functools import partial

import pytest

from slmdesk.base.documents import Block, BlockKind, Page, PageStatus
from slmdesk.base.language import in_language
from slmdesk.base.protocol import stored_from
from slmdesk.base.record import sparse
from slmdesk.base.records import DocumentRecord, DocumentStatus
from slmdesk.tasks.deadlines.finding import finding
from slmdesk.tasks.deadlines.report import reckoned_words
from slmdesk.tasks.deadlines.types import MOST_LINE, DueDay, FoundDay, FoundDays

HEAD = "Stadt Leipzig\n04109 Leipzig\n\nLeipzig, 3. November 2026\n\nSehr geehrte Frau Adler,"


def page(number: int, *parts: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Page:
    text, blocks = "", []
    for part in parts:
        blocks.append(Block(kind, len(text), len(text) + len(part)))
        text += f"{part}\n"
    return Page(number, str(number), text, PageStatus.READ, tuple(blocks))


def record(format: str = "docx") -> DocumentRecord:
    return DocumentRecord(
        n=1, id="d", path=b"/d", name="d", sha256="", format=format, bytes=1, mtime_ns=1, reader="",
        status=DocumentStatus.READ, info={}, collection=None, error_code=None, error_args={}, added=0.0, opened=0.0,
        pages=1,
    )  # fmt: skip


def all_found(*pages: Page, since: date = date(2026, 11, 3)) -> FoundDays:
    def run() -> Generator[object, None, FoundDays]:
        return (yield from finding(record(), pages, since))

    looking = run()
    while True:
        try:
            next(looking)
        except StopIteration as end:
            return end.value


def found(*pages: Page) -> tuple[FoundDay, ...]:
    return all_found(*pages).days


def days(*parts: str) -> list[str]:
    return [day.day for day in found(page(1, HEAD, *parts))]


def test_a_day_that_is_named_twice_is_one_and_says_both():
    (day,) = found(
        page(
            1,
            HEAD,
            "Bitte senden Sie uns den Antrag bis zum 30. November 2026.",
            "Wenn wir Ihre Unterlagen nicht bis zum 30. November 2026 erhalten, müssen wir ablehnen.",
        )
    )
    assert day.day == "2026-11-30"
    assert day.what == "Bitte senden Sie uns den Antrag bis zum 30. November 2026."
    assert len(day.more) == 1


@pytest.mark.parametrize(
    "told",
    [
        "Wir haben Ihren Brief vom 28. Oktober 2026 erhalten.",
        "Am 12. Oktober 2026 um 10 Uhr fand das Gespräch statt.",
        "Die Bescheinigung ist bis zum 31. Dezember 2026 gültig.",
        "Nach § 195 BGB beträgt die Verjährungsfrist drei Jahre.",
    ],
)
def test_what_is_told_or_lasts_is_not_due(told):
    assert days(told) == []


@pytest.mark.parametrize(
    "told",
    [
        "Der Termin findet am 14. Dezember 2026 um 9:30 Uhr in Zimmer 12 statt.",
        "Montag, 14. Dezember 2026, 9:30 Uhr, Zimmer 12",
    ],
)
def test_an_appointment_is_due_on_its_day(told):
    assert days("Wir laden Sie ein:", told) == ["2026-12-14"]


def test_the_row_of_a_table_may_name_a_last_day():
    rows = page(2, "Messung der Anlage\tspätestens 31. März 2027", kind=BlockKind.TABLE_ROW)
    assert [day.day for day in found(page(1, HEAD), rows)] == ["2027-03-31"]


def test_the_day_of_a_title_makes_no_deadline_of_the_rows_below_it():
    parts = (
        (BlockKind.HEADING, "Kostennote"),
        (BlockKind.HEADING, "Leistungen der Kanzlei (bis 27. Januar 2027)"),
        (BlockKind.TABLE_ROW, "Datum\tTätigkeit\tStunden"),
        (BlockKind.TABLE_ROW, "18.01.2027\tPrüfung der Akte\t2,5"),
    )
    blocks, text = [], ""
    for kind, part in parts:
        blocks.append(Block(kind, len(text), len(text) + len(part)))
        text += f"{part}\n"
    table = Page(2, "2", text, PageStatus.READ, tuple(blocks))
    assert "Prüfung" not in " ".join(day.text for day in found(page(1, HEAD), table))


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("Bitte senden Sie uns den Antrag bis zum 15. Januar.", ["2027-01-15"]),
        ("Bitte senden Sie uns den Antrag bis zum 15. Oktober 2027.", ["2027-10-15"]),
        ("Die Planung ist bis zum 30. November des Vorjahres vorzulegen.", []),
    ],
)
def test_a_day_without_a_year_is_the_next_one(told, day):
    assert days(told) == day


def test_a_line_says_what_is_to_be_done_where_its_first_clause_does_not():
    said = (
        "Bitte teilen Sie uns bis zum 9. Januar 2027 mit, ob Sie den Vertrag über die Lieferung von Wärme und "
        "Warmwasser in der Liegenschaft Lindenstraße 4 bis 8 zu den neuen Bedingungen fortsetzen möchten."
    )
    (day,) = found(page(1, HEAD, said))
    assert "ob Sie den Vertrag über die Lieferung" in day.what
    assert len(day.what) <= MOST_LINE


def test_what_is_to_be_done_names_its_row():
    table = page(
        2, "Nr.\tAufgabe\tWann", "1\tKlage einreichen\tbis 31. März 2027",
        kind=BlockKind.TABLE_ROW,
    )  # fmt: skip
    (day,) = found(page(1, HEAD), table)
    assert day.what == "1: Aufgabe Klage einreichen; Wann bis 31. März 2027"


@pytest.mark.parametrize(
    "told",
    [
        "Bitte zahlen Sie auf folgendes Konto bis spätestens 15. April 2027:",
        "Fristablauf: 15. April 2027",
        "Prüfungstermin: 15. April 2027, 11 Uhr",
    ],
)
def test_a_short_line_and_one_that_leads_may_name_a_last_day(told):
    (day,) = found(page(1, HEAD, told, "DE89 3704 0044 0532 0130 00"))
    assert (day.day, day.what) == ("2027-04-15", told.rstrip(":"))


def test_a_time_that_a_contract_tells_of_is_no_deadline_without_a_day():
    contract = page(1, "Mietvertrag", "Der Vermieter kündigt den Zutritt mindestens 6 Wochen vor dem Termin an.")
    assert found(contract) == ()


def test_a_term_from_receipt_without_a_day_is_listed_and_says_why():
    (day,) = found(page(1, "Amtsgericht", "Gegen diesen Bescheid kann binnen zwei Wochen nach Zustellung Einspruch "
                        "eingelegt werden."))  # fmt: skip
    assert day.day == ""
    told = partial(reckoned_words, DueDay("d", "d", "page", day))
    assert in_language("en", told).startswith("Not reckoned")
    assert in_language("de", told).startswith("Nicht berechnet")


def test_a_reckoned_day_says_how_in_the_language_that_is_spoken():
    (day,) = found(page(1, HEAD, "Bitte antworten Sie binnen zwei Wochen nach Erhalt dieses Schreibens."))
    told = partial(reckoned_words, DueDay("d", "d", "page", stored_from(FoundDay, sparse(day))))
    assert day.day == "2026-11-17"
    assert in_language("en", told).startswith("received 3 November (confirm) + 2 weeks = ")
    assert in_language("de", told).startswith("erhalten 3. November (bestätigen) + 2 Wochen = ")


def test_a_number_before_a_last_day_is_no_day():
    assert days("Bitte zahlen Sie die Rechnung Nummer 12 bis zum 30. November 2026.") == ["2026-11-30"]


def test_the_same_day_has_the_same_key_wherever_it_stands():
    said = "Bitte senden Sie uns den Antrag bis zum 30. November 2026."
    before = found(page(1, HEAD, said))
    after = found(page(1, HEAD, "Wir haben Ihren Antrag geprüft.", said))
    assert [day.key for day in before] == [day.key for day in after]


def others(*parts: str, kind: BlockKind = BlockKind.PARAGRAPH) -> list[str]:
    return list(all_found(page(1, HEAD), page(2, *parts, kind=kind)).others)


@pytest.mark.parametrize(
    ("told", "named"),
    [
        ("Die Bescheinigung ist bis zum 31. Dezember 2026 gültig.", ["2026-12-31"]),
        ("Das Büro ist vom 23. Dezember bis 2. Januar geschlossen.", ["2026-12-23", "2027-01-02"]),
        ("Die Zinsen sind Ende März 2027 neu zu vereinbaren.", ["2027-03-31"]),
        ("Wir haben Ihren Brief vom 28. Oktober 2026 erhalten.", []),
    ],
)
def test_every_other_day_to_come_is_named(told, named):
    assert others(told) == named


@pytest.mark.parametrize("kind", [BlockKind.TABLE_ROW, BlockKind.HEADING, BlockKind.FOOTER, BlockKind.FOOTNOTE])
def test_another_day_is_named_wherever_it_stands(kind):
    assert others("Ortstermin\t4.2.2027", kind=kind) == ["2027-02-04"]


def test_a_day_is_either_due_or_another_and_named_once():
    due, again = "Bitte zahlen Sie bis zum 30. November 2026.", "Die Messe am 5. Mai 2027 öffnet früh."
    made = all_found(page(1, HEAD, due), page(2, "Am 30. November 2026 ist Markt.", again, f"{again} {again}"))
    assert [day.day for day in made.days] == ["2026-11-30"]
    (other,) = made.others.values()
    assert (other.page, other.what) == (2, again)


def test_a_day_that_can_be_read_in_two_ways_is_named_in_both():
    english = page(1, "Dear Ms Adler,", "The survey of the house will be on 03/04/2027 and it will take the whole day.")
    assert sorted(all_found(english).others) == ["2027-03-04", "2027-04-03"]


@pytest.mark.parametrize(
    "told",
    [
        ("Call for Nominations - due date 2 February 2027 (see attached form)",),
        ("Annual General Meeting 12:00pm Tuesday, 2 February 2027", "The meeting is to be held on 2 February 2027."),
    ],
)
def test_a_day_to_come_is_in_sight_where_it_is_taken_for_the_date_of_the_paper(told):
    made = all_found(page(1, *told))
    assert [*(day.day for day in made.days), *made.others] == ["2027-02-02"]


def test_no_paper_is_dated_later_than_it_is_read():
    poster = page(1, "Annual Meeting 2 February 2027", "Please return the form by 20 January 2027.")
    assert [day.day for day in found(poster)] == ["2027-01-20"]


def test_the_day_of_a_mail_by_a_clock_that_is_fast_is_not_due():
    mail = page(1, "Von: Anna Adler", "An: Ben Brandt", "Datum: 2. Februar 2027, 08:30 (UTC+2)", "Betreff: Ortstermin")
    assert found(mail) == ()
    body = page(1, *HEAD.split("\n\n"), "Der Ortstermin:", "Datum: 2. Februar 2027, 08:30 Uhr")
    assert [day.day for day in found(body)] == ["2027-02-02"]


def test_the_date_of_a_paper_of_today_is_no_other_day():
    assert all_found(page(1, HEAD)).others == {}


def test_a_day_of_today_in_a_paper_without_a_date_is_in_sight():
    assert list(all_found(page(1, "Der Markt ist heute geöffnet, am 3. November 2026.")).others) == ["2026-11-03"]


def test_another_day_shows_the_words_around_it():
    long = f"{'Der Bericht nennt viele Gründe und Zahlen, ' * 8}die Messe am 5. Mai 2027 und mehr {'und mehr ' * 40}."
    (other,) = all_found(page(1, HEAD), page(2, long)).others.values()
    assert "5. Mai 2027" in other.what
    assert len(other.what) <= MOST_LINE
