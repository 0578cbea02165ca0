"""The order of what is to be done: by the days of the deadlines, also of those that are reckoned. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.tasks.summaries.types import TO_DO, Deadline, Sentence, Summary

LAST = "9999"
"""Stands behind all days."""


def is_over(deadline: Deadline, today: date | None = None) -> bool:
    """Return whether its day has passed."""
    return bool(deadline.day) and deadline.day < (today or date.today()).isoformat()


def deadlines_in(sentence: Sentence, deadlines: Iterable[Deadline]) -> list[Deadline]:
    """Return the deadlines of a sentence in order of their days, those without a day last."""
    own = [each for each in deadlines if each.blocks == sentence.blocks and each.text in sentence.text]
    return sorted(own, key=lambda deadline: deadline.day or LAST)


def marked(sentence: Sentence, deadlines: Iterable[Deadline]) -> Sentence:
    """Return a sentence to be shown: what was due says that it is over when all its days have passed."""
    days = [deadline for deadline in deadlines_in(sentence, deadlines) if deadline.day]
    if not days or not all(map(is_over, days)):
        return sentence
    return changed(sentence, text=_("{day} (over)").format(day=sentence.text))


def in_order(sentences: Sequence[Sentence], deadlines: Sequence[Deadline]) -> tuple[Sentence, ...]:
    """Return sentences with those of what is to be done in order of their days, in the places of these."""

    def day(sentence: Sentence) -> str:
        own = deadlines_in(sentence, deadlines)
        return own[0].day or LAST if own else LAST

    places = [at for at, sentence in enumerate(sentences) if sentence.group == TO_DO]
    ordered = list(sentences)
    duties = sorted((sentences[at] for at in places), key=day)
    for at, duty in zip(places, duties, strict=True):
        ordered[at] = duty
    return tuple(ordered)


def with_marks(summary: Summary, deadlines: Sequence[Deadline]) -> Summary:
    """Return a summary to be shown, in which what was to be done by days that have passed says so."""
    documents = tuple(
        changed(document, sentences=tuple(marked(sentence, deadlines) for sentence in document.sentences))
        for document in summary.documents
    )
    sentences = tuple(marked(sentence, deadlines) for sentence in summary.sentences)
    return changed(summary, sentences=sentences, documents=documents)


def by_days(summary: Summary, deadlines: Sequence[Deadline]) -> Summary:
    """Return a summary that says what is to be done in order of the days."""
    documents = tuple(
        changed(
            document,
            sentences=in_order(document.sentences, deadlines),
            own_words=in_order(document.own_words, deadlines),
        )
        for document in summary.documents
    )
    sentences, own_words = in_order(summary.sentences, deadlines), in_order(summary.own_words, deadlines)
    return changed(summary, sentences=sentences, own_words=own_words, documents=documents)
