from __future__ import annotations

import json

import pytest
from hypothesis import given
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
    more = ChatOptions(top_k=5, stop=("\n\n", "END"))
    assert options_from(json.loads(json.dumps(more.settings))) == more


def test_settings_of_older_versions_are_ignored() -> None:
    older = {"typical_p": 0.5, "dry_multiplier": 0.8, "xtc_probability": 1, "word_bias": [["no", -5]], "grammar": "x"}
    assert options_from({**older, "json_schema": "{", "top_k": 5}) == ChatOptions(top_k=5)


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


def test_stop_texts_of_a_wish_go_before_those_of_the_chat() -> None:
    options = ChatOptions(stop=("END",), top_k=7)
    plain = sampling_for(Sampling(), options, Sampling())
    assert (plain.stop, plain.top_k) == (("END",), 7)
    assert sampling_for(Sampling(stop=("x",)), options, Sampling()).stop == ("x",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lora_scale": 2.1}, {"seed": -1}, {"temperature": float("nan")}, {"max_tokens": 0}, {"top_k": -1},
        {"top_k": 1.5}, {"min_p": 2.0}, {"stop": ("",)}, {"stop": ("x",) * 17},
    ],
)  # fmt: skip
def test_options_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(KnownError, match=next(iter(wrong))):
        check_options(ChatOptions(**wrong))
