"""Marks what an answer says that neither the documents given to the model nor the person said. Pure functions.

Only values: small talk, a letter, code or a translation has its own words, and its headings are written large like
names. Of values that stand elsewhere in the documents, bare numbers are not marked either: in a letter they are mostly
of house numbers and references, which nobody said of another thing.
"""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.record import changed
from slmdesk.base.types import ChatMessage, Origin
from slmdesk.claims.judge import judge
from slmdesk.claims.types import ELSEWHERE, NAME, WORDS, Mark
from slmdesk.claims.values import quantities_of
from slmdesk.text.checks.words import tongue
from slmdesk.text.sentences import sentence_spans


def marks_on(answer: str, turns: Sequence[ChatMessage]) -> tuple[Mark, ...]:
    """Return marks for the parts of an answer that its turns do not bear out, in order; none without a document in
    them. What the model said earlier bears nothing out. Any thread.
    """
    given = [part for turn in turns for part in turn.parts]
    documents = [part.text for part in given if part.origin is Origin.DOCUMENT]
    if not documents:
        return ()
    sources = [*documents, *(part.text for part in given if part.origin is Origin.PERSON)]
    language = tongue(answer, likely=tongue("\n".join(documents)))
    return tuple(
        changed(mark, start=start + mark.start, end=start + mark.end)
        for start, end in sentence_spans(answer, language)
        for mark in judge(answer[start:end], sources, language)
        if _is_told(mark, answer[start:end], language)
    )


def _is_told(mark: Mark, statement: str, language: str) -> bool:
    if mark.kind == ELSEWHERE:
        return all(value.kind != "count" for value in quantities_of(statement, language) if value.start == mark.start)
    return mark.kind not in (WORDS, NAME)
