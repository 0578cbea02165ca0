"""A rewritten letter in which the writer does what its reader is asked to do is found; another way to ask is none."""

from __future__ import annotations

import pytest

from slmdesk.text.checks.doers import exchanged

pytestmark = pytest.mark.pure
BILL = "Zahlen Sie den Betrag von 461,10 EUR bis zum 15.02.2026, sonst verklagen wir Sie."
DEBT = "The mould is still there. Pay the amount of 461.10 EUR by 15 February, or we will sue you."
OFFER, DUE = "den Betrag von 461,10 EUR bis zum 15.02.2026", "the amount of 461.10 EUR by 15 February"


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("de", BILL, f"Wir möchten Ihnen {OFFER} überweisen."),
        ("de", BILL, f"Wir freuen uns, Ihnen {OFFER} zu überweisen."),
        ("de", BILL, f"Wir danken Ihnen und werden {OFFER} überweisen."),
        ("de", "Schicken Sie uns die Schlüssel.", "Wir bringen Ihnen die Schlüssel."),
        ("de", "Wir schicken Ihnen die Akten am 3. Mai.", "Bitte schicken Sie uns die Akten am 3. Mai."),
        ("de", "Sie schulden uns 400 Euro.", "Wir schulden Ihnen 400 Euro."),
        ("en", DEBT, f"We would like to transfer {DUE}."),
        ("en", DEBT, f"We will gladly pay you {DUE}."),
        ("en", "Please send us the signed form by Friday.", "I will send you the signed form by Friday."),
        ("en", "You owe us 400 euros.", "We owe you 400 euros."),
    ],
)
def test_what_the_other_one_does_is_found(language, old, new):
    assert exchanged(old, new, language)


@pytest.mark.parametrize(
    ("language", "old", "new"),
    [
        ("de", BILL, BILL),
        ("de", BILL, f"Wir bitten Sie, {OFFER} zu zahlen, da wir Sie sonst verklagen müssen."),
        ("de", BILL, f"Wir wären Ihnen dankbar, wenn Sie {OFFER} zahlen."),
        ("de", BILL, f"Könnten Sie uns bitte {OFFER} überweisen? Sonst müssen wir klagen."),
        ("de", BILL, f"Wir geben Ihnen Zeit, {OFFER} zu zahlen."),
        ("de", BILL, f"Wir verklagen Sie, wenn {OFFER} nichts kommt."),
        ("de", "Ich hätte gern eine Kopie des Vertrags.", "Bitte schicken Sie mir eine Kopie des Vertrags."),
        ("de", "Wir schicken Ihnen die Akten am 3. Mai.", "Sie erhalten die Akten am 3. Mai von uns."),
        ("en", DEBT, f"We kindly ask you to pay {DUE}, or we will have to sue you."),
        ("en", DEBT, f"We would like you to pay {DUE}."),
        ("en", DEBT, f"We'd be grateful if you could pay {DUE}."),
        ("en", DEBT, f"We will sue you without payment of {DUE}."),
        ("en", "Please send us the signed form by Friday.", "We need the signed form by Friday."),
        ("en", "I will reduce the rent by 20 %.", "Remember that the rent will be reduced by 20 %."),
        ("de", "Kommen Sie am Dienstag um 10 Uhr.", "Wir treffen uns am Dienstag um 10 Uhr."),
        ("en", "Note the rules of 3 May.", "We would like to draw your attention to the rules of 3 May."),
        ("fr", "Payez la somme de 400 euros.", "Nous payons la somme de 400 euros."),
    ],
)
def test_what_asks_the_same_in_another_way_is_none(language, old, new):
    assert exchanged(old, new, language) == []
