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
        "Wir lehnen es ab, den Betrag an Herrn Zwirner zu überweisen.",
        "Wir lehnen es ab, bitten Sie aber, {1} zu überweisen.",
        "Wir lehnen es ab, Ihnen {1} bis zum {2} mit zu teilen.",
        "Wir lehnen es ab, {1} bis zum {2} auf {3} zu",
        "Wir lehnen es ab, {1} einzukuerzen.",
        "Wir lehnen es ab, Garten, Keller, Dachboden und Fenster zu streichen.",
    ],
    ids=["another name", "asks", "a verb taken apart", "no end", "no umlaut", "other words"],
)
def test_what_the_papers_do_not_say_is_thrown_away(answer: str) -> None:
    assert worded_answer(answer, point(), "de", [PAY]) == ""


def test_a_model_gives_no_reasons() -> None:
    answer = "Wir lehnen es ab, {1} bis zum {2} zu überweisen, weil es zu viel ist."
    worded = worded_answer(answer, point(), "de", [PAY])
    assert worded.endswith("1.240,00 EUR bis zum 15.12.2026 zu überweisen.")


def test_a_line_of_a_person_stands_in_the_letter_as_it_is() -> None:
    said = point(said="die Frist ist abgelaufen")
    assert own_answer(said, "de").endswith("Die Frist ist abgelaufen.")
    worded = worded_answer("Wir lehnen es ab, {1} zu überweisen.", said, "de", [PAY])
    assert worded.endswith("überweisen. Die Frist ist abgelaufen.")


def test_a_question_is_never_answered_by_a_model_alone() -> None:
    assert not is_worded(point("Wann haben Sie gekündigt?", "agree"), "de")
    assert not is_worded(point("Haben Sie gekündigt?", "agree", "ja, im Mai"), "de")
    answer = own_answer(point("Wann haben Sie gekündigt?", "refuse"), "de")
    assert answer.endswith("Hierzu machen wir keine Angaben.")


def test_what_is_paid_is_named_by_the_amount() -> None:
    paid = own_answer(point(stance="paid"), "de")
    assert paid.endswith("Den Betrag von 1.240,00 EUR haben wir bereits bezahlt.")
    enclosed = own_answer(point("Bitte senden Sie uns den Vertrag.", "paid"), "de")
    assert enclosed.endswith("Das Gewünschte fügen wir diesem Schreiben bei.")


def test_what_the_letter_calls_ours_is_not_called_theirs() -> None:
    asked = point("Please send us your lease.", "agree")
    assert worded_answer("We will send your lease.", asked, "en", []) == ""
    assert worded_answer("We will send our lease.", asked, "en", [])


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Bitte teilen Sie uns mit, ob Sie im Mai kommen.", "reichen wir nach."),
        ("Haben Sie die Wohnung gekündigt?", "Ja."),
        ("Wir schlagen einen Termin im Mai vor.", "Damit sind wir einverstanden."),
    ],
    ids=["wants to know", "wants yes", "offers"],
)
def test_what_agreeing_is_depends_on_the_point(text: str, answer: str) -> None:
    agreed = point(text, "agree")
    assert not is_worded(agreed, "de")
    assert own_answer(agreed, "de").endswith(answer)


def test_a_letter_in_another_language_is_answered_in_sentences_of_ours() -> None:
    assert is_worded(point(), "de")
    assert not is_worded(point(), "en")


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
