"""Labels for what the checks found in sentences of summaries and answers."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.services.documents.citations import Mark

FLAG_WORDS = {
    "number": "this number is not in the quoted passage",
    "date": "this date is not in the quoted passage",
    "amount": "this amount is not in the quoted passage",
    "percent": "this percentage is not in the quoted passage",
    "unit": "the quoted passage has another unit",
    "name": "this name is not in the quoted passage",
    "negation": "says the opposite of the quoted passage",
    "condition": "the quoted passage says it only under a condition",
    "elsewhere": "is in the document, but perhaps about something else",
    "words": "hardly a word of it is in the quoted passage",
    "unlinked": "no passage was found to compare it with",
    "doubt": "the model was not confident",
}
MOST_TEXT = 80


def doubts_of(marks: Sequence[Mark]) -> str:
    return "; ".join(dict.fromkeys(FLAG_WORDS.get(one.kind, one.kind) for one in marks))


def marks_in_words(marks: Sequence[Mark]) -> str:
    return "; ".join(_in_words(one) for one in marks)


def _in_words(mark: Mark) -> str:
    instead = f" (there: {mark.detail})" if mark.detail else ""
    text = mark.text if len(mark.text) <= MOST_TEXT else mark.text[: MOST_TEXT - 1].rstrip() + "…"
    return f"“{text}”: {FLAG_WORDS.get(mark.kind, mark.kind)}{instead}"
