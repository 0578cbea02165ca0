import pytest

from slmdesk.questions.suggested import QUESTIONS, suggested

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The tenant must pay the rent of €1,200 by 3 March 2026. It goes to the account of the landlord."),
        (
            "de",
            "Der Mieter muss die Miete von 1.200 € bis zum 3. März 2026 zahlen. Sie geht an die Vermieterin.",
        ),
        (
            "fr",
            "Le locataire doit payer le loyer de 1 200 € avant le 3 mars 2026. Il est versé au bailleur.",
        ),
        (
            "es",
            "El inquilino debe pagar el alquiler de 1.200 € antes del 3 de marzo de 2026 al propietario.",
        ),
        ("it", "L'inquilino deve pagare l'affitto di 1.200 € entro il 03/03/2026. Va sul conto del proprietario."),
        ("pl", "Najemca musi zapłacić czynsz w wysokości 1200 zł do dnia 3 marca 2026 na rachunek wynajmującego."),
    ],
)
def test_sums_dates_and_duties_invite_a_question_each(language, text):
    assert suggested(text) == QUESTIONS[language]


def test_nothing_is_suggested_where_nothing_is_found():
    assert suggested("The sky is blue because the air scatters short waves of light more than long ones.") == ()
    assert suggested("The garden is to the south of the house. The rent is 1,200 EUR a month, as before.") == (
        QUESTIONS["en"][0],
    )
    assert (
        suggested("De huurder moet de huur van €1.200 vóór 3 maart 2026 betalen op de rekening van de eigenaar.") == ()
    )
    assert suggested("") == ()
