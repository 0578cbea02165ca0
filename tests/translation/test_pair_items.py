from __future__ import annotations

from types import SimpleNamespace

import pytest
from fakes.parallel import table

from slmdesk.base.translation import LANGUAGES
from slmdesk.text.tagged import problems
from slmdesk.text.terms import spans_of
from slmdesk.translation.advice import pair_line, result_sentence, warning_words
from slmdesk.translation.pair_exam import (
    ItemKind,
    PairSkill,
    chrf,
    examined_languages,
    examined_pair,
    is_in,
    is_quiet,
    judged,
    level_of,
    pair_items,
    pair_version,
    said,
    uses,
)
from slmdesk.translation.pairs import results_of

pytestmark = pytest.mark.pure


def answers(source: str, target: str, **without):
    known = table(source, target)
    items = pair_items(source)
    there = [known[item.text] for item in items]
    backs = [known[words] for item, words in zip(items, there, strict=True) if item.kind is ItemKind.PLAIN]
    return there, backs


def others(there, count):
    """The first few plain sentences in the right language and with the right figures, but with another sense."""
    figures = [" ".join(word for word in sentence.split() if word.strip(",.").isdigit()) for sentence in there[:count]]
    return [f"To jest zupełnie inne zdanie o czymś innym: {figure}" for figure in figures] + list(there[count:])


@pytest.mark.parametrize("language", examined_languages())
def test_the_items_of_a_language_are_sound(language: str) -> None:
    items = pair_items(language)
    assert [item.kind for item in items] == [ItemKind.PLAIN] * 6 + [ItemKind.TAGGED] * 3 + [ItemKind.TERM] * 3
    assert sum(item.has_figures for item in items) == 3
    for item in items:
        assert not problems(item.text, item.tags), item.text
        for term in item.terms:
            assert spans_of(item.text, term.source, language) or term.source in item.text, item.text
    there = sum(is_in(language, "", item.words) for item in items)
    assert there >= 11, there  # a short sentence may be undecided


@pytest.mark.parametrize("pair", ["en-de", "en-pl", "de-en", "fr-es", "en-ja", "ja-en", "zh-en", "ru-de", "sv-it"])
def test_a_right_translation_is_good_at_everything(pair: str) -> None:
    source, target = pair.split("-")
    result = judged(source, target, *answers(source, target), now=1.0)
    assert result.level == "good", pair_line(result)
    assert {skill.skill for skill in result.skills if skill.level != "good"} <= {PairSkill.LANGUAGE}, pair_line(result)
    assert warning_words("Model", result) == ""
    assert "is good from" in result_sentence("Model", result)


def test_each_skill_can_fail_by_itself() -> None:
    there, backs = answers("en", "pl")
    items = pair_items("en")

    def weak(words=there, back=backs):
        exam = judged("en", "pl", words, back, now=1.0)
        return {skill.skill for skill in exam.skills if skill.level == "weak"}, exam

    assert weak()[0] == set()
    assert weak(back=[""] * 6)[0] == set(), "our own translation is right whatever the way back gives"
    assert weak(others(there, 6), ["Something else is said here."] * 6)[0] == {PairSkill.SENSE}
    assert weak(others(there, 6))[0] == set(), "what comes back the same is right whatever its words are"
    assert weak([sentence.replace("1>", "b>").replace("2>", "i>") for sentence in there])[0] == {PairSkill.TAGS}
    assert weak([sentence.replace("4", "5") for sentence in there])[0] == {PairSkill.NUMBERS}
    changed = [sentence.replace("Velmora", "magazyn").replace("Certaplus", "gwarancja") for sentence in there]
    assert weak(changed)[0] == {PairSkill.GLOSSARY}
    assert weak([f"{sentence}\n\nTo jest {sentence}" for sentence in there])[0] >= {PairSkill.NO_CHATTER}
    level, copied = weak([item.text for item in items], [item.text for item in items[:6]])
    assert level >= {PairSkill.LANGUAGE, PairSkill.SENSE}, "a copy of the source is no translation"
    assert copied.level == "weak"
    assert weak([""] * 12, [""] * 6)[0] == set(PairSkill)


def test_a_source_without_items_is_examined_from_english() -> None:
    assert examined_pair("fi", "de") == ("en", "de")
    assert examined_pair("fi", "en") is None
    assert examined_pair("de", "fi") == ("de", "fi")
    assert examined_pair("de", "xx") is None
    assert set(examined_languages()) <= set(LANGUAGES)


def test_letters_that_are_shared_are_counted() -> None:
    assert chrf("The old barn.", "The old barn.") == pytest.approx(1.0)
    assert chrf("", "The old barn.") == 0.0
    near = chrf("Yesterday the wind blew off the roof of the old barn.", pair_items("en")[5].text)
    far = chrf("The dog sleeps in front of the house all day.", pair_items("en")[5].text)
    assert near > 0.7 > 0.3 > far


def test_levels_and_small_judgements() -> None:
    assert [level_of(share) for share in (1.0, 0.9, 0.75, 0.6, 0.5, 0.0)] == ["good"] * 2 + ["fair"] * 2 + ["weak"] * 2
    item = pair_items("en")[0]
    assert said(item, "Here is the translation:\n\nBitte gießen.") == "Bitte gießen."
    assert not is_quiet(item, "Sure, here is the translation: Bitte gießen Sie die Pflanzen.")
    assert not is_quiet(item, "Bitte. " * 60)
    assert is_quiet(item, "私たちの留守中、廊下の植物に水をやってください。")
    term = pair_items("en")[9].terms[0]
    assert uses(term, "Proszę zostawić paczkę w Velmorze.", "pl")
    assert uses(term, "荷物はVelmoraに預けてください。", "ja")
    assert not uses(term, "Proszę zostawić paczkę w magazynie.", "pl")


def test_results_of_other_items_say_nothing() -> None:
    def record(event):
        return SimpleNamespace(name="x", header={}, info={"pair_exams": event})

    assert results_of(record({"version": "0", "pairs": {"en-pl": {"source": "en"}}})) == []
    assert results_of(record({"version": pair_version(record({})), "pairs": {"en-pl": {"source": "en"}}})) == []
    assert results_of(record("odd")) == []
