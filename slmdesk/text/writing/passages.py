"""Finds the sentences of a text that are to be corrected, each with its place, so that all else stays as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slmdesk.base.record import Record
from slmdesk.text.translation.chatter import is_chatter, without_chatter
from slmdesk.text.translation.placeholders import is_code, is_only_protected
from slmdesk.text.words.sentences import sentence_spans

MOST_SENTENCE = 1_500
"""Characters of a sentence that is asked; a longer one is a table or a list without marks, and is reported."""
LEAST_WRAPPED = 50
"""Characters of a line that may go on in the next one."""
LEAST_FINISHED = 6
"""Words from which a line without a sign at its end may be a sentence that lacks it."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_LEFT = re.compile(r"[ \t]*(?:>|\||<[!/a-zA-Z]|\[[^\]]{1,200}\]:| {4}|\t|---+\s*$|===+\s*$)")
"""Lines that stay: quotations of others, tables, markup, indented code."""
_MARK = re.compile(r"[ \t]*(?:#{1,6}[ \t]+|[-*+•–][ \t]+(?:\[[ xX]\][ \t]+)?|\(?\d{1,3}[.)][ \t]+|\(?[a-z]\)[ \t]+)?")
_ENDS = (".", "!", "?", "…", ":", ";")


class Passage(Record):
    """A sentence of a text: `start` to `end`, in characters; `line` from 1.  Line ends inside it are kept."""

    start: int
    end: int
    line: int
    paragraph: tuple[int, int]
    """The lines it stands in, to tell their language."""
    is_heading: bool = False

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def asked(self, text: str) -> str:
        """Its words in one line."""
        return " ".join(self.of(text).split())


def passages(text: str, language: str = "") -> Iterator[Passage]:
    """The sentences of a text, in order, without marks of Markdown before them.

    Left out are code, tables, markup, quoted mails and whatever has no words.
    """
    for start, end, line, is_marked in _paragraphs(text):
        plain = text[start:end].replace("\r", " ").replace("\n", " ")
        for first, last in sentence_spans(plain, language):
            words = plain[first:last]
            if is_only_protected(words) or is_code(words):
                continue
            is_short = len(words.split()) < LEAST_FINISHED or is_marked
            is_heading = is_short and not words.endswith(_ENDS)
            number = line + text.count("\n", start, start + first)
            yield Passage(start + first, start + last, number, (start, end), is_heading)


def answer_in(answer: str, source: str, *, is_heading: bool = False) -> str:
    """The correction a model gave of a sentence, in one line and without talk; "" where it gave none."""
    found = without_chatter(source, answer).strip()
    found = " ".join(found.split("\n\n")[0].split())
    if source[:1] not in "*`\"'" and found[:1] in "*`" and found.strip("*`"):
        found = found.strip("*`")
    if not found or (is_chatter(source, found) and not source.rstrip().endswith("?")):
        return ""
    if not 0.5 * len(source) - 10 <= len(found) <= 1.6 * len(source) + 20:
        return ""
    if is_heading and found.endswith(".") and not source.endswith("."):
        found = found.removesuffix(".")
    return found


def _paragraphs(text: str) -> Iterator[tuple[int, int, int, bool]]:
    """Lines that belong together: (start, end, number of the first line, whether a mark stands before them)."""
    fence, number = "", 0
    open_one: tuple[int, int, int, bool] | None = None
    for one in _LINE.finditer(text):
        if not one[0]:
            break
        number += 1
        line = one[0].rstrip("\r\n")
        if found := _FENCE.match(line):
            fence = "" if fence and found[1].startswith(fence) else fence or found[1][:3]
        is_left = bool(fence or found or not line.strip() or _LEFT.match(line))
        mark = _MARK.match(line)
        lead = mark.end() if mark else 0
        is_marked = bool(mark and mark[0].strip())
        start, end = one.start() + lead, one.start() + len(line)
        if open_one and not is_left and not is_marked and _goes_on(text, open_one, line):
            open_one = (open_one[0], end, open_one[2], open_one[3])
            continue
        if open_one:
            yield open_one
        open_one = None if is_left else (start, end, number, is_marked)
    if open_one:
        yield open_one


def _goes_on(text: str, before: tuple[int, int, int, bool], line: str) -> bool:
    last = text[before[0] : before[1]].splitlines()[-1]
    return len(last) >= LEAST_WRAPPED and (line.lstrip()[:1].islower() or not last.rstrip().endswith(_ENDS))
