"""What is shown for a question without a model: the sentences that fit, and whether they carry the answer."""

from __future__ import annotations

import pytest

from slmdesk.base.documents import Block, BlockKind, page_of
from slmdesk.base.records import Passage
from slmdesk.questions.grounds import Grounds
from slmdesk.questions.unanswered import perhaps_for, shown_for
from slmdesk.text.sentences import question_language

pytestmark = pytest.mark.pure


def grounds(*sentences: str) -> Grounds:
    pages = {}
    for number, words in enumerate(sentences, 1):
        pages[number] = page_of(number, "", words, (Block(BlockKind.PARAGRAPH, 0, len(words)),))
    passages = tuple(Passage(n, "d", n, n, 0, len(page.text), page.text) for n, page in pages.items())
    return Grounds(passages, lambda _, number: pages.get(number))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("When does the works phase begin?", "The works phase will begin on 3 May 2027."),
        ("Wie hoch ist die Kaution?", "Die Mietkaution beträgt 2.400 Euro."),
        ("Combien coûte la clé ?", "Chaque clé perdue coûte 35 euros."),
        ("¿Cuándo llega la delegación?", "La delegación llegará el 18 de septiembre."),
        ("Quanto costa il caffè?", "Il caffè costa 17 euro al chilo."),
        ("Ile kosztuje karta?", "Karta kosztuje 700 zł."),
        ("Wann wurde der Kessel erneuert?", "Der Kessel wurde 2008 erneuert."),
        ("Wie viele Betten hat das Haupthaus?", "Es gibt das Haupthaus mit 412 Betten und die Geriatrie mit 118."),
        ("Ile trwa gwarancja?", "Gwarancja wykonawcy wynosi pięć lat."),
    ],
)
def test_words_beside_a_value_of_the_kind_asked_carry_the_answer(question, sentence):
    shown = shown_for(question, grounds("Nothing else: 7 rue, Weg, calle, via.", sentence, "Roses grow in May."))
    assert shown.fits
    assert [citation.quote for citation in shown.citations] == [sentence]


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How much does the brace cost?", "He wears the brace until 7 April."),
        ("When does the tenant leave?", "The tenant pays 900 euros."),
        ("Who is the tenant?", "The tenant pays 900 euros on 3 May."),
        ("How many members has the club?", "The club of members and friends sits at Mill Lane 31."),
        ("Wie hoch ist die Miete?", "Die Mieteinnahmen betrugen 4.800 Euro."),
        ("Wie hoch ist die Miete?", "Der Mieter zahlt eine Kaution von 2.400 Euro."),
        ("Wie hoch ist die Miete?", "§ 3 Miete und Nebenkosten"),
        ("Wie viele Mieter gibt es?", "§ 3 Mieter und Vermieter"),
        ("How high is the rent?", "The renter pays a deposit of 2,400 euros."),
    ],
)
def test_shared_words_alone_are_only_perhaps(question, sentence):
    shown = shown_for(question, grounds(sentence, "Roses grow in May."))
    assert not shown.fits
    assert shown.citations[0].quote == sentence


def test_other_words_are_no_passage():
    assert not shown_for("Was kostet der Prüfingenieur?", grounds("Die Miete ist im Voraus zu zahlen.")).citations


@pytest.mark.parametrize(
    "sentence",
    ["Baubeginn 01. April 2026", "Die Arbeiten beginnen am 1. April.", "Beginn der Bauarbeiten: 1. April 2026"],
)
def test_other_forms_of_the_words_are_shown_first(sentence):
    others = "Die Miete wird am 3. Mai erhöht.", "Drei Monate vor Baumaßnahmen wird informiert."
    shown = shown_for("Wann beginnen die Bauarbeiten?", grounds(*others, sentence))
    assert shown.citations[0].quote == sentence


GERMAN = "Der Vertrag wird mit dem Mieter geschlossen und gilt ab sofort."
ENGLISH = "The contract is made with the tenant and begins at once."


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Was kostet der Prüfingenieur?", ENGLISH, "de"), ("Was kostet das Closing?", ENGLISH, "de"),
        ("Was the rent paid?", GERMAN, "en"), ("Is Herr Voss liable?", GERMAN, "en"),
        ("Le loyer augmente-t-il ?", ENGLISH, "fr"), ("¿Quién paga?", GERMAN, "es"), ("Chi paga?", GERMAN, "it"),
        ("Quem paga a renda?", ENGLISH, "pt"), ("Hoe lang duurt het?", GERMAN, "nl"), ("Kto płaci?", ENGLISH, "pl"),
        ("¿Qué día se abona la pensión de cada mes?", GERMAN, "es"), ("Kaution?", GERMAN, "de"), ("Kaution?", "", ""),
    ],
)  # fmt: skip
def test_a_short_question_tells_its_language_by_its_function_words(question, text, expected):
    assert question_language(question, text) == expected


HELD = "Die Kaution wird von Herrn Peter Schulz verwaltet."
NIGHTS = "Dies gilt auch für die Kosten zweier Übernachtungen, wobei die Obergrenze bei 80,00 € pro Nacht liegt."


@pytest.mark.parametrize("thing", ["Übernachtungen", "Uebernachtungen", "Übernachtung"])
def test_what_names_the_thing_beside_a_value_is_perhaps_the_answer(thing):
    asked = f"Bis zu welchem Betrag wird die {thing} erstattet?"
    citations = perhaps_for(asked, grounds(NIGHTS, "Fahrtkosten werden mit 0,35 € je Kilometer erstattet."))
    assert [citation.quote for citation in citations] == [NIGHTS]


@pytest.mark.parametrize(
    "question",
    [
        "Bis zu welchem Betrag werden Mahlzeiten erstattet?",
        "Wann sind die Übernachtungen?",
        "Wer zahlt Übernachtungen?",
        "Warum zahlt Frau Anna Weber die Kaution?",
        "Wer ist der Hausmeister?",
    ],
)
def test_another_thing_or_kind_of_value_is_not_perhaps_the_answer(question):
    assert not perhaps_for(question, grounds(NIGHTS, "Die Ladung bleibt bestehen.", HELD))


@pytest.mark.parametrize("question", ["Wer verwaltet die Kaution?", "Wer hat die Kaution?"])
def test_a_name_beside_the_thing_is_perhaps_the_answer(question):
    citations = perhaps_for(question, grounds(NIGHTS, "Die Kaution wird verzinst.", HELD))
    assert [citation.quote for citation in citations] == [HELD]
