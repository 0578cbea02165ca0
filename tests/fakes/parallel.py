"""A translator that can be foretold: the sentences of the exams for pairs are the same in each language."""

from __future__ import annotations

from slmdesk.translation.pair_exam import pair_items


def table(source: str, target: str) -> dict[str, str]:
    """Right answers to the items, there and back: the option `known` of the echo engine."""
    known = {}
    for item, other in zip(pair_items(source), pair_items(target), strict=True):
        words = other.text
        if item.terms and item.terms[0].target:
            term, stem = other.terms[0], other.terms[0].source[:4].casefold()
            there = next((word for word in words.split() if word[:4].casefold() == stem), term.source)
            words = words.replace(there.strip(".,"), term.target)
        known[item.text] = words
        known[words] = item.text
    return known
