"""Inserts tags into a translation that was made without them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from slmdesk.base.record import Record, changed
from slmdesk.text.translation.tagged import Side, Tag, Tags, pieces

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
FIGURES_MORE = 2
"""Words by which a span may become longer than its phrase to reach the phrase's numbers."""
LEAST_DOUBLED = 4
"""Letters of what is taken for said twice; shorter words may be needed twice."""
_SIGNS = ".,;:!?()[]\"'“”„«»…"


class Phrase(Record):
    number: int
    text: str
    """Without tags; empty for a lone one."""
    start: int
    end: int
    """Characters of the text without tags."""


def phrases_of(text: str, tags: Tags) -> tuple[str, list[Phrase]]:
    """A text without its tags, and what they enclosed; outer pairs before those inside them."""
    words: list[str] = []
    length = 0
    opened: dict[int, int] = {}
    found: list[Phrase] = []
    for one in pieces(text, tags):
        if isinstance(one, str):
            words.append(one)
            length += len(one)
        elif one.side is Side.LONE:
            found.append(Phrase(one.number, "", length, length))
        elif one.side is Side.OPEN:
            opened[one.number] = length
        else:
            start = opened.pop(one.number, length)
            found.append(Phrase(one.number, "".join(words)[start:length], start, length))
    return "".join(words), sorted(found, key=lambda one: (one.start, -one.end, one.number))


def occurrences(text: str, words: str) -> list[tuple[int, int]]:
    if not words:
        return []
    begins = r"(?<!\w)" if words[0].isalnum() else ""
    ends = r"(?!\w)" if words[-1].isalnum() else ""
    return [one.span() for one in re.finditer(begins + re.escape(words) + ends, text)]


def verbatim(target: str, phrase: str) -> bool:
    """Whether a phrase is in a translation unchanged, so that its place is certain: a number or a name.

    Lower-case words alone may mean something else in the other language ("not", "fast", "also").
    """
    words = phrase.strip()
    return any(sign.isdigit() or sign.isupper() for sign in words) and len(occurrences(target, words)) == 1


def span_of(source: str, target: str, phrase: Phrase, words: str) -> tuple[int, int] | None:
    """The place in the translation of the words that stand for a phrase; of several places the one at a position most
    like the phrase's in the source.  Signs at the ends of the phrase are included where the translation has them.
    """
    found = occurrences(target, words)
    if not found:
        return None
    share = (phrase.start + phrase.end) / 2 / max(1, len(source))
    start, end = min(found, key=lambda one: abs((one[0] + one[1]) / 2 / max(1, len(target)) - share))
    start, end = _with_figures(target, phrase, start, end)
    bare = phrase.text.strip()
    if bare and bare[-1] in _SIGNS and target[end : end + 1] == bare[-1]:
        end += 1
    if bare and bare[0] in _SIGNS and start and target[start - 1] == bare[0]:
        start -= 1
    return start, end


def _with_figures(target: str, phrase: Phrase, start: int, end: int) -> tuple[int, int]:
    """A span extended to the phrase's numbers beside it: "innerhalb" to "innerhalb von 14 Tagen"."""
    longest = len(phrase.text.split()) + FIGURES_MORE
    for figures in re.findall(r"\d+", phrase.text):
        for first, last in occurrences(target, figures):
            wide = min(start, first), max(end, last)
            if len(target[slice(*wide)].split()) <= longest:
                start, end = wide
    following = re.compile(r"\s+(\w+)").match(target, end)  # "14" alone is half of "14 Tagen"
    if target[:end][-1:].isdigit() and following and not phrase.text.rstrip()[-1:].isdigit():
        end = following.end()
    return start, end


def emptied(source: str, target: str, tags: Tags) -> list[int]:
    full = {one.number for one in phrases_of(source, tags)[1] if one.text.strip()}
    return [one.number for one in phrases_of(target, tags)[1] if one.number in full and not one.text.strip()]


def doubled(source: str, target: str, tags: Tags) -> list[int]:
    """Numbers of pairs whose words occur once more outside of them, unlike in the source: to have a place for
    the tags, small models say a thing twice ("ist hier verfügbar <1>hier</1>").
    """
    bare_source, before = phrases_of(source, tags)
    bare_target, after = phrases_of(target, tags)
    single = {one.number for one in before if _count(bare_source, one) == 1}
    return [
        one.number
        for one in after
        if one.number in single and len(one.text.strip()) >= LEAST_DOUBLED and _count(bare_target, one) > 1
    ]


def _count(text: str, phrase: Phrase) -> int:
    return len(occurrences(text.casefold(), phrase.text.strip().casefold()))


def placed(source: str, target: str, phrases: list[Phrase], spans: Mapping[int, tuple[int, int]]) -> str:
    """The translation with all tags: pairs at `spans` (by number), where those do not cross; others, and lone tags,
    at the same relative position, at the end of a word.
    """
    chosen: dict[int, tuple[int, int]] = {}
    for index, phrase in enumerate(phrases):
        if phrase.text:
            chosen[phrase.number] = _chosen(source, target, phrase, phrases[:index], spans, chosen)
    marks: list[tuple[int, int, int, int, str]] = []
    order = {phrase.number: index for index, phrase in enumerate(phrases)}
    for number, (start, end) in chosen.items():
        rank = order[number]
        # at one place: what closes comes first, inner before outer; what opens last, outer before inner
        marks.append((start, 2, start - end, rank, str(Tag(Side.OPEN, number))))
        marks.append((end, 0 if end > start else 3, -start, -rank, str(Tag(Side.CLOSE, number))))
    for phrase in phrases:
        if not phrase.text:
            place = _lone_place(source, target, phrase.start)
            marks.append((place, 1, order[phrase.number], 0, str(Tag(Side.LONE, phrase.number))))
    result, at = [], 0
    for place, *_, tag in sorted(marks):
        result += [target[at:place], tag]
        at = place
    return "".join((*result, target[at:]))


def _chosen(
    source: str,
    target: str,
    phrase: Phrase,
    before: list[Phrase],
    spans: Mapping[int, tuple[int, int]],
    chosen: Mapping[int, tuple[int, int]],
) -> tuple[int, int]:
    """The place of a pair: inside the pairs that enclose it, and around the same words as a pair around the same
    words.
    """
    outer = [one for one in before if one.text and one.start <= phrase.start and phrase.end <= one.end]
    same = next((one for one in outer if (one.start, one.end) == (phrase.start, phrase.end)), None)
    if same is not None:
        return chosen[same.number]
    places = [spans[phrase.number]] if phrase.number in spans else []
    if outer:
        begin, end = chosen[outer[-1].number]
        inside = changed(phrase, start=phrase.start - outer[-1].start, end=phrase.end - outer[-1].start)
        first, last = _by_share(outer[-1].text, target[begin:end], inside)
        places += [(begin + first, begin + last), (begin, end)]
    else:
        places.append(_by_share(source, target, phrase))
    others = [span for number, span in chosen.items() if number not in {one.number for one in outer}]
    for span in places:
        is_inside = all(chosen[one.number][0] <= span[0] < span[1] <= chosen[one.number][1] for one in outer)
        if is_inside and not any(_cross(span, other) for other in others):
            return span
    place = max((chosen[one.number][0] for one in outer), default=len(target))
    return place, place


def _lone_place(source: str, target: str, at: int) -> int:
    """After the sign it follows in the source, where both have equally many; else at the same relative position."""
    sign = source[at - 1 : at]
    if sign and sign in ":;!?" and source.count(sign) == target.count(sign):
        place = -1
        for _ in range(source[:at].count(sign)):
            place = target.index(sign, place + 1)
        return place + 1
    return _word_end(target, _shared(source, target, at))


def _cross(one: tuple[int, int], other: tuple[int, int]) -> bool:
    (first, second) = sorted((one, other))
    return first[0] < second[0] < first[1] < second[1] or (first == second and first[0] != first[1])


def _shared(source: str, target: str, at: int) -> int:
    return round(at * len(target) / max(1, len(source)))


def _by_share(source: str, target: str, phrase: Phrase) -> tuple[int, int]:
    words = [(one.start(), one.end()) for one in _WORD.finditer(target)]
    if not words:
        return len(target), len(target)
    before, inside = len(source[: phrase.start].split()), max(1, len(phrase.text.split()))
    total = max(before + inside, len(source.split()))
    first = min(len(words) - 1, before * len(words) // total)
    last = max(first, min(len(words) - 1, -(-(before + inside) * len(words) // total) - 1))
    return words[first][0], words[last][1]


def _word_end(text: str, at: int) -> int:
    while at < len(text) and text[at].isalnum():
        at += 1
    return min(at, len(text))
