"""What is told of an e-invoice: kept as values, and said in the language of whoever reads it."""

from __future__ import annotations

import pytest
from fakes.einvoices import IBAN, ubl
from fakes.recorder import open_echo, result_of, wait_until

from slmdesk.base.language import in_language
from slmdesk.claims.einvoices import Finding, finding_words
from slmdesk.tasks.summaries.types import SummaryRequest

pytestmark = pytest.mark.process

WRONG = IBAN.replace("DE02", "DE03")
"""Its check digits do not fit."""


@pytest.fixture
def services():
    opened = open_echo()
    yield opened
    opened.close()


def statements(services, item: str, language: str) -> list:
    def told():
        return list(services.tasks.report(item).statements)

    return services.service_thread.call(lambda: in_language(language, told))


def test_a_summary_made_in_english_is_told_in_german(services, tmp_path):
    path = tmp_path / "invoice.xml"
    path.write_bytes(ubl().replace(IBAN.encode(), WRONG.encode()))
    document = result_of(services, lambda: services.documents.open(path))
    request = SummaryRequest((document.id,))
    item = services.service_thread.call(lambda: services.tasks.begin("summary", request)).id
    wait_until(lambda: statements(services, item, "en"))
    warning, asks = statements(services, item, "en")
    assert warning.text == f"IBAN: {WRONG} has wrong check digits."
    assert asks.text.startswith("Amsel GmbH asks Drossel AG for 357.00 EUR, due on 4 April 2026")
    german_warning, german_asks = statements(services, item, "de")
    finding = Finding("check_digits", "payment.iban", WRONG)
    assert german_warning.text == in_language("de", finding_words, finding)
    assert german_asks.text.startswith("Amsel GmbH verlangt von Drossel AG 357.00 EUR, fällig am 4 April 2026")
    for statement in (warning, german_warning):
        (mark,) = statement.marks
        assert statement.text[mark.start : mark.end] == WRONG
