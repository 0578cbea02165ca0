"""The content of a paragraph as words, fixed objects and groups, and the same as one text with numbered tags.

A format turns a paragraph into nodes and nodes into a paragraph again; the tags in between are handled here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace  # noqa: TID251
from typing import Any, TypeAlias

from slmdesk.text.translation.tagged import Side, Tag, Tags, first_number, pieces, problems, stripped, tags_in


@dataclass(slots=True, eq=False)
class Words:
    text: str
    look: Hashable = ""
    """Text with the same formatting needs no tag between its parts."""
    model: Any = None
    """The source object: the format copies it for the translated text."""


@dataclass(slots=True, eq=False)
class InlineObject:
    elements: list[Any]


@dataclass(slots=True, eq=False)
class InvisibleMark:
    element: Any
    is_end: bool = False
    """It stays after the text before it."""


@dataclass(slots=True, eq=False)
class Group:
    element: Any
    children: list[Node]


Node: TypeAlias = Words | InlineObject | InvisibleMark | Group
Seen: TypeAlias = Words | InlineObject | Group


@dataclass(slots=True, eq=False)
class _Level:
    seen: list[Seen]
    lead: list[Node]
    trail: list[Node]
    """Invisible nodes that were moved to the ends."""
    before: dict[int, list[Node]]
    after: dict[int, list[Node]]
    """Invisible nodes that stay beside a fixed object or a group, by the `id` of that."""
    look: Hashable = ""
    model: Any = None


class Inline:
    def __init__(self, nodes: Sequence[Node]) -> None:
        self._tagged: dict[int, tuple[Seen, _Level, _Level]] = {}
        """By number: the node, the level it is in, and the level inside it (for text: its formatting)."""
        self._wraps: list[tuple[_Level, Group]] = []
        level = _level(nodes)
        while len(level.seen) == 1 and isinstance(wrap := level.seen[0], Group):  # a link around all words needs no tag
            self._wraps.append((level, wrap))
            level = _level(wrap.children)
        self._top = level
        self._next = first_number(*_letters(level.seen))
        text = self._written(level)
        self._all = Tags(
            tuple(number for number, (node, _, _) in self._tagged.items() if not isinstance(node, InlineObject)),
            tuple(number for number, (node, _, _) in self._tagged.items() if isinstance(node, InlineObject)),
        )
        self._before, self.text, self._after = stripped(text, self._all)
        self.tags = tags_in(self.text, self._all)

    @property
    def has_words(self) -> bool:
        return any(letter.isalpha() for one in pieces(self.text, self.tags) if isinstance(one, str) for letter in one)

    def nodes(self, translation: str) -> list[Node]:
        """The nodes for a translation of `text`.  Raises ValueError where its tags are not balanced."""
        if problems(translation, self.tags):
            raise ValueError("the tags of the translation are not balanced")
        words = " ".join(translation.split("\n"))
        found = self._read(pieces(self._before + words + self._after, self._all))
        found = [*self._top.lead, *found, *self._top.trail]
        for level, wrap in reversed(self._wraps):
            found = [*level.lead, *_beside(level, wrap, [Group(wrap.element, found)]), *level.trail]
        return found

    def _written(self, level: _Level) -> str:
        parts = []
        for one in level.seen:
            if isinstance(one, Words) and one.look == level.look:
                parts.append(one.text)
                continue
            number = self._next
            self._next += 1
            if isinstance(one, InlineObject):
                self._tagged[number] = one, level, level
                parts.append(f"<{number}/>")
                continue
            inner = _level(one.children) if isinstance(one, Group) else _level([one])
            self._tagged[number] = one, level, inner
            words = self._written(inner) if isinstance(one, Group) else one.text
            parts.append(f"<{number}>{words}</{number}>")
        return "".join(parts)

    def _read(self, found: Sequence[str | Tag]) -> list[Node]:
        levels: list[tuple[_Level, list[Node]]] = [(self._top, [])]
        for one in found:
            level, here = levels[-1]
            if isinstance(one, str):
                here.append(Words(one, level.look, level.model))
                continue
            node, around, inner = self._tagged[one.number]
            if one.side is Side.LONE:
                here += _beside(around, node, [node])
            elif one.side is Side.OPEN:
                levels.append((inner, []))
            else:
                levels.pop()
                if isinstance(node, Group):
                    here = [Group(node.element, [*inner.lead, *here, *inner.trail])]
                levels[-1][1].extend(_beside(around, node, here))
        return levels[0][1]


def _beside(level: _Level, node: Seen, inside: Sequence[Node]) -> list[Node]:
    return [*level.before.get(id(node), ()), *inside, *level.after.get(id(node), ())]


def _level(nodes: Sequence[Node]) -> _Level:
    """The visible nodes, with text of the same formatting joined; invisible ones move to the ends or beside a neighbour
    that has a tag anyway: none is made for them alone.
    """
    level = _Level([], [], [], {}, {})
    waiting: list[InvisibleMark] = []
    for one in nodes:
        if isinstance(one, InvisibleMark):
            waiting.append(one)
            continue
        if isinstance(one, Words) and not one.text:
            continue
        last = level.seen[-1] if level.seen else None
        for unseen in waiting:
            _place(level, unseen, last, one)
        waiting = []
        if isinstance(one, Words) and isinstance(last, Words) and one.look == last.look:
            last.text += one.text
        else:
            level.seen.append(replace(one) if isinstance(one, Words) else one)
    level.trail += waiting
    _choose_base(level)
    _absorb(level)
    return level


def _absorb(level: _Level) -> None:
    """A comma or a space with other formatting joins the text before it: a tag would cost the sentence more."""
    kept: list[Seen] = []
    for one in level.seen:
        last = kept[-1] if kept else None
        joins = isinstance(one, Words) and isinstance(last, Words)
        if joins and (one.look == last.look or (one.look != level.look and _is_faceless(one.text))):  # type: ignore[union-attr]
            last.text += one.text  # type: ignore[union-attr]
        else:
            kept.append(one)
    level.seen = kept


def _is_faceless(text: str) -> bool:
    return len(text) < 4 and all(letter in " \u00a0.,;:()" for letter in text)


def _place(level: _Level, unseen: InvisibleMark, last: Seen | None, following: Seen) -> None:
    if last is None:
        level.lead.append(unseen)
    elif unseen.is_end:
        (level.trail if isinstance(last, Words) else level.after.setdefault(id(last), [])).append(unseen)
    else:
        (level.lead if isinstance(following, Words) else level.before.setdefault(id(following), [])).append(unseen)


def _choose_base(level: _Level) -> None:
    """The commonest formatting gets no tag; with groups only, the one inside the first."""
    letters: Counter[Hashable] = Counter()
    for one in level.seen:
        if isinstance(one, Words):
            letters[one.look] += max(1, len(one.text.strip()))
    if letters:
        level.look = letters.most_common(1)[0][0]
        level.model = next(one.model for one in level.seen if isinstance(one, Words) and one.look == level.look)
    elif (group := next((one for one in level.seen if isinstance(one, Group)), None)) is not None:
        inner = _level(group.children)
        level.look, level.model = inner.look, inner.model


def _letters(seen: Sequence[Seen]) -> Iterator[str]:
    for one in seen:
        if isinstance(one, Words):
            yield one.text
        elif isinstance(one, Group):
            yield from _letters(_level(one.children).seen)
