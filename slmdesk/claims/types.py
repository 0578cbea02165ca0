"""The mark that a check puts on a part of a statement, its kinds, and their labels."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.protocol import stored_from
from slmdesk.base.record import Record
from slmdesk.base.records import Message
from slmdesk.base.texts import N_, _

NAME = "name"
WORDS = "words"
ELSEWHERE = "elsewhere"
UNLINKED = "unlinked"
DOUBT = "doubt"
DIFFERS = "differs"
"""Of an e-invoice: another value than on the page."""
UNSOUND = "unsound"
"""Of an e-invoice: something in it that cannot be right."""


class Mark(Record):
    """A part of a sentence that a check did not find supported by its passages."""

    kind: str
    """One of number, date, amount, period, name, negation …

    `elsewhere`: in the documents, but in another context. `words`: hardly any of its
    words are in the passages. `doubt`: the model itself says that the text does not say
    this. `unlinked`: nothing in the passages can be compared with it.
    """
    text: str
    start: int
    end: int
    detail: str = ""
    """What the passage says instead, if known."""


FLAG_WORDS = {
    "number": N_("number not in the quotation"),
    "period": N_("number not in the quotation"),
    "date": N_("date not in the quotation"),
    "amount": N_("amount not in the quotation"),
    "percent": N_("percentage not in the quotation"),
    "unit": N_("the quotation has another unit"),
    "name": N_("name not in the quotation"),
    "negation": N_("says the opposite of it"),
    "condition": N_("holds only under a condition"),
    "elsewhere": N_("perhaps about something else"),
    "words": N_("its words are not there"),
    "doubt": N_("the model doubts it itself"),
    "unlinked": N_("no passage to compare with"),
    DIFFERS: N_("the page and the e-invoice do not agree"),
    UNSOUND: N_("a doubt about the e-invoice"),
    "untranslated": N_("part of it is not translated"),
    "language": N_("not in the language asked for"),
    "length": N_("much longer or shorter than the original"),
}
"""What is missing, in about five words, for each kind of mark."""


def doubts_of(marks: Sequence[Mark]) -> str:
    doubts = dict.fromkeys(_(FLAG_WORDS.get(mark.kind, mark.kind)) for mark in marks)
    return "; ".join(doubts)


MARKS = "marks"
"""Under this name an answer in a chat keeps its marks, beside its sampling."""


def marks_of(message: Message) -> tuple[Mark, ...]:
    """Return the marks of an answer in a chat.

    None of one that a person has edited: the words are no longer those.
    """
    if message.original is not None:
        return ()
    return stored_from(tuple[Mark, ...], message.sampling.get(MARKS)) or ()


def check_words(marks: Sequence[Mark]) -> str:
    """Return the line that says which values to compare, or "" without marks."""
    values = dict.fromkeys(" ".join(mark.text.split()) for mark in marks)
    doubts = ", ".join(values)
    if not doubts:
        return ""
    return _("Check this: {doubts}").format(doubts=doubts)
