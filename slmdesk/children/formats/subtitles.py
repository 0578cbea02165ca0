"""Reads subtitles (SRT, WebVTT, ASS/SSA and TTML). Each cue is a block with its time, and a page holds ten minutes."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from lxml import etree

from slmdesk.base.documents import BlockKind, Note, Page, PageKind
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.children.formats.office_xml import Stream, attribute, local
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import Piece, decoded_text, page_from, parted

PAGE_S = 600
_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?"
_TIMES = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}")
_ASS_TIME = re.compile(r"\s*(\d+):(\d\d):(\d\d)[.:](\d\d)")
_TAG = re.compile(r"</?(?:b|i|u|c|v|lang|ruby|rt|font)(?:[.\s][^<>]*)?>|<[\d:.]+>", re.IGNORECASE)
"""Matches known tags only: <|im_start|> or <s> may be spoken text."""
_VOICE = re.compile(r"<v(?:\.[\w.-]+)?\s+([^<>]+)>", re.IGNORECASE)
_OVERRIDE = re.compile(r"\{[^{}]*\\[^{}]*\}")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?!\S)")
_COMMENT = re.compile(r"NOTE\s+\S.*", re.DOTALL)
_ASS_ROW = re.compile(r"\s*(?:\[|;|(?:Dialogue|Comment|Picture|Sound|Movie|Command|Format):)")
_DRAWING = re.compile(r"\\p[1-9]")


class Cue(Record):
    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    is_timed: bool = True
    """Whether the cue has times of its own. If not, `start_s` is that of the cue before and only keeps the order."""


def read(reading: Reading) -> Iterator[Page]:
    """Yield the pages of a subtitle file. Raises KnownError `document.damaged` if the file has no cues."""
    reading.page_kind = PageKind.PART
    text = decoded_text(reading)
    is_ass = "[Script Info]" in text[:2000] or "\nDialogue:" in text
    cues = sorted(_ass(text) if is_ass else _timed(reading, text), key=lambda cue: cue.start_s)
    if not any(cue.is_timed for cue in cues) and text.strip():
        raise KnownError("document.damaged", path=reading.path, reason=_("it has no times"))
    if not all(cue.is_timed for cue in cues):
        reading.note(Note.UNTIMED)
    yield from pages_of(reading, cues)


def pages_of(reading: Reading, cues: Sequence[Cue]) -> Iterator[Page]:
    """Yield pages of ten minutes each. `cues` must be in order. If no cue has a time, split the text by its length."""
    if cues and not any(cue.is_timed for cue in cues):
        portions = list(parted(map(_piece, cues)))
        reading.total = len(portions)
        yield from (page_from(number, "", portion) for number, portion in enumerate(portions, 1))
        return
    stretches: dict[int, list[Cue]] = {}
    for cue in cues:
        stretches.setdefault(int(cue.start_s) // PAGE_S, []).append(cue)
    reading.total = len(stretches)
    for number, (stretch, spoken) in enumerate(stretches.items(), 1):
        reading.check()
        label = f"{_minutes(stretch)}–{_minutes(stretch + 1)}"
        yield page_from(number, label, map(_piece, spoken))


def _piece(cue: Cue) -> Piece:
    text = f"{cue.speaker}: {cue.text}" if cue.speaker else cue.text
    place = f"{_clock(cue.start_s)}–{_clock(cue.end_s)}" if cue.is_timed else ""
    return Piece(BlockKind.PARAGRAPH, text, place=place)


def _minutes(stretch: int) -> str:
    minutes = stretch * PAGE_S // 60
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def _timed(reading: Reading, text: str) -> Iterator[Cue]:
    """Yield the cues of SRT or WebVTT: a line with times, then all lines up to the name of the next cue, which is a
    number or, in WebVTT, any single line.
    """
    is_vtt = text.startswith("WEBVTT")
    times: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.split("\n"):
        match = _TIMES.match(line)
        if match is None:
            lines.append(line)
            continue
        if lines and (lines[-1].strip().isdecimal() or (is_vtt and not "".join(lines[-2:-1]).strip())):
            lines.pop()
        yield from _cue(reading, times, lines, is_vtt=is_vtt)
        times, lines = match, []
    yield from _cue(reading, times, lines, is_vtt=is_vtt)


def _cue(reading: Reading, times: re.Match[str] | None, lines: Iterable[str], *, is_vtt: bool) -> Iterator[Cue]:
    paragraphs = ["\n".join(some) for is_blank, some in groupby(lines, lambda line: not line.strip()) if not is_blank]
    if is_vtt:
        if any(_COMMENT.fullmatch(paragraph) for paragraph in paragraphs):
            reading.note(Note.PARTS_UNREAD, name="NOTE")
        paragraphs = [part for part in paragraphs[times is None :] if not _ASIDE.match(part)]
    text = "\n".join(paragraphs)
    voice = _VOICE.search(text)
    plain = _OVERRIDE.sub("", _TAG.sub("", text)).strip()
    if plain:
        start, end = (_seconds(times.groups()[:4]), _seconds(times.groups()[4:])) if times else (0.0, 0.0)
        speaker = voice[1].strip() if voice else ""
        yield Cue(start, end, html.unescape(plain) if is_vtt else plain, speaker, is_timed=times is not None)


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")


def _ass(text: str) -> Iterator[Cue]:
    """Yield the dialogue lines of ASS/SSA, each with the lines without a key below it. The file's format line gives the
    order of their fields.
    """
    names = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    in_events = False
    start_s = 0.0
    rows: list[list[str]] = [[""]]
    for line in text.split("\n"):
        if _ASS_ROW.match(line) or not rows[-1][0].startswith("Dialogue:"):
            rows.append([line])
        elif line.strip():
            rows[-1].append(line)
    for line in map(r"\N".join, rows):
        key, __, value = line.partition(":")
        if line.startswith("["):
            in_events = line.strip().lower() == "[events]"
        elif in_events and key.strip() == "Format":
            names = [name.strip().lower() for name in value.split(",")]
        elif key == "Dialogue":
            values = dict(zip(names, value.split(",", len(names) - 1), strict=False))
            start, end = _ASS_TIME.match(values.get("start", "")), _ASS_TIME.match(values.get("end", ""))
            words = values.get("text", "")
            if any(_DRAWING.search(override) for override in _OVERRIDE.findall(words)):
                continue
            plain = re.sub(r"\\[Nn]", "\n", _OVERRIDE.sub("", words)).replace("\\h", " ").strip()
            start_s = _seconds(start.groups()) if start else start_s
            if plain:
                end_s = _seconds(end.groups()) if end else start_s
                yield Cue(start_s, end_s, plain, values.get("name", "").strip(), is_timed=bool(start and end))


# Reads subtitles as XML. TTML (w3.org/TR/ttml2). Each `p` is a cue. Its time is its own, else that of the spans
# inside it, else that of the element around it.

_CLOCK = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s)$")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read_ttml(reading: Reading) -> Iterator[Page]:
    """Yield the pages of a TTML file. Cues without a time are noted and stay after the cue before.

    Raises KnownError `document.damaged` if the file has no cues.
    """
    reading.page_kind = PageKind.PART
    stream = Stream(reading.chunks(), reading.path, "div")
    cues: list[Cue] = []
    for __, child in stream:
        for element in child.iter("{*}p"):
            cues += _ttml_cue(element, cues[-1].start_s if cues else 0.0)
    if stream.root is None or local(stream.root) != "tt" or not cues:
        raise KnownError("document.damaged", path=reading.path, reason=_("it has no lines"))
    if not all(cue.is_timed for cue in cues):
        reading.note(Note.UNTIMED)
    yield from pages_of(reading, sorted(cues, key=lambda cue: cue.start_s))


def _ttml_cue(element: etree._Element, before_s: float) -> Iterator[Cue]:
    lines = "".join(_words(element)).split("\n")
    text = "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)
    words = [span for iterdescendant in element.iterdescendants("{*}span") for span in _span(iterdescendant)]
    within = [(min(start for start, __ in words), max(end for __, end in words))] if words else []
    around = (span for ancestor in element.iterancestors() for span in _span(ancestor))
    timing = next(chain(_span(element), within, around), None)
    if text:
        yield Cue(*(timing or (before_s, before_s)), text, is_timed=timing is not None)


def _span(element: etree._Element) -> Iterator[tuple[float, float]]:
    start = _ttml_seconds(attribute(element, "begin"))
    until, lasts = _ttml_seconds(attribute(element, "end")), _ttml_seconds(attribute(element, "dur"))
    if start is not None:
        yield start, until if until is not None else start + (lasts or 0.0)


def _words(element: etree._Element) -> Iterator[str]:
    """Yield the text of an element. Line ends in the file become spaces, as in XHTML, and only `br` starts a line."""
    yield " ".join((element.text or "").split("\n"))
    for child in element:
        if local(child) == "br":
            yield "\n"
        else:
            yield from _words(child)
        yield " ".join((child.tail or "").split("\n"))


def _ttml_seconds(time: str) -> float | None:
    """Return a clock time or an offset in seconds. Times in frames or ticks give None."""
    if match := _CLOCK.match(time):
        return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])
    if match := _OFFSET.match(time):
        return float(match[1]) * _SECONDS[match[2]]
    return None
