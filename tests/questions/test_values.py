"""What kind of value a question asks for, and whether a text has one."""

import pytest

from slmdesk.questions.values import Kind, is_answered, kind_of, values_of

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How long before a price increase must it be announced?", Kind.MEASURE),
        ("Wie lange vorher muss eine Preiserhöhung angekündigt werden?", Kind.MEASURE),
        ("When does the price rise?", Kind.TIME),
        ("What does it cost when I cancel?", Kind.SUM),
        ("Wie viel kostet das Vial?", Kind.SUM),
        ("Um wie viel Prozent stiegen die Preise?", Kind.SHARE),
        ("Combien de jours avant la hausse des prix ?", Kind.COUNT),
        ("Hoeveel kost het?", Kind.SUM),
        ("Ile osób przyjdzie?", Kind.COUNT),
        ("Why did the costs rise in May?", Kind.REASON),
        ("Who pays the costs?", None),
        ("Who signed?", None),
    ],
)
def test_what_a_question_asks_for_first_counts(question, kind) -> None:
    assert kind_of(question) == kind


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Wie lange vorher muss eine Preiserhöhung angekündigt werden?", "Mindestens sechs Wochen vorher.", True),
        ("Wie lange vorher muss eine Preiserhöhung angekündigt werden?", "In Textform mit Begründung.", False),
        ("How much is the rent?", "It is 348.", True),
        ("Um wie viel Prozent stieg die Miete?", "Um 40 Euro.", False),
        ("Um wie viel Prozent stieg die Miete?", "Um 4,57 %.", True),
        ("What does the repair cost?", "It takes two days, § 12.", False),
        ("Wie viele Wohnungen sind es?", "Am 12. Mai um 10:15 Uhr.", False),
        ("Wie lange dauert die Verhandlung?", "Um 10:15 Uhr.", False),
        ("Wie lange dauert die Verhandlung?", "Einen Monat nach Zugang.", True),
        ("How long is the notice period?", "Until 30 June 2027.", True),
        ("How old is she?", "She is 82.", True),
        ("How high is the rent?", "It is told in § 5.", False),
        ("Um wie viel Prozent wird gemindert?", "Nach § 536 BGB.", False),
        ("Um wie viel Prozent wird gemindert?", "Um 3 Euro.", False),
        ("What percentage is reduced?", "Twenty percent.", True),
        ("Welches Gehalt wurde angeboten?", "186 KB.", False),
        ("Quel loyer est dû ?", "900 euros.", True),
        ("Which parent signed?", "The mother.", True),
        ("Which coffee is served?", "Arabica.", True),
        ("Welcher Stundenlohn wurde vereinbart?", "Ein hoher.", False),
        ("Why is it late?", "The printer.", False),
        ("Why is it late?", "Because of the printer.", True),
        ("Who is it?", "The landlord.", True),
        ("why?", "60,000 euros.", False),
        ("why?", "60,000 euros, because the price of steel rose.", True),
        ("when?", "Nine months' written notice, provided that no rent is in arrears.", True),
        ("when?", "He must give written notice.", False),
        ("on which days?", "On 25 March and 24 June.", True),
        ("was hätte sie gekostet?", "Weil der Platz für den Bunker fehlt.", False),
        ("was hätte sie gekostet?", "Weil der Platz fehlt; sie hätte 655.000 Euro gekostet.", True),
        ("pourquoi ?", "Un plant sur trois.", False),
        ("at which dose?", "Only if creatinine is low.", False),
        ("at which dose?", "At 1.25 mg, only if creatinine is low.", True),
        ("who must be told?", "The ward is not handed over.", True),
    ],
)
def test_an_answer_has_a_value_of_the_kind_asked_for(question, answer, expected) -> None:
    assert is_answered(question, answer) is expected


def test_a_share_is_no_sum_and_a_clause_no_count() -> None:
    assert values_of("Um wie viel Prozent?", "40 Euro mehr, also 5 %", "de") == [19]
    assert values_of("Wie viele Tage?", "nach § 12 sind es 30 Tage", "de") == [18]
