"""By when what a summary says has to be done, from the command line: reckoned, confirmed, exported."""

from __future__ import annotations

import re
from datetime import date

import pytest

from slmdesk.tasks.summaries import order as order_module

pytestmark = pytest.mark.process

ORDER = """Stadt Augsburg, Ordnungsamt
86150 Augsburg

Augsburg, 3. November 2026

Bescheid über die Sondernutzung

Sehr geehrte Frau Adler,

Die Erlaubnis für die drei Tische vor Ihrem Café in der Maximilianstraße wird hiermit widerrufen.

Bitte zahlen Sie die Gebühr von 120 Euro bis zum 30. November 2026 auf unser Konto.

Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Widerspruch erhoben werden.

Mit freundlichen Grüßen
"""


@pytest.fixture
def order(tmp_path):
    path = tmp_path / "bescheid.txt"
    path.write_text(ORDER, encoding="utf-8")
    return path


def days(shape) -> list[str]:
    return [deadline["day"] for deadline in shape["deadlines"]]


def test_a_deadline_is_reckoned_shown_and_reckoned_anew_from_the_day_of_receipt(run, order) -> None:
    shape = run("summarize", str(order), "--json").ok().json
    assert days(shape) == ["2026-11-30", "2026-12-07"]
    named, reckoned = shape["deadlines"]
    assert (named["words"], reckoned["place"], reckoned["is_confirmed"]) == ("", "DE-BY", False)
    told = "posted 3 November (confirm) + 4 days = 7 November + 1 month = 7 December 2026; § 41 (2) VwVfG"
    assert reckoned["words"].startswith(told)
    assert re.search(r"- 7 December 2026(?: \(over\))?: Gegen diesen Bescheid", run("summarize", str(order)).out)
    later = run("summarize", str(order), "--received", "2026-11-12", "--json").ok().json
    assert days(later) == ["2026-11-30", "2026-12-14"]
    assert (
        "received 12 November + 1 month = 12 December 2026 (Saturday), so 14 December 2026"
        in (later["deadlines"][1]["words"])
    )
    assert days(run("summarize", str(order), "--json").json) == ["2026-11-30", "2026-12-14"], "it is remembered"
    assert days(run("summarize", str(order), "--place", "", "--json").json) == ["2026-11-30", ""]


def test_what_is_due_becomes_a_calendar(run, order, tmp_path) -> None:
    calendar = tmp_path / "due.ics"
    run("summarize", str(order), "-o", str(calendar)).ok()
    read = calendar.read_bytes().decode().replace("\r\n ", "")
    assert read.count("BEGIN:VEVENT") == 2
    assert "DTSTART;VALUE=DATE:20261207" in read
    assert "Gegen diesen Bescheid kann Widerspruch erhoben werden" in read
    other = order.with_name("other.txt")
    other.write_text(ORDER.replace("Augsburg", "Nürnberg"), encoding="utf-8")
    both = run("summarize", str(order), str(other), "-o", str(tmp_path / "both.ics"))
    assert both.status == 0
    assert (tmp_path / "both.ics").read_bytes().count(b"BEGIN:VEVENT") == 4
    plain = order.with_name("plain.txt")
    plain.write_text("Dear Ms Adler, the garden is green and the house is yellow this year.\n")
    assert run("summarize", str(plain), "-o", str(tmp_path / "none.ics")).status == 1


def test_what_stands_below_the_signature_and_in_a_penal_order_is_found(run, order) -> None:
    words = ORDER.replace("Gegen diesen Bescheid", "Gegen diesen Strafbefehl").replace("Bekanntgabe", "Zustellung")
    words = words.replace("Bescheid über die Sondernutzung", "S T R A F B E F E H L\n\nVertrag, § 3, Mieter, Vermieter")
    head, remedy, end = words.partition("Gegen diesen")
    order.write_text(
        f"{head}{end.split('.')[1]}\n\nRechtsbehelfsbelehrung: {remedy}{end.split('.')[0]}.\n", encoding="utf-8"
    )
    assert "2026-12-03" in days(run("summarize", str(order), "--json").ok().json)
    served = order.read_text(encoding="utf-8").replace("S T R A F", "Zustellung (PZU)  5. November 2026\n\nS T R A F")
    order.write_text(served, encoding="utf-8")
    shape = run("summarize", str(order), "--json").ok().json
    assert "2026-12-07" in days(shape), "a Saturday, counted from the day that the paper notes"
    assert "received 5 November (confirm)" in "".join(deadline["words"] for deadline in shape["deadlines"])


def test_what_counts_from_another_paper_or_by_unknown_law_is_not_reckoned(run, order) -> None:
    mail = order.with_suffix(".eml")
    head = "From: a@example.org\nTo: b@example.org\nSubject: Bescheid\nDate: Tue, 3 Nov 2026 10:00:00 +0100\n"
    kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
    mail.write_text(head + kind + ORDER.replace("Gegen diesen Bescheid kann", "Es kann"), encoding="utf-8")
    assert "2026-12-07" not in days(run("summarize", str(mail), "--json").ok().json)
    strange = order.with_name("brief.txt")
    strange.write_text(ORDER.replace("86150 Augsburg", "Österreich"), encoding="utf-8")
    shape = run("summarize", str(strange), "--json").ok().json
    (reckoned,) = [deadline for deadline in shape["deadlines"] if deadline["words"]]
    assert (reckoned["day"], reckoned["words"]) == ("", "Whose law holds is not certain: choose the place.")


def test_the_day_that_the_letter_itself_names_holds(run, order) -> None:
    def said(words: str) -> set[str]:
        order.write_text(ORDER.replace("innerhalb eines Monats nach Bekanntgabe", words), encoding="utf-8")
        return set(days(run("summarize", str(order), "--json").ok().json)) - {"2026-11-30"}

    days_of = "innerhalb von 7 Werktagen ab Zugang"
    assert said(f"{days_of}, mithin bis zum Donnerstag, den 12. November 2026,") == {"2026-11-12"}
    assert said(days_of) == {"2026-11-11"}
    assert said("binnen eines Monats nach Zustellung des Bescheids vom 3. November 2026") == {"2026-12-03"}


def test_a_day_or_a_place_that_is_none_is_refused(run, order) -> None:
    assert run("summarize", str(order), "--received", "gestern").status == 2
    done = run("summarize", str(order), "--place", "DE-XX", "--json")
    assert (done.status, done.json["error"]["code"]) == (1, "request.invalid")


CLOCK = """Stadt Kiel
Kiel, 3. November 2026
Sprechzeit: Montag, 9 Uhr bis 12 Uhr

Sie müssen das Formular innerhalb von 14 Tagen ab Erhalt dieses Schreibens zurücksenden.
"""
COUNCIL = """Leeds City Council
Leeds, 14 December 2026

This letter is about your hearing.

Please return the form no later than 3 working days before the hearing on 22 January 2027.

You must pay the fee by 5 February 2027.
"""
MAIL = """From: Ole Brandt <ole@office.example>
To: Jana Vogt <jana@x.example>
Date: Tue, 03 Nov 2026 10:00:00 +0100
Subject: Form
Content-Type: text/plain; charset=utf-8

Hello Jana,

please send me the signed form by 20 November 2026. Then pay the fee of 90 EUR by 5 December 2026.

Best
Ole
"""


@pytest.mark.parametrize(
    ("name", "words", "place", "expected"),
    [
        ("clock.txt", CLOCK, "DE-SH", ["2026-11-19"]),
        ("council.txt", COUNCIL, "GB-ENG", ["2027-01-19", "2027-02-05"]),
        ("council.txt", COUNCIL, "", ["2027-02-05"]),
        ("form.eml", MAIL, "GB-ENG", ["2026-11-20", "2026-12-05"]),
    ],
)
def test_each_deadline_of_a_paper_is_in_its_calendar(run, tmp_path, name, words, place, expected) -> None:
    path, calendar = tmp_path / name, tmp_path / "due.ics"
    path.write_text(words, encoding="utf-8")
    told = ["--own-words", "--received", "2026-11-05", "--place", place]
    run("summarize", str(path), *told, "-o", str(calendar)).ok()
    starts = re.findall(r"DTSTART;VALUE=DATE:(\d{4})(\d\d)(\d\d)", calendar.read_text("utf-8"))
    assert sorted("-".join(start) for start in starts) == expected
    run("summarize", str(path), *told, "-o", str(tmp_path / "due.docx")).ok()


FRAMES = {
    "de": "Elektro Kern GmbH\n03.11.2026\n\nIhr Auftrag\n\nSehr geehrter Herr Böttcher,\n\nvielen Dank für Ihren "
    "Auftrag. Die Arbeiten wurden am 28. Oktober 2026 abgenommen. {}\n\nMit freundlichen Grüßen\n",
    "en": "Harbour Parking Ltd\n3 November 2026\n\nYour parking space 14\n\nDear Ms Ward,\n\nYour permit for space 14 "
    "was issued on 2 December 2025. The yearly price stays at £480. {}\n\nYours sincerely\n",
    "es": "Gestoría Ruiz\nMadrid, a 3 de noviembre de 2026\n\nAsunto: junta\n\nEstimada señora Gómez:\n\nLe adjuntamos "
    "el acta de la junta que se celebró el 20 de octubre de 2026. {}\n\nAtentamente,\n",
    "fr": "Mairie de Lyon\nLyon, le 3 novembre 2026\n\nMadame,\n\nVotre terrasse dépasse la limite autorisée. {}\n\n"
    "Cordialement\n",
}


@pytest.mark.parametrize(
    ("language", "place", "words", "expected"),
    [
        ("de", "DE-HH", "Der Betrag ist bis Monatsende fällig.", ["2026-11-30"]),
        ("en", "GB-ENG", "To keep your space you must write to us by the end of November 2026.", ["2026-11-30"]),
        ("en", "GB-ENG", "No changes will be accepted until 1 February 2027.", []),
        ("es", "ES", "Conteste antes de fin de mes.", ["2026-11-30"]),
        ("fr", "FR", "Vous avez quinze jours à compter de la réception de la présente pour répondre.", ["2026-11-20"]),
    ],
)
def test_one_sentence_of_a_short_letter_has_its_day(run, tmp_path, language, place, words, expected) -> None:
    path = tmp_path / "letter.txt"
    path.write_text(FRAMES[language].format(words), encoding="utf-8")
    told = ["--own-words", "--received", "2026-11-05", "--place", place, "--json"]
    assert days(run("summarize", str(path), *told).ok().json) == expected


class January(date):
    @classmethod
    def today(cls) -> date:
        return date(2027, 1, 25)


def test_what_is_to_be_done_stands_by_days_and_what_is_over_is_said(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(order_module, "date", January)
    path = tmp_path / "council.txt"
    fee, form = "You must pay the fee by 5 February 2027.", "Please return the form no later than 3 working days"
    path.write_text(f"{COUNCIL}\nYou must send the key by 4 January 2027.\n", encoding="utf-8")
    page = run("summarize", str(path), "--own-words", "--place", "GB-ENG").ok().out
    to_do = page[page.index("To do") : page.index("Deadlines")]
    assert to_do.index("the key") < to_do.index(form) < to_do.index(fee)
    assert "- 19 January 2027 (over): Please return the form" in page
    assert "- 4 January 2027 (over): You must send the key" in page
    assert "5 February 2027:" not in page
    shape = run("summarize", str(path), "--own-words", "--place", "GB-ENG", "--json").ok().json
    steps = [sentence["text"] for sentence in shape["sentences"] if sentence["group"] == "To do"]
    assert steps[-1] == fee


def test_a_step_for_which_somebody_has_to_be_at_home_is_one(run, tmp_path) -> None:
    path = tmp_path / "meter.txt"
    step = "Wir tauschen Ihren Wasserzähler am 15. Januar. Es muss jemand zu Hause sein."
    path.write_text(
        f"Stadtwerke Lindenau GmbH\nLeipzig, den 3. November 2026\n\nSehr geehrter Herr Böttcher,\n\n"
        f"Ab dem 1. Februar 2027 beträgt Ihr Abschlag 112,00 Euro im Monat.\n\n{step}\n\nMit freundlichen Grüßen\n",
        encoding="utf-8",
    )
    shape = run("summarize", str(path), "--own-words", "--json").ok().json
    assert any("zu Hause" in sentence["text"] for sentence in shape["sentences"] if sentence["group"] == "To do")
    assert days(shape) == ["2027-01-15"]


class November(date):
    @classmethod
    def today(cls) -> date:
        return date(2026, 11, 5)


DECISION = """Stadtverwaltung Zwickau
Zwickau, den 3. November 2026

Sehr geehrte Frau Pohl,

Ihr Antrag auf einen zweiten Stellplatz vor dem Haus Lindenweg 4 wird abgelehnt, weil die Straße dort zu schmal ist.

Bitte senden Sie uns den Lageplan bis zum 20. November 2026.

Sie müssen die Gebühr von 45 Euro bis zum 27. November 2026 zahlen.

{}

Mit freundlichen Grüßen
"""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Am 7. Dezember 2026 um 9:30 Uhr ist der Ortstermin vor dem Haus.", ["2026-12-07"]),
        ("Die Straße ist bis zum 7. Dezember 2026 gesperrt, das gilt auch für den Gehweg.", []),
        ("Der Prüfer war am 4. November 2026 um 9:30 Uhr vor dem Haus.", []),
        ("Der Markt ist am 7. Dezember 2026 auf dem Platz neben der Kirche, wie in jedem Jahr.", []),
    ],
)
def test_what_a_short_summary_leaves_out_is_due_all_the_same(run, tmp_path, monkeypatch, words, expected) -> None:
    monkeypatch.setattr(order_module, "date", November)
    path = tmp_path / "decision.txt"
    path.write_text(DECISION.format(words), encoding="utf-8")
    shape = run("summarize", str(path), "--own-words", "--length", "20", "--json").ok().json
    assert words not in " ".join(sentence["text"] for sentence in shape["sentences"])
    assert [day for day in days(shape) if day > "2026-11-27"] == expected
    if expected:
        page = run("summarize", str(path), "--own-words", "--length", "20").out
        assert f"7 December 2026: {words} [not in the summary]" in page
