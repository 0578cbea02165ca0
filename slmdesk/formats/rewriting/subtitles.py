"""Translates subtitles in place: times, styles, notes and positions are kept.

SRT, WebVTT (w3.org/TR/webvtt1) and ASS/SSA.  A cue of several lines is one text; its translation is split again
(text.subtitles), and the location of its unit is its time, which shows whether it can be read in that time.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from slmdesk.formats.rewriting.base import Rewriting, Unit, Units, said
from slmdesk.formats.rewriting.markup import Mark, Piece, Stretch, TextFile
from slmdesk.text.translation.subtitles import KIND, lines_of

_TIMES = re.compile(r"^[ \t]*(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,3}[ \t]*-->[^\r\n]*", re.MULTILINE)
_CUE = re.compile(r"(?:\r\n|\r|\n)((?:[^\r\n]*\S[^\r\n]*(?:\r\n|\r|\n|$))+)")
_DIALOGUE = re.compile(r"^(?:Dialogue|Comment):(?:[^,\r\n]*,){9}([^\r\n]*)", re.MULTILINE)
_NOTE = re.compile(r"^NOTE\b(?:[^\r\n]*\S[^\r\n]*(?:\r\n|\r|\n|$))+", re.MULTILINE)
"""Of WebVTT: it is for those who make subtitles."""
_MARKUP = re.compile(r"</?(?:b|i|u|c|v|lang|ruby|rt|font)(?:[.\s][^<>]*)?>|<[\d:.]+>|\{[^{}\r\n]*\}", re.IGNORECASE)
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}")


def rewrite(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    text = file.text
    is_ass = "[Script Info]" in text[:2000] or "\nDialogue:" in text
    for note in () if is_ass else _NOTE.finditer(text):
        yield from said("comment", "", note[0])
    for start, end, place in _ass(text) if is_ass else _timed(text):
        rewriting.reading.check()
        if is_ass and _DRAWING.search(text[start:end]):
            continue
        yield from _cue(file, start, end, place, is_ass=is_ass)
    file.close()


def _timed(text: str) -> Iterator[tuple[int, int, str]]:
    for times in _TIMES.finditer(text):
        cue = _CUE.match(text, times.end())
        if cue is not None:
            words = cue[1].rstrip("\r\n")
            yield cue.start(1), cue.start(1) + len(words), times[0].strip()


def _ass(text: str) -> Iterator[tuple[int, int, str]]:
    for one in _DIALOGUE.finditer(text):
        yield one.start(1), one.end(1), "{1} --> {2}".format(*map(str.strip, one[0].split(",")[:3]))


def _cue(file: TextFile, start: int, end: int, place: str, *, is_ass: bool) -> Units:
    raw = file.text[start:end]
    line_end = r"\N" if is_ass else "\r\n" if "\r\n" in raw else "\n"
    lines = re.split(r"\\N|\\n" if is_ass else r"\r\n|\r|\n", raw)
    joined = " ".join(line.strip() for line in lines)
    is_dialogue = len(lines) > 1 and all(line.lstrip().startswith(("-", "–", "—")) for line in lines)
    if is_dialogue:  # two speakers: each keeps a line of their own
        at = start
        for line in lines:
            at = file.text.index(line, at)
            yield from _stretch(file, at, at + len(line), line, place, count=1, line_end=line_end)
            at += len(line)
        return
    yield from _stretch(file, start, end, joined, place, count=len(lines), line_end=line_end)


def _stretch(file: TextFile, start: int, end: int, words: str, place: str, *, count: int, line_end: str) -> Units:
    stretch = Stretch(list(_pieces(words)), plain=html.unescape, escaped=_escaped)
    if stretch.has_words:
        answer = yield Unit(stretch.text, stretch.tags, KIND, place)
        if answer is not None:
            file.put(start, end, line_end.join(lines_of(stretch.written(answer), count)))


def _escaped(words: str) -> str:
    """Escape only what would be taken for markup."""
    return words.replace("&", "&amp;") if re.search(r"&\w+;", words) else words


def _pieces(words: str) -> Iterator[Piece]:
    at = 0
    for one in _MARKUP.finditer(words):
        if one.start() > at:
            yield Piece(Mark.WORDS, words[at : one.start()])
        at = one.end()
        raw = one[0]
        name = re.sub(r"[^a-z]", " ", raw.lower()).split()
        if raw.startswith("<") and name and not raw[1].isdigit():
            yield Piece(Mark.CLOSE if raw.startswith("</") else Mark.OPEN, raw, name[0])
        else:
            yield Piece(Mark.LONE, raw)
    if at < len(words):
        yield Piece(Mark.WORDS, words[at:])
