"""Layers on a graphics card.  The card is the processor, which llama.cpp takes as a device like any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from children.engine.asking import LINEAR, Model
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Device, Offload, Sampling
from slmdesk.children.engine.llama import cards, loading
from slmdesk.children.engine.llama.cards import ON_PROCESSOR, Card, best_card, find_backends, find_cards
from slmdesk.children.engine.llama.library import compute_from_log, load_library
from slmdesk.children.engine.llama.loading import _params
from slmdesk.models.gguf.memory import RESERVE
from slmdesk.models.loader.model_loader import card_backends

pytestmark = pytest.mark.model

SHORT = Sampling(temperature=0.0, max_tokens=8)
LAYERS = 31
"""Of the starter model and of the tiny one here, with its output."""


def pretended(free_bytes: int, name: str = "Card", *, is_integrated: bool = False) -> Card:
    pointer = cards.bound().ggml_backend_dev_get(0)
    return Card(Device(name, 8 << 30, free_bytes, is_integrated), "CPU", pointer)


@pytest.fixture
def on_card(monkeypatch, open_model, tmp_path):
    """Loads a tiny model, or another one, with these cards there."""
    tiny = write(tmp_path / "deep.gguf", tiny_llama(layers=LAYERS - 1))
    monkeypatch.setattr(loading, "behaves", lambda *_: True)  # the tiny one would not
    monkeypatch.setattr(loading, "measure_curve", lambda *_, **__: LINEAR)

    def load(*there: Card, path: Path = tiny, **spec) -> Model:
        monkeypatch.setattr(cards, "find_cards", lambda: there)
        return open_model(path, **spec)

    return load


def answer_of(model: Model) -> str:
    return model.ask(model.request("Name three colours.", sampling=SHORT)).text()


def test_a_card_with_room_gets_all_layers_and_gives_the_same_answer(on_card, fresh_starter, starter_model) -> None:
    model = on_card(pretended(8 << 30), path=starter_model)
    assert model.info.offload == Offload("Card", LAYERS, LAYERS)
    assert answer_of(model) == answer_of(fresh_starter)
    assert model.engine.card_of_load() == "Card"
    assert model.engine.state_version(model.info.handle).endswith("on Card")


def test_a_small_card_gets_some_layers_and_a_full_one_none(on_card) -> None:
    model = on_card(pretended(RESERVE + (14 << 20)))
    assert model.info.offload
    assert 1 < model.info.offload.layers < LAYERS
    assert answer_of(model) == answer_of(on_card())
    full = on_card(pretended(RESERVE))
    assert (full.info.offload, full.engine.card_of_load()) == (None, "")


def test_not_when_a_person_does_not_want_it(on_card) -> None:
    assert on_card(pretended(8 << 30), use_card=False).info.offload is None


def test_what_was_measured_elsewhere_is_measured_again(on_card, monkeypatch) -> None:
    there, measured = Offload("Card", LAYERS, LAYERS), ((1, 1.0), (2, 1.9))
    monkeypatch.setattr(loading, "measure_curve", lambda *_, **__: measured)
    assert on_card(pretended(8 << 30), cost_curve=LINEAR, measured_on=there).info.cost_curve == LINEAR
    assert on_card(pretended(8 << 30), cost_curve=LINEAR).info.cost_curve == measured
    assert on_card(cost_curve=LINEAR, measured_on=there).info.cost_curve == measured


def failing(monkeypatch, most_layers: int, complaint: bytes) -> list[int]:
    """From now on a load with more than `most_layers` on the card fails as the library does, with this in its log."""
    tried: list[int] = []
    plain = loading.open_weights

    def open_weights(library, path, header, on_progress, placement):
        tried.append(placement.layers)
        if placement.layers > most_layers:
            library.log.write(4, complaint)
            raise KnownError("model.damaged", reason="failed to load model")
        return plain(library, path, header, on_progress, placement)

    monkeypatch.setattr(loading, "open_weights", open_weights)
    return tried


def test_a_card_that_has_too_little_memory_after_all_gets_half_as_many_layers(on_card, monkeypatch) -> None:
    tried = failing(monkeypatch, 10, b"alloc_tensor_range: failed to allocate Vulkan0 buffer of size 96573849\n")
    assert on_card(pretended(8 << 30)).info.offload == Offload("Card", 7, LAYERS)
    assert tried == [31, 15, 7]
    tried.clear()
    failing(monkeypatch, 0, b"ggml_backend_cuda_buffer_type_alloc_buffer: cudaMalloc failed: out of memory\n")
    assert on_card(pretended(8 << 30)).info.offload is None


def test_a_card_that_fails_otherwise_is_not_tried_again(on_card, monkeypatch) -> None:
    tried = failing(monkeypatch, 0, b"the driver has lost its device\n")
    model = on_card(pretended(8 << 30))
    assert tried == [31, 0]
    assert model.info.offload is None
    assert model.engine.card_of_load() == ""


def test_a_card_that_computes_nonsense_is_not_used(on_card, monkeypatch) -> None:
    sane = iter((False, True))
    monkeypatch.setattr(loading, "behaves", lambda *_: next(sane))
    info = on_card(pretended(8 << 30)).info
    assert (info.offload, info.behaves) == (None, True)


def test_a_damaged_model_is_refused_as_without_a_card(on_card, monkeypatch) -> None:
    tried = failing(monkeypatch, -1, b"tensor 'blk.1.attn_q.weight' has invalid data\n")
    with pytest.raises(KnownError, match=r"model\.damaged"):
        on_card(pretended(8 << 30))
    assert tried == [31, 0]


def test_the_memory_of_the_card_counts_besides_that_of_the_pc(on_card, monkeypatch) -> None:
    monkeypatch.setattr(loading, "free_memory", lambda: 14_000_000)
    model = on_card(pretended(8 << 30))
    assert model.info.offload == Offload("Card", LAYERS, LAYERS)
    for card in (pretended(RESERVE), pretended(8 << 30, is_integrated=True)):  # the latter's memory is the PC's
        with pytest.raises(KnownError, match=r"model\.out_of_memory"):
            on_card(card)


def test_of_several_cards_the_one_with_most_room_is_taken_an_integrated_one_last(monkeypatch) -> None:
    small, large = pretended(1 << 30, "small"), pretended(4 << 30, "large")
    integrated = pretended(16 << 30, "integrated", is_integrated=True)
    monkeypatch.setattr(cards, "find_cards", lambda: (small, integrated, large))
    assert best_card() == large
    monkeypatch.setattr(cards, "find_cards", lambda: (integrated,))
    assert best_card() == integrated
    monkeypatch.setattr(cards, "find_cards", lambda: ())
    assert best_card() is None


def test_the_library_here_says_what_it_was_built_for() -> None:
    others = [name for name in find_backends() if not name.startswith("CPU")]
    assert len(find_backends()) == len(others) + 1
    assert bool(card_backends()) == bool(others)  # by its files, without loading it
    assert all(card.pointer and card.device.name for card in find_cards())


def test_the_buffers_of_a_card_are_told_from_others_in_the_log() -> None:
    lines = [
        "llama_context: Vulkan_Host  output buffer size =     4.50 MiB",
        "llama_kv_cache:    Vulkan0 KV buffer size =     9.00 MiB",
        "sched_reserve:    Vulkan0 compute buffer size =    15.00 MiB",
        "sched_reserve: Vulkan_Host compute buffer size =     6.46 MiB",
    ]
    assert compute_from_log(lines, "Vulkan0") == 15 << 20


def test_an_encoder_stays_with_the_processor() -> None:
    library = load_library()
    params, held = _params(library, ON_PROCESSOR)
    assert (params.n_gpu_layers, bool(params.devices), held[0]) == (0, True, None)
