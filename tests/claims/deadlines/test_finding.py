"""What is found as a deadline that counts from the paper itself, and what is not."""

from __future__ import annotations

import pytest

from slmdesk.claims.deadlines.finding import due_day, find_due, find_terms, is_closing, is_of_others, is_own

pytestmark = pytest.mark.pure
NO_RULES = "only deadlines in German, English, French and Spanish are"
NO_DAY = "the day from which it counts is not known"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Die Frist beträgt zwei Wochen ab Zustellung.", (2, "week", "service")),
        ("Sie haben dafür innerhalb von 14 Tagen nach Erhalt Zeit.", (14, "day", "receipt")),
        ("Widerspruch ist binnen eines Monats nach Bekanntgabe möglich.", (1, "month", "notice")),
        ("You can appeal one month after notification.", (1, "month", "service")),
        ("Please reply within 14 days of receipt.", (14, "day", "receipt")),
        ("Please reply within 10 (ten) calendar days of this email.", (10, "day", "date")),
        ("Please reply within thirty (30) days from the date of this letter.", (30, "day", "date")),
        ("Le recours est ouvert dans un délai de deux mois à compter de la notification.", (2, "month", "service")),
        ("Puede recurrir en el plazo de un mes desde la notificación.", (1, "month", "service")),
    ],
)
def test_a_deadline_has_its_number_its_unit_and_its_event(words, expected) -> None:
    (term,) = find_terms(words)
    assert (term.count, term.unit, term.event) == expected


@pytest.mark.parametrize(
    "words",
    [
        "Mängel sind innerhalb von 14 Tagen nach Lieferung anzuzeigen.",
        "Er zahlt binnen zwei Wochen nach Erhalt der Ware.",
        "Bitte antworten Sie innerhalb von zwei Wochen nach Eingang Ihres Antrags.",
        "Der Widerspruch wurde innerhalb eines Monats nach Bekanntgabe des Bescheids erhoben.",
        "Binnen vier Wochen nach Erhalt Ihres Schreibens melden wir uns.",
        "Claims are made within 14 days of receipt of the goods.",
        "She had paid within 14 days of receipt of this letter.",
        "The notice period is three months.",
        "Payez dans un délai de 30 jours à compter de la réception de la marchandise.",
        "Pague en el plazo de 15 días desde la recepción de la mercancía.",
    ],
)
def test_what_counts_from_something_else_or_is_over_is_none(words) -> None:
    assert find_terms(words) == []


def test_it_is_told_whether_the_paper_means_itself_or_may_mean_another() -> None:
    def told(words: str) -> tuple[bool, str]:
        (term,) = find_terms(words)
        return term.is_this, term.noun

    assert told("Innerhalb von zwei Wochen nach Zugang dieses Schreibens.") == (True, "")
    assert told("Gegen diesen Bescheid ist binnen zwei Wochen nach Zustellung Einspruch möglich.") == (True, "")
    assert told("Die Berufung ist binnen eines Monats nach Zustellung des Urteils einzulegen.") == (False, "Urteils")
    assert told("Binnen eines Monats nach Bekanntgabe ist Einspruch möglich.") == (False, "")
    assert told("Pay within 30 days of receipt of the invoice.") == (False, "invoice")


def told(words: str, language: str) -> str:
    due = find_due(words, language, (2026, 11, 3))
    signs = [f"{term.count} {term.unit} {'-' if term.is_before else '+'} {term.doubt and '?'}" for term in due.terms]
    return ", ".join([*(sign.strip() for sign in signs), *(str(day.last) for day in due.days)])


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("de", "Zahlen Sie vier Wochen vor Reisebeginn am 20. März 2027.", "4 week -"),
        ("de", "Zahlen Sie vier Wochen vor Reisebeginn.", "4 week - ?"),
        ("de", "Senden Sie es am Tag vor dem 1. Dezember 2026.", "1 day -"),
        ("de", "Senden Sie es einige Tage vor dem 1. Dezember 2026.", "0 day - ?"),
        ("de", "Senden Sie es 48 Stunden vor dem 1. Dezember 2026.", "0 week - ?"),
        ("de", "Senden Sie es innerhalb von 14 Tagen nach dem 1. Dezember 2026.", "14 day +"),
        ("de", "Senden Sie es innerhalb von 14 Tagen ab dem 1. Dezember 2026.", "14 day + ?"),
        ("de", "Ab Zugang dieses Schreibens haben Sie drei Wochen Zeit.", "3 week +"),
        ("de", "Binnen eines Monats und zehn Tagen nach Erhalt dieses Schreibens.", "10 day + ?"),
        ("de", "Innerhalb von 10 bis 14 Tagen nach Erhalt dieses Schreibens.", "14 day + ?"),
        ("de", "Frühestens zwei Wochen nach Erhalt dieses Schreibens, spätestens aber bald.", ""),
        ("de", "Sie können mit einer Frist von drei Monaten zum 31. März 2027 kündigen.", "3 month + ?"),
        ("de", "Zahlen Sie bis 15. November und den Rest bis 15. Dezember 2026.", "2026-11-15, 2026-12-15"),
        ("en", "Return it no later than 3 working days before the hearing on 22 January 2027.", "3 working -"),
        ("en", "Return it a fortnight before 1 March 2027.", "2 week -"),
        ("en", "Pay within twenty-one days of receipt of this letter.", "21 day +"),
        ("en", "Pay within forty-five (45) days of receipt of this letter.", "45 day +"),
        ("en", "Pay within a month of receipt of this letter.", "1 month +"),
        ("en", "Pay within half a year of receipt of this letter.", ""),
        ("en", "You must sign it on the day of receipt of this letter.", ""),
        ("en", "Send it in the week before 1 December 2026.", "0 week - ?"),
        ("en", "Leave within two weeks and three days of receipt of this letter.", "3 day + ?"),
        ("fr", "Répondez dans un délai de vingt et un jours à compter de la réception de la présente.", "21 day +"),
        ("fr", "Complétez-le un mois et demi avant le 1er mars 2027.", "1 month - ?"),
        ("es", "En el plazo de treinta y cinco días desde la recepción de esta carta.", "35 day +"),
        ("de", "Bereits zwei Tage nach der Auszahlung am 22. Januar 2026 floss das Geld.", ""),
        ("en", "Send it no earlier than 14 days before 1 March 2027.", ""),
        ("en", "Cancellations less than 14 days before 1 March 2027 must be paid.", ""),
        ("en", "Finish within 14 days after 1 March 2027.", "14 day +"),
        ("en", "Send it two weeks before the hearing; it takes place on 22 January 2027.", "2 week - ?"),
        ("en", "From the date of receipt of this letter you have 21 days to appeal.", "21 day +"),
        ("fr", "Au moins quinze jours avant l'audience du 20 janvier 2027.", "15 day -"),
        ("fr", "Répondez dans les dix jours ouvrés à compter de ce jour.", "10 working +"),
        ("fr", "Répondez sous 8 jours à réception de la présente.", "8 day +"),
        ("es", "Pague 15 días antes del 1 de marzo de 2027.", "15 day -"),
        ("es", "En el plazo de diez días contados desde el siguiente al de la notificación.", "10 day +"),
        ("it", "Invii i documenti due settimane prima del 1 marzo 2027.", "2 week - ?"),
        ("it", "Risponda entro 14 giorni dal ricevimento della presente.", "14 day + ?"),
        ("pt", "Responda no prazo de 10 dias úteis a contar da notificação.", "10 working + ?"),
        ("nl", "Betaal binnen 14 dagen na ontvangst van deze brief.", "14 day + ?"),
        ("pl", "Należy odpowiedzieć w terminie 14 dni od doręczenia pisma.", "14 day + ?"),
    ],
)
def test_a_span_has_its_direction_and_takes_the_day_that_it_is_counted_from(language, words, expected) -> None:
    assert told(words, language) == expected


def test_no_day_is_taken_for_due_from_which_a_span_is_counted() -> None:
    assert due_day("Pay by 20 November 2026.", "en") == (2026, 11, 20)
    assert due_day("Pay two weeks before 1 March 2027.", "en") is None
    assert due_day("Applications open from 1 March 2027.", "en") is None


def test_a_contract_and_minutes_have_their_terms_for_later_and_a_mail_only_what_it_says_of_itself() -> None:
    bare, this = "Pay within 14 days of receipt.", "Pay within 14 days of receipt of this letter."
    invoice = "Pay within 30 days of receipt of the invoice."
    (bare_term,), (this_term,), (invoice_term,) = (find_terms(words, "en") for words in (bare, this, invoice))
    letter = "Brandt Ltd\n\nDear Ms Vogt,\nabout your contract"
    assert is_own(bare_term, letter)
    assert not is_own(bare_term, letter, is_mail=True)
    assert is_own(this_term, letter, is_mail=True)
    assert not is_own(bare_term, "Rental Agreement\nbetween A and B")
    assert not is_own(invoice_term, f"{letter}\n{invoice}", invoice)
    assert is_own(invoice_term, f"Invoice No 4711\n{letter}\n{invoice}", invoice)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("Mietvertrag\nzwischen A und B", True), ("Protokoll der Sitzung\nAnwesend: A", True),
        ("The Landlord and the Tenant agree that each Party shall pay.", True),
        ("S T R A F B E F E H L\n\nVertrag, § 3, Mieter, Vermieter", False),
        ("Bescheid über die Sondernutzung\nVertrag", False),
        ("Mietvertrag Nr. 3\n\nSehr geehrte Frau Vogt,", False), ("Stadt Kiel\nKiel, 3. Mai", False),
    ],
)  # fmt: skip
def test_a_contract_is_told_by_its_title_or_its_parties(head, expected) -> None:
    assert is_of_others(head) is expected


@pytest.mark.parametrize(
    ("language", "words", "expected"),
    [
        ("de", "Der Umzug ist am 31. März 2027; melden Sie sich zwei Wochen zuvor.", (2, (2027, 3, 31), "")),
        ("en", "If you leave on 31 March 2027, you must tell us six weeks in advance.", (6, (2027, 3, 31), "")),
        ("fr", "Si vous partez le 31 mars 2027, vous devez prévenir un mois auparavant.", (1, (2027, 3, 31), "")),
        ("es", "Si se da de baja el 31 de marzo de 2027, avise con un mes de antelación.", (1, (2027, 3, 31), "")),
        (
            "de",
            "Der Lauf am 1. Mai 2027 und der am 8. Mai 2027 sind zwei Wochen vorher abzusagen.",
            (2, None, NO_DAY),
        ),
        (
            "en",
            "We will send the papers for 1 March 2027 two weeks beforehand.",
            (2, (2027, 3, 1), NO_DAY),
        ),
        (
            "it",
            "Se recede il 31 marzo 2027, deve avvisarci sei settimane prima.",
            (0, (2027, 3, 31), NO_RULES),
        ),
        (
            "nl",
            "Als u op 31 maart 2027 vertrekt, meld het zes weken van tevoren.",
            (0, (2027, 3, 31), NO_RULES),
        ),
    ],
)
def test_a_span_points_back_to_the_only_day_of_its_sentence_which_is_none_itself(language, words, expected) -> None:
    due = find_due(words, language)
    (term,) = due.terms
    assert (term.count, term.named, term.doubt) == expected
    assert term.is_before
    assert not due.days


def test_a_few_hours_years_and_the_weeks_ahead_point_back_to_no_day() -> None:
    for words in (
        "The appointment is on 1 March 2027; please come 15 minutes earlier.",
        "The fair is on 1 March 2027, as it should have been two years earlier.",
        "Please reply by 1 March 2027, as we must close in the weeks ahead.",
    ):
        due = find_due(words, "en")
        assert not due.terms
        assert [day.day for day in due.days] == [(2027, 3, 1)]


def test_what_may_begin_so_long_before_a_day_or_was_told_of_others_is_no_deadline() -> None:
    for words in (
        "For the show on 1 March 2027 you may book at most two weeks in advance.",
        "We met Ms Ward two weeks earlier.",
    ):
        due = find_due(words, "en")
        assert not due.terms
        assert not due.days


@pytest.mark.parametrize(
    ("line", "closes"),
    [
        ("Mit freundlichem Gruß", True),
        ("**Mit besten Gruessen**", True),
        ("Yours faithfully,", True),
        ("With kind regards", True),
        ("Nous vous prions d'agréer, Madame, l'expression de nos salutations distinguées.", True),
        ("Un cordial saludo,", True),
        ("Very truly yours,", True),
        ("Mit vorzüglicher Hochachtung", True),
        ("Mit freundlichen, kollegialen Grüßen", True),
        ("MfG", True),
        ("Mit vielen unserer Kunden sprechen wir noch.", False),
        ("Thanks for your letter.", False),
    ],
)
def test_a_closing_is_known_in_each_language(line, closes) -> None:
    assert is_closing(line) is closes
