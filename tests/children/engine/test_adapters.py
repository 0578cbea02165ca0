"""LoRA adapters: put on per request, never mixed in a batch, never sharing what another has read."""

from __future__ import annotations

import numpy as np
import pytest
from children.engine.asking import Model, OpenModel
from fakes import tiny_families
from fakes.tiny_lora import RANK, TARGETS, make_lora

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Priority, PromptPart, Sampling
from slmdesk.children.engine.interface import Request
from slmdesk.children.engine.llama.context import Adapter
from slmdesk.children.engine.llama.slots import Admission
from slmdesk.models.gguf.header import misfit, require_adapter
from slmdesk.models.gguf.read import read_header

TEN = Sampling(temperature=0.0, max_tokens=10, ignore_eos=True)
WORDS = "Once upon a time there was a very small model that knew nothing at all of the world."


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_families.make("llama2", tmp_path_factory.mktemp("base"))


@pytest.fixture
def lora(base, tmp_path):
    return make_lora(base, tmp_path / "lora.gguf")


def ask(model: Model, lora: object = "", scale: float = 1.0, *, text: str = WORDS, sampling: Sampling = TEN):
    prompt = (PromptPart(text, trusted=False),)
    requested = Request("a", model.info.handle, prompt=prompt, sampling=sampling, lora=str(lora), lora_scale=scale)
    return model.ask(requested)


@pytest.mark.model
def test_an_adapter_changes_the_answer_and_its_absence_restores_it(open_model: OpenModel, base, lora):
    model = open_model(base)
    plain = ask(model).finished()
    changed = ask(model, lora).finished()
    assert changed.answer.text != plain.answer.text
    assert changed.answer.usage.cached_tokens == 0  # what was read without it is of no use to it
    again = ask(model, lora).finished()
    assert again.answer.text == changed.answer.text
    assert again.answer.usage.cached_tokens > 0  # but what it has read itself is
    off = ask(model, lora, 0.0).finished()
    assert off.answer.text == plain.answer.text
    assert off.answer.usage.cached_tokens > 0
    other_strength = ask(model, lora, 2.0).finished()
    assert other_strength.answer.usage.cached_tokens == 0
    assert other_strength.answer.text not in (plain.answer.text, changed.answer.text)


@pytest.mark.model
def test_what_an_adapter_does_is_what_the_changed_weights_would_do(open_model: OpenModel, base, lora, tmp_path):
    """The proof that it is applied, and at its strength: the same matrices added to the weights of another file."""
    merged = _merged(base, lora, tmp_path / "merged.gguf", scale=0.5)
    by_adapter = ask(open_model(base), lora, 0.5).finished().answer.text
    assert by_adapter == ask(open_model(merged)).finished().answer.text


@pytest.mark.model
def test_requests_with_different_adapters_side_by_side_answer_as_if_alone(open_model: OpenModel, base, lora, tmp_path):
    other = make_lora(base, tmp_path / "other.gguf", seed=9)
    model = open_model(base)
    requests = [("", 1.0), (lora, 1.0), (other, 1.0), (lora, 0.5), ("", 1.0), (other, 1.0)]
    texts = [f"{WORDS} And number {number} said" for number in range(len(requests))]
    alone = [
        ask(open_model(base), path, scale, text=text).finished().answer.text
        for (path, scale), text in zip(requests, texts, strict=True)
    ]
    together = model.ask(
        *(
            Request(
                str(number), model.info.handle, prompt=(PromptPart(text, trusted=False),), sampling=TEN,
                lora=str(path), lora_scale=scale,
            )
            for number, ((path, scale), text) in enumerate(zip(requests, texts, strict=True))
        )
    )  # fmt: skip
    assert [together.finished(str(number)).answer.text for number in range(len(requests))] == alone


@pytest.mark.model
def test_a_person_with_an_adapter_goes_before_background_without_one(open_model: OpenModel, base, lora):
    model = open_model(base)
    long = Sampling(temperature=0.0, max_tokens=400, ignore_eos=True)
    prompt = (PromptPart(WORDS, trusted=False),)
    work = [Request(str(n), model.info.handle, prompt=prompt, sampling=long) for n in range(4)]
    background = model.engine.generate(work, Priority.BACKGROUND)
    next(event for event in background if getattr(event, "text", ""))
    answer = ask(model, lora).finished().answer
    assert answer.text == ask(open_model(base), lora).finished().answer.text
    ends = [event for event in background if hasattr(event, "answer")]
    assert len(ends) == 4
    assert all(end.answer.usage.output_tokens == 400 for end in ends)


@pytest.mark.pure
def test_nobody_overtakes_one_who_waits_for_another_adapter():
    class Waits:
        def __init__(self, adapter: Adapter) -> None:
            self.adapter, self.priority = adapter, Priority.INTERACTIVE
            self.tokens, self.tokens_to_write, self.read = [1, 2], 4, 0
            self.writing, self.reproducible = False, True

        def note_cached(self) -> None: ...

        def report_read(self) -> None: ...

    class Plenty:
        is_empty = True

        def open(self, _sequence: object) -> bool:
            return True

        def make_way(self, _sequence: object) -> None: ...

        def best_prefix(self, *_: object) -> tuple[None, int]:
            return None, 0

    former, other = Adapter(1, 1.0), Adapter(2, 1.0)
    queue = [Waits(former), Waits(former), Waits(other), Waits(former)]
    who = Admission(Plenty(), cells=1000, sequences=4)
    who.queue(queue)
    who.admit()
    assert who.active == queue[:2]
    who.active.clear()
    who.admit()
    assert who.active == queue[2:3]


@pytest.mark.model
def test_many_requests_open_an_adapter_once_and_many_adapters_do_not_pile_up(open_model: OpenModel, base, tmp_path):
    model = open_model(base)
    adapters = [make_lora(base, tmp_path / f"{number}.gguf", seed=number) for number in range(12)]
    sampling = Sampling(temperature=0.0, max_tokens=2, ignore_eos=True)
    first = [ask(model, path, sampling=sampling).finished().answer.text for path in adapters]
    again = [ask(model, path, sampling=sampling).finished().answer.text for path in reversed(adapters)]
    assert first == again[::-1]
    held = model.engine.model(model.info.handle).adapters
    assert len(held.opened) <= 8
    for _ in range(100):
        ask(model, adapters[0], sampling=sampling)
    assert len(held.opened) <= 8


def _bad(base, folder, name):
    """An adapter that is wrong in one way."""
    path = folder / f"{name}.gguf"
    whole = np.ones((RANK, 64), np.float32)
    changes = {
        "other architecture": lambda: make_lora(base, path, architecture="gemma2"),
        "other size": lambda: make_lora(base, path, change={
            TARGETS[0] + ".lora_a": np.ones((RANK, 32), np.float32),
        }),
        "part not there": lambda: make_lora(base, path, change={
            "blk.77.attn_q.weight.lora_a": whole, "blk.77.attn_q.weight.lora_b": np.ones((64, RANK), np.float32),
        }),
        "whole numbers": lambda: make_lora(base, path, change={TARGETS[0] + ".lora_a": whole.astype(np.int32)}),
        "three dimensions": lambda: make_lora(base, path, change={
            TARGETS[0] + ".lora_a": np.ones((3, RANK, 64), np.float32),
        }),
        "one half": lambda: make_lora(base, path, change={TARGETS[0] + ".lora_b": None}),
        "not thin": lambda: make_lora(base, path, change={TARGETS[0] + ".lora_a": np.ones((5, 64), np.float32)}),
        "something else in it": lambda: make_lora(base, path, change={"blk.0.attn_q.weight": whole}),
        "nothing in it": lambda: make_lora(base, path, targets=(), change={"blk.0.attn_norm.weight": whole[0]}),
        "no kind": lambda: make_lora(base, path, keys={"adapter.type": None}),
        "another kind": lambda: make_lora(base, path, keys={"adapter.type": "control_vector"}),
        "strength of the wrong type": lambda: make_lora(base, path, keys={"adapter.lora.alpha": np.float64(4)}),
        "strength no number": lambda: make_lora(base, path, keys={"adapter.lora.alpha": float("nan")}),
        "activated": lambda: make_lora(base, path, keys={"adapter.alora.invocation_tokens": 3}),
    }  # fmt: skip
    if name in changes:
        return changes[name]()
    good = make_lora(base, path).read_bytes()
    path.write_bytes({"cut": good[:-100], "cut in its header": good[:300], "no adapter": b"x" * 100}[name])
    return path


BAD = {
    "other architecture": "adapter.other_model", "other size": "adapter.other_model",
    "part not there": "adapter.other_model", "whole numbers": "adapter.unusable",
    "three dimensions": "adapter.other_model", "one half": "adapter.unusable", "not thin": "adapter.other_model",
    "something else in it": "adapter.unusable", "nothing in it": "adapter.unusable", "no kind": "adapter.unusable",
    "another kind": "adapter.unusable", "strength of the wrong type": "adapter.unusable",
    "strength no number": "adapter.unusable", "activated": "adapter.unusable", "cut": "adapter.unusable",
    "cut in its header": "adapter.unusable", "no adapter": "adapter.unusable",
}  # fmt: skip


@pytest.mark.model
def test_adapters_that_are_wrong_are_refused_each_with_its_reason_and_the_model_answers_on(
    open_model: OpenModel, base, tmp_path
):
    model = open_model(base)
    plain = ask(model).finished().answer.text
    reasons = set()
    for name, code in BAD.items():
        failed = ask(model, _bad(base, tmp_path, name)).failed()
        assert failed.code == code, name
        reasons.add(failed.args["reason"])
    assert len(reasons) >= 12
    missing = ask(model, tmp_path / "away.gguf").failed()
    assert (missing.code, missing.args["reason"]) == ("adapter.unusable", "its file is not there")
    assert ask(model).finished().answer.text == plain


@pytest.mark.model
def test_an_adapter_of_no_numbers_is_to_blame_itself(open_model: OpenModel, base, tmp_path):
    nothing = make_lora(
        base, tmp_path / "nan.gguf", change={TARGETS[0] + ".lora_b": np.full((64, RANK), np.nan, np.float32)}
    )
    model = open_model(base)
    plain = ask(model).finished().answer.text
    failed = ask(model, nothing).failed()
    assert (failed.code, failed.args["adapter"]) == ("adapter.unusable", "Tiny adapter")
    assert ask(model).finished().answer.text == plain


@pytest.mark.model
def test_a_changed_token_table_is_refused_where_it_is_the_output_too(open_model: OpenModel, base, tmp_path):
    tied = tiny_families.make("smollm2", tmp_path)
    for path, is_right in ((base, True), (tied, False)):
        into, tokens = read_header(path).tensors.shapes["token_embd.weight"]
        table = {
            "token_embd.weight.lora_a": np.ones((tokens, RANK), np.float32),
            "token_embd.weight.lora_b": np.ones((into, RANK), np.float32),
        }
        asked = ask(open_model(path), make_lora(path, tmp_path / "table.gguf", targets=(), change=table))
        assert (asked.finished() if is_right else asked.failed()) is not None
        if not is_right:
            assert asked.failed().code == "adapter.other_model"


@pytest.mark.pure
def test_an_adapter_is_told_from_a_model(base, lora):
    adapter = read_header(lora)
    require_adapter(adapter)
    assert adapter.kind == "adapter"
    assert misfit(read_header(base), adapter) == ""
    with pytest.raises(KnownError, match=r"^model\.wrong_kind "):
        require_adapter(read_header(base))


@pytest.mark.model
def test_an_adapter_over_every_matrix_of_the_real_model(open_model: OpenModel, starter_model, tmp_path):
    shapes = read_header(starter_model).tensors.shapes
    parts = [name for name in shapes if name.startswith("blk.") and "norm" not in name and name.endswith(".weight")]
    assert len(parts) == 30 * 7
    lora = make_lora(starter_model, tmp_path / "all.gguf", targets=parts, strength=0.3)
    model = open_model(starter_model)
    short = Sampling(temperature=0.0, max_tokens=4)
    plain = model.answer(model.request("Name a colour.", sampling=short)).text
    changed = model.answer(model.request("Name a colour.", sampling=short, lora=str(lora))).text
    assert changed != plain
    assert model.answer(model.request("Name a colour.", sampling=short)).text == plain


def _merged(base, lora, path, *, scale: float):
    """The base with the adapter's change added to its weights."""
    import gguf

    header, small = gguf.GGUFReader(base), gguf.GGUFReader(lora)
    changes = {tensor.name: tensor.data for tensor in small.tensors}
    reader = {tensor.name: tensor for tensor in header.tensors}
    raw = bytearray(base.read_bytes())
    for name in TARGETS:
        delta = changes[name + ".lora_b"] @ changes[name + ".lora_a"]
        weight = reader[name]
        weights = (weight.data.astype(np.float32) + scale * delta).astype(np.float16)
        raw[weight.data_offset : weight.data_offset + weights.nbytes] = weights.tobytes()
    path.write_bytes(raw)
    return path
