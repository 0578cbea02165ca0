"""Ranks texts by the words of a question, in whatever forms and compounds they stand: by groups of four letters.

These find "Rückzahlungsfrist" for "Frist" and "mieszkań" for "mieszkania" without a stemmer or a dictionary (McNamee
and Mayfield 2004).  Each group, and each word as it is, counts as a term does in BM25 (Robertson and Zaragoza 2009).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from slmdesk.text.words.folding import fold_for_search

GROUP = 4
SATURATION, LENGTH_SHARE = 1.2, 0.25
"""The two constants of BM25; the second is low, as passages are of one length."""


def ranked_by_words(words: Sequence[str], texts: Sequence[str], *, among: int = 0) -> list[int]:
    """The positions of the texts that have something of the words (text.stop_words.search_words), the best first.

    None where no text has a word that begins as one of them does.  `among`: of so many texts these fit best.
    """
    all_folded = [f" {fold_for_search(one)} " for one in texts]
    beginnings = [f" {word[:-1] if len(word) == GROUP else word[:GROUP]}" for word in words]
    if not any(one in text for one in beginnings for text in all_folded):
        return []
    count, usual = max(among, len(texts)), sum(map(len, all_folded)) / len(texts)
    longs = [SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * len(one) / usual) for one in all_folded]
    scores = [0.0] * len(texts)
    for word in words:
        groups = [f" {word} ", *groups_of(word)]
        for group in groups:
            found = {place: times for place, text in enumerate(all_folded) if (times := text.count(group))}
            weight = math.log(1 + (count - len(found) + 0.5) / (len(found) + 0.5)) / math.sqrt(len(groups))
            for place, times in found.items():
                scores[place] += weight * times / (times + longs[place])
    return sorted(filter(scores.__getitem__, range(len(texts))), key=lambda place: -scores[place])


def groups_of(word: str) -> list[str]:
    """Each run of four letters of a folded word, the space before it being a letter; a number as it is."""
    if word.isdigit():
        return [f" {word} "]
    return [f" {word}"[at : at + GROUP] for at in range(max(1, len(word) - GROUP + 2))]
