"""Translates text files in place (plain text, Markdown, tables, subtitles). Everything else in the file is kept."""

from __future__ import annotations

import codecs
import html
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.text.cells import harmless_cell
from slmdesk.base.text.sentences import detect
from slmdesk.base.text.tagged import KIND, Side, Tag, Tags, first_number, lines_of, pieces, stripped, tags_in, unwrapped
from slmdesk.base.translation import DETECTED
from slmdesk.children.formats.rewriting.rewriters import MOST_SAID, LeftAsIs, Rewriting, Unit, Units, said
from slmdesk.children.formats.sheets import REPORTED, Cell, delimiter_of, rows_of, rows_of_cells
from slmdesk.children.formats.text import MARKS, decoded_by


class TextFile:
    def __init__(self, rewriting: Rewriting) -> None:
        """Read and decode a file. Raises KnownError `document.binary`, `document.unreadable`, `document.too_large`."""
        self._rewriting = rewriting
        untrusted = rewriting.reading.text_bytes()
        decoded = decoded_by(rewriting.reading, untrusted)
        self._encoding = decoded.encoding
        self._mark = next((mark for mark, _ in MARKS if untrusted.startswith(mark)), b"")
        self.text = decoded.text
        self._edits: list[tuple[int, int, str]] = []

    def put(self, start: int, end: int, words: str) -> None:
        self._edits.append((start, end, words))

    @property
    def is_changed(self) -> bool:
        return bool(self._edits)

    def close(self) -> None:
        """Store the new bytes of the file, in its own encoding or, if that lacks some of the characters, in UTF-8."""
        out, at = [], 0
        for start, end, words in sorted(self._edits):
            out += [self.text[at:start], words]
            at = end
        text = "".join((*out, self.text[at:]))
        try:
            self._rewriting.data = self._mark + text.encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            self._rewriting.data = (codecs.BOM_UTF8 if self._mark else b"") + text.encode("utf-8", "replace")


class Mark(StrEnum):
    WORDS = "words"
    OPEN = "open"
    CLOSE = "close"
    LONE = "lone"


class Piece(Record):
    """Words or markup in their source form. `name` tells which closing markup belongs to which opening markup."""

    mark: Mark
    raw: str
    name: str = ""


Converter: TypeAlias = Callable[[str], str]


class Stretch:
    def __init__(self, tagged: Sequence[Piece], *, plain: Converter = str, escaped: Converter = str) -> None:
        """`plain` decodes source text (entities), and `escaped` encodes it again."""
        self._escaped = escaped
        words = [plain(piece.raw) if piece.mark is Mark.WORDS else "" for piece in tagged]
        number = first_number(*words)
        self._raw: dict[str, str] = {}
        paired, lone, parts = [], [], []
        partner = _partners(tagged)
        numbers: dict[int, int] = {}
        for index, piece in enumerate(tagged):
            if piece.mark is Mark.WORDS:
                parts.append(words[index])
                continue
            other = partner.get(index)
            if other is None:
                tag = Tag(Side.LONE, number)
                lone.append(number)
                number += 1
            elif other > index:
                tag, numbers[other] = Tag(Side.OPEN, number), number
                paired.append(number)
                number += 1
            else:
                tag = Tag(Side.CLOSE, numbers[index])
            self._raw[str(tag)] = piece.raw
            parts.append(str(tag))
        self._all = Tags(tuple(paired), tuple(lone))
        self._before, self.text, self._after = stripped("".join(parts), self._all)
        while (inner := unwrapped(self.text, self._all)) is not None:
            opening, middle, closing = inner
            before, self.text, after = stripped(middle, self._all)
            self._before, self._after = self._before + opening + before, after + closing + self._after
        self.tags = tags_in(self.text, self._all)

    @property
    def has_words(self) -> bool:
        return any(sign.isalpha() for part in pieces(self.text, self.tags) if isinstance(part, str) for sign in part)

    def written(self, translation: str) -> str:
        return "".join(
            self._escaped(piece) if isinstance(piece, str) else self._raw[str(piece)]
            for piece in pieces(self._before + translation + self._after, self._all)
        )


def stretch_of(parts: Sequence[str]) -> Stretch:
    """Return the stretch of a text that was split at its marks. Every second part is a mark."""
    return Stretch([Piece(Mark.LONE if at % 2 else Mark.WORDS, raw) for at, raw in enumerate(parts) if raw])


def _partners(parts: Sequence[Piece]) -> dict[int, int]:
    """Return the closing markup's index for each opening one, and the reverse. Omits unpaired or crossing markup."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    for index, piece in enumerate(parts):
        if piece.mark is Mark.OPEN:
            opened.append(index)
        elif piece.mark is Mark.CLOSE:
            at = next((at for at in reversed(range(len(opened))) if parts[opened[at]].name == piece.name), None)
            if at is not None:
                partner[opened[at]], partner[index] = index, opened[at]
                del opened[at:]
    return partner


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)?")
LEAST_WRAPPED = 50
"""Fewest characters of the lines of a wrapped paragraph, except its last line. A paragraph with a shorter line is
translated line by line.
"""
_INDENT = re.compile(r"[ \t]*")


def rewrite_plain(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    for number, block in _blocks(file.text):
        rewriting.reading.check()
        for start, end, words, joins in _parts(file.text, block):
            if not any(letter.isalpha() for letter in words):
                continue
            answer = yield Unit(words, kind="paragraph", place=f"line {number}")
            if answer is not None:
                file.put(start, end, _wrapped(answer, file.text[start:end], joins=joins))
    file.close()


def _blocks(text: str) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield each group of lines between empty lines: the number of its first line, and (start, end) of each line."""
    block: list[tuple[int, int]] = []
    first = number = 1
    for match in _LINE.finditer(text):
        if not match[0]:
            break
        words = match[0].rstrip("\r\n")
        if words.strip():
            first = first if block else number
            block.append((match.start(), match.start() + len(words)))
        elif block:
            yield first, block
            block = []
        number += 1
    if block:
        yield first, block


def _parts(text: str, block: list[tuple[int, int]]) -> Iterator[tuple[int, int, str, bool]]:
    """Yield a wrapped paragraph as a whole, or else each line: (start, end, words, whether lines were joined)."""
    lines = [text[start:end] for start, end in block]
    if len(lines) > 1 and all(len(line.strip()) >= LEAST_WRAPPED for line in lines[:-1]):
        start, end = block[0][0], block[-1][1]
        lead = len(lines[0]) - len(lines[0].lstrip())
        yield start + lead, end, " ".join(" ".join(lines).split()), True
        return
    for (start, end), line in zip(block, lines, strict=True):
        lead = len(line) - len(line.lstrip())
        yield start + lead, end - (len(line) - len(line.rstrip())), line.strip(), False


def _wrapped(words: str, old: str, *, joins: bool) -> str:
    if not joins:
        return words
    end = "\r\n" if "\r\n" in old else "\n"
    lines = old.split(end)
    width = max(len(line) for line in lines)
    indent = _INDENT.match(lines[1])[0] if len(lines) > 1 else ""  # type: ignore[index]
    made = textwrap.wrap(words, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return end.join(made)


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?|\d{1,9}[.)][ \t]+)?")
_ITEM = re.compile(r" {0,3}(?:[-*+]|\d{1,9}[.)])[ \t]")
_RULER = re.compile(r"[ \t|:=*_-]*$")
_META = re.compile(r"\[[^\]]{1,200}\]:[ \t]*\S+")
_INLINE = re.compile(
    r"(?P<code>(`+)(?!`).+?(?<!`)\2(?!`))|(?P<image>!\[\]\([^)\n]*\))|(?P<auto><[a-zA-Z][^<>\s]*[:@][^<>\s]*>)"
    r"|(?P<html></?[a-zA-Z][^<>\n]*>)|(?P<link>!?\[(?=[^\]\n]+\](?:\([^)\n]*\)|\[[^\]\n]*\])))|(?P<end>\](?:\([^)\n]*\)|\[[^\]\n]*\]))"
    r"|(?P<strong>\*\*|__)|(?P<strike>~~)|(?P<em>(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])|(?<![\w_])_(?=\S)|(?<=\S)_(?![\w_]))"
    r"|(?P<hard>\\$| {2,}$)"
)


def rewrite_markdown(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    fence, has_front = "", file.text.startswith(("---\n", "---\r\n"))
    number, is_in_list, is_in_code, follows_blank = 0, False, False, True
    for match in _LINE.finditer(file.text):
        line = match[0].rstrip("\r\n")
        if not match[0]:
            break
        number += 1
        rewriting.reading.check()
        mark = _FENCE.match(line)
        if has_front:
            yield from said("code", f"line {number}", line)
            has_front = number == 1 or line.strip() not in ("---", "...")
            continue
        if fence or mark:
            yield from said("code", f"line {number}", line)
            fence = "" if fence and line.strip().startswith(fence) else fence or mark[1]  # type: ignore[index]
            continue
        was_blank, follows_blank = follows_blank, not line.strip()
        is_indented = line.startswith(("    ", "\t"))
        if line.strip() and not is_indented:
            is_in_list = bool(_ITEM.match(line)) or (is_in_list and (line.startswith(" ") or not was_blank))
        if is_indented and not is_in_list and (was_blank or is_in_code):
            yield from said("code", f"line {number}", line)
            is_in_code = True
            continue
        is_in_code = is_in_code and follows_blank
        if not line.strip() or _RULER.match(line) or _META.match(line.strip()):
            continue
        start = match.start() + _PREFIX.match(line).end()  # type: ignore[union-attr]
        for at, end in _cells(file.text, start, match.start() + len(line)):
            inline = list(_inline(file.text[at:end]))
            for piece in inline:
                if piece.mark is Mark.LONE and piece.raw.startswith("`"):
                    yield from said("code", f"line {number}", piece.raw)
            stretch = Stretch(inline)
            if stretch.has_words:
                answer = yield Unit(stretch.text, stretch.tags, "paragraph", f"line {number}")
                if answer is not None:
                    file.put(at, end, stretch.written(answer))
    file.close()


def _cells(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if not text[start:end].lstrip().startswith("|"):
        yield start, end
        return
    at = start
    for cell in re.split(r"(?<!\\)\|", text[start:end]):
        if cell.strip():
            yield at, at + len(cell)
        at += len(cell) + 1


def _inline(text: str) -> Iterator[Piece]:
    at = 0
    opened: list[str] = []
    for match in _INLINE.finditer(text):
        if match.start() > at:
            yield Piece(Mark.WORDS, text[at : match.start()])
        at = match.end()
        kind = match.lastgroup or ""
        raw = match[0]
        if match["code"] or match["image"] or match["auto"] or match["hard"]:
            yield Piece(Mark.LONE, raw)
        elif match["link"]:
            yield Piece(Mark.OPEN, raw, "link")
        elif match["end"]:
            yield Piece(Mark.CLOSE, raw, "link")
        elif match["html"]:
            name = raw.strip("</>").split()[0].lower().rstrip("/")
            is_lone = raw.endswith("/>") or name == "br"
            mark = Mark.OPEN
            if raw.startswith("</"):
                mark = Mark.CLOSE
            elif is_lone:
                mark = Mark.LONE
            yield Piece(mark, raw, name)
        else:
            name = f"{kind}{raw}"
            if name in opened:
                opened.remove(name)
                yield Piece(Mark.CLOSE, raw, name)
            else:
                opened.append(name)
                yield Piece(Mark.OPEN, raw, name)
    if at < len(text):
        yield Piece(Mark.WORDS, text[at:])


# Translates selected columns of delimited tables. Everything else is kept verbatim. Each row has its own language,
# since a table may contain reviews from many countries.

SAMPLE_ROWS = 200
"""Number of rows by which the columns with sentences are found."""
SENTENCE_SHARE = 0.3
"""Least share of a column's texts with three or more words for the column to hold sentences."""
_SENTENCE = re.compile(r"[^\W\d_]+\S*\s+\S*[^\W\d_]+\S*\s+\S*[^\W\d_]+|[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]{6}")


def rewrite_separated(rewriting: Rewriting) -> Units:
    file = TextFile(rewriting)
    text = file.text.replace("\r\n", " \n").replace("\r", "\n")  # same length, so that positions stay valid
    reported = REPORTED.match(text)
    delimiter, begin = (reported[1], reported.end()) if reported else (delimiter_of(text), 0)
    sample = [[value.strip() for value in row] for row in islice(rows_of(text, delimiter, begin), SAMPLE_ROWS)]
    requested = _requested(rewriting, sample)
    passed: dict[int, str] = {}
    line_end = "\r\n" if "\r\n" in file.text else "\n"
    for number, row in enumerate(rows_of_cells(text, delimiter, begin), start=1):
        rewriting.reading.check()
        cells = [(column, cell, cell.value.strip()) for column, cell in enumerate(row)]
        worded = [cell for cell in cells if any(letter.isalpha() for letter in cell[2])]
        chosen = [column for column in worded if not requested or column[0] in requested]
        for column, _, words in worded:
            if requested and column not in requested:
                passed.setdefault(column, words)
        if not chosen:
            continue
        rewriting.reading.worked()
        language = None if rewriting.is_written else _language(words for _, _, words in chosen)
        for column, cell, words in chosen:
            place = f"row {number}, column {column + 1}"
            answer = yield Unit(words.replace(" \n", "\n"), kind="table_row", place=place, language=language)
            if answer is not None:
                _put(file, cell, answer, delimiter=delimiter, line_end=line_end)
    for column, words in sorted(passed.items()):
        yield LeftAsIs("column", f"column {column + 1}", words[:MOST_SAID])
    file.close()


def _requested(rewriting: Rewriting, sample: Sequence[Sequence[str]]) -> frozenset[int]:
    """Return the columns to translate, from 0. Empty means all. Raises KnownError `document.no_column`."""
    head = [name.casefold() for name in sample[0]] if sample else []
    chosen: set[int] = set()
    for column in rewriting.options.columns:
        name = "" if isinstance(column, int) else column.strip().casefold()
        if isinstance(column, int):
            at = column
        elif name in head:
            at = head.index(name)
        else:
            at = -1
        if not 0 <= at < max(map(len, sample), default=0):
            reported = str(column + 1) if isinstance(column, int) else column
            known = ", ".join(name for name in sample[0] if name)[:200] if sample else ""
            raise KnownError("document.no_column", path=rewriting.reading.path, column=reported[:80], known=known)
        chosen.add(at)
    return frozenset(chosen or columns_with_sentences(sample))


def columns_with_sentences(rows: Sequence[Sequence[str]]) -> set[int]:
    """Return the columns (from 0) whose texts are sentences, not names, codes or numbers. The first row, which may be a
    header, does not count.
    """
    columns = set()
    for column in range(max(map(len, rows), default=0)):
        values = [row[column] for row in rows[1:] if len(row) > column and any(map(str.isalpha, row[column]))]
        sentences = sum(_SENTENCE.search(value) is not None for value in values)
        if values and sentences >= SENTENCE_SHARE * len(values):
            columns.add(column)
    return columns


def _language(texts: Iterator[str]) -> str:
    """Return the language of a row by all its texts, or "" if they have too few words."""
    return detect(" ".join(texts), DETECTED)[0] or ""


def _put(file: TextFile, cell: Cell, answer: str, *, delimiter: str, line_end: str) -> None:
    """Replace the text of a cell. Spaces around it, quotation marks and the kind of line ends are kept."""
    end = cell.end
    if file.text[end - 1 : end] == "\r":
        end -= 1
    value = cell.value[:-1] if end < cell.end and not cell.is_quoted else cell.value
    before, after = value[: len(value) - len(value.lstrip())], value[len(value.rstrip()) :]
    if harmless_cell(value.strip()) == value.strip():  # otherwise it was a formula already, and stays one
        answer = harmless_cell(answer)
    words = before.replace(" \n", "\n") + answer + after.replace(" \n", "\n")
    words = words.replace("\r\n", "\n").replace("\n", line_end)
    if cell.is_quoted or any(sign in words for sign in (delimiter, '"', "\n", "\r")):  # RFC 4180
        words = '"' + words.replace('"', '""') + '"'
    file.put(cell.start, end, words)


# Translates subtitles in place. Times, styles, notes and positions are kept. Formats: SRT, WebVTT (w3.org/TR/webvtt1)
# and ASS/SSA. A cue of several lines is one text, and its translation is split into lines again (text.tagged). The
# place of its unit is its time, which shows whether the cue can be read in that time.

_TIMES = re.compile(r"^[ \t]*(?:\d{1,4}:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?[ \t]*-->[^\r\n]*", re.MULTILINE)
_PARAGRAPH = re.compile(r"(?:[^\r\n]*\S[^\r\n]*(?:\r\n|\r|\n|$))+")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?!\S)")
_NAME = re.compile(r"(?:\A|(?<=[\r\n]))[^\r\n]+\Z")
_DIALOGUE = re.compile(r"^(?:Dialogue|Comment):(?:[^,\r\n]*,){9}([^\r\n]*)", re.MULTILINE)
_NOTE = re.compile(r"^NOTE\b(?:[^\r\n]*\S[^\r\n]*(?:\r\n|\r|\n|$))+", re.MULTILINE)
"""Matches a note of WebVTT, which is meant for the makers of the subtitles."""
_MARKUP = re.compile(r"</?(?:b|i|u|c|v|lang|ruby|rt|font)(?:[.\s][^<>]*)?>|<[\d:.]+>|\{[^{}\r\n]*\}", re.IGNORECASE)
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}")


def rewrite_subtitles(rewriting: Rewriting) -> Units:
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
    """Yield the paragraphs of each cue, without the name of the next cue: a number or, in WebVTT, any single line."""
    is_vtt = text.lstrip("\ufeff").startswith("WEBVTT")
    all_times = [*_TIMES.finditer(text)]
    ends = [*(times.start() for times in all_times[1:]), len(text)]
    for times, end in zip(all_times, ends, strict=False):
        for paragraph in _PARAGRAPH.finditer(text, times.end(), end):
            words = paragraph[0].rstrip("\r\n")
            name = _NAME.search(words) if paragraph.end() == end < len(text) else None
            if name and (name[0].strip().isdecimal() or (is_vtt and not name.start())):
                words = words[: name.start()].rstrip("\r\n")
            if words and not (is_vtt and _ASIDE.match(words)):
                yield paragraph.start(), paragraph.start() + len(words), times[0].strip()


def _ass(text: str) -> Iterator[tuple[int, int, str]]:
    for match in _DIALOGUE.finditer(text):
        yield match.start(1), match.end(1), "{1} --> {2}".format(*map(str.strip, match[0].split(",")[:3]))


def _cue(file: TextFile, start: int, end: int, place: str, *, is_ass: bool) -> Units:
    raw = file.text[start:end]
    if is_ass:
        line_end = r"\N"
    elif "\r\n" in raw:
        line_end = "\r\n"
    else:
        line_end = "\n"
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
    """Escape only what would be taken for an entity."""
    return words.replace("&", "&amp;") if re.search(r"&\w+;", words) else words


def _pieces(words: str) -> Iterator[Piece]:
    at = 0
    for match in _MARKUP.finditer(words):
        if match.start() > at:
            yield Piece(Mark.WORDS, words[at : match.start()])
        at = match.end()
        raw = match[0]
        name = re.sub(r"[^a-z]", " ", raw.lower()).split()
        if raw.startswith("<") and name and not raw[1].isdigit():
            yield Piece(Mark.CLOSE if raw.startswith("</") else Mark.OPEN, raw, name[0])
        else:
            yield Piece(Mark.LONE, raw)
    if at < len(words):
        yield Piece(Mark.WORDS, words[at:])
