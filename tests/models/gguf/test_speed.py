"""The forecast of speed: which bytes are read for a token, and what follows from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fakes.tiny_families import PER_LAYER, Shape, make

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.models.gguf.header import GgufHeader
from slmdesk.models.gguf.memory import (
    Pace,
    Speed,
    active_bytes,
    calibration_of,
    estimate,
    expected_speed,
    expected_speed_of_size,
    plain_bytes,
    share_of,
    speed_in_words,
    step_seconds,
)
from slmdesk.models.gguf.quantization import QUANTIZATIONS, weight_bytes
from slmdesk.models.gguf.read import read_header, require_chat_model

pytestmark = pytest.mark.pure

GB = 1e9


def header_of(name: str, folder: Path, **shape: int) -> GgufHeader:
    return read_header(make(name, folder, shape=Shape(**shape)))


def test_of_a_mixture_all_is_in_memory_and_what_is_used_is_read(tmp_path: Path) -> None:
    shape = Shape(experts=8, experts_used=2)
    header = read_header(make("mixtral", tmp_path, shape=shape))
    experts = shape.layers * shape.experts * 3 * shape.embedding * shape.inner * 2
    table = header.vocab_size * shape.embedding * 2
    assert header.tensors.expert_bytes == experts
    assert header.tensors.table_bytes == table
    assert not header.tensors.separate_experts
    assert estimate(header, context_tokens=512).weights == header.weight_bytes > experts
    assert active_bytes(header) == header.weight_bytes - experts * 6 // 8 - table
    all_used = read_header(make("mixtral", tmp_path, shape=replace(shape, experts_used=8)))
    assert active_bytes(all_used) == all_used.weight_bytes - table
    assert expected_speed(header, bandwidth=GB).tokens_per_s > expected_speed(all_used, bandwidth=GB).tokens_per_s


def test_the_table_of_tokens_is_read_only_where_it_is_the_output_too(tmp_path: Path) -> None:
    tied, untied = header_of("mistral", tmp_path), header_of("llama2", tmp_path)
    assert active_bytes(tied) == tied.weight_bytes
    assert active_bytes(untied) == untied.weight_bytes - untied.tensors.table_bytes


def test_of_a_table_per_layer_one_row_is_read(tmp_path: Path) -> None:
    header = header_of("gemma4", tmp_path)
    table = header.vocab_size * PER_LAYER * header.layers * 2
    assert active_bytes(header) == header.weight_bytes - table


def test_twice_the_bandwidth_twice_the_speed_for_a_large_model(tmp_path: Path) -> None:
    header = header_of("llama2", tmp_path)
    large = changed(header, tensors=changed(header.tensors, bytes_by_type={"Q4_K": 4_000_000_000}, table_bytes=0))
    slow, fast = expected_speed(large, bandwidth=20 * GB), expected_speed(large, bandwidth=40 * GB)
    assert fast.tokens_per_s == pytest.approx(2 * slow.tokens_per_s, rel=0.02)
    assert slow.tokens_per_s == pytest.approx(20 / 4 * share_of("Q4_K"), rel=0.02)
    assert (slow.low, slow.high) == (slow.tokens_per_s * 0.5, slow.tokens_per_s * 1.5)


def test_a_long_past_slows_it_down(tmp_path: Path) -> None:
    header = header_of("llama2", tmp_path, kv_heads=4)
    short = expected_speed(header, bandwidth=GB, past_tokens=1)
    assert expected_speed(header, bandwidth=GB, past_tokens=4000).tokens_per_s < short.tokens_per_s
    assert expected_speed(header, bandwidth=GB, past_tokens=0) == short


def test_a_model_measured_here_makes_the_range_narrower(tmp_path: Path) -> None:
    header = header_of("llama2", tmp_path)
    plain = expected_speed(header, bandwidth=GB, past_tokens=100)
    reads, step = plain_bytes(header, 100), step_seconds(header)
    factor = calibration_of(reads, step, bandwidth=GB, tokens_per_s=plain.tokens_per_s * 1.4)
    assert factor == pytest.approx(1.4)
    known = expected_speed(header, bandwidth=GB, past_tokens=100, calibration=factor)
    assert known.tokens_per_s == pytest.approx(1.4 * plain.tokens_per_s)
    assert known.high / known.low == pytest.approx(1.3 / 0.7)
    assert calibration_of(reads, step, bandwidth=GB, tokens_per_s=1e9) == 10.0
    assert calibration_of(reads, step, bandwidth=0, tokens_per_s=5) == 1.0


def test_what_is_known_of_a_pc_judges_models(tmp_path: Path) -> None:
    header = header_of("llama2", tmp_path)
    assert Pace().of_header(header) is None  # nothing measured: nothing said
    assert Pace().of_size(10**9, "Q4_K_M") is None
    assert Pace(GB).of_size(0, "Q4_K_M") is None
    assert Pace(GB).of_header(header) == expected_speed(header, bandwidth=GB)
    pace = Pace(GB, 1.5, {"aa": 2.0})
    other, itself = pace.of_header(header), pace.of_header(header, sha256="aa")
    assert other is not None
    assert itself is not None
    assert itself.tokens_per_s / other.tokens_per_s == pytest.approx(2.0 / 1.5)
    assert itself.high / itself.low == pytest.approx(1.15 / 0.85)
    assert other.high / other.low == pytest.approx(1.3 / 0.7)
    size = pace.of_size(10**9, "Q4_K_M", sha256="aa")
    assert size is not None
    assert size.low == pytest.approx(0.85 * size.tokens_per_s)


@pytest.mark.parametrize(
    ("tokens_per_s", "off", "words"),
    [
        (10, 0.3, "about 5–10 words a second, 40 s per page"),
        (14.7, 0.3, "about 8–14 words a second, 25 s per page"),
        (2, 0.15, "about 1–2 words a second, 3 min per page"),
        (1.4, 0.15, "about 1 word a second, 5 min per page"),
        (1.2, 0.5, "under one word a second: too slow to wait for"),
        (0, 0.5, "under one word a second: too slow to wait for"),
        (140, 0.5, "about 50–160 words a second, 3 s per page"),
    ],
)
def test_in_words(tokens_per_s: float, off: float, words: str) -> None:
    assert (
        speed_in_words(Speed(tokens_per_s, tokens_per_s * (1 - off), tokens_per_s * (1 + off))).replace(
            "\N{NO-BREAK SPACE}", " "
        )
        == words
    )


def test_from_the_list_alone() -> None:
    """Before any request: Mixtral by its parameters at work, a 3B model beside it."""
    mixtral = expected_speed_of_size(weight_bytes(12_880_000_000, QUANTIZATIONS["Q4_K_M"]), "Q4_K_M", bandwidth=40 * GB)
    three = expected_speed_of_size(weight_bytes(3_213_000_000, QUANTIZATIONS["Q4_K_M"]), "Q4_K_M", bandwidth=40 * GB)
    assert 2 < mixtral.tokens_per_s < 5 < three.low < 15
    assert expected_speed_of_size(10**9, "Q4_K_M", bandwidth=0).high == 0


def test_every_quantization_has_a_share() -> None:
    assert all(0.4 < share_of(name) <= 1 for name in QUANTIZATIONS)
    assert share_of("Q4_K_M") == share_of("q4_k") > share_of("Q4_1")


def test_a_mixture_of_2023_is_refused_before_it_is_fetched(tmp_path: Path) -> None:
    header = read_header(make("mixtral-2023", tmp_path))
    assert header.tensors.separate_experts
    assert header.tensors.expert_bytes == read_header(make("mixtral", tmp_path)).tensors.expert_bytes
    with pytest.raises(KnownError, match=r"^model\.unsupported ") as caught:
        require_chat_model(header)
    assert "2023" in str(caught.value.args_for_people["architecture"])


def test_layers_and_words_cost_time_that_no_bandwidth_saves(tmp_path: Path) -> None:
    few = read_header(make("llama2", tmp_path))
    many = read_header(make("llama2", tmp_path, words=50_000))
    assert step_seconds(many) - step_seconds(few) == pytest.approx(50_000 * 26e-9)
    fastest = expected_speed(many, bandwidth=1e18).tokens_per_s
    assert fastest == pytest.approx(1 / step_seconds(many), rel=0.01)
    assert expected_speed_of_size(1, "Q4_K_M", bandwidth=1e18).tokens_per_s == pytest.approx(200, rel=0.01)
