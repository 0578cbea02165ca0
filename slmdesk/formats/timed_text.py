"""Reads subtitles as XML: TTML (w3.org/TR/ttml2), in which each `p` is a cue.

Its time is its own, else that of its words, else that of what it is in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from lxml import etree

from slmdesk.base.documents import Note, Page, PageKind
from slmdesk.base.errors import KnownError
from slmdesk.formats.base import Reading
from slmdesk.formats.subtitles import Cue, pages_of
from slmdesk.formats.xmls import Stream, attribute, local

_CLOCK = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s)$")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read(reading: Reading) -> Iterator[Page]:
    """The cues of a file of timed text; those without a time are noted, and stay behind the one before.

    Raises KnownError `document.damaged` where it has none.
    """
    reading.page_kind = PageKind.PART
    with reading.open() as file:
        stream = Stream(iter(lambda: file.read(1 << 18), b""), reading.path, "div")
        cues: list[Cue] = []
        for _, child in stream:
            for one in child.iter("{*}p"):
                cues += _cue(one, cues[-1].start_s if cues else 0.0)
    if stream.root is None or local(stream.root) != "tt" or not cues:
        raise KnownError("document.damaged", path=reading.path, reason="it has no lines")
    if not all(one.is_timed for one in cues):
        reading.note(Note.UNTIMED)
    yield from pages_of(reading, sorted(cues, key=lambda cue: cue.start_s))


def _cue(element: etree._Element, before_s: float) -> Iterator[Cue]:
    lines = "".join(_words(element)).split("\n")
    text = "\n".join(line for line in (" ".join(one.split()) for one in lines) if line)
    words = [span for one in element.iterdescendants("{*}span") for span in _span(one)]
    within = [(min(start for start, _ in words), max(end for _, end in words))] if words else []
    around = (span for one in element.iterancestors() for span in _span(one))
    found = next(chain(_span(element), within, around), None)
    if text:
        yield Cue(*(found or (before_s, before_s)), text, is_timed=found is not None)


def _span(element: etree._Element) -> Iterator[tuple[float, float]]:
    start = _seconds(attribute(element, "begin"))
    until, lasts = _seconds(attribute(element, "end")), _seconds(attribute(element, "dur"))
    if start is not None:
        yield start, until if until is not None else start + (lasts or 0.0)


def _words(element: etree._Element) -> Iterator[str]:
    """White space is one blank, as in XHTML; a line ends at `br` alone."""
    yield " ".join((element.text or "").split("\n"))
    for child in element:
        if local(child) == "br":
            yield "\n"
        else:
            yield from _words(child)
        yield " ".join((child.tail or "").split("\n"))


def _seconds(time: str) -> float | None:
    """Of a clock or an offset; those in frames or ticks are none."""
    if found := _CLOCK.match(time):
        return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    if found := _OFFSET.match(time):
        return float(found[1]) * _SECONDS[found[2]]
    return None
