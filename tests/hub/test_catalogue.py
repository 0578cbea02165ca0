"""The curated list: complete, checked, and honest about where it comes from."""

from __future__ import annotations

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.engine.llama.templates import FAMILIES_BY_NAME
from slmdesk.gguf.quantization import quantization_of_file
from slmdesk.hub.search import Commercial, Skill, find_entry, load_catalogue, parse_catalogue

pytestmark = pytest.mark.pure

FAMILIES = (
    "Llama", "Alpaca", "Mistral 7B", "Mixtral 8x7B", "Granite", "Phi", "Orca 2", "OpenELM", "StableLM", "Falcon",
    "Gemma", "Qwen", "SmolLM", "EuroLLM", "Tower", "Embedding",
)  # fmt: skip
ENTRIES = load_catalogue()
ONE = """
[[model]]
repo = "owner/name-GGUF"
title = "Name"
family = "Llama"
parameters = 1_000_000_000
licence = "MIT"
commercial = "yes"
good_at = ["chat"]
languages = ["en"]
quantization = "Q4_K_M"
files = "name-Q4_K_M.gguf"
weakness = "None known."
good_for = "A test."
source = "a test"
"""


def test_every_family_is_there_in_order() -> None:
    assert tuple(dict.fromkeys(entry.family for entry in ENTRIES)) == FAMILIES
    families: dict = {}
    for entry in ENTRIES:
        families.setdefault(entry.family, []).append(entry)
    assert [entry.title for entry in families["Llama"]] == ["Llama 2 7B Chat", "Llama 3.2 3B Instruct"]
    assert any("pl" in entry.languages for entry in families["Mistral 7B"])
    assert any(Skill.CODE in entry.good_at for entry in families["Granite"])
    assert {"Phi 1.5", "Phi 2"} <= {entry.title for entry in families["Phi"]}


def test_for_every_skill_somebody() -> None:
    for skill in Skill:
        assert [entry for entry in ENTRIES if skill in entry.good_at and entry.commercial is not Commercial.NO], skill


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.repo)
def test_an_entry_holds_together(entry) -> None:
    assert "gguf" in entry.repo.lower()
    found = quantization_of_file(entry.files)
    assert found is not None
    assert found.name == entry.quantization
    assert not entry.chat_format or entry.chat_format in FAMILIES_BY_NAME
    for sentence in (entry.weakness, entry.good_for):
        assert sentence.endswith(".")
        assert "!" not in sentence
    assert entry.source


def test_what_is_said_of_a_mixture() -> None:
    mixtral = find_entry(ENTRIES, "MRADERMACHER/mixtral-8X7B-instruct-v0.1-gguf")
    assert mixtral is not None
    assert mixtral.is_mixture
    assert mixtral.size_text == "46.7 billion, 12.9 billion at work"
    assert mixtral.active_parameters == 12_880_000_000
    assert not ENTRIES[0].is_mixture
    assert ENTRIES[0].active_parameters == ENTRIES[0].parameters
    assert find_entry(ENTRIES, "nobody/nothing") is None


def test_languages() -> None:
    gemma = find_entry(ENTRIES, "ggml-org/gemma-3-4b-it-GGUF")
    assert gemma is not None
    assert gemma.speaks("cs")
    assert not ENTRIES[0].speaks("cs")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("owner/name-GGUF", "owner/../name", "repo"),
        ("owner/name-GGUF", "name", "repo"),
        ("title =", "titel =", "titel"),
        ('"Name"', '"Na\\u202eme"', "title"),
        ('"Name"', "5", "title"),
        ("1_000_000_000", "0", "parameters"),
        ("1_000_000_000", "true", "parameters"),
        ('commercial = "yes"', 'commercial = "maybe"', "commercial"),
        ('["chat"]', '["chatting"]', "good_at"),
        ('["chat"]', '["chat", "chat"]', "good_at"),
        ('["chat"]', '"chat"', "good_at"),
        ('["en"]', '["English"]', "languages"),
        ('"Q4_K_M"', '"Q4_9"', "quantization"),
        ("name-Q4_K_M.gguf", "../name.gguf", "files"),
        ("name-Q4_K_M.gguf", "name.zip", "files"),
        ('source = "a test"', "", "source"),
        ('source = "a test"', 'source = "a test"\nactive = 1_000_000_000', "active"),
        ('source = "a test"', 'source = "a test"\ndistilled = 1', "distilled"),
        ("[[model]]", "[model]", "something else"),
        ("[[model]]", "[[models]]", "something else"),
        ("[[model]]", "[[model]", "no TOML"),
        ('source = "a test"\n', 'source = "a test"\n' + ONE, "twice"),
    ],
)
def test_a_list_that_is_wrong_is_refused_and_named(old: str, new: str, said: str) -> None:
    assert old in ONE
    with pytest.raises(KnownError) as caught:
        parse_catalogue(ONE.replace(old, new, 1))
    assert caught.value.code == "request.invalid"
    assert said in str(caught.value.args_for_people["what"])


def test_a_list_of_ones_own() -> None:
    (entry,) = parse_catalogue(ONE)
    assert (entry.repo, entry.context_tokens, entry.chat_format, entry.distilled) == (
        "owner/name-GGUF",
        None,
        "",
        False,
    )
    assert parse_catalogue("") == ()
