"""The prompts that are measured, from prompts.json: always the same, whatever the program would ask today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.common import Runner

CHARACTERS_A_TOKEN = 3.9
"""Of the long text, with the starter model."""


@cache
def _kept() -> Mapping[str, Any]:
    kept: Mapping[str, Any] = json.loads(Path(__file__).with_name("prompts.json").read_text(encoding="utf-8"))
    return kept


def long_text(tokens: int, mark: str) -> str:
    """About so many tokens of a manual, at most 7,400; `mark` in front makes the whole prompt new to any cache."""
    words = "\n\n".join(_kept()["text"])
    return f"Note {mark}. {words}"[: round(tokens * CHARACTERS_A_TOKEN)]


def summary_prompts(ours: Runner, mark: str) -> list[dict[str, Any]]:
    """What a summary asks of the parts of a manual, marked in front as above; `ours` renders and counts."""
    return _rendered(ours, "summary", mark)


def translation_prompts(ours: Runner, mark: str, count: int = 200) -> list[dict[str, Any]]:
    """What a translation asks of the segments of a letter, at most 40 tokens each: the starter model finds no end."""
    return _rendered(ours, "translation", mark, count)


def segment_messages(count: int) -> list[list[Any]]:
    """The messages of so many segments of the letter, not rendered."""
    return [prompt["messages"] for prompt in _prompts("translation", "", count)]


def _prompts(kind: str, mark: str, count: int | None = None) -> list[dict[str, Any]]:
    kept = _kept()[kind]
    instructions, *more = kept["shared"]
    parts = [{**part, "text": mark + part["text"]} for part in instructions["parts"]]
    shared = [{**instructions, "parts": parts}, *more]
    return [{**prompt, "messages": [*shared, *prompt["messages"]]} for prompt in kept["prompts"][:count]]


def _rendered(ours: Runner, kind: str, mark: str, count: int | None = None) -> list[dict[str, Any]]:
    prompts = _prompts(kind, mark, count)
    seen = ours.ask(do="render", messages=[prompt["messages"] for prompt in prompts])
    return [
        {**prompt, "text": text, "tokens": tokens}
        for prompt, text, tokens in zip(prompts, seen["texts"], seen["tokens"], strict=True)
    ]
