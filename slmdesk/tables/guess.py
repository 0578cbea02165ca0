"""Guesses the columns of a table: what the papers name, and rules find there. No model is asked."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from slmdesk.base.documents import Page
from slmdesk.base.record import changed
from slmdesk.tables.cells import label_of, names_of, only_known, presets
from slmdesk.tables.layout import PageTexts
from slmdesk.tables.rules import ORIGIN, Rules, behind_labels, certain
from slmdesk.tables.types import Column, ColumnKind
from slmdesk.text.checks.names import LEGAL_FORM
from slmdesk.text.checks.numbers import find_amounts, find_dates, find_ibans

MOST_GUESSED = 8
MOST_NAME, MOST_NAME_WORDS = 28, 3
"""Most letters and words of a label that is taken for a column's name: longer ones are sentences."""
COMMON = frozenset(("Invoice date", "Seller", "Customer", "Subject", "Signed on"))
"""Columns that rules find in any paper, so that they do not tell an invoice or a contract."""
USUAL = "letter"
"""The kind of paper where rules find none."""
RARE = 8
"""A column is left out that fewer than one of so many papers have."""
MOST_WORDS = 8
"""Most words of a value behind such a label."""
_NAME = re.compile(r"([^\s:|][^:|\t\n]*?)[ :|\t]*$")


class Guess:
    """The columns that papers name: those of the kind of paper of which rules find most, and labels in front of a colon
    that half of the papers have.
    """

    def __init__(self) -> None:
        self._known = {column.name: column for some in reversed(presets()) for column in some.columns}
        self._found: Counter[str] = Counter()
        self._labels: dict[str, Column] = {}
        self._having: Counter[str] = Counter()
        self._papers = 0

    def feed(self, pages: Sequence[Page], language: str) -> None:
        """Take the first pages of a paper."""
        rules, own = Rules([*self._known.values()]), dict[str, Column]()
        for page in pages:
            rules.feed(page, language)
            own = _labelled(page, language) | own
        cells = rules.result().cells
        at_sender = list(self._known).index("Sender")
        sender = cells.get(at_sender)
        if sender is not None and sender.origin == ORIGIN and not LEGAL_FORM.search(sender.value):
            del cells[at_sender]  # the first line of a letter may be its subject
        self._found.update(name for at, name in enumerate(self._known) if at in cells)
        self._having.update(own.keys())
        self._labels = own | self._labels
        self._papers += 1

    @property
    def columns(self) -> tuple[Column, ...]:
        """Empty if the papers name nothing."""
        telling = {name: count for name, count in self._found.items() if name not in COMMON}
        kinds = {some.id: some.columns for some in presets()}
        counts = {id: sum(telling.get(column.name, 0) for column in known) for id, known in kinds.items()}
        best = max(kinds, key=lambda id: counts[id])
        if counts[best] <= self._papers:  # one column a paper tells nothing
            best = USUAL
        columns = [column for column in kinds[best] if RARE * self._found[column.name] >= self._papers > 0]
        taken = set[str]().union(*map(names_of, columns))
        for label, column in self._labels.items():
            if 2 * self._having[label] >= self._papers and label not in taken:
                columns.append(column)
                taken |= names_of(column)
        return tuple(columns[:MOST_GUESSED])


def _labelled(page: Page, language: str) -> dict[str, Column]:
    """Return the columns that labels of a page name: "Rent: 900 EUR"."""
    texts, columns = PageTexts([page], language), dict[str, Column]()
    for label, place, __ in behind_labels(page):
        line = page.text.rfind("\n", 0, place.start) + 1
        name = _NAME.search(page.text[line : place.start])
        words = page.text[place.start : place.end]
        if name is None or label_of(name[1]) != label or not _is_name(name[1]) or len(words.split()) > MOST_WORDS:
            continue
        column, known = Column(name[1].strip("*_# "), _kind_of(words, language)), only_known(label)
        if known is not None and column.kind is known.kind:
            column = changed(column, labels=(known.name, *known.labels))
        if certain(column, place, texts) is not None:
            columns.setdefault(label, column)
    return columns


def _is_name(words: str) -> bool:
    letters = words.lstrip("*_#- ")
    is_plain = letters[:1].isupper() and all(letter.isalpha() or letter in " .-/'’" for letter in letters)
    return is_plain and len(letters) <= MOST_NAME and len(letters.split()) <= MOST_NAME_WORDS


def _kind_of(words: str, language: str) -> ColumnKind:
    if find_ibans(words):
        return ColumnKind.IBAN
    if find_amounts(words, language):
        return ColumnKind.AMOUNT
    if any(when.readings for when in find_dates(words, language)):
        return ColumnKind.DATE
    return ColumnKind.TEXT
