"""Reads subtitles as XML: TTML (w3.org/TR/ttml2), in which each `p` with a time is a cue."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from slmdesk.core.documents import Page, PageKind
from slmdesk.core.errors import KnownError
from slmdesk.documents.base import Reading
from slmdesk.documents.subtitles import Cue, pages_of
from slmdesk.documents.xmls import Stream, attribute, local

_CLOCK = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s)$")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read(reading: Reading) -> Iterator[Page]:
    """The cues of a file of timed text.  Raises KnownError `document.damaged` where it has none."""
    reading.page_kind = PageKind.PART
    with reading.open() as file:
        stream = Stream(iter(lambda: file.read(1 << 18), b""), reading.path, "div")
        cues = [cue for _, child in stream for one in child.iter("{*}p") if (cue := _cue(one))]
    if stream.root is None or local(stream.root) != "tt" or not cues:
        raise KnownError("document.damaged", path=reading.path, reason="it has no times")
    yield from pages_of(reading, sorted(cues, key=lambda cue: cue.start_s))


def _cue(element: etree._Element) -> Cue | None:
    start = _seconds(attribute(element, "begin"))
    if start is None:
        return None
    until, lasts = _seconds(attribute(element, "end")), _seconds(attribute(element, "dur"))
    end = until if until is not None else start + (lasts or 0.0)
    lines = "".join(_words(element)).split("\n")
    text = "\n".join(line for line in (" ".join(one.split()) for one in lines) if line)
    return Cue(start, end, text) if text else None


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
