from __future__ import annotations

from dataclasses import dataclass

import pytest

from slmdesk.base.error_sentences import KINDS
from slmdesk.models.gguf.header import FILE_TYPES, WEIGHT_TYPES
from slmdesk.models.gguf.quantization import (
    QUANTIZATIONS,
    companions,
    quantization_named,
    quantization_of_file,
    recommended,
    sorted_by_quality,
    weight_bytes,
)

pytestmark = pytest.mark.pure
GIB = 1 << 30


@dataclass
class File:
    name: str
    size_bytes: int


def files(parameters: float, *names: str) -> list[File]:
    return [File(f"m-{name}.gguf", weight_bytes(int(parameters), QUANTIZATIONS[name])) for name in names]


def taken(choice: list[File], budget: float) -> str:
    file = recommended(choice, int(budget))
    return "" if file is None else file.name.removeprefix("m-").removesuffix(".gguf")


ALL = tuple(QUANTIZATIONS)


def test_every_type_a_file_may_name_has_words() -> None:
    assert set(FILE_TYPES.values()) <= set(QUANTIZATIONS)
    assert all(quantization_named(name) for name in FILE_TYPES.values())


@pytest.mark.parametrize("name", sorted({kind.name for kind in WEIGHT_TYPES.values()} & set(QUANTIZATIONS)))
def test_bits_are_those_of_the_blocks_or_a_little_more(name: str) -> None:
    """A file's type is that of most weights; some are always kept in more bits, but never all in more than one more."""
    blocks = next(kind for kind in WEIGHT_TYPES.values() if kind.name == name)
    exact = 8 * blocks.block_bytes / blocks.block
    assert exact * 0.99 <= QUANTIZATIONS[name].bits <= exact + 0.6


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Llama-3.2-3B-Instruct-Q4_K_M.gguf", "Q4_K_M"),
        ("llama-2-7b-chat.Q5_K_S.gguf", "Q5_K_S"),
        ("qwen2.5-1.5b-instruct-q4_k_m.gguf", "Q4_K_M"),
        ("folder/Big-UD-Q4_K_XL-00001-of-00002.gguf", "Q4_K_M"),
        ("Q8_0/model.gguf", None),
        ("Bielik-11B-v2.3-Instruct-OF32.EF32.Q8_0.gguf", "Q8_0"),
        ("model-fp16.gguf", "F16"),
        ("model.BF16.gguf", "BF16"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4"),
        ("Phi-3-mini-4k-instruct-q4.gguf", "Q4_K_M"),
        ("phi-1_5.Q4_K.gguf", "Q4_K_M"),
        ("model-IQ3_XXS.gguf", "IQ3_XXS"),
        ("model-Q4_0.gguf", "Q4_0"),
        ("model-Q4_0_4_8.gguf", None),
        ("Qwen3-4B.gguf", None),
        ("Q4friends.gguf", None),
        ("ggml-model-i2_s.gguf", None),
        ("", None),
    ],
)
def test_what_the_name_of_a_file_says(name: str, expected: str | None) -> None:
    quantization = quantization_of_file(name)
    assert (quantization and quantization.name) == expected


def test_the_best_first_the_unnamed_last() -> None:
    mixed = [File("a.gguf", 9), File("m-Q2_K.gguf", 3), *files(1e9, "Q4_K_M", "Q8_0", "IQ4_XS", "F16")]
    names = [file.name for file in sorted_by_quality(mixed)]
    assert names == ["m-F16.gguf", "m-Q8_0.gguf", "m-Q4_K_M.gguf", "m-IQ4_XS.gguf", "m-Q2_K.gguf", "a.gguf"]


def test_four_bits_are_recommended_however_much_memory_there_is() -> None:
    for budget in (6 * GIB, 1000 * GIB):
        assert taken(files(7e9, *ALL), budget) == "Q4_K_M"


def test_small_models_keep_more_of_themselves() -> None:
    assert taken(files(135e6, *ALL), 8 * GIB) == "Q8_0"
    assert taken(files(1.24e9, *ALL), 8 * GIB) == "Q6_K"
    assert taken(files(135e6, *ALL), 130e6) == "Q6_K"


def test_with_little_memory_a_smaller_file_but_never_a_broken_one() -> None:
    choice = files(7e9, *ALL)
    assert taken(choice, 4.2e9) == "Q4_K_S"
    assert taken(choice, 3.6e9) == "IQ3_M"
    assert taken(choice, 3.1e9) == "IQ3_XS"
    assert taken(choice, 2.9e9) == ""
    assert taken(files(7e9, "Q2_K", "IQ1_S"), 100 * GIB) == ""


def test_what_was_trained_in_four_bits_is_as_good_as_any_and_said_to_be() -> None:
    for parameters in (350e6, 7e9):
        trained = File("m-QAD-Q4_0.gguf", weight_bytes(int(parameters), QUANTIZATIONS["Q4_0"]))
        assert recommended([*files(parameters, *ALL), trained], 8 * GIB) is trained
    known = quantization_of_file(trained.name)
    assert known is not None
    assert known.label() == "4-bit: trained for 4 bits, nearly as good as the original"
    of_its_kind = [
        File("m-qat-Q4_0.gguf", 4 * GIB),
        File("m-qat-Q4_K_M.gguf", 5 * GIB),
        File("m-qat-Q8_0.gguf", 8 * GIB),
    ]
    assert recommended(of_its_kind, 100 * GIB) is of_its_kind[1]


def test_where_four_bits_are_not_offered() -> None:
    assert taken(files(7e9, "F16", "Q8_0", "Q6_K"), 100 * GIB) == "Q6_K"
    assert taken(files(7e9, "F16", "Q8_0", "Q6_K"), 4 * GIB) == ""
    assert taken(files(7e9, "Q3_K_M", "Q2_K"), 100 * GIB) == "Q3_K_M"
    assert recommended([], GIB) is None
    assert recommended([File("unnamed.gguf", 100), File("m-Q4_K_M.gguf", 0)], GIB) is None


@pytest.mark.parametrize(
    ("beside", "bytes", "kind"),
    [
        ("mmproj-model-Q8_0.gguf", 0, "projector"),
        ("a/x.mmproj-q8_0.gguf", 0, "projector"),
        ("x-imatrix-Q8_0.gguf", 0, "imatrix"),
        ("x-lora-q8_0.gguf", 0, "adapter"),
        ("X-DFlash.Q8_0.gguf", 0, "head"),
        ("vocoder-m-Q8_0.gguf", 0, "speech"),
        ("mtp-m-Q8_0.gguf", 0, "head"),
        ("MTP/x-Q8_0.gguf", 100_000_000, "head"),
        ("eagle3-m-Q8_0.gguf", 100_000_000, "head"),
        ("tokenizer-m-Q8_0.gguf", 100_000_000, "speech"),
        ("x-vision-f16.gguf", 100_000_000, "projector"),
        ("text_encoders/t5xxl-Q8_0.gguf", 100_000_000, "picture"),
        ("m-something-new-Q8_0.gguf", 100_000_000, "part"),
    ],
)
def test_what_lies_beside_a_model_is_never_recommended(beside: str, bytes: int, kind: str) -> None:
    models = files(4e9, "Q4_K_M", "Q8_0")
    choice = [File(beside, bytes), *(models if bytes else (File(model.name, 0) for model in models))]
    assert companions(choice) == {beside: kind}
    assert kind in KINDS
    assert not bytes or taken(choice, 100 * GIB) == "Q4_K_M"


def test_a_draft_head_alone_is_told_by_the_size_of_the_model_in_its_name() -> None:
    heads = [File("m-12B-it-assistant-Q8_0.gguf", 440_000_000), File("m-12B-it-assistant-BF16.gguf", 820_000_000)]
    assert set(companions(heads).values()) == {"head"}
    assert not companions([File("m-12B-assistant-Q8_0.gguf", 13_000_000_000)])


@pytest.mark.parametrize(
    "models",
    [
        [
            File(f"{name}-Q8_0.gguf", 4_000_000_000)
            for name in ("exploration", "Floral-7B", "vocabulary/x", "Assistant")
        ],
        [File("Eagle2-9B-Q8_0.gguf", 9), File("Eagle2-9B-Q4_K_M.gguf", 5)],
        [File("x-Native-MTP-Preserved.Q8_0.gguf", 9_000), File("x-Native-MTP-Preserved.IQ1_S.gguf", 900)],
        [File("x-MTP-Q4_K_M.gguf", 5_000), File("x-Q4_K_M.gguf", 4_900)],
        [File("m-7B-Q8_0.gguf", 7_000), File("m-0.5B-Q8_0.gguf", 500)],
        [File("phi-Q8_0.gguf", 7_000), File("dolphin-Q8_0.gguf", 500)],
        [File("Q8_0.gguf", 7_000), File("small/m-Q8_0.gguf", 500)],
    ],
)
def test_a_model_whose_name_has_such_a_word_is_one(models: list[File]) -> None:
    assert companions(models) == {}


def test_of_models_of_several_names_none_is_recommended_and_of_one_the_whole_file() -> None:
    assert recommended([File("m-Q8_0.gguf", 10), File("n-Q8_0.gguf", 10)], GIB) is None
    parts, whole = File("q4/m-UD-q4_k_m-00001-of-00002.gguf", 5 * GIB + 1), File("m-Q4_K_M.gguf", 5 * GIB)
    assert recommended([parts, whole], 8 * GIB) is whole
    assert recommended([parts], 8 * GIB) is parts
