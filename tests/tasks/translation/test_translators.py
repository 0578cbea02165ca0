"""Models made for translation are asked as they were trained, and offered for nothing else."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from children.engine.asking import LINEAR
from fakes.recorder import add_model, on_service_thread
from fakes.tiny_families import make

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.text.tagged import Tags
from slmdesk.base.translation import LANGUAGES, Term
from slmdesk.base.types import LoadSpec, Origin, Role
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.engine.llama.templates import FAMILIES_BY_NAME
from slmdesk.models.gguf.header import families, names_of, translator_of
from slmdesk.models.gguf.read import read_header
from slmdesk.models.service import DefaultUse
from slmdesk.tasks.translation.prompts import (
    TranslationStyle,
    messages,
    projection_step,
    prompt_version,
    texts,
    translation_step,
)

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "translators"
HY = "{{ bos_token }}{% for m in messages %}{{ '<｜hy_User｜>' + m.content }}{% endfor %}{{ '<｜hy_Assistant｜>' }}"
REFUSES = "{% for m in messages %}{{ m.content[0]['source_lang_code'] }}<start_of_turn>{% endfor %}"
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
MODELS = {  # family: (tiny model, general.architecture, general.name, what its template does, in our own words)
    "Hy-MT2": ("qwen3", "hunyuan-dense", "Hy MT2 7B", HY),
    "Hunyuan-MT": ("qwen3", "hunyuan-dense", "Hunyuan MT 7B", HY),
    "TranslateGemma": ("gemma3", "", "Translategemma 4b It", REFUSES),
    "MiLMMT-46": ("gemma3", "", "MiLMMT 46 4B v1.0", None),
    "GemmaX2-28": ("gemma2", "", "GemmaX2 28 9B v0.1", None),
    "TowerInstruct": ("llama2", "", "TowerInstruct 7B v0.2", CHATML),
    "Seed-X": ("llama2", "", "Seed X PPO 7B", None),
}
LEASE, GLOSSARY = "The lease ends in May.", (Term("lease", "Mietvertrag"),)
WISHES = TranslationStyle("de", "en", "everyday", "formal", "Do not use this word: X")
CASES = {
    "plain": (LEASE, Tags(), TranslationStyle("de", "en"), {}),
    "Chinese": (LEASE, Tags(), TranslationStyle("zh", "en"), {}),
    "terms": (LEASE, Tags(), TranslationStyle("de", "en"), {"terms": GLOSSARY}),
    "wishes": (LEASE, Tags(), WISHES, {"terms": GLOSSARY}),
    "kept": ("Velmora rents it.", Tags(), TranslationStyle("de", "en"), {"terms": (Term("Velmora", "", keeps=True),)}),
    "tags": ("The <1>lease</1> ends in May.", Tags(paired=(1,)), TranslationStyle("de", "en"), {}),
}


def asked(folder: Path, family: str) -> str:
    """The prompts of all cases as the engine writes them, for a file that only its header tells from others."""
    tiny, architecture, name, template = MODELS[family]
    markers = ("<｜hy_User｜>", "<｜hy_Assistant｜>")
    path = make(tiny, folder, template=template, title=name, architecture=architecture, markers=markers)
    header, engine, prompts = read_header(path), LlamaEngine(), list[str]()
    translator = translator_of(header.architecture, names_of(header))
    assert translator is not None
    assert translator.name == family
    spec = LoadSpec(str(path), template_checked=True, cost_curve=LINEAR, context_tokens=1024, behaves=True)
    model = engine.load(spec, lambda _: True)
    try:
        for title, (text, tags, style, more) in CASES.items():
            turns = messages(text, tags, changed(style, translator=family), **more)
            prompts.append(f"--- {title}\n{engine.render(model.handle, turns).text}⏎\n")
    finally:
        engine.unload(model.handle)
        engine.close()
    return "".join(prompts)


@pytest.mark.model
@pytest.mark.parametrize("family", MODELS)
def test_a_translator_is_asked_as_it_was_trained(tmp_path: Path, family: str) -> None:
    assert asked(tmp_path, family) == (GOLDEN / f"{family}.txt").read_text(encoding="utf-8")


@pytest.mark.pure
def test_the_table_holds_what_can_be_filled_in() -> None:
    for family in families().family:
        assert all((family.source, family.architectures)), family.name
        assert family.format in ("", *FAMILIES_BY_NAME), family.name
        assert not set(family.languages) - set(LANGUAGES), family.name
        if family.translation is None:  # else all jobs would have them
            assert family.sampling.repeat_penalty is None
        else:
            assert family.names, "a translator is recognised by its name, for its template may be any"
            for target in ("zh", "de"):
                style = TranslationStyle(target, "en", formality="formal", translator=family.name)
                (turn,) = messages(LEASE, Tags(), style, terms=GLOSSARY)
                assert turn.role is Role.USER
                assert [part.text for part in turn.parts if part.origin is Origin.DOCUMENT] == [LEASE]
                assert "{" not in turn.text


@pytest.mark.pure
def test_a_model_is_a_translator_by_name_and_architecture_together() -> None:
    assert translator_of("gemma3", "Gemma 3 4b It") is None
    assert translator_of("llama", "Translategemma 4b It") is None
    translator = translator_of("hunyuan-dense", "HY-MT1.5-1.8B")
    assert translator is not None
    assert translator.name == "Hunyuan-MT"
    assert translator_of("hunyuan-dense", "Hunyuan 7B Instruct") is None


@pytest.mark.pure
def test_its_answers_are_kept_apart_and_all_others_stay() -> None:
    style = TranslationStyle("de", "en")
    assert prompt_version() == f"translate-{texts()['version']}"
    family = translator_of("hunyuan-dense", "Hy-MT2 7B")
    assert prompt_version(family) == f"translate-{texts()['version']} Hy-MT2 1"
    usual, own = (
        translation_step(LEASE, Tags(), changed(style, translator=translator)) for translator in ("", "Hy-MT2")
    )
    assert (usual["sampling"]["temperature"], usual["sampling"]["seed"]) == (0.0, None)
    sampling = own["sampling"]
    assert [sampling[name] for name in ("temperature", "top_k", "top_p", "repeat_penalty")] == [0.7, 20, 0.6, 1.05]
    assert (sampling["seed"], sampling["max_tokens"]) == (0, usual["sampling"]["max_tokens"])


@pytest.mark.pure
def test_its_tags_are_placed_by_what_it_takes_for_the_translation_of_their_words() -> None:
    style = TranslationStyle("de", "en", translator="MiLMMT-46")
    step = projection_step("The old house is empty.", "Das alte Haus ist leer.", "old house", style)
    assert step is not None
    assert "".join(part["text"] for part in step["messages"][0]["parts"]).endswith("English: old house\nGerman:")
    assert '"alte Haus"' in step["sampling"]["grammar"]


@pytest.fixture
def recorder(opened, tmp_path):
    """A model for everything and a translator, which was used last."""
    recorder = opened(model=False)
    services = recorder.services
    recorder.usual, made = (add_model(services, tmp_path / f"{name}.gguf", name) for name in ("One", "Two"))
    header = {**made.header, "architecture": "gemma3", "names": "MiLMMT 46 4B v1.0", "has_chat_template": False}
    change = partial(services.store.models.change, made.id, header=header, last_used=5.0)
    recorder.translator = on_service_thread(recorder, change)
    return recorder


@pytest.mark.process
def test_it_is_offered_for_translation_alone(recorder) -> None:
    services, made = recorder.services, recorder.translator
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == recorder.usual.id
    for use in (DefaultUse.CHAT, DefaultUse.SUMMARIZE):
        with pytest.raises(KnownError, match=r"^model\.wrong_job "):
            on_service_thread(recorder, lambda use=use: services.uses.set_default(use, made.id))
    on_service_thread(recorder, lambda: services.uses.set_default(DefaultUse.TRANSLATE, made.id))
    assert on_service_thread(recorder, lambda: services.translations.record(None)).id == made.id
    assert on_service_thread(recorder, lambda: services.models.choose(made.id)).id == made.id, "asked for by name"
    on_service_thread(recorder, lambda: services.models.remove(recorder.usual.id))
    assert on_service_thread(recorder, lambda: services.models.choose(None)).id == made.id, "there is no other"


@pytest.mark.process
def test_what_its_publisher_says_of_it_is_said_before_a_translation(recorder) -> None:
    made = recorder.translator
    said = recorder.calls.recommending.for_pair(made, "en", "uk")
    assert said.words == "Two was not made for Ukrainian; its publisher names 35 others."
    said = recorder.calls.recommending.for_pair(made, "en", "pl", has_terms=True)
    assert said.words == "It cannot be told a glossary: look at the terms flagged."
