"""Words of a trade: the lists are whole, and what stands in a segment is offered to the model, behind a person's."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from slmdesk.base.text.tagged import Tags
from slmdesk.base.translation import LANGUAGES, Term
from slmdesk.tasks.translation.prompts import DOMAINS, TranslationStyle, domain_terms, messages

pytestmark = pytest.mark.pure

DATA = tomllib.loads((resources.files("slmdesk.tasks.translation") / "domains.toml").read_text("utf-8"))


def rows(domain):
    return [[word.strip() for word in line.split("|")] for line in DATA[domain].strip().split("\n")]


@pytest.mark.parametrize("domain", [*(domain for domain in DOMAINS if domain != "everyday"), "general"])
def test_each_list_is_whole(domain):
    table = rows(domain)
    assert len(table) >= 10
    assert set(DATA["order"]) <= set(LANGUAGES)
    for row in table:
        assert len(row) == len(DATA["order"]), row
        assert all(row), row
    for column, language in enumerate(DATA["order"]):
        words = [row[column].casefold() for row in table]
        assert len(words) == len(set(words)), language


def asked(text, manner, terms=()):
    return messages(text, Tags(), manner, terms=terms)[0].text


@pytest.mark.parametrize(
    ("text", "manner", "words"),
    [
        ("The tenants pay.", TranslationStyle("de", "en", "legal"), "Use these words: tenant = Mieter\n\n"),
        ("Der Mieter zahlt.", TranslationStyle("en", "de", "legal"), "Use these words: Mieter = tenant\n\n"),
        (
            "Les locataires paient.",
            TranslationStyle("pl", "fr", "legal"),
            "Use these words: locataire = najemca\n\n",
        ),
        ("His blood pressure is high.", TranslationStyle("fr", "en", "medical"), "blood pressure = tension artérielle"),
    ],
)
def test_words_of_the_trade_are_offered_where_they_stand(text, manner, words):
    assert words in asked(text, manner)


@pytest.mark.parametrize(
    ("text", "manner"),
    [
        ("The plaintiff pays.", TranslationStyle("de", "en")),
        ("The plaintiff pays.", TranslationStyle("de", "en", "medical")),
        ("The tenants pay.", TranslationStyle("ja", "en", "legal")),
        ("The tenants pay.", TranslationStyle("de", "", "legal")),
        ("The sun is up.", TranslationStyle("de", "en", "legal")),
    ],
)
def test_nothing_is_offered_where_there_is_nothing(text, manner):
    assert "Use these words" not in asked(text, manner)


def test_a_persons_glossary_goes_first_and_nothing_is_said_twice():
    own = [Term("tenant", "Pächter"), Term("Landlord", "", keeps=True)]
    words = asked("The tenant and the landlord sign the lease.", TranslationStyle("de", "en", "legal"), own)
    assert "Use these words: tenant = Pächter; lease = Mietvertrag\n" in words
    assert "The tenant and the Zorvex sign" in words, "hidden behind a name, and not asked for"
    assert "Mieter\n" not in words
    assert "Vermieter" not in words


def test_each_word_is_found_in_its_own_language():
    for domain in ("legal", "medical", "technical", "finance", "general"):
        for row in rows(domain):
            for at, language in enumerate(DATA["order"]):
                target = "en" if language != "en" else "de"
                sources = [term.source for term in domain_terms(f"({row[at]})", domain, language, target)]
                assert row[at] in sources, (language, row[at])
