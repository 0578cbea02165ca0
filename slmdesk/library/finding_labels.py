"""Labels for what the checks found in sentences of summaries and answers."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.library.citations import Mark

FLAG_WORDS = {
    "number": "number not in the quotation",
    "date": "date not in the quotation",
    "amount": "amount not in the quotation",
    "percent": "percentage not in the quotation",
    "unit": "the quotation has another unit",
    "name": "name not in the quotation",
    "negation": "says the opposite of it",
    "condition": "holds only under a condition",
    "elsewhere": "perhaps about something else",
    "words": "its words are not there",
    "unlinked": "no passage to compare with",
    "doubt": "the model was not sure",
    "untranslated": "part of it is not translated",
    "language": "not in the language asked for",
    "length": "much longer or shorter than the original",
}
"""What is missing, in about five words, by the kind of a mark."""


def doubts_of(marks: Sequence[Mark]) -> str:
    return "; ".join(dict.fromkeys(FLAG_WORDS.get(one.kind, one.kind) for one in marks))
