"""Changes that touch numbers, names, negations or the sense are never made unasked."""

from __future__ import annotations

import pytest

from slmdesk.tasks.writing.doubts import doubts_of, facts_beside
from slmdesk.tasks.writing.edits import edits_of

pytestmark = pytest.mark.pure


def doubts(old: str, new: str, language: str = "en") -> set[str]:
    return set(doubts_of(old, edits_of(old, new), language))


@pytest.mark.parametrize(
    ("language", "old", "new", "doubt"),
    [
        ("en", "It has 162 584 shares.", "It has 162, 584 shares.", "number"),
        ("en", "We paid 1,450 euros.", "We paid 1.450 euros.", "number"),
        ("en", "We paid 20 mg.", "We paid 20 g.", "number"),
        ("en", "Pay 12 % now.", "Pay 12 now.", "number"),
        ("en", "He has two keys.", "He has three keys.", "number"),
        ("en", "Come on Monday.", "Come on Tuesday.", "number"),
        ("de", "Er kommt im Juni.", "Er kommt im Juli.", "number"),
        ("fr", "Il y a deux clés.", "Il y a dix clés.", "number"),
        ("es", "Son tres llaves.", "Son trece llaves.", "number"),
        ("en", "I saw Jhon there.", "I saw John there.", "name"),
        ("de", "Frau Kruger ist da.", "Frau Krüger ist da.", "name"),
        ("fr", "Nous avons vu Solveig hier.", "Nous avons vu Sylvie hier.", "name"),
        ("en", "It is not due.", "It is now due.", "negation"),
        ("de", "Er darf nicht kommen.", "Er darf kommen.", "negation"),
        ("es", "No puede venir.", "Puede venir.", "negation"),
        ("fr", "Il ne vient pas.", "Il vient.", "negation"),
        ("en", "It is possible.", "It is impossible.", "words"),
        ("en", "Sales rose.", "Sales fell.", "words"),
        ("en", "You can go.", "You must go.", "meaning"),
        ("en", "It was late.", "It was late. The guests had all gone home.", "words"),
        ("en", "The old car broke.", "The old vehicle broke.", "words"),
        ("en", "It came on 3 Oktober.", "It came on October 3.", "number"),
        ("en", "See www.example.org/a now.", "See www.example.org/b now.", "address"),
    ],
)
def test_a_changed_fact_is_a_doubt(language, old, new, doubt):
    assert doubt in doubts(old, new, language), doubts_of(old, edits_of(old, new), language)


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("en", "We recieved it on monday.", "We received it on Monday."),
        ("en", "It came on Wensday.", "It came on Wednesday."),
        ("en", "He dont know.", "He doesn't know."),
        ("en", "thank you for waiting untill friday", "Thank you for waiting until Friday"),
        ("en", "Unfortunatly we cannot come.", "Unfortunately, we cannot come."),
        ("en", "Teh rent was payed", "The rent was paid"),
        (
            "en",
            "He beleives his moeny is definately not comming bak.",
            "He believes his money is definitely not coming back.",
        ),
        ("de", "Glücklicherwiese kam er.", "Glücklicherweise kam er."),
        ("de", "Bitte geben sie ihrem Kind Brot.", "Bitte geben Sie ihrem Kind Brot."),
        ("de", "Geben sie bitte Bescheid.", "Geben Sie bitte Bescheid."),
        ("de", "Wenden sie sich bitte an uns.", "Wenden Sie sich bitte an uns."),
        ("de", "Könnten sie uns das bitte schicken?", "Könnten Sie uns das bitte schicken?"),
        ("de", "Melden sie sich am Empfang.", "Melden Sie sich am Empfang."),
        ("de", "Rufen sie an, falls etwas fehlt.", "Rufen Sie an, falls etwas fehlt."),
        ("de", "sie kommen morgen.", "Sie kommen morgen."),
        ("de", "ihr Antrag ist da.", "Ihr Antrag ist da."),
        ("de", "Kommst du morgen?", "Kommst Du morgen?"),
        ("de", "Das ist ist ein Haus.", "Das ist ein Haus."),
        ("en", "We need , of course, two.", "We need, of course, two."),
        ("de", "vielen dank für den brief", "Vielen Dank für den Brief"),
        ("de", "Es geht auch nicht ich friere.", "Es geht auch nicht . Ich friere."),
        ("de", "Es geht auch nicht ich friere seid Wochen.", "Es geht auch nicht. Ich friere seit Wochen."),
        ("en", "The two key was lost.", "The two keys were lost."),
        ("de", "Die Rechung kam gestern.", "Die Rechnung kam gestern."),
        ("de", "die kündigung kam", "Die Kündigung kam."),
        ("fr", "Je sais pas qui.", "Je ne sais pas qui."),
        ("es", "El alquiler a subido un 12 %.", "El alquiler ha subido un 12 %."),
        ("en", "He only told me.", "He told only me."),
        ("en", "I am good in sing.", "I am good at singing songs."),
        ("en", "He talks with others people.", "He talks with others."),
        ("en", "I ANSWERED teh QUESTION", "I answered the question."),
    ],
)
def test_a_mended_mistake_is_none(language, old, new):
    assert doubts(old, new, language) == {""}


def test_the_numbers_and_names_of_two_wordings_are_compared():
    added, missing = facts_beside("Mr Petrov pays 1,450 euros.", "Mr Novak pays 1,540 euros.", "en")
    assert {"Novak", "1,540"} <= set(" ".join(added).split())
    assert {"Petrov", "1,450"} <= set(" ".join(missing).split())
    assert facts_beside("We pay 12 euros.", "12 euros are paid by us.", "en") == ([], [])
