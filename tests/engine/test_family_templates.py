"""Files that bring a chat template of their own: those of each family give the same prompt as the built-in format."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine.asking import user
from engine.test_architectures import CHAT, golden, loaded
from fakes import tiny_families
from fakes.tiny_families import make

from slmdesk.engine.llama import LlamaEngine

pytestmark = pytest.mark.model

LOOP, END = "{% for m in messages %}", "{% endfor %}"
ANSWER = "{% if add_generation_prompt %}ANSWER{% endif %}"
FOLD = (  # as those do that know no system turn: refuse what does not alternate, put the system's words into the first
    "{% if messages[0].role == 'system' %}{% set words = messages[0].content + '\n\n' %}{% set rest = messages[1:] %}"
    "{% else %}{% set words = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}"
)
TEMPLATES = {
    "chatml": LOOP + "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}" + END + ANSWER,
    "llama3": (
        "{{ bos_token }}" + LOOP + "{{ '<|start_header_id|>' ~ m.role ~ '<|end_header_id|>\n\n' ~ m.content|trim }}"
        "<|eot_id|>" + END + ANSWER
    ),
    "llama2": (
        LOOP + "{% if m.role == 'user' %}{{ bos_token + '[INST] ' }}"
        "{% if loop.index0 == 1 and messages[0].role == 'system' %}"
        "{{ '<<SYS>>\n' + messages[0].content + '\n<</SYS>>\n\n' }}{% endif %}{{ m.content + ' [/INST]' }}"
        "{% elif m.role == 'assistant' %}{{ ' ' + m.content + ' ' + eos_token }}{% endif %}" + END
    ),
    "mistral": (
        "{{ bos_token }}" + FOLD + "{% if m.role == 'user' %}"
        "{{ '[INST] ' + (words if loop.first else '') + m.content + '[/INST]' }}"
        "{% else %}{{ ' ' + m.content + eos_token }}{% endif %}" + END
    ),
    "gemma": (
        "{{ bos_token }}" + FOLD + "{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' + "
        "(words if loop.first else '') + m.content | trim + '<end_of_turn>\n' }}" + END + ANSWER
    ),
    "granite": (
        LOOP + "{{- '<|start_of_role|>' + m['role'] + '<|end_of_role|>' + m['content'] + '<|end_of_text|>\n' }}"
        "{%- if loop.last and add_generation_prompt %}{{- '<|start_of_role|>assistant<|end_of_role|>' }}{%- endif %}"
        + END
    ),
    "granite-code": (
        LOOP + "{% set names = {'system': 'System', 'user': 'Question', 'assistant': 'Answer'} %}"
        "{{ names[m.role] + ':\n' + m.content + '\n\n' }}" + END + ANSWER
    ),
    "phi3": LOOP + "{{ '<|' ~ m.role ~ '|>\n' ~ m.content ~ '<|end|>\n' }}" + END + ANSWER,
    "zephyr": LOOP + "{{ '<|' + m.role + '|>\n' + m.content + eos_token + '\n' }}" + END + ANSWER,
    "falcon3": (
        LOOP + "{{ '<|' + m.role + '|>\n' + m.content }}{% if m.role == 'assistant' %}{{ eos_token }}{% endif %}"
        "{{ '\n' }}" + END + ANSWER
    ),
}  # fmt: skip
"""Written for this test after the published ones; ANSWER stands for what opens the answer."""
ANSWERS = {
    "chatml": "<|im_start|>assistant\n",
    "llama3": "<|start_header_id|>assistant<|end_header_id|>\n\n",
    "gemma": "<start_of_turn>model\n",
    "granite-code": "Answer:\n",
    "phi3": "<|assistant|>\n",
    "zephyr": "<|assistant|>\n",
    "falcon3": "<|assistant|>\n",
}
CASES = [
    (name, tiny.format)
    for name, tiny in tiny_families.FAMILIES.items()
    if tiny.format in TEMPLATES and name not in ("granite-moe", "openelm", "smollm2", "mixtral")
]


@pytest.mark.parametrize(("name", "form"), CASES)
def test_a_files_own_template_gives_the_published_format(
    engine: LlamaEngine, tmp_path: Path, name: str, form: str
) -> None:
    text = TEMPLATES[form].replace("ANSWER", ANSWERS.get(form, ""))
    model = loaded(engine, make(name, tmp_path, template=text), None)
    try:
        assert model.info.template == "file"
        tiny = tiny_families.FAMILIES[name]
        rendered = engine.render(model.info.handle, CHAT)
        assert rendered.text == golden(form, bos=tiny.bos)
        assert not rendered.missing
        assert [part.text for part in rendered.parts if not part.trusted] == [m.text for m in CHAT]
        assert engine.render(model.info.handle, (user("Hi"),)).text.count("Hi") == 1
    finally:
        engine.unload(model.info.handle)
