"""Finds the sentences of a text that are to be corrected, and a model's correction in its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slmdesk.base.record import Record
from slmdesk.base.text.markup import code_lines
from slmdesk.base.text.sentences import sentence_spans
from slmdesk.tasks.translation.preserved import is_chatter, is_code, is_only_protected, without_chatter
from slmdesk.tasks.writing.edits import is_same, words_in

MOST_SENTENCE = 1_500
"""Most characters of a sentence sent to the model. A longer one is a table or a list without marks, and is reported."""
LEAST_WRAPPED = 50
"""Fewest characters of a line whose sentence may continue on the next line."""
LEAST_KEPT = 0.5
"""Least share of a sentence's longer words that its correction has. Else the model has answered or rewritten it."""
LEAST_LETTERS = 4
LEAST_FINISHED = 6
"""Fewest words of a line without an end sign that may be a sentence lacking that sign. A shorter one is a heading."""
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n|$)")
"""Matches each line, the last one empty."""
_LEFT = re.compile(r"[ \t]*(?:>|\||<[!/a-zA-Z]|\[[^\]]{1,200}\]:| {4}|\t|---+\s*$|===+\s*$)")
"""Matches lines that are not corrected: quotations of others, tables, markup, indented code."""
_MARK = re.compile(r"[ \t]*(?:#{1,6}[ \t]+|[-*+•–][ \t]+(?:\[[ xX]\][ \t]+)?|\(?\d{1,3}[.)][ \t]+|\(?[a-z]\)[ \t]+)?")
_ENDS = (".", "!", "?", "…", ":", ";")


class Passage(Record):
    """Sentence of a text: characters `start` to `end`, on line `line` (from 1). Line ends inside it are kept."""

    start: int
    end: int
    line: int
    paragraph: tuple[int, int]
    """Characters of the paragraph around it, by which the language is detected."""
    is_heading: bool = False

    def of(self, text: str) -> str:
        return text[self.start : self.end]

    def asked(self, text: str) -> str:
        """Return its words on one line."""
        return " ".join(self.of(text).split())


def passages(text: str, language: str = "") -> Iterator[Passage]:
    """Yield the sentences of a text in order, without Markdown marks before them.

    Code, tables, markup, quoted mails and text without words are left out.
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
    """Return a model's correction of a sentence, on one line and without talk, or "" if the answer has none."""
    text = without_chatter(source, answer).strip()
    text = " ".join(text.split("\n\n")[0].split())
    if source[:1] not in "*`\"'" and text[:1] in "*`" and text.strip("*`"):
        text = text.strip("*`")
    if not text or (is_chatter(source, text) and not source.rstrip().endswith("?")):
        return ""
    if not 0.5 * len(source) - 10 <= len(text) <= 1.6 * len(source) + 20:
        return ""
    if not _is_kept(source, text):
        return ""
    if is_heading and not source.endswith("."):
        text = text.removesuffix(".")
    return text


def _is_kept(source: str, answer: str) -> bool:
    there = words_in(answer)
    words = [word for word in words_in(source) if len(word) >= LEAST_LETTERS]
    kept = sum(any(is_same(word, other) for other in there) for word in words)
    return kept >= LEAST_KEPT * len(words)


def _paragraphs(text: str) -> Iterator[tuple[int, int, int, bool]]:
    """Yield lines that belong together: (start, end, first line's number, whether a list or heading mark precedes)."""
    matches = list(_LINE.finditer(text))
    lines = [match[1] for match in matches]
    open_one: tuple[int, int, int, bool] | None = None
    for number, (match, line, is_fenced) in enumerate(zip(matches, lines, code_lines(lines), strict=True), 1):
        lead = len(line) - len(_MARK.sub("", line, count=1))
        is_marked = bool(line[:lead].strip())
        is_left = is_fenced or not line.strip() or bool(_LEFT.match(line))
        if open_one and not is_left and not is_marked and _line_goes_on(text, open_one, line):
            open_one = (open_one[0], match.end(1), *open_one[2:])
            continue
        if open_one:
            yield open_one
        open_one = None
        if not is_left:
            open_one = (match.start() + lead, match.end(1), number, is_marked)


def _line_goes_on(text: str, before: tuple[int, int, int, bool], line: str) -> bool:
    last = text[before[0] : before[1]].splitlines()[-1]
    return len(last) >= LEAST_WRAPPED and (line.lstrip()[:1].islower() or not last.rstrip().endswith(_ENDS))
