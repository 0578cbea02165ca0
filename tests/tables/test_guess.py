"""Columns guessed of what papers name."""

from __future__ import annotations

from fakes.contracts import OLD

from slmdesk.base.documents import Page, PageStatus
from slmdesk.tables.guess import Guess
from slmdesk.tables.rules import Rules

INVOICE = "Invoice no: 7\n\nNet: 1,000.00 EUR\n\nVAT: 190.00 EUR\n\nTotal: 1,190.00 EUR\n\nProject: Roof\n"
LETTER = """Hausverwaltung Sandhof GmbH
Unser Zeichen: 12/444
Datum: 12.04.2026
Betreff: Mieterhöhung

Sehr geehrte Frau Quarbelsen,
Ihre Miete steigt um 40,80 EUR. Hinweis: Das ist ein ganzer Satz, der hier nichts benennt, und keine Spalte.
"""


def names(*texts: str, language: str = "en") -> list[str]:
    guess = Guess()
    for text in texts:
        guess.feed([Page(1, "", text, PageStatus.READ, ())], language)
    return [column.name for column in guess.columns]


def test_the_kind_of_paper_and_its_own_labels_make_the_columns() -> None:
    assert names(INVOICE) == ["Invoice number", "Net amount", "Tax", "Total", "Project"]
    assert names(LETTER, language="de") == ["Date", "Sender", "Subject line", "Reference", "Amount"]
    assert names(OLD)[:3] == ["Subject", "First party", "Second party"]
    assert names("So be it.") == []


def test_what_one_of_many_papers_has_is_no_column() -> None:
    assert "IBAN" in names(f"{INVOICE}\nIBAN: DE89 3704 0044 0532 0130 00\n", *[INVOICE] * 7)
    assert "IBAN" not in names(f"{INVOICE}\nIBAN: DE89 3704 0044 0532 0130 00\n", *[INVOICE] * 8)


def test_a_label_counts_that_half_of_the_papers_have() -> None:
    others = [INVOICE.replace("Project: Roof", "Site: Quay")] * 3
    assert names(INVOICE, *others) == ["Invoice number", "Net amount", "Tax", "Total", "Site"]


def test_a_label_of_the_papers_has_its_other_names_too() -> None:
    phones = ("Tel.: 0341 / 22 51 50", "Tel.: 0221 477-0", "04229 Leipzig\nTelefon: 0341 / 88 77 44 22")
    assert names(*[f"{INVOICE}\n{phone}\n" for phone in phones])[-1:] == ["Tel."]
    guess = Guess()
    papers = [Page(1, "", f"{INVOICE}\n{phone}\n", PageStatus.READ, ()) for phone in phones]
    for paper in papers:
        guess.feed([paper], "de")
    rules = Rules(guess.columns)
    rules.feed(papers[-1], "de")
    at = [column.name for column in guess.columns].index("Tel.")
    assert rules.result().cells[at].value == "0341 / 88 77 44 22"
    assert names(*[f"{INVOICE}\nTel.: 0341 / 22 51 50\nTelefon: 0341 / 22 51 51\n"] * 2).count("Telefon") == 0
