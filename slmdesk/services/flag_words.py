"""What the checks found, in words for people: of sentences of a summary and of answers alike."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.services.summary_shapes import Mark

FLAG_WORDS = {
    "number": "a number that does not stand there",
    "date": "a date that does not stand there",
    "amount": "an amount that does not stand there",
    "percent": "a percentage that does not stand there",
    "unit": "another unit than stands there",
    "name": "a name that does not stand there",
    "negation": "says the opposite of what stands there",
    "condition": "holds there only under a condition",
    "elsewhere": "stands in the document, but perhaps about something else",
    "words": "hardly a word of it stands there",
    "doubt": "the model doubts it itself",
}
MOST_TEXT = 80


def doubts_of(marks: Sequence[Mark]) -> str:
    """The kinds of marks, each once: "a number that does not stand there; …"; empty without marks."""
    return "; ".join(dict.fromkeys(FLAG_WORDS.get(one.kind, one.kind) for one in marks))


def marks_in_words(marks: Sequence[Mark]) -> str:
    """Each mark with its words: "“1,400”: a number that does not stand there (there: 1,200)"; empty without marks."""
    return "; ".join(_in_words(one) for one in marks)


def _in_words(mark: Mark) -> str:
    instead = f" (there: {mark.detail})" if mark.detail else ""
    text = mark.text if len(mark.text) <= MOST_TEXT else mark.text[: MOST_TEXT - 1].rstrip() + "…"
    return f"“{text}”: {FLAG_WORDS.get(mark.kind, mark.kind)}{instead}"
