"""The forecast of memory: its arithmetic, its bounds on hostile headers, and the real thing in a child (row M5)."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fakes import tiny_gguf
from fakes.malformed_gguf import malformed
from fakes.tiny_families import Shape, make
from fakes.tiny_gguf import tiny_gemma3, tiny_llama, tiny_qwen2, write

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed as record_changed
from slmdesk.models.gguf.header import GgufHeader, ListSummary
from slmdesk.models.gguf.memory import (
    PROCESS_BYTES,
    active_bytes,
    estimate,
    estimate_loaded,
    expected_speed,
    sensible_context,
)
from slmdesk.models.gguf.read import read_header

CHILD = Path(__file__).resolve().parents[2] / "fakes" / "llama_child.py"


def header_of(tmp_path: Path, file: tiny_gguf.TinyFile) -> GgufHeader:
    return read_header(write(tmp_path / "x.gguf", file))


def changed(header: GgufHeader, architecture: str, **metadata: object) -> GgufHeader:
    """The header with another architecture and other numbers of its own."""
    values = {f"{architecture}.{key.replace('__', '.')}": value for key, value in metadata.items()}
    return record_changed(header, architecture=architecture, metadata={**header.metadata, **values})  # type: ignore[arg-type]


@pytest.mark.pure
def test_keys_and_values_of_a_llama(tmp_path: Path) -> None:
    header = header_of(tmp_path, tiny_llama())
    parts = estimate(header, context_tokens=1024)
    assert parts.weights == header.weight_bytes
    assert parts.kv_cache == 2 * 1 * (16 + 16) * 2 * 1024  # layers, heads, key and value, bytes, cells
    assert estimate(header, context_tokens=1000).kv_cache == parts.kv_cache  # cells come in steps of 256
    assert estimate(header, context_tokens=1024, sequences=8).kv_cache == parts.kv_cache  # one pool for all


@pytest.mark.pure
def test_sliding_layers_keep_only_their_window(tmp_path: Path) -> None:
    header = header_of(tmp_path, tiny_gemma3(layers=6, window=32))
    cell = 1 * (16 + 16) * 2
    assert estimate(header, context_tokens=8192).kv_cache == cell * (8192 + 5 * 768)  # 32 + 512 → 768
    assert estimate(header, context_tokens=8192, sequences=16).kv_cache == cell * (8192 + 5 * 1024)
    assert estimate(header, context_tokens=512).kv_cache == cell * 6 * 512
    listed = changed(header, "gemma3", attention__sliding_window_pattern=ListSummary("bool", 6, (True,) * 6))
    assert estimate(listed, context_tokens=8192).kv_cache == cell * 6 * 768
    unknown = changed(header, "brandnew", attention__sliding_window=32)
    assert estimate(unknown, context_tokens=8192).kv_cache == cell * 6 * 8192  # nothing known: the most


@pytest.mark.pure
def test_a_loaded_model_is_counted_with_its_pool_its_places_and_the_process(tmp_path: Path) -> None:
    header = header_of(tmp_path, tiny_llama())
    roomy = estimate_loaded(header, context_tokens=1024, available_bytes=1 << 34)
    twice = estimate(header, context_tokens=2048)
    gaps = twice.kv_cache // 16  # that an earlier model leaves
    assert (roomy.kv_cache, roomy.total) == (twice.kv_cache, twice.total + PROCESS_BYTES + gaps)
    scarce = estimate_loaded(header, context_tokens=1024, available_bytes=1 << 20)
    once = estimate(header, context_tokens=1024)
    assert scarce.total == once.total + PROCESS_BYTES + once.kv_cache // 16
    sliding = header_of(tmp_path, tiny_gemma3(layers=6, window=32))
    cell = 1 * (16 + 16) * 2
    cache = estimate_loaded(sliding, context_tokens=4096, available_bytes=1 << 34).kv_cache
    assert cache == cell * (8192 + 5 * 1280)  # 24 × 32 + 512


@pytest.mark.pure
def test_layers_with_a_state_do_not_grow_with_the_context(tmp_path: Path) -> None:
    header = header_of(tmp_path, tiny_llama(layers=4))
    ssm = {"ssm__inner_size": 64, "ssm__state_size": 16, "ssm__conv_kernel": 4, "ssm__group_count": 1}
    state = 4 * (3 * (64 + 2 * 16) + 16 * 64)
    mamba = changed(header, "mamba2", **ssm)
    assert estimate(mamba, context_tokens=512).kv_cache == 4 * state
    assert estimate(mamba, context_tokens=8192, sequences=3).kv_cache == 3 * 4 * state
    hybrid = record_changed(changed(header, "granitehybrid", **ssm), kv_heads=(0, 0, 0, 1))
    assert estimate(hybrid, context_tokens=1024).kv_cache == 3 * state + 64 * 1024
    interval = changed(header, "qwen3next", full_attention_interval=2, **ssm)
    assert estimate(interval, context_tokens=1024).kv_cache == 2 * state + 2 * 64 * 1024
    shared = changed(header, "gemma3n", attention__shared_kv_layers=3)
    assert estimate(shared, context_tokens=1024).kv_cache == 64 * 1024


@pytest.mark.pure
def test_m6_an_absurd_context_length_is_not_believed(tmp_path: Path) -> None:
    for trained in (1 << 20, 1 << 31, (1 << 32) - 1):
        header = header_of(tmp_path, tiny_llama(context_length=trained))
        assert sensible_context(header, 4096, 1 << 34) == 4096
        assert sensible_context(header, 1 << 40, 1 << 60) == 1 << 20
        budget = (20 << 20) + PROCESS_BYTES
        chosen = sensible_context(header, 1 << 40, budget)
        assert 512 <= chosen < 1 << 20
        assert estimate_loaded(header, context_tokens=chosen, available_bytes=budget).total <= budget
        assert estimate_loaded(header, context_tokens=chosen + 512, available_bytes=budget).total > budget
    short = header_of(tmp_path, tiny_llama(context_length=2048))
    assert sensible_context(short, 4096, 1 << 34) == 2048
    silent = header_of(tmp_path, tiny_llama(change={"llama.context_length": None}))
    assert sensible_context(silent, 1 << 20, 1 << 34) == 4096
    assert sensible_context(short, 4096, 0) == 512
    assert sensible_context(short, 100, 0) == 100


@pytest.mark.pure
def test_m1_a_hostile_header_gives_a_number_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    for name, data in malformed().items():
        path.write_bytes(data)
        try:
            header = read_header(path)
        except KnownError:
            continue
        start = time.process_time()
        assert estimate(header, context_tokens=4096).total >= 0
        assert sensible_context(header, 1 << 40, 1 << 40) > 0
        assert 0 <= active_bytes(header) <= header.weight_bytes
        assert expected_speed(header, bandwidth=1e9).tokens_per_s > 0
        assert time.process_time() - start < 0.5, name


def measured(path: Path, cells: int, sequences: int) -> int:
    command = [sys.executable, str(CHILD), "memory", str(path), str(cells), str(sequences)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=300)
    return int(json.loads(done.stdout)["bytes"])


@pytest.mark.model
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("cells", "sequences"),
    [(4096, 8), *(pytest.param(cells, 1, marks=pytest.mark.soak) for cells in (512, 8192))],
)
def test_m5_the_forecast_is_never_below_and_at_most_a_fifth_above(
    starter_model: Path, cells: int, sequences: int
) -> None:
    forecast = estimate(read_header(starter_model), context_tokens=cells, sequences=sequences).total
    resident = measured(starter_model, cells, sequences)
    print(f"{cells} cells, {sequences} sequences: forecast {forecast:,} ÷ resident {resident:,}")
    assert 1.0 <= forecast / resident <= 1.2


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("file", [tiny_qwen2(), tiny_gemma3()], ids=["qwen2", "gemma3"])
def test_m5_tiny_models_stay_below_the_forecast(tmp_path: Path, file: tiny_gguf.TinyFile) -> None:
    path = write(tmp_path / "x.gguf", file)
    assert measured(path, 4096, 1) <= estimate(read_header(path), context_tokens=4096).total


@pytest.mark.process
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    "family", ["mixtral", *(pytest.param(name, marks=pytest.mark.soak) for name in ("granite-moe", "llama2"))]
)
def test_m5_a_mixture_takes_all_its_weights_and_room_for_all_experts_it_uses(tmp_path: Path, family: str) -> None:
    path = make(family, tmp_path, shape=Shape(embedding=256, inner=4096))
    forecast = estimate(read_header(path), context_tokens=1024).total
    resident = measured(path, 1024, 1)
    print(f"{family}: forecast {forecast:,} ÷ resident {resident:,}")
    # What the working space takes depends on the processor's kernels by some MB: a fifth of models as small as these.
    assert resident <= forecast <= max(1.2 * resident, resident + (12 << 20))
