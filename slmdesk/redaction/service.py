"""The user's list of people and firms, which are always found in documents that are given out. Service thread."""

from __future__ import annotations

from collections.abc import Sequence

from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.texts import _
from slmdesk.runtime.service import Service
from slmdesk.text.redaction import Kind, Listed

MOST_NAMES = 5_000
MOST_NAME = 200


def listed_from_lines(lines: str) -> tuple[Listed, ...]:
    """Parse a list of names, one per line. The legal form shows a company, capital letters show a person, and the rest
    are words of any kind.
    """
    return tuple(Listed(words, _kind_of(words)) for line in lines.splitlines() if (words := " ".join(line.split())))


def _kind_of(words: str) -> Kind:
    from slmdesk.text.checks.names import LEGAL_FORM
    from slmdesk.text.redaction.rules import name_at  # loads all text checks, so import it only here

    if LEGAL_FORM.search(words):
        return Kind.FIRM
    span = name_at(words, 0)
    return Kind.PERSON if span == (0, len(words)) and " " in words else Kind.OTHER


class RedactionService(Service):
    def names(self) -> tuple[Listed, ...]:
        return tuple(self._store.redactions.names())

    def change_names(self, names: Sequence[Listed]) -> tuple[Listed, ...]:
        """Replace the user's list of names. Blank and repeated names are dropped.

        Raises KnownError `request.invalid` for names that are too long or too many, and store.*.
        """
        kept = {words: changed(name, words=words) for name in names if (words := " ".join(name.words.split()))}
        if len(kept) > MOST_NAMES or any(len(words) > MOST_NAME for words in kept):
            raise KnownError(
                "request.invalid",
                what=_("at most {most_names:,} names of {most_name} characters").format(
                    most_names=MOST_NAMES, most_name=MOST_NAME
                ),
            )
        self._store.redactions.keep_names(tuple(kept.values()))
        return self.names()
