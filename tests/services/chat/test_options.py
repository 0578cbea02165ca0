from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.core.errors import KnownError
from slmdesk.core.types import Sampling
from slmdesk.services.chat.options import ChatOptions, check_options, options_from, sampling_for

pytestmark = pytest.mark.pure
ODD = st.sampled_from([None, True, -1, 0, 1, 0.5, 7, 2**40, float("nan"), float("inf"), 1e300, "x", "", [1], {}])


def test_what_is_as_usual_is_not_kept_and_the_rest_comes_back() -> None:
    assert set(ChatOptions().settings.values()) == {None}
    some = ChatOptions(system="Be short.", lora="abc", lora_scale=0.5, temperature=0.0, seed=7, max_tokens=40)
    kept = {key: value for key, value in some.settings.items() if value is not None}
    assert options_from({**kept, "leaf": "x", "draft": "y"}) == some


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


@pytest.mark.parametrize("wrong", [{"lora_scale": 2.1}, {"seed": -1}, {"temperature": float("nan")}, {"max_tokens": 0}])
def test_options_that_make_no_sense_are_refused(wrong) -> None:
    with pytest.raises(KnownError, match=next(iter(wrong))):
        check_options(ChatOptions(**wrong))
