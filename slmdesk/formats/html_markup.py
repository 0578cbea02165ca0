"""Prepares hypertext for the parser: refuses what is nested too deeply, and classifies elements."""

from __future__ import annotations

import re
from collections import Counter

from slmdesk.base.errors import KnownError

MOST_DEPTH = 10_000
"""The parser's time grows with the square of the depth: 0.1 s for this one, a minute for 200,000 levels."""
_BLOCKS = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer"
    " form frameset h1 h2 h3 h4 h5 h6 header hgroup hr legend li listing main menu nav ol optgroup p plaintext pre"
    " search section summary table tbody tfoot thead tr td th caption ul xmp textarea"
)
BLOCKS = frozenset(_BLOCKS.split())
_SILENT = "script style template annotation annotation-xml datalist noframes param"
SILENT = frozenset(_SILENT.split())
_FETCHED = "iframe frame embed object video audio source track"
FETCHED = frozenset(_FETCHED.split())
_VOID = "area base br col embed hr img input link meta param source track wbr"
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[^<>]*(/)>)?")
_IMPLIED = frozenset(f"p li td th tr tbody thead tfoot dt dd option rt rp colgroup html head body {_VOID}".split())
"""Elements whose end tag is optional or missing: they do not count as depth."""
_ALONE = re.compile(rf"<(?!(?:{_VOID.replace(' ', '|')})\b)([a-zA-Z][\w:-]*)((?:\s[^<>]*)?)/>")


def prepared(markup: str, path: str) -> str:
    """The markup as the parser can read it.  Raises KnownError `document.damaged` where it is nested too deeply."""
    if _depth(markup) > MOST_DEPTH:
        raise KnownError("document.damaged", path=path, reason="its elements are nested too deeply")
    head = markup[:1000]
    is_xhtml = "<?xml" in head or "/xhtml" in head  # its <title/> would swallow all that follows: HTML has no such end
    return _ALONE.sub(r"<\1\2></\1>", markup) if is_xhtml else markup


def _depth(markup: str) -> int:
    if markup.count("<") <= MOST_DEPTH:
        return 0
    opened: Counter[str] = Counter()
    deepest = depth = 0
    has_drawings = "foreignobject" not in markup.lower()  # in one an element is not ended by its slash
    for closes, name, ended in _TAG.findall(markup):
        name = name.lower()
        if name in _IMPLIED or (ended and has_drawings and opened["svg"] + opened["math"]):
            continue
        if not closes:
            opened[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return deepest
