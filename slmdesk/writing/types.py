"""What is asked of the writing service, and what it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from slmdesk.base.languages import NO_BLANKS
from slmdesk.base.record import Record
from slmdesk.redaction.service import NOTHING_DECIDED, Decisions
from slmdesk.text.redaction.types import Kind
from slmdesk.text.writing.edits import Edit, applied, word_count

MOST_TEXT = 200_000
"""Characters of a text that is corrected at once: some 1,500 sentences."""
MOST_REWRITTEN = 6_000
"""Characters of a text that is rewritten: it is asked for whole."""


class Task(StrEnum):
    REPHRASE = "rephrase"
    SHORTEN = "shorten"
    EXPAND = "expand"
    TONE = "tone"
    CONTINUE = "continue"


LENGTHS = ("half", "sentence")
HALF_AT_MOST = 0.75
"""Of the length of a text: one shortened to half that is longer is not."""
TONES = ("friendlier", "firmer", "plainer", "formal")


class CorrectRequest(Record):
    text: str
    language: str = ""
    """ISO 639-1; empty: told from the text."""
    model: str | None = None
    redact: bool = False
    decisions: Decisions = NOTHING_DECIDED


class DocumentRequest(Record):
    path: str
    target: Path | None = None
    """The file with tracked changes; None: only the changes are wanted."""
    language: str = ""
    model: str | None = None
    may_replace: bool = False
    redact: bool = False


class RewriteRequest(Record):
    text: str
    task: Task
    manner: str = ""
    """One of LENGTHS or TONES."""
    language: str = ""
    model: str | None = None
    again: int = 0
    """How often the same was asked before: each time something else comes."""
    redact: bool = False
    decisions: Decisions = NOTHING_DECIDED


def length_of(text: str, language: str) -> int:
    """Words, or letters in languages without blanks between words."""
    return sum(map(str.isalnum, text)) if language in NO_BLANKS else word_count(text)


def is_as_long_as_asked(request: RewriteRequest, text: str, language: str) -> bool:
    """Whether a rewritten text is as short, or as long, as was asked: to half, at most HALF_AT_MOST of the length; to
    a sentence, shorter; expanded, longer.
    """
    share = length_of(text, language) / max(1, length_of(request.text, language))
    if request.task is Task.SHORTEN:
        return share <= HALF_AT_MOST if request.manner == "half" else share < 1
    return request.task is not Task.EXPAND or share > 1


class Change(Record):
    edit: Edit
    """In characters of the whole text."""
    old: str
    line: int
    reason: str
    doubt: str = ""
    """Why it is only suggested (text.writing.doubts, or `model`); empty: it is made."""
    sentence: tuple[int, int] = (0, 0)

    @property
    def is_made(self) -> bool:
        return not self.doubt


class Correction(Record):
    """A text and the changes of it, in order; they do not overlap."""

    source: str
    changes: tuple[Change, ...]
    language: str
    sentences: int
    unanswered: tuple[int, ...] = ()
    """Lines of sentences that stay unread: too long, the model answered something else, or spoilt what was redacted."""
    redacted: Mapping[Kind, int] | None = None
    """How many of what kind the model did not get to see; None: it saw the text as it is."""

    @property
    def text(self) -> str:
        return applied(self.source, [one.edit for one in self.changes if one.is_made])


class Version(Record):
    text: str
    added: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    edits: Sequence[Edit] = ()
    is_cut: bool = False
    """The model wrote up to the limit, so its end is missing."""
    others: Sequence[tuple[int, int]] = ()
    """Where it has words that the source does not have there: from and up to, in characters of `text`."""
    denies_otherwise: bool = False
    """One of the two has more words that deny, such as "not"."""
    spoilt: tuple[str, ...] = ()
    """Words that stand for something redacted, as the model changed them, and endings that it gave them."""


class Rewriting(Record):
    """The versions of a text that differ from it and from each other; one, of a rephrased text up to three."""

    source: str
    versions: tuple[Version, ...]
    language: str
    asked: int = 1
    redacted: Mapping[Kind, int] | None = None
