"""Ranks texts by the words of a question, in whatever forms and compounds they stand: by groups of four letters.

These find "Rückzahlungsfrist" for "Frist" and "okien" for "okna" without a stemmer or a dictionary of any language
(McNamee and Mayfield 2004).  Rare groups count more, as in BM25 (Robertson and Zaragoza 2009); lengths do not count,
as passages are of one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from slmdesk.text.words.folding import fold_for_search

GROUP = 4
SATURATION = 1.2
"""The constant of BM25, as SQLite has it: how little more a group says that stands there again."""


def ranked_by_words(words: Sequence[str], texts: Sequence[str]) -> list[int]:
    """The positions of the texts with a word that begins as one of the words (text.stop_words.search_words) does, the
    best first.
    """
    all_folded = [f" {fold_for_search(one)}" for one in texts]
    beginnings = [f" {one[:GROUP]}" for one in words]
    scores = {place: 0.0 for place, text in enumerate(all_folded) if any(one in text for one in beginnings)}
    for word in words:
        groups = groups_of(word)
        for group in groups:
            counts = {place: count for place in scores if (count := all_folded[place].count(group))}
            rarity = math.log(1 + (len(scores) - len(counts) + 0.5) / (len(counts) + 0.5))
            for place, count in counts.items():
                scores[place] += rarity / math.sqrt(len(groups)) * count / (count + SATURATION)
    return sorted(scores, key=lambda place: (-scores[place], place))


def groups_of(word: str) -> list[str]:
    """Each run of four letters of a folded word, the space before it being a letter."""
    whole = f" {word}"
    return list(dict.fromkeys(whole[at : at + GROUP] for at in range(max(1, len(whole) - GROUP + 1))))
