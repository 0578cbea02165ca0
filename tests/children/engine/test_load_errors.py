from __future__ import annotations

import pytest
from fakes import tiny_gguf
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.error_sentences import CODES
from slmdesk.base.errors import KnownError
from slmdesk.base.types import LoadSpec, MemoryParts, Sampling
from slmdesk.children.engine.llama import loading
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.engine.llama.library import parts_from_log
from slmdesk.models.gguf.memory import choose_pool

pytestmark = pytest.mark.model


def refused(engine: LlamaEngine, path: object, **spec) -> KnownError:
    with pytest.raises(KnownError) as caught:
        engine.load(LoadSpec(str(path), **({"template_checked": True} | spec)), lambda _: True)
    assert set(caught.value.args_for_people) == set(CODES[caught.value.code])
    assert not engine.is_busy()
    return caught.value


def test_m2_no_model_at_all(engine, tmp_path):
    path = tmp_path / "page.gguf"
    path.write_text("<!doctype html><html>not found</html>")
    assert refused(engine, path).code == "model.not_gguf"


def test_an_unknown_architecture_is_named(engine, tmp_path):
    err = refused(engine, write(tmp_path / "new.gguf", tiny_gguf.tiny_unknown("brandnew")))
    assert (err.code, err.args_for_people["architecture"]) == ("model.unsupported", "brandnew")


@pytest.mark.parametrize(
    "wrong",
    [
        {"change": {"llama.block_count": ("u32", 3)}}, {"nan": True},
        {"change": {"llama.rope.freq_base": ("f32", float("nan"))}},
    ],
    ids=["a missing tensor", "weights that are no numbers", "numbers that go wrong in the first token"],
)  # fmt: skip
def test_w9_what_gives_no_numbers_is_damaged(engine, tmp_path, wrong):
    assert refused(engine, write(tmp_path / "t.gguf", tiny_llama(**wrong))).code == "model.damaged"


def test_m5_more_memory_than_there_is_is_tried_when_a_person_wants_it(engine, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "free_memory", lambda: 5_000_000)
    path = write(tmp_path / "t.gguf", tiny_llama())
    err = refused(engine, path)
    assert err.code == "model.out_of_memory"
    assert err.args_for_people["available_bytes"] == 5_000_000
    assert err.args_for_people["needed_bytes"] > 5_000_000
    spec = LoadSpec(str(path), cost_curve=((1, 1.0),), template_checked=True, anyway=True)
    loaded = engine.load(spec, lambda _: True)
    assert loaded.pool_tokens == loaded.context_tokens  # no room beyond what was asked for
    engine.unload(loaded.handle)


def test_m5_a_pool_beyond_all_memory(engine, starter_model):
    err = refused(engine, starter_model, pool_tokens=2**30)
    assert err.code == "model.out_of_memory"


def test_m6_an_absurd_context_takes_no_memory(engine, tmp_path):
    path = write(tmp_path / "t.gguf", tiny_llama(context_length=2**32 - 1))
    info = engine.load(LoadSpec(str(path), template_checked=True, cost_curve=((1, 1.0),)), lambda _: True)
    assert info.context_tokens == 4096
    engine.unload(info.handle)


def test_m7_a_template_that_cannot_be_used_is_replaced(engine, tmp_path):
    for template in ("{% for a in range(100000000) %}{{ a }}{% endfor %}", "{{ 'x' * 300000 }}" + " " * 300_000):
        path = write(tmp_path / "t.gguf", tiny_llama(template=template))
        info = engine.load(LoadSpec(str(path), cost_curve=((1, 1.0),)), lambda _: True)
        assert info.template != "file"
        assert info.template_problem
        engine.unload(info.handle)


def test_a_file_without_a_template_is_said_to_have_none(engine, tmp_path):
    path = write(tmp_path / "t.gguf", tiny_llama(template=None))
    info = engine.load(LoadSpec(str(path), cost_curve=((1, 1.0),)), lambda _: True)
    assert (info.template, info.has_chat_template) == ("plain", False)
    engine.unload(info.handle)


@pytest.mark.parametrize("count", [3, pytest.param(100, marks=pytest.mark.soak)])
def test_an_engine_works_on_after_refused_loads(engine, tmp_path, count):
    path = write(tmp_path / "nan.gguf", tiny_llama(nan=True))
    for _ in range(count):
        refused(engine, path)
    spec = LoadSpec(str(write(tmp_path / "t.gguf", tiny_llama())), cost_curve=((1, 1.0),), template_checked=True)
    engine.unload(engine.load(spec, lambda _: True).handle)


def test_the_sizes_are_read_from_the_log():
    lines = [
        "load_tensors:          CPU model buffer size =    10.00 MiB",
        "load_tensors:   CPU_REPACK model buffer size =     5.00 MiB",
        "llama_kv_cache:        CPU KV buffer size =     3.00 MiB",
        "llama_kv_cache: size =    3.00 MiB (   512 cells,   5 layers,  8/1 seqs), K (f16):    1.50 MiB",
        "llama_kv_cache: size =    2.00 MiB (   512 cells,  25 layers,  8/1 seqs), K (f16):    1.00 MiB",
        "llama_memory_recurrent: size =    4.00 MiB (     8 cells,  24 layers,  8 seqs), R (f32):    0.50 MiB",
        "llama_context:        CPU  output buffer size =     1.50 MiB",
        "sched_reserve:        CPU compute buffer size =    98.50 MiB",
    ]
    parts = parts_from_log(lines)
    assert (parts.weights, parts.kv_cache, parts.compute) == (15 << 20, 9 << 20, 100 << 20)
    assert parts_from_log(lines, weights=7).weights == 7


def test_a_second_context_only_where_it_costs_little():
    assert choose_pool(4096, MemoryParts(weights=800, kv_cache=100, compute=0), 1000) == 8192
    assert choose_pool(4096, MemoryParts(weights=800, kv_cache=101, compute=0), 1000) == 4096
    assert (
        choose_pool(4096, MemoryParts(weights=801, kv_cache=100, compute=0), 1000) == 4096
    )  # the second would not fit


def test_sampling_defaults_do_not_override_a_wish():
    assert Sampling(temperature=0.1).over(Sampling(temperature=0.9, top_k=3)) == Sampling(temperature=0.1, top_k=3)
