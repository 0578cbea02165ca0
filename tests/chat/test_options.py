from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Sampling
from slmdesk.chat.types import ChatOptions, check_options, options_from, sampling_for

pytestmark = pytest.mark.pure
ODD = st.sampled_from([None, True, -1, 0, 1, 0.5, 7, 2**40, float("nan"), float("inf"), 1e300, "x", "", [1], {}])


def test_what_is_as_usual_is_not_kept_and_the_rest_comes_back() -> None:
    assert set(ChatOptions().settings.values()) == {None}
    some = ChatOptions(system="Be short.", lora="abc", lora_scale=0.5, temperature=0.0, seed=7, max_tokens=40)
    kept = {key: value for key, value in some.settings.items() if value is not None}
    assert options_from({**kept, "leaf": "x", "draft": "y"}) == some
    more = ChatOptions(top_k=5, dry_multiplier=0.8, stop=("\n\n", "END"), word_bias=(("yes", 5.0), ("no", -100.0)))
    assert options_from(json.loads(json.dumps(more.settings))) == more


@example({"json_schema": "x", "grammar": "x"})
@given(st.dictionaries(st.sampled_from(list(ChatOptions().settings)), ODD))
def test_settings_that_make_no_sense_are_as_usual(untrusted) -> None:
    options = options_from(untrusted)
    check_options(options)
    sampling_for(Sampling(), options, Sampling())


def test_a_wish_goes_before_the_chat_and_the_chat_before_what_is_usual() -> None:
    options = ChatOptions(temperature=0.2, seed=5, max_tokens=9)
    usual = Sampling(temperature=0.9, repeat_penalty=1.1)
    plain = sampling_for(Sampling(), options, usual)
    assert (plain.temperature, plain.seed, plain.max_tokens, plain.repeat_penalty) == (0.2, 5, 9, 1.1)
    requested = sampling_for(Sampling(temperature=0.0, seed=1, max_tokens=2), options, usual)
    assert (requested.temperature, requested.seed, requested.max_tokens) == (0.0, 1, 2)


def test_stop_texts_and_words_of_a_wish_go_before_those_of_the_chat() -> None:
    options = ChatOptions(stop=("END",), word_bias=(("no", -5.0),), top_k=7, xtc_probability=0.5)
    plain = sampling_for(Sampling(), options, Sampling())
    assert (plain.stop, plain.word_bias, plain.top_k, plain.xtc_probability) == (("END",), (("no", -5.0),), 7, 0.5)
    requested = sampling_for(Sampling(stop=("x",), word_bias=(("yes", 1.0),)), options, Sampling())
    assert (requested.stop, requested.word_bias) == (("x",), (("yes", 1.0),))


@pytest.mark.parametrize(
    "wrong",
    [
        {"lora_scale": 2.1}, {"seed": -1}, {"temperature": float("nan")}, {"max_tokens": 0}, {"top_k": -1},
        {"top_k": 1.5}, {"min_p": 2.0}, {"dry_base": 0.5}, {"stop": ("",)}, {"stop": ("x",) * 17},
        {"word_bias": (("a", 101.0),)}, {"word_bias": ((" ", 1.0),)}, {"word_bias": (("a",),)},
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(KnownError, match=next(iter(wrong))):
        check_options(ChatOptions(**wrong))
