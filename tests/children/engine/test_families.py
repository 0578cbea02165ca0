"""Each family's format as a golden file: role markers, begin and end tokens, where the system message goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from slmdesk.children.engine.llama.templates import FAMILIES, FAMILIES_BY_NAME, find_family, lay_out

pytestmark = pytest.mark.pure

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "families"
CONVERSATIONS = (("user",), ("system", "user", "assistant", "user"), ("user", "user", "assistant", "system"))


def shown(family):
    """The three conversations; each message is its role and number between «».  U+23CE marks the end of a text."""
    texts = []
    for roles in CONVERSATIONS:
        pieces = lay_out(family, roles, bos="<BOS>", eos="<EOS>").pieces
        texts.append("".join(f"«{roles[p]} {p}»" if isinstance(p, int) else p for p in pieces) + "⏎\n")
    return "\n".join(texts)


@pytest.mark.parametrize("family", FAMILIES_BY_NAME.values(), ids=lambda family: family.name)
def test_the_format_is_the_golden_one(family):
    golden = GOLDEN / f"{family.name}.txt"
    assert shown(family) == golden.read_text(encoding="utf-8")


def family(template="", architecture="", name="", control=()):
    family = find_family(template=template, architecture=architecture, name=name, is_control=set(control).__contains__)
    return family and family.name


def test_a_family_is_known_by_its_marks_first():
    markers = [marker for family in FAMILIES for marker in family.needs]
    assert family("{{ '<|im_start|>' + x }}", "llama", "x", markers) == "chatml"
    assert family("<|start_header_id|>", "qwen2", "x", markers) == "llama3"
    assert family("<|user|> <|end|>", control=markers) == "phi3"
    assert family("<|user|>") == "zephyr"
    assert family("[INST] <<SYS>>") == "llama2"
    assert family("[INST]") == "mistral"
    assert family("### Instruction:") == "alpaca"
    assert family("USER: ASSISTANT:") == "vicuna"
    assert family("Instruct: Output:") == "phi2"
    assert family("{{ 'Question:\n' + x + 'Answer:\n' }}") == "granite-code"


def test_then_by_architecture_and_name_but_never_without_its_markers():
    assert family(architecture="qwen3", control=("<|im_start|>", "<|im_end|>")) == "chatml"
    assert family(architecture="qwen3") is None
    assert family(architecture="gemma3", control=("<start_of_turn>", "<end_of_turn>")) == "gemma"
    assert family(architecture="llama", name="Mistral-7B") == "mistral"
    assert family(architecture="falcon") == "falcon"
    assert family(architecture="llama", name="Falcon3 3B Instruct") == "falcon3"
    assert family(architecture="phi2", name="phi 2") == "phi2"
    assert family(architecture="unheard", name="of") is None
