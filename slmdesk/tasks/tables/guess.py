"""Guesses the columns of a table by the kind of paper and by what papers name themselves. No model is asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from slmdesk.base.documents import Page
from slmdesk.base.record import changed
from slmdesk.claims.finders.numbers import find_amounts, find_dates, find_ibans
from slmdesk.tasks.tables.cells import label_of, names_of, only_known, presets
from slmdesk.tasks.tables.layout import PageTexts
from slmdesk.tasks.tables.rules import labelled
from slmdesk.tasks.tables.types import Column, ColumnKind

MOST_GUESSED = 10
LEAST_NAME = 6
"""Fewest letters of a column's name by which a paper tells its kind. Shorter ones occur in any text."""
FEWEST_NAMED = 3
"""Fewest columns that a paper must name to be of a kind."""
MOST_NAME, MOST_NAME_WORDS = 28, 3
"""Most letters and words of a label that is taken for a column's name: longer ones are sentences."""
MOST_WORDS = 8
"""Most words of a value behind such a label."""
_LABELLED = re.compile(r"^[^\w\n]*(?P<name>[^\W\d_][^:|\t\n]*?)[*_ ]*:[ \t]*(?P<value>[^:\t\n]*\w)", re.MULTILINE)


class Guess:
    """The columns that papers name: those of the kind of paper that most of them are, and labels in front of a value
    that half of the papers have.
    """

    def __init__(self) -> None:
        self._named: Counter[str] = Counter()
        self._labels: dict[str, Column] = {}
        self._having: Counter[str] = Counter()
        self._papers = 0

    def feed(self, pages: Sequence[Page], language: str) -> None:
        """Take the first pages of a paper."""
        texts = PageTexts(pages, language)
        for paper in presets():
            self._named[paper.id] += sum(_is_named(column, texts) for column in paper.columns)
        own = dict(_own(texts))
        self._having.update(own.keys())
        self._labels = own | self._labels
        self._papers += 1

    @property
    def columns(self) -> tuple[Column, ...]:
        """Empty if the papers name nothing."""
        best = max(presets(), key=lambda paper: self._named[paper.id])
        columns = [*best.columns] if self._named[best.id] >= FEWEST_NAMED * max(1, self._papers) else []
        taken = set[str]().union(*map(names_of, columns))
        for label, column in self._labels.items():
            if 2 * self._having[label] >= self._papers and label not in taken:
                columns.append(column)
                taken |= names_of(column)
        return tuple(columns[:MOST_GUESSED])


def _is_named(column: Column, texts: PageTexts) -> bool:
    long = (name for name in names_of(column) if len(name) >= LEAST_NAME)
    return any(True for name in long for __ in texts.find(name)) or any(True for __ in labelled(column, texts))


def _own(texts: PageTexts) -> Iterator[tuple[str, Column]]:
    """Yield the columns that labels of a paper name: "Rent: 900 EUR"."""
    for match in (match for text in texts.texts.values() for match in _LABELLED.finditer(text)):
        name, words = match["name"], match["value"]
        if len(name) > MOST_NAME or len(name.split()) > MOST_NAME_WORDS or len(words.split()) > MOST_WORDS:
            continue
        column = Column(name, _kind_of(words, texts.language))
        known = only_known(label_of(name))
        is_known = known is not None and column.kind is known.kind
        yield label_of(name), changed(column, labels=(known.name, *known.labels)) if known and is_known else column


def _kind_of(words: str, language: str) -> ColumnKind:
    if find_ibans(words):
        return ColumnKind.IBAN
    if find_amounts(words, language):
        return ColumnKind.AMOUNT
    if any(when.readings for when in find_dates(words, language)):
        return ColumnKind.DATE
    return ColumnKind.TEXT
