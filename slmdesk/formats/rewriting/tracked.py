"""Puts changes into a Word file as tracked ones: `w:ins` and `w:del` (ECMA-376 part 1, 17.13.5)."""

from __future__ import annotations

import copy
from collections.abc import Iterator

from lxml import etree

from slmdesk.base.tracking import MARKED
from slmdesk.formats.xmls import child, local

AUTHOR = "slmdesk"
_UNNUMBERED = "-1"


def tracked_runs(run: etree._Element, date: str) -> Iterator[etree._Element]:
    """A run as several, where its text has words that are deleted or inserted."""
    text = child(run, "t")
    words = (text.text or "") if text is not None else ""
    at = 0
    for one in MARKED.finditer(words):
        if one.start() > at:
            yield _with(run, words[at : one.start()])
        yield _change(_with(run, one[1] or one[2] or ""), date, is_deleted=one[1] is not None)
        at = one.end()
    if at < len(words) or not at:
        yield _with(run, words[at:])


def settle(root: etree._Element) -> None:
    """Number the changes of a part; an insertion inside another one becomes part of that."""
    space = f"{{{etree.QName(root).namespace}}}"
    own = [one for one in root.iter(f"{space}ins", f"{space}del") if one.get(f"{space}id") == _UNNUMBERED]
    for one in [one for one in own if local(one) == "ins"]:
        if any(local(each) in ("ins", "moveTo") for each in one.iterancestors()):
            parent = one.getparent()
            if parent is not None:
                at = parent.index(one)
                parent[at : at + 1] = list(one)
                own.remove(one)
    used = [each.get(f"{space}id", "") for each in root.iter() if isinstance(each.tag, str)]
    first = max((int(one) for one in used if one.isdecimal()), default=0) + 1
    for number, one in enumerate(own, first):
        one.set(f"{space}id", str(number))


def _with(run: etree._Element, words: str) -> etree._Element:
    made = copy.deepcopy(run)
    text = child(made, "t")
    if text is not None:
        text.text = words
    return made


def _change(run: etree._Element, date: str, *, is_deleted: bool) -> etree._Element:
    space = f"{{{etree.QName(run).namespace}}}"
    attributes = {f"{space}id": _UNNUMBERED, f"{space}author": AUTHOR, f"{space}date": date}
    change = etree.Element(f"{space}{'del' if is_deleted else 'ins'}", attributes)
    text = child(run, "t")
    if is_deleted and text is not None:
        text.tag = f"{space}delText"
    change.append(run)
    return change
