"""A model's details as labelled lines.  Pure functions."""

from __future__ import annotations

import os

from PySide6.QtCore import QLocale

from slmdesk.base.records import ModelRecord
from slmdesk.evaluation.model_cards import ModelDetails
from slmdesk.gguf.offload import offload_of, offload_words
from slmdesk.gguf.quantization import quantization_named
from slmdesk.gguf.speed import speed_in_words
from slmdesk.loader.crash_history import crashed_card
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.translation.pairs.exams import notes_of, results_of
from slmdesk.translation.pairs.labels import note_lines, pair_line
from slmdesk.window.base.dates import day_words

KINDS = {
    "model": "a model for chatting",
    "encoder": "an encoder: it finds passages and cannot chat",
    "adapter": "an adapter (LoRA): it works together with its base model",
}


def rows_of(details: ModelDetails) -> list[tuple[str, str, str]]:
    """Key, label and value of each line; unknown values are left out."""
    record, locale = details.card.record, QLocale()
    header = record.header
    parameters, context = header.get("parameters"), header.get("context_length")
    count = parameters if isinstance(parameters, int) else 0
    rows = [
        ("family", "Family", str(header.get("architecture") or "")),
        ("kind", "Kind", KINDS.get(record.kind, record.kind)),
        ("base", "Base", str(header.get("base") or "")),
        ("quantization", "Quantization", quantization_words(record)),
        ("size", "Size", f"{bytes_for_people(record.bytes)} ({locale.toString(record.bytes)} bytes)"),
        ("parameters", "Parameters", parameters_words(count)),
        ("context", "Sees up to", f"{locale.toString(context)} tokens" if isinstance(context, int) and context else ""),
        ("memory", "Memory", memory_words(details)),
        ("speed", "Expected speed", expected_words(details)),
        ("card", "Graphics card", card_words(record)),
        ("template", "Chat format", template_words(record)),
        ("behaves", "Quick test", behaves_words(record)),
        ("pairs", "Translates", "\n".join((*map(pair_line, results_of(record)), *note_lines(notes_of(record))))),
        ("license", "Licence", str(header.get("license") or "not stated in the file")),
        ("source", "Came from", source_words(record.source)),
        ("added", "Added", day_words(record.added)),
        ("used", "Last used", day_words(record.last_used) if record.last_used else "never"),
        ("path", "File", os.fsdecode(record.path)),
        (
            "linked",
            "",
            "Linked: the file stays where it is, and removing the model leaves it." if record.linked else "",
        ),
        ("sha256", "sha256", record.sha256),
        ("verified", "Compared", f"with its checksum, {day_words(details.verified)}"),
    ]
    return [row for row in rows if row[2]]


def quantization_words(record: ModelRecord) -> str:
    """Name and meaning: "Q4_K_M: 4-bit: small, nearly as good"."""
    name = str(record.header.get("quantization") or "")
    known = quantization_named(name)
    return f"{name}: {known.label()}" if known else name


def parameters_words(count: int) -> str:
    """An approximate number of parameters: "1.5 billion"; empty if unknown."""
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if count >= size:
            return f"{QLocale().toString(count / size, 'f', 1 if count < 10 * size else 0)} {word}"
    return QLocale().toString(count) if count else ""


def memory_words(details: ModelDetails) -> str:
    fit = details.fit
    if fit is None:
        return ""
    words = {"fits": "fits this PC", "tight": "tight on this PC", "too_large": "too large for this PC"}
    needs, free = bytes_for_people(fit.memory.total), bytes_for_people(fit.available_bytes)
    tokens = QLocale().toString(fit.context_tokens)
    return f"{words.get(fit.verdict, fit.verdict)}: about {needs} for {tokens} tokens, {free} are free"


def card_words(record: ModelRecord) -> str:
    """What was on a graphics card when it was last loaded; empty without a card."""
    if card := crashed_card(record.info):
        return f"not used: the model's process ended unexpectedly on {card}"
    offload = offload_of(record.info)
    return offload_words(offload) if offload else ""


def template_words(record: ModelRecord) -> str:
    if not record.can_chat:
        return ""
    if not record.header.get("has_chat_template"):
        return "none in the file; slmdesk uses a plain one, and answers may be worse"
    if "template_checked" in record.info and record.info["template_checked"] is not True:
        return "the one in the file cannot be used; a built-in one of its family is used"
    return "its own"


def expected_words(details: ModelDetails) -> str:
    if details.fit is None or details.fit.speed is None:
        return ""
    return f"{speed_in_words(details.fit.speed)}{' (measured here)' if details.is_measured else ''}"


def behaves_words(record: ModelRecord) -> str:
    """What the short test at its first load found; empty before."""
    if record.behaves is None:
        return ""
    return "reads plain sentences" if record.behaves else "does not behave like a language model; perhaps damaged"


def source_words(source: str) -> str:
    if source == "file":
        return "a file of this PC"
    place, _, rest = source.partition(":")
    names = {"huggingface": "the Hugging Face Hub", "pack": "a pack"}
    if place not in names:
        return source
    return f"{names[place]}: {rest.removeprefix('huggingface:')}" if rest else names[place]
