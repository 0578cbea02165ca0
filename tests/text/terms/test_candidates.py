"""Terms proposed from a text: its own phrases and names, not the words of every day."""

from __future__ import annotations

import pytest

from slmdesk.text.terms import likely_translations, propose

pytestmark = pytest.mark.pure
LEASE = [
    "The tenant pays the security deposit before the lease agreement begins.",
    "A lease agreement without a security deposit is not valid.",
    "The tenants of Kowalska return the flat, and the security deposit is paid back.",
    "If the tenant does not pay, the landlord may end the lease agreement.",
    "The landlord, Kowalska, keeps the security deposit until then.",
    "It is what it is, and that is all there is to say about it.",
]
GERMAN = [
    "Der Mieter zahlt die Kaution, bevor der Mietvertrag beginnt.",
    "Ein Mietvertrag ohne Kaution ist nicht gültig.",
    "Die Mieter von Kowalska geben die Wohnung zurück, und die Kaution wird zurückgezahlt.",
    "Zahlt der Mieter nicht, darf der Vermieter den Mietvertrag beenden.",
    "Der Vermieter, Kowalska, behält die Kaution bis dahin.",
    "Es ist, was es ist, und mehr ist dazu nicht zu sagen.",
]


def test_phrases_that_come_again_are_proposed_with_count_and_example():
    found = propose(LEASE, "en")
    words = [one.words for one in found]
    assert words[:2] == ["security deposit", "lease agreement"]
    assert {"tenant", "landlord", "Kowalska"} <= set(words)
    assert not {"is", "the", "what", "deposit", "agreement"} & set(words), "small words, and parts of what is proposed"
    first = found[0]
    assert (first.times, first.example) == (4, LEASE[0])
    assert next(one.times for one in found if one.words == "tenant") == 3, "with its plural"


def test_names_are_told_apart():
    names = {one.words for one in propose(LEASE, "en") if one.is_name}
    assert names == {"Kowalska"}


def test_where_a_translation_is_there_the_likely_one_is_proposed():
    found = propose(LEASE, "en")
    reported = likely_translations(found, list(zip(LEASE, GERMAN, strict=True)), "en", "de")
    assert reported["security deposit"] == "Kaution"
    assert reported["lease agreement"] == "Mietvertrag"
    assert reported["landlord"] == "Vermieter"


def test_of_nothing_nothing_is_proposed():
    assert propose([], "en") == []
    assert propose(["It is here."], "xx") == []
