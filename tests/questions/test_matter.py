"""When a sentence is about another thing than the one that was asked for."""

from __future__ import annotations

import pytest

from slmdesk.questions.grounds import asked_words
from slmdesk.questions.matter import missing_word

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("language", "question", "quote", "expected"),
    [
        ("en", "How many paid sick days are there?", "Staff have twenty paid vacation days.", "sick"),
        ("en", "How many paid vacation days are there?", "Staff have twenty paid vacation days.", ""),
        ("en", "What is the fee for late delivery?", "The late fee is 2 percent.", "delivery"),
        ("en", "How long are copies stored?", "Copies are kept for 90 days.", ""),
        ("en", "Which pump version protects the tank?", "The tank is guarded by pump 3.", ""),
        ("en", "How many employees are there?", "Invoices are due within thirty days.", "employees"),
        ("de", "Wie hoch ist das Nettogehalt?", "Das Bruttogehalt beträgt 40 Euro.", "Nettogehalt"),
        ("de", "Wie viele Krankheitstage gibt es?", "Alle haben zwanzig Urlaubstage.", "Krankheitstage"),
        ("de", "Wie lang ist die Zahlungsfrist?", "Die Kündigungsfrist beträgt zwei Wochen.", "Zahlungsfrist"),
        ("de", "Mit welcher Vorlauffrist wird gekündigt?", "Gekündigt wird mit einer Frist von vier Wochen.", ""),
        ("de", "Wie hoch ist der Rechnungsbetrag?", "Rechnung: Der Gesamtbetrag ist 40 Euro.", ""),
        ("de", "Wann erhalten Angestellte Geld?", "Am Monatsende bekommen Angestellte Geld.", ""),
        ("fr", "Quelle est la pénalité pour retard de livraison ?", "La pénalité de retard est de 2 %.", "livraison"),
        ("es", "¿Cuál es la multa por retraso en la entrega?", "La multa por retraso es del 2 %.", "entrega"),
        ("it", "Quanti giorni di malattia ci sono?", "Ci sono venti giorni di ferie.", "malattia"),
        ("nl", "Hoeveel ziektedagen zijn er?", "Er zijn twintig vakantiedagen.", "ziektedagen"),
    ],
)  # fmt: skip
def test_the_word_that_is_missing(language, question, quote, expected):
    everything = f"{quote}\nThe shop opens at nine. Der Laden ist offen."
    assert missing_word(question, asked_words(question), quote, quote, everything, language) == expected


def test_a_thing_that_stands_nowhere_may_have_another_name_where_the_model_is_sure():
    question, quote = "What is the fee for late delivery?", "The late fee is 2 percent."
    assert not missing_word(question, asked_words(question), quote, quote, None, "en")
