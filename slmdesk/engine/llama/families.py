"""The chat formats of model families, as data, for files whose own template is missing or unusable."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from slmdesk.base.record import Record
from slmdesk.engine.llama.template_sandbox import Layout, Turn, fold_system, merge_same, together

BOS, EOS = "{bos}", "{eos}"
"""Stand for the model's own tokens in the texts below."""


class Family(Record):
    name: str
    user: tuple[str, str]
    assistant: tuple[str, str]
    answer: str
    system: tuple[str, str] | None = None
    """None: the system message is in the first user turn, …"""
    folded_system: tuple[str, str] = ("", "\n\n")
    """… between these."""
    start: str = ""
    stop: tuple[str, ...] = ()
    """Words with which such a model, having no token for it, begins the next turn by itself."""
    needs: tuple[str, ...] = ()
    """Texts that must each be one control token of the vocabulary."""
    marks: tuple[tuple[str, ...], ...] = ()
    """A template that holds all texts of one of these groups belongs to this family."""
    architectures: tuple[str, ...] = ()
    """Beginnings of architecture names as the header gives them."""


def _chatml(role: str) -> tuple[str, str]:
    return f"<|im_start|>{role}\n", "<|im_end|>\n"


def _llama3(role: str) -> tuple[str, str]:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n", "<|eot_id|>"


def _granite(role: str) -> tuple[str, str]:
    return f"<|start_of_role|>{role}<|end_of_role|>", "<|end_of_text|>\n"


FAMILIES: tuple[Family, ...] = (
    Family(
        "chatml",
        system=_chatml("system"),
        user=_chatml("user"),
        assistant=_chatml("assistant"),
        answer="<|im_start|>assistant\n",
        needs=("<|im_start|>", "<|im_end|>"),
        marks=(("<|im_start|>",),),
        architectures=("qwen", "smollm", "internlm2"),
    ),
    Family(
        "llama3",
        start=BOS,
        system=_llama3("system"),
        user=_llama3("user"),
        assistant=_llama3("assistant"),
        answer="<|start_header_id|>assistant<|end_header_id|>\n\n",
        needs=("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        marks=(("<|start_header_id|>",),),
        architectures=("llama",),
    ),
    Family(
        "gemma",
        start=BOS,
        user=("<start_of_turn>user\n", "<end_of_turn>\n"),
        assistant=("<start_of_turn>model\n", "<end_of_turn>\n"),
        answer="<start_of_turn>model\n",
        needs=("<start_of_turn>", "<end_of_turn>"),
        marks=(("<start_of_turn>",),),
        architectures=("gemma",),
    ),
    Family(
        "granite",
        system=_granite("system"),
        user=_granite("user"),
        assistant=_granite("assistant"),
        answer="<|start_of_role|>assistant<|end_of_role|>",
        needs=("<|start_of_role|>", "<|end_of_role|>"),
        marks=(("<|start_of_role|>",),),
        architectures=("granite",),
    ),
    Family(
        "phi3",
        system=("<|system|>\n", "<|end|>\n"),
        user=("<|user|>\n", "<|end|>\n"),
        assistant=("<|assistant|>\n", "<|end|>\n"),
        answer="<|assistant|>\n",
        needs=("<|user|>", "<|assistant|>", "<|end|>"),
        marks=(("<|user|>", "<|end|>"), ("<|end|>", "<|assistant|>")),
        architectures=("phi3",),
    ),
    Family(
        "zephyr",
        system=("<|system|>\n", f"{EOS}\n"),
        user=("<|user|>\n", f"{EOS}\n"),
        assistant=("<|assistant|>\n", f"{EOS}\n"),
        answer="<|assistant|>\n",
        stop=("\n<|user|>",),
        marks=(("<|user|>",),),
        architectures=("stablelm",),
    ),
    Family(
        "llama2",
        folded_system=("<<SYS>>\n", "\n<</SYS>>\n\n"),
        user=(f"{BOS}[INST] ", " [/INST]"),
        assistant=(" ", f" {EOS}"),
        answer=" ",
        marks=(("[INST]", "<<SYS>>"),),
    ),
    Family(
        "mistral",
        start=BOS,
        user=("[INST] ", "[/INST]"),
        assistant=(" ", EOS),
        answer=" ",
        marks=(("[INST]",),),
        architectures=("mistral",),
    ),
    Family(
        "alpaca",
        system=("", "\n\n"),
        user=("### Instruction:\n", "\n\n"),
        assistant=("### Response:\n", "\n\n"),
        answer="### Response:\n",
        stop=("\n### Instruction:",),
        marks=(("### Instruction",),),
    ),
    Family(
        "vicuna",
        start=BOS,
        system=("", " "),
        user=("USER: ", " "),
        assistant=("ASSISTANT: ", EOS),
        answer="ASSISTANT: ",
        stop=("\nUSER:", " USER:"),
        marks=(("USER:", "ASSISTANT:"),),
    ),
    Family(
        "phi2",
        system=("", "\n\n"),
        user=("Instruct: ", "\n"),
        assistant=("Output: ", "\n"),
        answer="Output: ",
        stop=("\nInstruct:",),
        marks=(("Instruct:", "Output:"),),
        architectures=("phi2",),
    ),
    Family(
        "granite-code",
        system=("System:\n", "\n\n"),
        user=("Question:\n", "\n\n"),
        assistant=("Answer:\n", "\n\n"),
        answer="Answer:\n",
        stop=("\nQuestion:",),
        marks=(("Question:", "Answer:"),),
    ),
    Family(
        "falcon3",
        system=("<|system|>\n", "\n"),
        user=("<|user|>\n", "\n"),
        assistant=("<|assistant|>\n", f"{EOS}\n"),
        answer="<|assistant|>\n",
        stop=("\n<|user|>",),
    ),
    Family(
        "falcon",
        system=("", "\n\n"),
        user=("User: ", "\n\n"),
        assistant=("Assistant: ", "\n\n"),
        answer="Assistant: ",
        stop=("\nUser:",),
        marks=(("User: ", "Assistant:"),),
        architectures=("falcon",),
    ),
)
"""Looked through in this order: the first that fits is taken."""

PLAIN = Family(
    "plain",
    system=("", "\n\n"),
    user=("User: ", "\n"),
    assistant=("Assistant: ", "\n"),
    answer="Assistant: ",
    stop=("\nUser:", "\nAssistant:"),
)
"""For models that never learned a chat format: a dialogue in plain words, "User: …" and "Assistant: …"."""

FAMILIES_BY_NAME = {family.name: family for family in (*FAMILIES, PLAIN)}


def find_family(*, template: str, architecture: str, name: str, is_control: Callable[[str], bool]) -> Family | None:
    """The family of a model: by the marks in its template, else by its architecture or name.

    `is_control` says whether a text is one control token of the model.
    """
    able = [family for family in FAMILIES if all(map(is_control, family.needs))]
    for family in able:
        if any(all(mark in template for mark in group) for group in family.marks):
            return family
    for family in able:
        if architecture.lower().startswith(family.architectures or ("\0",)) or family.name in name.lower():
            return family
    return None


def lay_out(family: Family, roles: Sequence[str], *, bos: str, eos: str) -> Layout:
    turns: list[Turn] = [(role, (n,)) for n, role in enumerate(roles)]
    systems = {n for n, role in enumerate(roles) if role == "system"}
    if family.system is None:
        turns = fold_system(turns)
    pieces: list[str | int] = [family.start]
    for role, numbers in merge_same(turns):
        before, after = _around(family, role)
        inside = together(numbers)
        if family.system is None:
            inside = _folded(family, numbers, systems)
        pieces += [before, *inside, after]
    pieces.append(family.answer)
    texts = (piece.replace(BOS, bos).replace(EOS, eos) if isinstance(piece, str) else piece for piece in pieces)
    return Layout(tuple(piece for piece in texts if piece != ""))


def _around(family: Family, role: str) -> tuple[str, str]:
    if role == "system" and family.system is not None:
        return family.system
    return family.assistant if role == "assistant" else family.user


def _folded(family: Family, numbers: Sequence[int], systems: set[int]) -> list[str | int]:
    pieces: list[str | int] = []
    before, after = family.folded_system
    for number in numbers:
        if number in systems:
            pieces += [before, number, after]
        else:
            pieces += ["\n\n", number] if pieces and isinstance(pieces[-1], int) else [number]
    return pieces
