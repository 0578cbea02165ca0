from __future__ import annotations

import pytest

from slmdesk.tasks.replies.types import Point
from slmdesk.tasks.replies.wording import (
    amounts_in,
    filled,
    is_worded,
    named,
    own_answer,
    slots_of,
    worded_answer,
    wording_step,
)

pytestmark = pytest.mark.pure

PAY = "Bitte überweisen Sie 1.240,00 EUR bis zum 15.12.2026 auf DE89370400440532013000."


def point(text: str = PAY, stance: str = "refuse", said: str = "") -> Point:
    return Point("p1", text, stance=stance, said=said)


def test_values_are_slots_that_the_program_fills() -> None:
    text, values = slots_of(PAY)
    assert text == "Bitte überweisen Sie {1} bis zum {2} auf {3}."
    assert values == ("1.240,00 EUR", "15.12.2026", "DE89370400440532013000")
    assert filled("Wir zahlen {1} nicht.", point()) == "Wir zahlen 1.240,00 EUR nicht."


def test_no_figure_can_be_written_outside_a_slot() -> None:
    grammar = str(wording_step(point(), "de", "formal")["sampling"]["grammar"])
    assert "[^0-9{}" in grammar
    assert '"{3}"' in grammar
    assert '"{4}"' not in grammar


@pytest.mark.parametrize(
    "answer",
    [
        "Leider ist es uns nicht möglich, den Betrag an Herrn Zwirner zu überweisen.",
        "Leider ist es uns nicht möglich, {1} bis zum {2} auf {3} zu",
        "Leider ist es uns nicht möglich, {1} zu überweisen, weil unsere Bank alle Konten gesperrt hat.",
        "Leider ist es uns nicht möglich, Garten, Keller, Dachboden und Fenster zu streichen.",
    ],
    ids=["another name", "no end", "a reason", "other words"],
)
def test_what_the_papers_do_not_say_is_thrown_away(answer: str) -> None:
    assert worded_answer(answer, point(), "de") == ""


def test_one_of_two_days_is_thrown_away_since_it_may_be_the_wrong_one() -> None:
    asked = point("Please send us the draft by 3 June 2026 for the day of 11 July 2026.")
    begun = "Unfortunately, we cannot send you the draft"
    assert worded_answer(f"{begun} by {{2}}.", asked, "en") == ""
    assert worded_answer(f"{begun} by {{1}} for {{2}}.", asked, "en")
    assert worded_answer(f"{begun}.", asked, "en")


def test_a_no_is_thrown_away_where_a_person_agrees() -> None:
    agreed = point("Please send us the keys.", "agree")
    assert worded_answer("We agree not to send the keys.", agreed, "en") == ""
    kept = point("Please do not send us the keys.", "agree")
    assert worded_answer("We agree not to send the keys.", kept, "en")


def test_what_the_letter_calls_ours_is_not_called_theirs() -> None:
    asked = point("Please send us your lease.", "agree")
    assert worded_answer("We will send your lease.", asked, "en") == ""
    assert worded_answer("We will send our lease.", asked, "en")


def test_a_line_of_a_person_stands_in_the_letter_as_it_is() -> None:
    said = point(said="die Frist ist abgelaufen")
    assert own_answer(said, "de").endswith("Die Frist ist abgelaufen.")
    worded = worded_answer("Wir lehnen es ab, {1} zu überweisen.", said, "de")
    assert worded.endswith("überweisen. Die Frist ist abgelaufen.")


def test_what_a_letter_wants_to_know_a_line_of_a_person_says() -> None:
    asked = "Wann haben Sie gekündigt?"
    assert is_worded(point(asked, "agree"), "de", is_strong=False)
    assert not is_worded(point(asked, "agree", "im Mai"), "de", is_strong=True)
    answer = own_answer(point(asked, "refuse"), "de")
    assert answer.endswith("Hierzu machen wir keine Angaben.")


@pytest.mark.parametrize("stance", ["", "open"])
def test_what_is_left_open_is_not_worded(stance: str) -> None:
    assert not is_worded(point(stance=stance), "de", is_strong=True)


@pytest.mark.parametrize(
    ("text", "stance"),
    [
        ("Bitte bestätigen Sie die Kündigung.", "agree"),
        ("Zur Kündigung: Bitte teilen Sie uns mit, wann sie endet.", "agree"),
        ("Haben Sie gekündigt?", "refuse"),
    ],
    ids=["a request", "a heading", "wants yes"],
)
def test_a_weak_model_words_what_is_said_to_a_question(text: str, stance: str) -> None:
    assert not is_worded(point(text, stance), "de", is_strong=False)
    assert is_worded(point(text, stance), "de", is_strong=True)


@pytest.mark.parametrize(
    "text",
    ["Ich bitte um Abhilfe, was heißt, den Stein zu versetzen.", "Die Wohnung ist zu räumen."],
)
def test_what_is_to_be_done_is_not_withheld(text: str) -> None:
    assert own_answer(point(text), "de").endswith("Dem können wir nicht entsprechen.")


def test_what_is_paid_is_named_by_the_amount() -> None:
    paid = own_answer(point(stance="paid"), "de")
    assert paid.endswith("Den Betrag von 1.240,00 EUR haben wir bereits bezahlt.")


@pytest.mark.parametrize(
    ("text", "language", "answer"),
    [
        ("Bitte zahlen Sie 800 € Miete und 120,50 € Nebenkosten.", "de", "Dies haben wir bereits bezahlt."),
        ("Wir fordern Sie zur Zahlung der Miete auf.", "de", "Dies haben wir bereits bezahlt."),
        ("Both invoices are now overdue.", "en", "We have already paid this."),
        ("Nous vous prions de régler ces factures.", "fr", "Nous l'avons déjà réglé."),
        ("Rogamos que abone las facturas pendientes.", "es", "Ya lo hemos pagado."),
        ("Bitte senden Sie uns den Vertrag.", "de", "Das Gewünschte fügen wir diesem Schreiben bei."),
        ("Bitte senden Sie uns die Zahlen von 2025.", "de", "Das Gewünschte fügen wir diesem Schreiben bei."),
        ("Bitte senden Sie uns einen Nachweis der Zahlung.", "de", "Das Gewünschte fügen wir diesem Schreiben bei."),
        ("Please send us proof of payment.", "en", "We enclose what you asked for with this letter."),
    ],
)
def test_what_is_paid_by_words_or_several_amounts_is_not_enclosed(text: str, language: str, answer: str) -> None:
    assert own_answer(point(text, "paid"), language).endswith(answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Bitte teilen Sie uns mit, ob Sie im Mai kommen.", "reichen wir nach."),
        ("Haben Sie die Wohnung gekündigt?", "Ja."),
        ("Wir schlagen einen Termin im Mai vor.", "Damit sind wir einverstanden."),
        ("Was heißt das?", "reichen wir nach."),
        ("Könnten Sie uns den Vertrag senden?", "Dem kommen wir nach."),
    ],
    ids=["wants to know", "wants yes", "offers", "short", "asks to do"],
)
def test_what_agreeing_is_depends_on_the_point(text: str, answer: str) -> None:
    assert own_answer(point(text, "agree"), "de").endswith(answer)


def test_a_letter_in_another_language_is_answered_in_sentences_of_ours() -> None:
    assert is_worded(point(), "de", is_strong=True)
    assert not is_worded(point(), "en", is_strong=True)


GATHER = "we need you to gather the documents (all of them, unredacted) by April 8, 2026"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Send the access-controlled keys.", "Send the access-controlled keys"),
        (f"To prepare our response, {GATHER}: all orders and all invoices.", f"… {GATHER} …"),
        (
            "Ich verweise auf § 1 des Gesetzes über die Freiheit von Informationen des Landes und bitte Sie, "
            "mir die Akten zu zeigen.",
            "… bitte Sie, mir die Akten zu zeigen",
        ),
        (
            "Ich weise nochmals darauf hin, dass Sie auch dem Amt (für Wasser und Boden und Luft und Lärm) "
            "berichten müssen.",
            "dass Sie auch dem Amt (für Wasser und Boden und Luft und Lärm) berichten müssen",
        ),
        (f"We ask for the {'very ' * 16}old papers (dated 3 May, with all of the annexes to them)", "papers …"),
        (f"We {'firmly ' * 30}ask for the", f"We {'firmly ' * 15}…"),
    ],
)
def test_a_point_is_named_whole_or_by_the_clause_that_asks(text: str, name: str) -> None:
    assert named(text).endswith(name)


def test_what_has_no_currency_is_no_amount() -> None:
    text = "Zaun 3,40 m, um 9.00 Uhr, Az. 61.31, 80,00 EUR"
    assert [text[slice(*span)] for span in amounts_in(text, "de")] == ["80,00 EUR"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Wann haben Sie gekündigt?", "benötigen wir noch etwas Zeit."),
        ("Bitte schicken Sie uns die Akten.", "benötigen wir noch etwas Zeit."),
        ("Bitte schicken Sie uns die Akten bis zum 15.12.2026.", "Verlängerung der Frist."),
    ],
)
def test_a_term_is_made_longer_only_where_there_is_one(text: str, answer: str) -> None:
    assert own_answer(point(text, "time"), "de").endswith(answer)
