"""What a model may do: by published measures, by what was tried here, and by its size."""

from __future__ import annotations

import pytest

from slmdesk.base.records import ModelRecord
from slmdesk.models.abilities import Ability, may, suits_words
from slmdesk.models.gguf.header import families

pytestmark = pytest.mark.pure

ALL = set(Ability)
POINTS = ALL - {Ability.WRITE}


def model(names: str, parameters: int, architecture: str = "llama", kind: str = "model") -> ModelRecord:
    header = {"names": names, "parameters": parameters, "architecture": architecture, "kind": kind}
    return ModelRecord("m", names, b"/m.gguf", False, 1, "aa", 1, 1, header, "test", 1.0, None)


@pytest.mark.parametrize(
    ("names", "parameters", "expected"),
    [
        ("Phi 4", 14_660_000_000, ALL),
        ("Qwen3 4B Instruct 2507", 4_022_000_000, ALL),
        ("Phi 4 Mini Instruct", 3_836_000_000, POINTS),  # measured: a quarter of its summaries says what is not there
        ("Ministral 3 8B Instruct 2512", 8_500_000_000, POINTS),
        ("Qwen2.5 Coder 1.5B Instruct", 1_544_000_000, POINTS),
        ("Somebody's Own 3B", 3_010_000_000, ALL),  # nobody tried it
        ("Somebody's Own 2B", 2_600_000_000, POINTS),
        ("Somebody's Own 400M", 400_000_000, {Ability.ANSWER, Ability.LETTER}),
        ("SmolLM2 135M Instruct", 134_515_008, set()),
        ("Of no known size", 0, POINTS),
    ],
)
def test_measures_decide_and_the_size_where_nobody_measured(
    names: str, parameters: int, expected: set[Ability]
) -> None:
    record = model(names, parameters)
    assert {work for work in Ability if may(record, work)} == expected


def test_what_was_made_for_translation_does_nothing_else() -> None:
    record = model("Hy-MT2 7B", 7_500_000_000, "hunyuan-dense")
    assert [work for work in Ability if may(record, work)] == [Ability.TRANSLATE]
    assert suits_words(record) == "For translation; not tried."


def test_what_somebody_made_of_a_faithful_model_is_another_model() -> None:
    assert suits_words(model("Phi 4", 14_660_000_000)) == "For summaries, questions, translation, letters."
    assert suits_words(model("Phi 4 Uncensored", 14_660_000_000)).endswith("letters; not tried.")
    assert suits_words(model("SmolLM2 135M", 135_000_000)) == "For short chats only."
    assert suits_words(model("Finder", 100_000_000, "bert", "encoder")) == ""


def test_each_measured_row_names_known_work_and_where_it_stands() -> None:
    for measured in families().measured:
        assert set(measured.may) <= ALL
        assert measured.words
        assert measured.source
