"""Builds the prompts of summaries and parses the answers. Pure functions that use `prompt_texts.toml`."""

from __future__ import annotations

import re

from slmdesk.base.types import ChatMessage, Json, Origin, Role, Sampling, TextPart
from slmdesk.jobs.runner import step_of
from slmdesk.runtime.prompt_texts import texts
from slmdesk.summaries.types import Paper
from slmdesk.text.sentences import begins_with_pronoun, refers_back, sentences

LINE_TOKENS = 160
"""Most tokens of a reworded sentence."""
TOKENS_PER_WORD = 3

_LEAD = re.compile(r"^\s*(?:[-*•–·#]+|\(?\d{1,2}[.)])\s+")
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w|[.,;:])[*_](?!\w)|`")
_TALK = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|natürlich|gerne|bien sûr|voici|claro|certo)\b|"
    r"(?:here (?:is|are)|hier (?:ist|sind)|aquí|ecco)\b[^.]{0,80}(?:summary|points?|zusammenfassung|punkte|résumé|"
    r"resumen|riassunto)|(?:in (?:summary|conclusion)|overall|zusammenfassend|en résumé|en resumen|in sintesi)\b|"
    r"(?:this|the|these|dies\w*|d(?:er|ie|as)|ce(?:tte|s)?|l[ae]s?|est[ae]s?|quest\w)\s?(?:is the most important|"
    r"(?:summary|points?|bullet|text|document|zusammenfassung|dokument|résumé|texte|resumen)\b[^.]{0,20}\b"
    r"(?:provides?|covers?|contains?|outlines?|summari[sz]es?|enthält|umfasst|fasst|contient|résume)\b))",
    re.IGNORECASE,
)
_UNSAID = re.compile(
    r"\b(?:(?:not|no) (?:\w+ ){0,3}(?:specified|mentioned|stated|provided in the|given in the|applicable)|"
    r"(?:is|are) (?:unspecified|unclear)|does not (?:say|state|specify|mention)|"
    r"nicht (?:angegeben|genannt|erwähnt|festgelegt)|keine angaben?|n['’]est pas (?:précisée?|mentionnée?|indiquée?)|"
    r"no se (?:menciona|especifica|indica)|non (?:è )?(?:specificat|menzionat|indicat)\w+)\b",
    re.IGNORECASE,
)
"""Finds a line that only says that the text does not mention something."""


def prompt_version() -> str:
    return f"summary {texts()['version']}"


def simple_step(line: str, language: str) -> dict[str, Json]:
    """Build the step that puts a sentence into everyday words. `language` is an ISO 639-1 code."""
    known = texts()
    task = " ".join(filter(None, (known["simple"], known["language"].get(language, ""), known["only"])))
    return _step(known["simple_system"], "", line, task, [], LINE_TOKENS)


def own_step(text: str, paper: Paper, instruction: str, words: int, language: str) -> dict[str, Json]:
    """Build the step that writes what a person asked for about a text, in about `words` words."""
    known, what = texts(), texts()["paper_name"][paper.value]
    request = TextPart(known["own"].format(what=what, request=instruction, words=words), Origin.PERSON)
    last = " ".join(filter(None, (known["only"], known["language"].get(language, ""))))
    return _step(known["system"], known["text"].format(what=what), text, last, [request], words * TOKENS_PER_WORD)


def _step(system: str, lead: str, text: str, last: str, request: list[TextPart], tokens: int) -> dict[str, Json]:
    parts = [
        TextPart(f"{lead}\n\n"),
        TextPart(text, Origin.DOCUMENT),
        TextPart("\n\n"),
        *request,
        TextPart(f"\n{last}"),
    ]
    messages = [
        ChatMessage(Role.SYSTEM, (TextPart(system, Origin.PROGRAM),)),
        ChatMessage(Role.USER, tuple(part for part in parts if part.text.strip() or part.text == "\n\n")),
    ]
    return step_of(messages, Sampling(temperature=0.0, repeat_penalty=1.0, max_tokens=tokens))


def line_in(answer: str) -> str:
    """Return a one-sentence answer without list markers, emphasis and quotation marks."""
    return " ".join(_EMPHASIS.sub("", _LEAD.sub("", answer.strip())).split()).strip('"“”„«» ')


def points_in(answer: str, language: str, *, is_cut: bool = False) -> list[str]:
    """Return an answer's sentences, without remarks about the task. `is_cut`: the answer's last line is incomplete."""
    points: list[str] = []
    for line in (_without_rest(answer) if is_cut else answer).splitlines():
        if text := line_in(line):
            points += [point for point in _apart(text, language) if not _says_nothing(point)]
    return list(dict.fromkeys(points))


def _says_nothing(text: str) -> bool:
    is_talk = _TALK.search(text) is not None or _UNSAID.search(text) is not None
    return len(text) < 3 or text.endswith(":") or is_talk


def _apart(text: str, language: str) -> list[str]:
    """Split a line into sentences. A sentence referring to the one before joins it, or is dropped if there is none."""
    parts: list[str] = []
    for sentence in sentences(text, language):
        if not refers_back(sentence, language) or (not parts and not begins_with_pronoun(sentence, language)):
            parts.append(sentence)
        elif parts and sentence not in parts[-1]:
            parts[-1] += f" {sentence}"
    return parts


def _without_rest(answer: str) -> str:
    """Return a cut-off answer up to its last complete line, and the complete sentences of the cut line."""
    lines, _, last = answer.rpartition("\n")
    ends = [end.end() for end in re.finditer(r"[.!?。](?=\s)", last)]
    return f"{lines}\n{last[: ends[-1]]}" if ends else lines
