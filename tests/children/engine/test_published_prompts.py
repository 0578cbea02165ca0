"""How families are asked, word for word: the turns of their published templates and their publishers' sampling."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from children.engine.test_architectures import CHAT
from fakes.tiny_families import make

from slmdesk.base.record import to_json
from slmdesk.children.engine.llama.templates import ChatFormat
from slmdesk.children.engine.llama.vocabulary import open_vocabulary
from slmdesk.models.gguf.header import family_of, recommended_sampling
from slmdesk.models.gguf.read import read_header

pytestmark = pytest.mark.model

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CHATML = "chatml"
OWN = {
    CHATML: (
        "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    ),
    "llama3": (
        "{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' ~ m.role ~ '<|end_header_id|>\n\n' }}"
        "{{ m.content|trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "gemma": (  # knows no system turn: refuses what does not alternate, puts the system's words into the first
        "{{ bos_token }}{% if messages[0].role == 'system' %}{% set words = messages[0].content + '\n\n' %}"
        "{% set rest = messages[1:] %}{% else %}{% set words = '' %}{% set rest = messages %}{% endif %}"
        "{% for m in rest %}"
        "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
        "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' + "
        "(words if loop.first else '') + m.content | trim + '<end_of_turn>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    ),
}
"""Templates after the published ones, in our own words."""
FAMILIES = {  # general.architecture, general.name, the published template or the format of one in our own words
    "apertus": ("apertus", "Apertus 8B Instruct 2509", "Apertus-8B-Instruct"),
    "bielik": ("llama", "Bielik 11B v2.3 Instruct", CHATML),
    "eurollm": ("llama", "EuroLLM 9B Instruct 2512", CHATML),
    "gemma3": ("gemma3", "Gemma 3 4b It", "gemma"),
    "gemma4": ("gemma4", "Gemma 4 E4B It", "google-gemma-4-31B-it"),
    "gpt-oss": ("gpt-oss", "Gpt Oss 20b", "openai-gpt-oss-120b"),
    "granite3": ("granite", "Granite 3.3 2b Instruct", "ibm-granite-granite-3.3-2B-Instruct"),
    "granite4": ("granite", "Granite 4.1 3b", "ibm-granite-granite-4.1"),
    "lfm2.5": ("lfm2", "LFM2.5 1.2B Instruct", CHATML),
    "llama3": ("llama", "Llama 3.2 3B Instruct", "llama3"),
    "ministral3": ("mistral3", "Ministral 3 3B Instruct 2512", "mistralai-Ministral-3-14B-Reasoning-2512"),
    "mistral": ("llama", "Mistral Nemo Instruct 2407", "mistralai-Mistral-Nemo-Instruct-2407"),
    "phi3": ("phi3", "Phi 3.5 Mini Instruct", "microsoft-Phi-3.5-mini-instruct"),
    "qwen2.5": ("qwen2", "Qwen2.5 7B Instruct", "Qwen-Qwen2.5-7B-Instruct"),
    "qwen3": ("qwen3", "Qwen3 4B", "Qwen-Qwen3-0.6B"),
    "qwen3.5": ("qwen35", "Qwen3.5 4B", "Qwen3.5-4B"),
    "smollm3": ("smollm3", "SmolLM3 3B", "HuggingFaceTB-SmolLM3-3B"),
    "unknown": ("olmo2", "Qwen of Nowhere", CHATML),
}


def template_of(name: str) -> str:
    return OWN.get(name) or (GOLDEN / "templates" / f"{name}.jinja").read_text(encoding="utf-8")


def asked(folder: Path, architecture: str, name: str, template: str) -> str:
    """What is known of a file, and its prompts for the same conversation in each way of thinking that it has."""
    header = read_header(make("qwen3", folder, template=template_of(template), title=name, architecture=architecture))
    family = family_of(header)
    recommended = to_json(recommended_sampling(header))
    sampling = {key: value for key, value in recommended.items() if type(value) in (int, float)}
    lines = [f"family: {family.name if family else 'none'}", f"sampling: {sampling}"]
    with open_vocabulary(folder / "tiny-qwen3.gguf") as vocabulary:
        chat_format = ChatFormat.for_model(
            template=header.chat_template, architecture=architecture, name=name, vocabulary=vocabulary,
            requested=family.format or None if family else None, clock=lambda: datetime(2026, 11, 25),
        )  # fmt: skip
        assert (chat_format.source, chat_format.problem) == ("file", "")
        for thinking in chat_format.thinking or ("off",):
            rendered = chat_format.render(CHAT, thinking=thinking)
            assert not rendered.missing
            written = [part.text for part in rendered.parts if not part.trusted]
            assert sorted(written) == sorted(message.text for message in CHAT)
            lines.append(f"--- thinking: {thinking}\n{rendered.text}⏎")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_asked_as_its_publisher_does(tmp_path: Path, family: str) -> None:
    golden = (GOLDEN / "prompts" / f"{family}.txt").read_text(encoding="utf-8")
    assert asked(tmp_path, *FAMILIES[family]) == golden
