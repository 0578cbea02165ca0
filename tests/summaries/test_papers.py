from __future__ import annotations

import pytest

from slmdesk.summaries.papers import paper_of
from slmdesk.summaries.types import Paper

pytestmark = pytest.mark.pure

LEASE = "LEASE AGREEMENT\nThis agreement is made between Acme Ltd (the Landlord) and Bolt LLP. The Tenant shall pay."
MIETE = "Mietvertrag\nZwischen Herrn A (Vermieter) und Frau B (Mieterin). § 1 Mietsache. § 2 Kündigung."
MINUTES = "Minutes of the meeting\nPresent: A, B\nApologies: C\nDecision: The wall is painted.\nNext meeting: 3 May"
PROTOKOLL = "Protokoll der Sitzung\nAnwesend: A, B\nTOP 1 Haushalt\nBeschluss: Angenommen.\nNächste Sitzung: 3. Mai"
REPORT = "Quarterly report\nRevenue rose by 4 % compared with the previous quarter. The results of the recommendations."
LETTER = "Re: our invoice\nDear Mrs Adeyemi,\nthank you for your letter.\nKind regards\nB. Okonkwo"
OF_A_CONTRACT = (
    "Modernisierung der Heizungsanlage, Vertrag Nr. 4711-023\nSehr geehrte Frau Kirchhoff,\nals Mieterin können Sie "
    "nach § 555e kündigen.\nMit freundlichen Grüßen\nIhre Vermieterin"
)
ORDER = "BESCHLUSS\nDer Mieter trägt die Kosten, § 91 ZPO. Der Vermieter, der Auftraggeber und der Auftragnehmer: § 3."
COMPTE_RENDU = "Objet : compte rendu de votre visite\nMadame,\nvotre demande est acceptée.\nCordialement"
BRIEF = "Betreff: Kündigung\nSehr geehrte Frau B,\nwir schreiben Ihnen.\nMit freundlichen Grüßen"


@pytest.mark.parametrize(
    ("text", "paper"),
    [
        (LEASE, Paper.CONTRACT), (MIETE, Paper.CONTRACT), (MINUTES, Paper.MINUTES), (PROTOKOLL, Paper.MINUTES),
        (REPORT, Paper.REPORT), (LETTER, Paper.LETTER), (BRIEF, Paper.LETTER),
        (OF_A_CONTRACT, Paper.LETTER), (ORDER, Paper.ARTICLE), (COMPTE_RENDU, Paper.LETTER),
        ("The otter is a mammal that lives in rivers.", Paper.ARTICLE), ("", Paper.ARTICLE)
    ],
)  # fmt: skip
def test_a_paper_is_told_by_its_words(text, paper) -> None:
    assert paper_of(text) is paper


def test_a_mail_is_a_letter_by_its_format() -> None:
    assert paper_of(LEASE, file_format="eml") is Paper.LETTER
