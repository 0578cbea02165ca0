"""The settings of sampling as people see and type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.language import in_language
from slmdesk.base.record import changed
from slmdesk.base.types import USUAL_SAMPLING, Sampling
from slmdesk.chat.presets import WORDS
from slmdesk.chat.settings import (
    BY_NAME,
    EVERY,
    FIRST,
    SAMPLED,
    SETTINGS,
    WrongLineError,
    defaults_of,
    is_makers,
    number_of,
    stops_of,
    text_of_stops,
)
from slmdesk.chat.types import ChatOptions

pytestmark = pytest.mark.pure
BY_OTHERS = {"grammar", "penalty_last_n", "ignore_eos", "thought_tokens", "thought_seconds"}
"""Set by the program alone."""


def test_there_are_twelve_settings_and_the_first_four_are_in_sight() -> None:
    assert len(SETTINGS) == 12
    assert [setting.name for setting in FIRST] == ["model", "temperature", "answer_length", "answer_language"]
    assert SETTINGS[:4] == FIRST
    assert {setting.name for setting in EVERY} < set(ChatOptions.__struct_fields__)


def test_everything_the_engine_honours_can_be_set_for_a_chat() -> None:
    engine = set(Sampling.__struct_fields__) - BY_OTHERS
    assert engine <= set(ChatOptions.__struct_fields__)
    assert {*SAMPLED, "thinking"} == engine
    assert engine - {"seed"} <= set(WORDS)


def test_every_setting_has_a_title_a_sentence_and_a_default_within_its_limits() -> None:
    for setting in EVERY:
        assert setting.title
        assert setting.words.endswith(".")
        default = getattr(defaults_of(Sampling()), setting.name, None)
        assert default is None or not setting.is_number or setting.least <= default <= setting.most


def test_defaults_are_those_of_a_chat_then_the_makers_then_ours() -> None:
    makers = Sampling(top_k=20, repeat_penalty=1.05)
    defaults = defaults_of(makers)
    assert (defaults.top_k, defaults.repeat_penalty, defaults.min_p) == (20, 1.1, 0.05)
    assert is_makers("top_k", makers)
    assert not is_makers("repeat_penalty", makers)  # a chat has its own
    assert not is_makers("min_p", makers)
    assert changed(defaults_of(Sampling()), repeat_penalty=1.0, penalty_last_n=64) == USUAL_SAMPLING


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("min_p", "", None),
        ("min_p", " 0,05 ", 0.05),
        ("min_p", "1", 1.0),
        ("top_k", "40", 40),
        ("repeat_penalty", "1", 1.0),
    ],
)
def test_numbers_are_read_as_they_are_typed(name, text, value) -> None:
    assert number_of(BY_NAME[name], text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("min_p", "1.1"), ("min_p", "much"), ("min_p", "nan"), ("min_p", "inf"), ("top_k", "1.5"), ("top_k", "-1")],
)
def test_what_is_no_such_number_is_refused_with_its_limits(name, text) -> None:
    with pytest.raises(WrongLineError, match=r"number from 0 to (1|1,048,576)\.$"):
        number_of(BY_NAME[name], text)


def test_a_refusal_says_number_in_the_chosen_language() -> None:
    with pytest.raises(WrongLineError, match=r"^Hier passt: Zahl von 0 bis 1\.$"):
        in_language("de", lambda: number_of(BY_NAME["min_p"], "much"))


@given(st.lists(st.text("ab \\\n\t\rn=", min_size=1, max_size=9), max_size=9, unique=True))
def test_stop_texts_come_back_as_they_were(stops) -> None:
    assert stops_of(text_of_stops(stops)) == tuple(stops)


def test_stop_texts_have_a_limit() -> None:
    assert stops_of("\n\n") == ()
    assert stops_of("a\na\nb") == ("a", "b")
    for wrong in ("\n".join(map(str, range(17))), "x" * 201):
        with pytest.raises(WrongLineError):
            stops_of(wrong)
