"""Quotations: found word for word whatever line ends and hyphens did to them, and never where they do not stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.text.relevance import FoldedText

pytestmark = pytest.mark.pure

TEXT = (
    "The maxi-\nmum  pressure is 12.5\u00a0bar \u2014 \u201cnever more\u201d.\n"
    "Well-known \ufb01ttings cost \u00bd\u20ac. Na\u00efve Stra\u00dfe."
)


@pytest.mark.parametrize(
    ("quote", "excerpt"),
    [
        ("The maximum pressure is 12.5 bar", "The maxi-\nmum  pressure is 12.5\u00a0bar"),
        ('"never more"', "never more"),
        ("well known", None),
        ("wellknown fittings", "Well-known \ufb01ttings"),
        ("WELL-KNOWN FITTINGS", "Well-known \ufb01ttings"),
        ("naive strasse", "Na\u00efve Stra\u00dfe"),
        ("maximum pressure is 12.5 bars", None),
        ("pressure is 2.5 bar", None),
        ("imum pressure", None),
        ("pressure is 12", None),
        ("", None),
        ("...", None),
    ],
)
def test_a_quotation_is_found_or_is_not(quote, excerpt):
    span = FoldedText(TEXT).find(quote)
    assert (TEXT[slice(*span)] if span else None) == excerpt


def test_a_number_is_not_cut_at_its_point():
    assert FoldedText("It weighs 2.5 kg and 1,200 g").find("weighs 2") is None
    assert FoldedText("It weighs 2.5 kg and 1,200 g").find("200 g") is None
    assert FoldedText("It weighs 2. The rest").find("It weighs 2.")
    assert FoldedText("at 5:30 pm").find("30 pm") is None


def test_a_minus_belongs_to_its_number():
    text = "It fell to -5 degrees, from 2010-2012."
    assert FoldedText(text).find("to -5 degrees")
    assert FoldedText(text).find("-5 degrees")
    assert FoldedText(text).find("5 degrees") is None
    assert FoldedText(text).find("2012")


def test_all_places_and_beginnings_of_words_for_a_person_who_searches():
    text = "certificate, Certified, uncertain"
    assert [text[a:b] for a, b in FoldedText(text).find_all("cert", whole=False)] == ["cert", "Cert", "cert"]
    assert list(FoldedText(text).find_all("cert")) == []


def test_what_is_written_without_spaces_is_found_inside():
    text = "\u6771\u4eac\u90fd\u306e\u4eba\u53e3"
    assert FoldedText(text).find("\u90fd\u306e\u4eba") == (2, 5)


@given(st.text(), st.integers(0, 50), st.integers(1, 50))
def test_whatever_stands_in_a_text_is_found_in_it(text, start, length):
    quote = text[start : start + length]
    folded = FoldedText(text)
    for begin, end in folded.find_all(quote, whole=False):
        assert 0 <= begin < end <= len(text)
    if quote.isascii() and quote.isalnum():
        assert folded.find_all(quote, whole=False).__next__() is not None
