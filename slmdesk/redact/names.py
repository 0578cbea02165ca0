"""The lines that a person types as names of people and firms, which are always found in what is given out."""

from __future__ import annotations

from slmdesk.redact import Kind, Listed


def listed_from_lines(lines: str) -> tuple[Listed, ...]:
    """Parse a list of names, one per line. The legal form shows a company, capital letters show a person, and the rest
    are words of any kind.
    """
    return tuple(Listed(words, _kind_of(words)) for line in lines.splitlines() if (words := " ".join(line.split())))


def _kind_of(words: str) -> Kind:
    from slmdesk.claims.finders.names import LEGAL_FORM
    from slmdesk.redact.rules import name_at  # loads all text checks, so import it only here

    if LEGAL_FORM.search(words):
        return Kind.FIRM
    span = name_at(words, 0)
    return Kind.PERSON if span == (0, len(words)) and " " in words else Kind.OTHER
