"""What goes over the pipe comes back equal; what has a wrong shape is refused with a code."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import partial, reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import (  # fmt: skip
    answer_from,
    messages_from,
    messages_to_json,
    record_from,
    sampling_from,
    stored_dict,
    stored_list,
)
from slmdesk.base.record import changed, to_json
from slmdesk.base.types import (
    Answer,
    ChatMessage,
    FinishReason,
    LoadedModel,
    LoadSpec,
    MemoryParts,
    Origin,
    Role,
    Sampling,
    TextPart,
    Timing,
    Usage,
)  # fmt: skip

pytestmark = pytest.mark.pure
DEEP = reduce(lambda inner, _: [inner], range(100_000), [])


def over(value):
    return json.loads(json.dumps(to_json(value)))


def test_each_kind_comes_back_equal():
    spec = LoadSpec("/m.gguf", context_tokens=99, threads=2, cost_curve=((1, 1.0), (4, 2.5)))
    assert record_from(LoadSpec, over(spec)) == spec
    model = LoadedModel("h", "n", "llama", 1, 2, 3, True, "file", memory=MemoryParts(1, 2, 3),
                        sampling_defaults=Sampling(temperature=0.5))  # fmt: skip
    assert record_from(LoadedModel, over(model)) == model
    answer = Answer("x", FinishReason.REPEAT, Usage(1, 2, 3, 4), Timing(0.5, 2), 7, True)
    assert answer_from(over(answer)) == answer
    sure = changed(answer, text="a\ud83dé", probabilities=((0, 1, 0.5), (1, 3, 1.0)))
    assert answer_from(over(sure)) == sure
    sampling = Sampling(top_k=3, stop=("a", "b"), max_tokens=5)
    assert sampling_from(over(sampling)) == sampling
    assert sampling_from(None) == Sampling()


@pytest.mark.parametrize("odd", [(0, 3, 0.5), (-1, 1, 0.5), (1, 1, 0.5), (0, 1, 1.5), (0, 1), (0.0, 1, 0.5)])
def test_probabilities_of_what_is_not_there_are_refused(odd):
    shape = over(Answer("ab", FinishReason.STOP, Usage(1, 2, 3, 4), Timing(0.5, 2), 7, True)) | {"probabilities": [odd]}
    with pytest.raises(KnownError, match=r"request\.invalid"):
        answer_from(shape)


def test_messages_come_back_equal():
    messages = (ChatMessage(Role.USER, (TextPart("a"), TextPart("b\udc80", Origin.DOCUMENT))),)
    assert messages_from(json.loads(json.dumps(messages_to_json(messages)))) == messages


@pytest.mark.parametrize(
    "wrong",
    [
        None, 1, "x", [], {}, {"path": 1}, {"path": "x", "context_tokens": "4"}, {"path": "x", "context_tokens": True},
        {"path": "x", "cost_curve": [[1]]}, {"path": "x", "cost_curve": [[1, "x"]]}, {"path": "x", "cost_curve": 5},
        {"path": "x", "cost_curve": [[1, 1e999]]}, {"path": "x", "cost_curve": [[1, 10**400]]}, {"path": None},
        {"path": "x", "template_checked": 1},
    ],
)  # fmt: skip
def test_a_wrong_shape_has_a_code(wrong):
    with pytest.raises(KnownError, match=r"^request\.invalid "):
        record_from(LoadSpec, wrong)


@pytest.mark.parametrize("wrong", [None, "abc", {}, [1], [{"role": "boss", "parts": []}], [{"role": "user"}]])
def test_wrong_messages_have_a_code(wrong):
    with pytest.raises(KnownError):
        messages_from(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": float("nan")}, {"temperature": float("inf")}, {"temperature": -1}, {"temperature": 1e30},
        {"top_k": 1 << 40}, {"top_p": 1.5}, {"min_p": -0.1}, {"repeat_penalty": 0},
        {"penalty_last_n": 1 << 31},
    ],
)  # fmt: skip
def test_numbers_no_library_should_get_have_a_code(wrong):
    with pytest.raises(KnownError, match=r"^request\.invalid "):
        sampling_from(wrong)


@pytest.mark.parametrize(
    ("build", "wrong", "what"),
    [
        (messages_from, [{"role": "\ud800", "parts": []}], "ChatMessage"),
        (sampling_from, {"stop": DEEP}, "Sampling.stop[0]"),
        (sampling_from, DEEP, "Sampling"),
        (partial(record_from, LoadSpec), {"path": DEEP}, "LoadSpec.path"),
    ],
)
def test_surrogates_and_endless_levels_have_a_code(build, wrong, what):
    with pytest.raises(KnownError) as caught:
        build(wrong)
    assert (caught.value.code, caught.value.args_for_people["what"]) == ("request.invalid", what)


def test_a_list_and_a_dictionary_lose_what_is_invalid():
    odd = [1, True, "1", None, 2.0, DEEP, float("nan"), "\ud800", 3]
    assert stored_list(int, odd) == [1, 3]
    assert stored_dict(int, dict(zip("abcdefghi", odd, strict=True))) == {"a": 1, "i": 3}
    assert not any(read(int, stored) for stored in odd for read in (stored_list, stored_dict))


def test_unknown_fields_are_dropped():
    assert record_from(LoadSpec, {"path": "x", "evil": 1}) == LoadSpec("x")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["role", "parts", "text", "origin", "x"]), inner),
)


@given(json_values)
def test_anything_else_raises_only_known_errors(value):
    for build in (messages_from, sampling_from, answer_from, partial(record_from, LoadSpec)):
        with suppress(KnownError):
            build(value)
