"""Text whose formatting is kept as numbered tags: `<1>words</1>` around formatted words, `<2/>` for a lone object.

The numbers of a text are chosen above any number its own words use in that way (`first_number`), so that a tag and
words that look like one are never confused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection
from enum import StrEnum

from slmdesk.base.record import Record

_TAG = re.compile(r"<(/?)(\d{1,6})(/?)>")
_LOOSE = re.compile(r"(?:<|＜|&lt;)\s*([/／]?)\s*(\d{1,6})\s*([/／]?)\s*(?:>|＞|&gt;)")
"""As models write tags: with blanks, in full width, or escaped."""


class Side(StrEnum):
    OPEN = "open"
    CLOSE = "close"
    LONE = "lone"


class Tag(Record):
    side: Side
    number: int

    def __str__(self) -> str:
        match self.side:
            case Side.OPEN:
                return f"<{self.number}>"
            case Side.CLOSE:
                return f"</{self.number}>"
            case Side.LONE:
                return f"<{self.number}/>"


class Tags(Record):
    """The tags a text must have: each pair once around words, each lone one once."""

    paired: tuple[int, ...] = ()
    lone: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.paired or self.lone)


class TagProblem(Record):
    """What is wrong with one tag of a translation: `missing`, `repeated`, `unclosed`, `crossed` or `unknown`."""

    kind: str
    number: int


def first_number(*texts: str) -> int:
    """The first number for tags in texts that may themselves contain "<7>": one above the highest of those."""
    return max((int(found[2]) for text in texts for found in _LOOSE.finditer(text)), default=0) + 1


def pieces(text: str, tags: Tags) -> list[str | Tag]:
    """Split a text into words and tags; what looks like a tag but is none of `tags` stays text."""
    found: list[str | Tag] = []
    at = 0
    paired, lone = frozenset(tags.paired), frozenset(tags.lone)
    for one in _TAG.finditer(text):
        tag = _tag(one, paired, lone)
        if tag is None:
            continue
        if one.start() > at:
            found.append(text[at : one.start()])
        found.append(tag)
        at = one.end()
    if at < len(text):
        found.append(text[at:])
    return found


def _tag(found: re.Match[str], paired: frozenset[int], lone: frozenset[int]) -> Tag | None:
    closes, number, is_lone = bool(found[1]), int(found[2]), bool(found[3])
    if closes and is_lone:
        return None
    if is_lone:
        return Tag(Side.LONE, number) if number in lone else None
    return Tag(Side.CLOSE if closes else Side.OPEN, number) if number in paired else None


def plain(text: str, tags: Tags) -> str:
    """The text without tags; a lone tag that separated two words without a blank becomes one."""
    words: list[str] = []
    for one in pieces(text, tags):
        if isinstance(one, str):
            words.append(one)
        elif one.side is Side.LONE and words and words[-1] and not words[-1][-1].isspace():
            words.append(" ")
    return re.sub(r"[^\S\n]{2,}", " ", "".join(words)).strip()


def without_tags(text: str, tags: Tags) -> str:
    return "".join(one for one in pieces(text, tags) if isinstance(one, str))


def problems(text: str, tags: Tags) -> list[TagProblem]:
    """What is wrong with the tags of a translation, by number; empty: all are in order.

    A tag whose number the source does not have is `unknown`: a model made it up.
    """
    found = pieces(text, tags)
    counts = Counter(one for one in found if isinstance(one, Tag))
    wrong = [TagProblem("unknown", number) for number in _unknown(found, tags)]
    for number in tags.lone:
        wrong += _counted(counts[Tag(Side.LONE, number)], number)
    for number in tags.paired:
        opened, closed = counts[Tag(Side.OPEN, number)], counts[Tag(Side.CLOSE, number)]
        if opened != closed:
            wrong.append(TagProblem("unclosed", number))
        else:
            wrong += _counted(opened, number)
    if not wrong:
        wrong = [TagProblem("crossed", number) for number in _crossed(found)]
    return sorted(wrong, key=lambda one: one.number)


def _counted(count: int, number: int) -> list[TagProblem]:
    if count == 1:
        return []
    return [TagProblem("repeated" if count else "missing", number)]


def _unknown(found: Collection[str | Tag], tags: Tags) -> list[int]:
    least = min((*tags.paired, *tags.lone), default=0)
    if not least:
        return []
    known = {*tags.paired, *tags.lone}
    numbers = {
        int(one[2]) for words in found if isinstance(words, str) for one in _TAG.finditer(words) if int(one[2]) >= least
    }
    return sorted(numbers - known)


def _crossed(found: Collection[str | Tag]) -> list[int]:
    opened: list[int] = []
    for one in found:
        if isinstance(one, str) or one.side is Side.LONE:
            continue
        if one.side is Side.OPEN:
            opened.append(one.number)
        elif not opened or opened.pop() != one.number:
            return [one.number]
    return []


def mended(text: str, tags: Tags) -> str:
    """A translation with its tags in the standard form: without blanks, in plain signs, lone ones self-closed.

    Nothing is placed or invented; only unambiguous tags are rewritten.
    """

    def one(found: re.Match[str]) -> str:
        number = int(found[2])
        if number in tags.lone:
            return str(Tag(Side.LONE, number)) if not found[1] or number not in tags.paired else found[0]
        if number in tags.paired and not (found[1] and found[3]):
            return str(Tag(Side.CLOSE if found[1] or found[3] else Side.OPEN, number))
        return found[0]

    text = _LOOSE.sub(one, text)
    for number in tags.lone:  # "<2/></2>" and the like
        lone = str(Tag(Side.LONE, number))
        text = re.sub(rf"(?:{re.escape(lone)}\s*)+{re.escape(lone)}", lone, text)
    return text


def without_strangers(text: str, tags: Tags, source: str) -> str:
    """A model's translation without tags copied from another sentence, which would be read as that sentence's.
    Tag-like text of the source itself is kept, and so is what `problems` reports.
    """
    known = {*tags.paired, *tags.lone}
    least = min(known, default=0)

    def one(found: re.Match[str]) -> str:
        number = int(found[2])
        is_strange = number not in known and (not least or number < least) and found[0] not in source
        return "" if is_strange else found[0]

    return re.sub(r"[^\S\n]{2,}", " ", clean).strip() if (clean := _TAG.sub(one, text)) != text else text


def tag_spans(text: str, tags: Tags) -> list[tuple[int, int]]:
    """Positions of tags with these numbers, also in the forms that models write; in order."""
    numbers = {*tags.paired, *tags.lone}
    return [found.span() for found in _LOOSE.finditer(text) if int(found[2]) in numbers]


def stripped(text: str, tags: Tags) -> tuple[str, str, str]:
    """Split a text into (before, the words, after).

    Blanks and lone tags at the ends are not translated: they are set aside and put back.  Pairs stay.
    """
    parts = pieces(text, tags)
    start, end = 0, len(parts)
    before, after = "", ""
    while start < end and _is_wordless(parts[start]):
        before += str(parts[start])
        start += 1
    while end > start and _is_wordless(parts[end - 1]):
        end -= 1
        after = str(parts[end]) + after
    middle = "".join(str(one) for one in parts[start:end])
    lead = middle[: len(middle) - len(middle.lstrip())]
    tail = middle[len(middle.rstrip()) :] if middle.strip() else ""
    return before + lead, middle.strip(), tail + after


def _is_wordless(part: str | Tag) -> bool:
    return not part.strip() if isinstance(part, str) else part.side is Side.LONE


def tags_in(text: str, tags: Tags) -> Tags:
    found = [one for one in pieces(text, tags) if isinstance(one, Tag)]
    return Tags(
        tuple(one.number for one in found if one.side is Side.OPEN),
        tuple(one.number for one in found if one.side is Side.LONE),
    )
