"""Reads rich text (RTF) with striprtf. Before that, content that striprtf would drop or join wrongly is marked with
control characters. Control words: Microsoft's RTF specification 1.9.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from striprtf.striprtf import rtf_to_text

from slmdesk.base.documents import BlockKind, Note, Page
from slmdesk.base.errors import KnownError
from slmdesk.base.record import changed
from slmdesk.base.texts import N_, _
from slmdesk.children.formats import letters
from slmdesk.children.formats.letters import Look
from slmdesk.children.formats.reading import Reading
from slmdesk.children.formats.text import MAX_PRINTED_BYTES, PageBreak, Pager, Piece, page_from

PAGE, LINE, CELL, ROW, ROW_BEGINS = "\f", "\x0b", "\x1f", "\x1e", "\x1d"
ASIDE, ASIDE_ENDS, OUTLINE = "\x01", "\x02", "\x03"
"""Control characters that mark footnotes, comments and headings. No text contains them, and striprtf lets them pass."""
ASIDES: Mapping[str, tuple[str, BlockKind]] = {
    "footnote": ("f", BlockKind.FOOTNOTE),
    "annotation": ("c", BlockKind.COMMENT),
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), ("h", BlockKind.HEADER)),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), ("g", BlockKind.FOOTER)),
}
_KINDS = dict(ASIDES.values())
_DROPPED = frozenset(("pict", "objdata", "fldinst", "shp", "stylesheet", "themedata", "datastore"))
"""Groups that contain no words of the text, some of them megabytes long. Of a drawing only its text is kept."""
_MARKS = {"page": PAGE, "cell": CELL, "row": ROW, "trowd": ROW_BEGINS, "nestcell": " ", "nestrow": "\n", "line": LINE}
_TOKEN = re.compile(
    r"(?P<begin>\{)(?:\s*(?:\\\*\s*)?\\(?P<group>[a-zA-Z]+))?"
    r"|(?P<end>\})"
    r"|\\(?P<word>page|cell|row|trowd|nestcell|nestrow|line|deleted|outlinelevel|bin|v)(?P<value>-?\d*)(?![a-zA-Z]) ?"
    r"|\\(?P<look>strike(?:dl?)?|super|sub|nosupersub|up|dn|plain|f|uc)(?P<size>(?:-?\d{1,6})?)(?![a-zA-Z\d-]) ?"
    r"|\\u(?P<private>-[1-8]\d{3}|5[7-9]\d{3}|6[0-3]\d{3})(?!\d) ?"
    r"|\\'(?P<hex>[0-9a-fA-F]{2})"
    r"|\\[^a-zA-Z]"
)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_FALLBACK = re.compile(r"\\'[0-9a-fA-F]{2}|[^\\{}\r\n]")
_TYPED = re.compile(r"(\\u-?\d+ ?[^\\{}\r\n]?|\\[a-zA-Z]+-?\d* ?|\\.|[{}\x00-\x20]+)|(.)", re.DOTALL)
_FONT = re.compile(r"\{\\f(\d+)(?:\\[a-z]+-?\d* ?|\{[^{}]*\}|\s)*([^\\{};]+)")
_SYMBOL = re.compile(r'\bSYMBOL\s+(\d{1,5})\b[^"{}]{0,40}"([^"{}]{1,40})"')
_EQUATION = re.compile(r"[\s{]*\\\*?\s*\\fldinst(?:[\s{]|\\[a-z]+-?\d*)*EQ\s")
_FORM, _RESULT = re.compile(r"\s*(?=\{\\\*\\formfield)\{"), re.compile(r"\s*(\{)(?:\\\*)?\\fldrslt")
_NO_RESULT = 25
_MOST_FIELD, _MOST_FONTS, _MOST_BEFORE_FONTS = 2_000, 200_000, 100
"""Most characters of a field's code and of the table of fonts, and pieces of the file in front of that table."""
_LOOK = re.compile("([\x12-\x1b])")
_APART = re.compile("(\x01[a-z]|\x03[1-6]|[\n\x02\x0b\x0c\x1d-\x1f])")
_PLAIN_LOOK = 0x12
_MOST_RAISED, _LEAST_RAISED = 6, 6
"""Most letters that are raised by half points, and least half points. More letters are a line that was moved."""
_SHIFTS = {"super": 1, "sub": -1, "nosupersub": 0}
_RAISED = {"up": 2, "dn": -2}
_HIGH = re.compile(r"[\x80-\xff]")
_INFO = re.compile(r"\{\\(title|author) ([^{}]{0,1000})\}")
_CODEPAGE = re.compile(r"\\ansicpg\d+")
_ITEM = re.compile(
    r"(?:[\u2022\u00b7\u25cf\u25aa\uf0b7☐☑☒✓✔✗✘o-]|\(?(?:\d{1,3}|[a-z]{1,4})[.)])[ \t]*\t\s*", re.IGNORECASE
)
_MARKED = re.compile(f"{ASIDE}([a-z])([^{ASIDE}{ASIDE_ENDS}]*){ASIDE_ENDS}")
_MARKS_OR_CONTROLS = re.compile(rf"{OUTLINE}[1-6]|[\x00-\x08\x0e-\x1f]")
_CITED = re.compile(r"^(\[\d+\])\s*")
_HEADING = re.compile(rf"[\x01-\x08\x1d]*{OUTLINE}([1-6])")


def read(reading: Reading) -> Iterator[Page]:
    """Yield the pages of a rich text, split at its page breaks. If the breaks end chapters rather than pages, yield
    sections. Raises KnownError `document.damaged`.
    """
    source = reading.text_bytes().decode("latin-1")
    if not source.lstrip().startswith("{\\rtf"):
        raise KnownError("document.damaged", path=reading.path, reason=_("it does not begin as rich text"))
    codepage = _CODEPAGE.search(source[:4000])
    info = {
        name: _plain(f"{{\\rtf1{codepage[0] if codepage else ''} {words}}}") for name, words in _INFO.findall(source)
    }
    reading.title, reading.author = info.get("title", "").strip(), info.get("author", "").strip()
    prepared = _Prepared(source, reading)
    for is_there, note in (
        (prepared.has_hidden, Note.HIDDEN_TEXT),
        (prepared.has_deleted, Note.CHANGES_ACCEPTED),
        (prepared.has_images, Note.IMAGES_IGNORED),
    ):
        if is_there:
            reading.note(note)
    reading.check()
    text = _dressed(_plain(prepared.source), reading)
    if "\ufffd" in text:
        reading.note(Note.PARTLY_DAMAGED)
    pages = text.rstrip().split(PAGE)
    if max(map(len, pages)) > MAX_PRINTED_BYTES:  # the page breaks of this file end chapters
        yield from _sections(reading, pages)
        return
    reading.total = len(pages)
    for number, page in enumerate(pages, 1):
        reading.check()
        yield page_from(number, str(number), _pieces(page))


def _sections(reading: Reading, parts: Sequence[str]) -> Iterator[Page]:
    pager = Pager(reading, has_pages=False)
    for part in parts:
        reading.check()
        pieces = (piece for piece in _pieces(part) if piece.text.strip())
        yield from pager.take((*pieces, PageBreak()))
    yield from pager.end()


def _plain(source: str) -> str:
    """Convert rich text to plain text and join surrogate pairs into single characters."""
    text = str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\xad", "")


def _dressed(text: str, reading: Reading) -> str:
    """Mark letters by the look that `_Prepared` put in front of them."""
    first, *rest = _LOOK.split(text)
    made = [first]
    for mark, run in zip(rest[::2], rest[1::2], strict=True):
        struck, moved = divmod(ord(mark) - _PLAIN_LOOK, 5)
        for piece in _APART.split(run):
            if piece and not _APART.fullmatch(piece):
                is_moved = abs(moved - 2) < 2 or (len(piece) <= _MOST_RAISED and made[-1][-1:].strip())
                piece = Look(bool(struck), moved - 2 if is_moved else 0).dress(reading, piece)
            made.append(piece)
    return letters.settled("".join(made))


class _State(Look):
    """The look of letters from here to the end of a group. A shift of 2 or -2 is one by half points."""

    fallback: int = 1
    """How many letters follow a letter of Unicode, for programs that do not know it."""


class _Prepared:
    def __init__(self, source: str, reading: Reading) -> None:
        self._reading = reading
        self._whole = source
        self._fonts: Mapping[str, str] = {}
        self._state = _State()
        self._written = chr(_PLAIN_LOOK + 2)
        self.has_hidden = self.has_deleted = self.has_images = False
        self._has_lists = "\\listtext" in source
        self._cited = 0
        self._pieces: list[str] = []
        self._groups: list[tuple[bool, str, _State]] = []
        """For each open group: whether the content around it is dropped, what to write at its end, and the look around
        it.
        """
        self._dropped = False
        self._take(source)
        self.source = "".join(self._pieces)

    def _take(self, source: str) -> None:
        """Go through the source from token to token. What is between them is text."""
        at = 0
        while (match := _TOKEN.search(source, at)) is not None:
            self._write(source[at : match.start()])
            at = match.end()
            if match["begin"]:
                at = self._begin(match)
            elif match["end"]:
                self._end()
            elif match["word"] == "bin":  # so many bytes follow, which are no text
                at += int(match["value"].lstrip("-") or 0)
            elif match["word"]:
                self._mark(match["word"], match["value"])
            elif match["look"]:
                self._change(match["look"], match["size"])
                self._keep(match[0])
            elif match["private"]:
                self._sign(chr(int(match["private"]) & 0xFFFF))
                fallback = _FALLBACK.match(source, at) if self._state.fallback else None
                if fallback:
                    at = fallback.end()
            elif match["hex"] and self._state.font:
                before = source[max(0, match.start() - 9) : match.start()]
                if re.search(r"\\u-?\d+ ?$", before):  # it stands in for a letter of Unicode
                    self._keep(match[0])
                else:
                    self._sign(chr(int(match["hex"], 16)))
            else:
                self._write(match[0])
        self._write(source[at:])

    def _write(self, source: str) -> None:
        """Keep letters, and in front of them their look, if it changed."""
        state = self._state
        look = chr(_PLAIN_LOOK + 5 * state.struck + state.shift + 2)
        if look != self._written and not self._dropped and source.strip("\r\n"):
            self._written = look
            self._keep(_byte(look))
        if not state.font:
            self._keep(source)
            return
        for control, letter in _TYPED.findall(source):
            if letter:
                self._sign(letter)
            self._keep(control)

    def _sign(self, letter: str) -> None:
        if not self._dropped:
            shown = letters.legible(self._reading, letter, self._state).encode("utf-16-le", "surrogatepass")
            units = "".join(f"\\u{int.from_bytes(shown[at : at + 2], 'little')} " for at in range(0, len(shown), 2))
            state, self._state = self._state, changed(self._state, font="", high="")
            self._write(f"{{\\uc0{units}}}")
            self._state = state

    def _change(self, word: str, size: str) -> None:
        state, is_on = self._state, size != "0"
        if word == "f":
            font = self._fonts.get(size, "")
            state = state if font == state.font else changed(state, font=font, high=font)
        elif word == "plain":
            state = _State(fallback=state.fallback)
        elif word.startswith("strike"):
            state = changed(state, struck=is_on)
        elif word in ("super", "sub", "nosupersub"):
            state = changed(state, shift=_SHIFTS[word] if is_on else 0)
        elif word in ("up", "dn"):
            is_clear = int(size or _LEAST_RAISED) >= _LEAST_RAISED
            state = changed(state, shift=_RAISED[word] if is_clear else 0)
        elif word == "uc":
            state = changed(state, fallback=int(size or 1))
        self._state = state

    def _keep(self, source: str) -> None:
        if not self._dropped and source:
            self._pieces.append(_HIGH.sub(lambda match: f"\\'{ord(match[0]):02x}", source))

    def _begin(self, match: re.Match[str]) -> int:
        word, before = match["group"], self._dropped
        if word == "fonttbl" and not self._pieces[_MOST_BEFORE_FONTS:]:
            table = self._whole[match.start() : _end_of(self._whole, match.start(), _MOST_FONTS)]
            names = {number: name.strip() for number, name in _FONT.findall(table)}
            self._fonts = {number: name for number, name in names.items() if letters.symbol_font(name)}
            self._keep(table)
            return match.start() + len(table)
        if word == "fldinst" and not before:
            self._field(match.start())
        elif word in ("objclass", "moMath"):
            is_formula = word == "moMath" or self._whole.startswith("Equation", match.end() + 1)
            self._reading.note(Note.PARTS_UNREAD, name=N_("formula") if is_formula else N_("embedded file"))
        if word in _DROPPED:
            self.has_images |= word == "pict"
            self._dropped, ending = True, ""
        elif word == "shptxt" and before:  # text in a drawing: on a line of its own
            self._dropped, ending = False, "\\par}"
            self._keep("{\\par ")
        elif word == "pntext" and not self._has_lists:  # the older form of list numbers; new programs write both
            self._keep("{")
            ending = "" if before else "}"
        elif word in ASIDES:
            letter, kind = ASIDES[word]
            is_cited = kind is BlockKind.FOOTNOTE and not before
            self._cited += is_cited
            mark = f"[{self._cited}]" if is_cited else ""
            self._write_plain(mark)
            self._keep(f"{{{_byte(ASIDE)}{letter}")
            self._write_plain(mark)
            ending = "" if before else f"{_byte(ASIDE_ENDS)}}}"
        else:
            self._keep("{")
            self._groups.append((before, "" if before else "}", self._state))
            return match.start() + 1  # go on directly after the brace, since the first control word may need a mark
        self._groups.append((before, ending, self._state))
        return match.end()

    def _write_plain(self, letters: str) -> None:
        state, self._state = self._state, _State(fallback=self._state.fallback)
        self._write(letters)
        self._state = state

    def _field(self, start: int) -> None:
        """Write what a field shows whose result is not in the file: a sign, a box or a choice."""
        field = self._whole[start : start + _MOST_FIELD]
        if _EQUATION.match(field):
            self._reading.note(Note.PARTS_UNREAD, name=N_("formula"))
        if "SYMBOL" not in field and "\\formfield" not in field:
            return
        end = _end_of(self._whole, start)
        if form := _FORM.match(self._whole, end):
            end = _end_of(self._whole, form.end() - 1)
        field = self._whole[start:end]
        symbol = _SYMBOL.search(field)
        if symbol is None and "\\formfield" not in field:
            return
        result = _RESULT.match(self._whole, end)
        begin = result.start(1) if result else end
        if _plain(f"{{\\rtf1 {self._whole[begin : _end_of(self._whole, begin)] if result else ''}}}").strip():
            return
        if symbol is not None:
            state, self._state = self._state, changed(self._state, font=symbol[2], high=symbol[2])
            self._sign(chr(int(symbol[1])))
            self._state = state
            return
        values = dict(re.findall(r"\\(fftype|ffres|ffdefres)(\d{1,4})", field))
        chosen = int(values.get("ffres", _NO_RESULT))
        chosen = int(values.get("ffdefres", 0)) if chosen == _NO_RESULT else chosen
        entries = re.findall(r"\\ffl ([^{}]*)\}", field)
        default = re.search(r"\\ffdeftext ([^{}]*)\}", field)
        if values.get("fftype") == "1":
            self._sign(letters.TICKED if chosen else letters.EMPTY)
        elif values.get("fftype") == "0":
            self._write(f"{{{default[1]}}}" if default else "")
        elif chosen < len(entries):
            self._write(f"{{{entries[chosen]}}}")

    def _end(self) -> None:
        if self._groups:
            self._dropped, ending, self._state = self._groups.pop()
            self._pieces.append(ending)

    def _mark(self, word: str, value: str) -> None:
        if word == "deleted":
            self.has_deleted |= value != "0"
            self._dropped |= value != "0" and bool(self._groups)  # dropped up to the end of the group
        elif word == "outlinelevel":
            if value in ("0", "1", "2", "3", "4", "5"):
                self._keep(f"{_byte(OUTLINE)}{int(value) + 1}")
        elif word == "v":
            self.has_hidden |= value != "0"
        else:
            self._keep(_byte(_MARKS[word]))


def _end_of(source: str, start: int, most: int = _MOST_FIELD) -> int:
    """Return where the group ends that begins at a brace. A group longer than `most` is cut there."""
    depth = 0
    for match in _BRACE.finditer(source, start, start + most):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return min(start + most, len(source))


def _byte(mark: str) -> str:
    """Return the mark as an RTF escape. It is in a group of its own, so that striprtf does not take it for the fallback
    of the character before.
    """
    return f"{{\\'{ord(mark):02x}}}"


def _pieces(page: str) -> Iterator[Piece]:
    asides: list[Piece] = []

    def put_aside(match: re.Match[str]) -> str:
        text = _CITED.sub(r"\1 ", _MARKS_OR_CONTROLS.sub(" ", match[2]).strip())
        asides.append(Piece(_KINDS[match[1]], text))
        return ""

    while (shorter := _MARKED.sub(put_aside, page)) != page:  # a comment in a footnote
        page = shorter
    *ended, rest = page.split(ROW)
    for segment in ended:
        before, begins, row = segment.partition(ROW_BEGINS)
        if not begins or CELL not in row:  # a row may reuse the column definitions of the row before
            before, row = "", segment
        yield from map(_piece, before.split("\n"))
        cells = [" ".join(_MARKS_OR_CONTROLS.sub(" ", cell).split()) for cell in row.split(CELL)]
        yield Piece(BlockKind.TABLE_ROW, "\t".join(cells).rstrip("\t"))
    yield from map(_piece, rest.split("\n"))
    yield from asides


def _piece(line: str) -> Piece:
    heading = _HEADING.match(line)
    text = line[heading.end() :] if heading else line
    text = _MARKS_OR_CONTROLS.sub("", text.replace(LINE, "\n").replace(CELL, "\t")).strip()
    if heading:
        return Piece(BlockKind.HEADING, text, int(heading[1]))
    item = _ITEM.match(text)
    if item:
        return Piece(BlockKind.LIST_ITEM, " ".join(text.split()), 1)
    return Piece(BlockKind.PARAGRAPH, text)
