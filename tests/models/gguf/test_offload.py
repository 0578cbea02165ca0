"""How many layers a graphics card holds."""

from __future__ import annotations

from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.record import to_json
from slmdesk.base.types import Offload
from slmdesk.models.gguf.memory import RESERVE, CardNeeds, card_needs, estimate, offload_of, offload_words
from slmdesk.models.gguf.read import read_header

NEEDS = CardNeeds(layers=(100, 200, 300), output=50, compute=7)


def test_the_output_goes_first_and_then_the_last_layers() -> None:
    assert [NEEDS.bytes_of(count) for count in range(5)] == [0, 57, 357, 557, 657]


def test_as_many_layers_as_the_free_memory_holds_beside_the_reserve() -> None:
    free = (0, 56, 57, 356, 357, 557, 656, 657, 10**12)
    assert [NEEDS.layers_within(RESERVE + spare) for spare in free] == [0, 0, 1, 1, 2, 3, 3, 4, 4]
    assert NEEDS.layers_within(657) == NEEDS.layers_within(0) == 0


def test_weights_and_cache_of_a_model_are_all_counted(starter_model, tmp_path) -> None:
    for path in (starter_model, write(tmp_path / "t.gguf", tiny_llama())):
        header = read_header(path)
        needs = card_needs(header, context_tokens=2048, sequences=4, batch=512, compute_bytes=0)
        assert len(needs.layers) == header.layers
        assert all(needs.layers)
        whole = estimate(header, context_tokens=2048, sequences=4)
        is_tied = "output.weight" not in header.tensors.shapes
        table = 0 if is_tied else header.tensors.table_bytes  # which stays in the PC; tied, the card has a copy
        assert needs.bytes_of(header.layers + 1) == whole.weights + whole.kv_cache - table


def test_what_was_on_a_card_in_words_and_in_the_record() -> None:
    whole, part = Offload("NVIDIA T400", 31, 31), Offload("NVIDIA T400", 12, 31)
    assert offload_words(whole) == "all 31 layers on NVIDIA T400"
    assert offload_words(part) == "12 of 31 layers on NVIDIA T400"
    assert offload_of({"offload": to_json(part)}) == part
    for untrusted in ({}, {"offload": None}, {"offload": "all"}, {"offload": {"device": 3}}):
        assert offload_of(untrusted) is None
