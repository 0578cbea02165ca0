"""Columns guessed of what papers name."""

from __future__ import annotations

from fakes.contracts import OLD

from slmdesk.base.documents import Page, PageStatus
from slmdesk.tasks.tables.cells import preset
from slmdesk.tasks.tables.guess import Guess
from slmdesk.tasks.tables.rules import Rules

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


INVOICE_COLUMNS = [column.name for column in preset("invoice").columns]


def test_the_kind_of_paper_and_its_own_labels_make_the_columns() -> None:
    assert names(INVOICE) == [*INVOICE_COLUMNS, "Project"]
    assert names(LETTER, language="de") == [column.name for column in preset("letter").columns]
    assert names(OLD)[:3] == ["Subject", "First party", "Second party"]
    assert names("So be it. The invoice is enclosed.") == []


def test_a_label_counts_that_half_of_the_papers_have() -> None:
    others = [INVOICE.replace("Project: Roof", "Site: Quay")] * 3
    assert names(INVOICE, *others)[-1] == "Site"


def test_a_label_of_the_papers_has_its_other_names_too() -> None:
    phones = ("Tel.: 0341 / 22 51 50", "Tel.: 0221 477-0", "04229 Leipzig\nTelefon: 0341 / 88 77 44 22")
    bare = INVOICE.replace("Project: Roof", "")
    assert names(*[f"{bare}\n{phone}\n" for phone in phones])[-1:] == ["Tel."]
    guess = Guess()
    papers = [Page(1, "", f"{bare}\n{phone}\n", PageStatus.READ, ()) for phone in phones]
    for paper in papers:
        guess.feed([paper], "de")
    rules = Rules(guess.columns)
    rules.feed(papers[-1], "de")
    at = [column.name for column in guess.columns].index("Tel.")
    assert rules.result()[at].value == "0341 / 88 77 44 22"
    assert names(*[f"{bare}\nTel.: 0341 / 22 51 50\nTelefon: 0341 / 22 51 51\n"] * 2).count("Telefon") == 0


def test_the_head_of_a_table_names_no_columns() -> None:
    assert names("Day\tShop\tReview\n2026-01-03\tLeeds\tThe staff was friendly.") == []
