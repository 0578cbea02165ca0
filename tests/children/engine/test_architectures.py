"""Every family of the curated list loads, decodes and is spoken to in its published format (tiny random weights)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from children.engine.asking import LINEAR, Model
from fakes import tiny_families
from fakes.tiny_families import make

from slmdesk.base.errors import KnownError
from slmdesk.base.types import ChatMessage, LoadSpec, Role, Sampling, TextPart
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.engine.llama.library import load_library
from slmdesk.models.gguf.memory import STATEFUL_SEQUENCES, estimate
from slmdesk.models.gguf.read import check_file
from slmdesk.models.hub.search import Skill, load_catalogue

pytestmark = pytest.mark.model

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "families"
ENCODERS = ("bert", "nomic", "granite-embedding")
CATALOGUE = {
    "Llama": ("llama2", "llama3"),
    "Alpaca": ("alpaca",),
    "Mistral 7B": ("mistral", "orca2"),
    "Mixtral 8x7B": ("mixtral",),
    "Granite": ("granite", "granite-moe", "granite-code", "starcoder2"),
    "Phi": ("phi2", "phi3"),
    "Orca 2": ("orca2",),
    "OpenELM": ("openelm",),
    "StableLM": ("stablelm",),
    "Falcon": ("falcon", "falcon3"),
    "Gemma": ("gemma", "gemma2", "gemma3"),
    "Qwen": ("qwen2", "qwen3", "qwen35"),
    "SmolLM": ("smollm2", "smollm3"),
    "EuroLLM": ("orca2",),
    "Tower": ("orca2",),
    "Embedding": ENCODERS,
    "Gemma 4": ("gemma4",),
    "LFM2.5": ("lfm2", "lfm2moe"),
    "Ministral 3": ("ministral3",),
    "gpt-oss": ("gpt-oss",),
    "Apertus": ("apertus",),
    "Hy-MT2": ("hunyuan",),
    "TranslateGemma": ("gemma3",),
    "MiLMMT-46": ("gemma3",),
    "Spark": ("spark",),
    "PaddleOCR": ("paddleocr",),
}
"""Which tiny models stand for a family of the list; Bielik 11B is a Mistral, EuroLLM and Tower are Llamas that
speak ChatML, as the Orca is."""
RECURRENT = ("qwen35", "lfm2", "lfm2moe")
"""A state is no list of cells: a part of it cannot be taken back."""
WRITERS = [name for name in tiny_families.FAMILIES if name not in ENCODERS]
SHORT = Sampling(temperature=0, max_tokens=8, ignore_eos=True)
CHAT = (
    ChatMessage(Role.SYSTEM, (TextPart("Be brief."),)),
    ChatMessage(Role.USER, (TextPart("Who?"),)),
    ChatMessage(Role.ASSISTANT, (TextPart("Me."),)),
    ChatMessage(Role.USER, (TextPart("Where?"),)),
)


def loaded(engine: LlamaEngine, path: Path, template: str | None) -> Model:
    spec = LoadSpec(str(path), template=template, template_checked=True, cost_curve=LINEAR, context_tokens=1024)
    return Model(engine, engine.load(spec, lambda _: True))


def golden(name: str, *, bos: bool) -> str:
    """The second conversation of a format's golden file, with this chat's words and the tiny models' tokens."""
    texts = re.split("⏎\n\n?", (GOLDEN / f"{name}.txt").read_text(encoding="utf-8"))
    text = re.sub(r"«\w+ (\d)»", lambda match: CHAT[int(match[1])].text, texts[1])
    text = text.replace("<BOS>", "<s>").replace("<EOS>", "</s>").rstrip(" ")
    return text if text.startswith("<s>") or not bos else "<s>" + text


def test_each_family_of_the_list_is_tried() -> None:
    entries = [entry for entry in load_catalogue() if Skill.SPEECH not in entry.good_at]  # see test_hearing.py
    assert set(CATALOGUE) == {entry.family for entry in entries}
    assert {name for names in CATALOGUE.values() for name in names} == set(tiny_families.FAMILIES)


@pytest.mark.parametrize("name", WRITERS)
def test_an_architecture_loads_answers_and_keeps_its_format(engine: LlamaEngine, tmp_path: Path, name: str) -> None:
    tiny = tiny_families.FAMILIES[name]
    path = make(name, tmp_path)
    header = check_file(path)
    assert (header.kind, header.architecture) == ("model", tiny.architecture)
    model = loaded(engine, path, tiny.format)
    info = model.info
    try:
        assert info.template in (f"builtin:{tiny.format}", "plain")
        rendered = engine.render(info.handle, CHAT)
        assert rendered.text == golden(tiny.format, bos=tiny.bos)
        assert not rendered.missing
        answer = model.answer(model.request(CHAT, sampling=SHORT))
        assert answer.usage.prompt_tokens == rendered.tokens
        assert answer.usage.output_tokens == 8
        again = model.ask(model.request(CHAT, "b", sampling=SHORT)).finished("b").answer
        assert again.text == answer.text
        if name not in RECURRENT:
            assert again.usage.cached_tokens > 0  # its memory can be taken back and read again
        places = 2 * STATEFUL_SEQUENCES if name in RECURRENT else 64
        forecast = estimate(header, context_tokens=info.pool_tokens, sequences=places).kv_cache
        if info.sliding_window:  # the library rounds the window of all sequences up
            assert forecast >= info.memory.kv_cache
        else:
            assert forecast == pytest.approx(info.memory.kv_cache, abs=6000)  # it says hundredths of a MiB
    finally:
        engine.unload(info.handle)


def test_a_mixture_of_2023_is_named_for_what_it_is(engine: LlamaEngine, tmp_path: Path) -> None:
    path = make("mixtral-2023", tmp_path)
    with pytest.raises(KnownError, match=r"^model\.unsupported "):
        loaded(engine, path, None)
    api = load_library().api  # and rightly: once the library reads such files again, this fails
    assert not api.llama_model_load_from_file(str(path).encode(), api.llama_model_default_params())


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_named_and_gives_vectors(engine: LlamaEngine, tmp_path: Path, name: str) -> None:
    path = make(name, tmp_path)
    assert check_file(path).kind == "encoder"
    with pytest.raises(KnownError) as caught:
        loaded(engine, path, None)
    assert (caught.value.code, caught.value.args_for_people["kind"]) == ("model.wrong_kind", "encoder")
    (vectors,) = engine.embed(str(path), ["hello", "hello", "there"], lambda: True)
    hello, again, there = (np.frombuffer(raw, "<f4") for raw in vectors)
    assert hello.shape == (tiny_families.Shape.embedding,)
    assert float(hello @ again) > 0.999 > float(hello @ there)
