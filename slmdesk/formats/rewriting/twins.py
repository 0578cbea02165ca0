"""Text that a file contains twice: for programs that know a newer way of drawing, and for those that do not.

A program shows one of both copies (ECMA-376 part 3, Markup Compatibility), so both must say the same: the second gets
the translation of the first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from lxml import etree

from slmdesk.formats.rewriting.base import Found, Unit, Units
from slmdesk.formats.xmls import local
from slmdesk.text.translation.tagged import Tags


class RepeatedTexts:
    def __init__(self) -> None:
        self._answers: dict[tuple[str, Tags], deque[str | None]] = {}
        self._left: set[Found] = set()

    def first(self, units: Units) -> Units:
        answer: str | None = None
        while True:
            try:
                found = units.send(answer)
            except StopIteration as end:
                return end.value
            answer = yield found
            if isinstance(found, Unit):
                self._answers.setdefault((found.text, found.tags), deque()).append(answer)
            else:
                self._left.add(found)

    def again(self, units: Units) -> Units:
        """The units of a second copy: those that the first did not have."""
        answer: str | None = None
        while True:
            try:
                found = units.send(answer)
            except StopIteration as end:
                return end.value
            known = self._answers.get((found.text, found.tags)) if isinstance(found, Unit) else None
            if known:
                answer = known.popleft() if len(known) > 1 else known[0]
            elif found in self._left:
                answer = None
            else:
                answer = yield found


def twinned(elements: Iterable[etree._Element], units_of: Callable[[etree._Element], Units]) -> Units:
    """The units of elements, one after another; those of an `mc:Fallback` are answered as those of its `mc:Choice`."""
    twins: dict[etree._Element, RepeatedTexts] = {}
    for element in elements:
        copy = next((one for one in element.iterancestors() if local(one) in ("Choice", "Fallback")), None)
        both = copy.getparent() if copy is not None else None
        if copy is None or both is None:
            yield from units_of(element)
            continue
        twin = twins.setdefault(both, RepeatedTexts())
        yield from (twin.again if local(copy) == "Fallback" else twin.first)(units_of(element))
