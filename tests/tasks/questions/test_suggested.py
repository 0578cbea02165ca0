import pytest

from slmdesk.tasks.questions.suggested import suggested

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("text", "questions"),
    [
        (
            "1 May 2025. The excess of 250 EUR is deducted. Send the invoice by 26 May 2026 to us. The surveyor"
            " comes on 2 May 2026.",
            (
                "What are the 250 EUR for?",
                "What is to be done by 26 May 2026?",
                "What happens on 2 May 2026?",
            ),
        ),
        (
            "Der Mieter muss die Nachzahlung von 1.215,40 € bis zum 15. Januar 2026 an die Vermieterin überweisen.",
            ("Wofür sind 1.215,40 €?", "Was ist bis zum 15. Januar 2026 zu tun?"),
        ),
        (
            "Le locataire doit payer le loyer de 1 200 € avant le 3 mars 2026. Il est versé au bailleur.",
            ("À quoi correspondent 1 200 € ?", "Que faut-il faire avant le 3 mars 2026 ?"),
        ),
        (
            "El inquilino debe pagar el alquiler de 1.200 € antes del 3 de marzo de 2026 al propietario.",
            ("¿A qué corresponden 1.200 €?", "¿Qué hay que hacer antes del 3 de marzo de 2026?"),
        ),
        (
            "L'inquilino deve pagare l'affitto di 1.200 € entro il 03/03/2026. Va sul conto del proprietario.",
            ("A che cosa si riferiscono 1.200 €?", "Che cosa bisogna fare entro il 03/03/2026?"),
        ),
        (
            "Najemca musi zapłacić czynsz w wysokości 1200 zł do dnia 3 marca 2026 na rachunek wynajmującego.",
            ("Czego dotyczy kwota 1200 zł?", "Co trzeba zrobić do 3 marca 2026?"),
        ),
    ],
)
def test_a_sum_and_dates_invite_a_question_each(text, questions):
    assert suggested(text) == questions


@pytest.mark.parametrize(
    "text",
    [
        "The sky is blue because the air scatters short waves of light more than long ones.",
        "De huurder moet de huur van €1.200 vóór 3 maart 2026 betalen op de rekening van de eigenaar.",
        "18 November 2025. This is the letter of the landlord, with thanks.",
        "",
    ],
)
def test_nothing_is_suggested_where_nothing_is_found(text):
    assert suggested(text) == ()
