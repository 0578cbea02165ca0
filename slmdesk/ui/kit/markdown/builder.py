"""Writes Markdown tokens into a QTextDocument with a cursor. No HTML and no address of an image ever reaches Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QBrush,
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextList,
    QTextListFormat,
    QTextTableFormat,
)

from slmdesk.base.text.markup import DISPLAYED
from slmdesk.base.texts import _
from slmdesk.ui.kit.markdown.selected import (
    CHROME,
    CODE,
    CODE_PAD,
    GLUED,
    QUOTE,
    QUOTE_STEP,
    RULE,
    Deadline,
    FormattingTimeoutError,
    ViewStyle,
)
from slmdesk.ui.kit.widgets.opening import judge_link

if TYPE_CHECKING:
    from markdown_it.token import Token

COPY_CODE = "slmdesk-copy-code:"
"""Address of the link *Copy* above a code block; the number of the block follows. A text cannot contain such a link,
since only http(s) links are made from texts.
"""
SAVE_CODE = "slmdesk-save-code:"
MARKER_GAP = 8
"""Pixels that Qt keeps free around the marker of a list item."""
LONGEST_LINE = 4000
"""Most characters of plain text in a block. Longer lines continue in more blocks, as Qt lays out a block as a whole."""
DISCS = (
    QTextListFormat.Style.ListDisc,
    QTextListFormat.Style.ListCircle,
    QTextListFormat.Style.ListSquare,
)


@dataclass(slots=True)
class _Level:
    format: QTextListFormat
    tight: bool
    made: QTextList | None = None
    wider: float = 0
    """Pixels that a marker needs in addition to the usual indent."""
    pending: bool = False
    """True if a list item has begun and has no block yet."""


@dataclass(slots=True)
class Built:
    codes: list[str] = field(default_factory=list)
    """Texts of the code blocks, in order. The first block has the number 1."""
    languages: list[str] = field(default_factory=list)
    """Language named after the fence of each code block. Untrusted."""
    short_tables: int = 0
    """Number of tables of which only the first rows are shown."""

    def copy(self) -> Built:
        return Built(list(self.codes), list(self.languages), self.short_tables)


class Builder:
    """Writes blocks at the end of a document. If `fresh`, the last block is empty and is used first."""

    def __init__(
        self, document: QTextDocument, style: ViewStyle, *, all_rows: bool = False, can_save: bool = False
    ) -> None:
        self._style = style
        self._highlighter = Highlighter(style)
        self._all_rows, self._can_save = all_rows, can_save
        self.built = Built()
        self.fresh = True
        self.cursor = QTextCursor(document)
        self._levels: list[_Level] = []
        self._quotes = 0
        self._deadline = Deadline(60)
        self._highlighting = True

    def write(self, tokens: Sequence[Token], *, closed: bool, deadline: Deadline) -> None:
        """Write whole top-level blocks. Code is only highlighted if the blocks are `closed`, that is, complete.

        Raises FormattingTimeoutError, and may then have written some of the blocks.
        """
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        self._deadline, self._highlighting = deadline, closed
        self._levels, self._quotes = [], 0
        index = 0
        while index < len(tokens):
            deadline.check()
            index = self._write_one(tokens, index)

    def write_plain(self, text: str) -> None:
        """Write text as it is, one block per line. Long lines are split into several blocks."""
        self._levels, self._quotes = [], 0  # an earlier call may have stopped inside a block
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        for line in text.split("\n"):
            block = self._style.block(bottom=0)
            self._start(block, self._style.body)
            self._insert_in_line(line, block, self._style.body)

    def append_plain(self, text: str) -> None:
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        block, char = self._plain_formats()
        for number, line in enumerate(text.split("\n")):
            if number:
                block.clearProperty(GLUED)
                self.cursor.insertBlock(block, char)
            self._insert_in_line(line, block, char)

    def _insert_in_line(self, text: str, block: QTextBlockFormat, char: QTextCharFormat) -> None:
        """Continue the line of the cursor. After LONGEST_LINE characters, go on in further blocks marked GLUED."""
        space = LONGEST_LINE - self.cursor.positionInBlock()
        while text:
            if space <= 0:
                glued = QTextBlockFormat(block)
                glued.setProperty(GLUED, True)
                self.cursor.insertBlock(glued, char)
                space = LONGEST_LINE
            self.cursor.insertText(text[:space], char)
            text, space = text[space:], 0

    def _plain_formats(self) -> tuple[QTextBlockFormat, QTextCharFormat]:
        """Return the formats for appended text: those of code or plain lines, never those of a list, table or link."""
        last = self.cursor.blockFormat()
        if last.hasProperty(CODE):
            last.setBottomMargin(0)
            return last, self._style.mono
        block = self._style.block(bottom=2)
        if last.lineHeightType() == QTextBlockFormat.LineHeightTypes.FixedHeight.value:  # Qt's own block after a table
            self.cursor.setBlockFormat(block)
            self.cursor.setBlockCharFormat(self._style.body)
        elif self.cursor.charFormat().hasProperty(CHROME):
            self.cursor.insertBlock(block, self._style.body)
        marks = self.cursor.currentList()
        block.setIndent(marks.format().indent() if marks is not None else last.indent())
        block.setLeftMargin(last.leftMargin())
        if last.hasProperty(QUOTE):
            block.setProperty(QUOTE, last.intProperty(QUOTE))
        return block, self._style.body

    def _write_one(self, tokens: Sequence[Token], index: int) -> int:
        """Write the construct that begins at `index`. Return the index of the next token."""
        token = tokens[index]
        match token.type:
            case "paragraph_open" | "heading_open":
                self._write_text(token, tokens[index + 1])
                return index + 3
            case "fence" | "code_block":
                self._write_code(token.content, token.info.strip().split(" ")[0])
            case "formula_block":
                self._write_formula(token)
            case "formula_open_end":
                self._start(self._style.block(bottom=8), self._style.body)
                self.cursor.insertText(token.content.replace("\n", "\u2028"), self._style.body)
            case "hr":
                self._write_rule()
            case "table_open":
                return self._write_table(tokens, index)
            case "bullet_list_open" | "ordered_list_open":
                self._open_list(tokens, index)
            case "bullet_list_close" | "ordered_list_close":
                self._levels.pop()
            case "list_item_open":
                self._levels[-1].pending = True
            case "list_item_close":
                if self._levels[-1].pending:  # an empty item
                    self._start(self._style.block(bottom=2), self._style.body)
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
        return index + 1

    def _write_text(self, token: Token, inline: Token) -> None:
        style = self._style
        if token.type == "heading_open":
            level = int(token.tag[1])
            block = style.block(top=0 if self._is_first() else 10, bottom=4, percent=118)
            block.setHeadingLevel(level)
            char = style.heading(level)
        else:
            tight = token.hidden or (bool(self._levels) and self._levels[-1].tight)
            block = style.block(bottom=2 if tight else 8)
            char = style.muted if self._quotes else style.body
        self._start(block, char)
        self.write_inline(inline.children or (), char)

    def _write_formula(self, token: Token) -> None:
        block = self._style.block(top=4, bottom=10, percent=100)
        block.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        char = self._style.muted if self._quotes else self._style.body
        self._start(block, char)
        self._insert_formula(token, char)

    def _insert_formula(self, token: Token, char: QTextCharFormat) -> None:
        displayed = token.markup == DISPLAYED
        made = self._style.formula(char, tex=token.content, source=token.info, displayed=displayed)
        self.cursor.insertText("\ufffc", made)

    def _write_code(self, code: str, language: str) -> None:
        style = self._style
        self.built.codes.append(code)
        self.built.languages.append(language)
        number = len(self.built.codes)
        head = self._code_block(number)
        head.setTopMargin(8)
        self._start(head, style.chrome)
        self.cursor.insertText(f"{language or 'text'}   ", style.chrome)
        self.cursor.insertText(_("Copy"), style.linked(style.chrome, f"{COPY_CODE}{number}", _("Copy this code")))
        if self._can_save:
            self.cursor.insertText("   ", style.chrome)
            words = _("Save this code as a file")
            self.cursor.insertText(_("Save as…"), style.linked(style.chrome, f"{SAVE_CODE}{number}", words))
        lines = self._code_block(number)
        self._start(lines, style.mono)
        body = code.removesuffix("\n")
        if self._highlighting:
            for piece, char in self._highlighter.pieces(body, language, self._deadline):
                self._code_piece(piece, char, lines)
        else:
            self._code_piece(body, style.mono, lines)
        last = self.cursor.blockFormat()
        last.setBottomMargin(CODE_PAD + 6)  # the background reaches a little below the last line
        self.cursor.setBlockFormat(last)

    def _code_piece(self, piece: str, char: QTextCharFormat, block: QTextBlockFormat) -> None:
        for number, line in enumerate(piece.split("\n")):
            if number:
                self._deadline.check()
                self.cursor.insertBlock(block, self._style.mono)
            self._insert_in_line(line, block, char)

    def _code_block(self, number: int) -> QTextBlockFormat:
        block = self._style.block(bottom=0, percent=self._style.mono_percent)
        block.setProperty(CODE, number)
        block.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        block.setLeftMargin(CODE_PAD)
        block.setRightMargin(CODE_PAD)
        return block

    def _write_rule(self) -> None:
        block = self._style.block(top=8, bottom=8)
        block.setProperty(RULE, True)
        block.setLineHeight(2, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        self._start(block, self._style.tiny)

    def _write_table(self, tokens: Sequence[Token], index: int) -> int:
        end = index + 1
        while tokens[end].type != "table_close" or tokens[end].level != tokens[index].level:
            end += 1
        table = table_in(tokens[index : end + 1], all_rows=self._all_rows)
        if not self.fresh:
            self._start(self._style.tiny_block(), self._style.tiny)
        self.fresh = False
        left_out = write_table(self, table, self._style, self._deadline)
        if left_out:
            self.built.short_tables += 1
        self._end_levels_pending()
        return end + 1

    def _open_list(self, tokens: Sequence[Token], index: int) -> None:
        token = tokens[index]
        made = QTextListFormat()
        made.setIndent(len(self._levels) + 1)
        if token.type == "ordered_list_open":
            made.setStyle(QTextListFormat.Style.ListDecimal)
            made.setStart(int(token.attrs.get("start", 1)))
            wider = self._marker_width(tokens, index, made.start())
        else:
            made.setStyle(DISCS[min(len(self._levels), 2)])
            wider = 0
        first = next((t for t in tokens[index:] if t.type == "paragraph_open"), None)
        self._levels.append(_Level(made, tight=first is not None and first.hidden, wider=wider))

    def _marker_width(self, tokens: Sequence[Token], index: int, start: int) -> float:
        """Return the extra indent for the longest number of a list. Qt's own indent has room for two digits."""
        items = 0
        for token in tokens[index + 1 :]:
            if token.level <= tokens[index].level:
                break
            items += token.type == "list_item_open" and token.level == tokens[index].level + 1
        longest = f"{start + items}. "
        space = self.cursor.document().indentWidth()
        return max(0.0, QFontMetricsF(self._style.font).horizontalAdvance(longest) + MARKER_GAP - space)

    def write_inline(self, children: Sequence[Token], base: QTextCharFormat) -> None:
        formats, behind = [base], list[str]()
        for token in children:
            char = formats[-1]
            match token.type:
                case "text":
                    self.cursor.insertText(token.content, char)
                case "softbreak" | "hardbreak":
                    self.cursor.insertText("\u2028", char)
                case "code_inline":
                    self.cursor.insertText(token.content, self._inline_code(char))
                case "formula":
                    self._insert_formula(token, char)
                case "image":
                    words = token.content.strip()
                    self.cursor.insertText(f"[image: {words}]" if words else _("[image]"), self._muted(char))
                case "link_open":
                    made, words = self._link(str(token.attrs.get("href", "")), char)
                    formats.append(made)
                    behind.append(words)
                case "link_close":
                    formats.pop()
                    if words := behind.pop():
                        self.cursor.insertText(words, self._muted(formats[-1]))
                case "strong_open" | "em_open" | "s_open":
                    formats.append(_emphasised(char, token.type))
                case "strong_close" | "em_close" | "s_close":
                    formats.pop()
                case _:
                    self.cursor.insertText(token.content, char)

    def _link(self, address: str, char: QTextCharFormat) -> tuple[QTextCharFormat, str]:
        """Return the format of a link's text, and the text to put after it."""
        verdict = judge_link(address)
        if verdict.openable:
            return self._style.linked(char, address, address), ""
        if verdict.reason == "length":
            return char, _(" (address of {count:,} characters)").format(count=len(address))
        return char, f" ({address})" if address else ""

    def _inline_code(self, char: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(char)
        made.setFont(self._style.mono_font)
        made.setBackground(self._style.theme.colour("fill"))
        return made

    def _muted(self, char: QTextCharFormat) -> QTextCharFormat:
        made = QTextCharFormat(char)
        made.setForeground(self._style.theme.colour("ink2"))
        return made

    def _is_first(self) -> bool:
        return self.fresh and self.cursor.atStart()

    def _start(self, block: QTextBlockFormat, char: QTextCharFormat) -> None:
        if self._quotes:
            block.setProperty(QUOTE, self._quotes)
            block.setLeftMargin(block.leftMargin() + QUOTE_STEP * self._quotes)
        if wider := sum(level.wider for level in self._levels):
            block.setLeftMargin(block.leftMargin() + wider)
        level = self._levels[-1] if self._levels else None
        if level is not None and not level.pending:
            block.setIndent(len(self._levels))
        if self.fresh:
            self.cursor.setBlockFormat(block)
            self.cursor.setBlockCharFormat(char)
            self.cursor.setCharFormat(char)
            self.fresh = False
        else:
            self.cursor.insertBlock(block, char)
        if level is not None and level.pending:
            if level.made is None:
                level.made = self.cursor.createList(level.format)
            else:
                level.made.add(self.cursor.block())
        self._end_levels_pending()

    def _end_levels_pending(self) -> None:
        for level in self._levels:
            level.pending = False


def _emphasised(char: QTextCharFormat, kind: str) -> QTextCharFormat:
    made = QTextCharFormat(char)
    if kind == "strong_open":
        made.setFontWeight(QFont.Weight.Bold)
    elif kind == "em_open":
        made.setFontItalic(True)
    else:
        made.setFontStrikeOut(True)
    return made


SHOW_ALL_ROWS = "slmdesk-all-rows:"
FIRST_ROWS = 200
MOST_ROWS = 5000
MOST_COLUMNS = 40
FIRST_CELLS = 1200
_ALIGNED = {
    "text-align:right": Qt.AlignmentFlag.AlignRight,
    "text-align:center": Qt.AlignmentFlag.AlignHCenter,
}


@dataclass(slots=True)
class Table:
    """A table whose cells are inline tokens. The first row is the head."""

    rows: list[list[Sequence[Token]]] = field(default_factory=list)
    aligned: list[Qt.AlignmentFlag] = field(default_factory=list)
    left_out: int = 0


def table_in(tokens: Sequence[Token], *, all_rows: bool) -> Table:
    """Read the tokens of one table. Raises FormattingTimeoutError if the table is too wide to lay out."""
    table = Table()
    for token in tokens:
        if token.type == "tr_open":
            table.rows.append([])
        elif token.type == "inline":
            table.rows[-1].append(token.children or ())
        elif token.type == "th_open":
            table.aligned.append(_ALIGNED.get(str(token.attrs.get("style", "")), Qt.AlignmentFlag.AlignLeft))
    columns = len(table.aligned)
    if columns > MOST_COLUMNS:
        raise FormattingTimeoutError
    most = MOST_ROWS if all_rows else min(FIRST_ROWS, max(FIRST_CELLS // columns, 10))
    table.left_out = max(len(table.rows) - 1 - most, 0)
    del table.rows[most + 1 :]
    return table


def write_table(builder: Builder, table: Table, style: ViewStyle, deadline: Deadline) -> int:
    """Write the table at the builder's cursor, which must be in an empty block. Return the number of rows left out.

    Raises FormattingTimeoutError.
    """
    cursor = builder.cursor
    before = cursor.block()
    made = cursor.insertTable(len(table.rows), len(table.aligned), _format(style))
    if before.text() == "" and before.isValid():  # Qt needs a block before a table
        first = QTextCursor(before)
        if first.currentTable() is None:
            first.setBlockFormat(style.tiny_block())
            first.setBlockCharFormat(style.tiny)
    bold = QTextCharFormat(style.body)
    bold.setFontWeight(600)
    for row, cells in enumerate(table.rows):
        deadline.check()
        for column, children in enumerate(cells[: len(table.aligned)]):
            builder.cursor = made.cellAt(row, column).firstCursorPosition()
            char = bold if row == 0 else style.body
            block = style.block(bottom=0, percent=110)
            block.setAlignment(table.aligned[column])
            builder.cursor.setBlockFormat(block)
            builder.cursor.setBlockCharFormat(char)
            builder.write_inline(children, char)
    builder.cursor = cursor
    cursor.movePosition(QTextCursor.MoveOperation.End)
    after = style.block(bottom=8) if table.left_out else style.tiny_block()
    cursor.setBlockFormat(after)
    cursor.setBlockCharFormat(style.tiny)
    if table.left_out:
        total = len(table.rows) - 1 + table.left_out
        cursor.insertText(
            _("The first {count:,} of {total:,} rows.   ").format(count=len(table.rows) - 1, total=total), style.chrome
        )
        if total <= MOST_ROWS:
            cursor.insertText(_("Show all"), style.linked(style.chrome, SHOW_ALL_ROWS, _("Show all rows")))
    return table.left_out


def _format(style: ViewStyle) -> QTextTableFormat:
    made = QTextTableFormat()
    made.setBorder(style.theme.line_width)
    made.setBorderBrush(QBrush(style.theme.colour("line")))
    made.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    made.setBorderCollapse(True)
    made.setCellPadding(5)
    made.setCellSpacing(0)
    made.setTopMargin(4)
    made.setBottomMargin(8)
    made.setHeaderRowCount(1)
    made.setWidth(QTextLength(QTextLength.Type.VariableLength, 0))
    return made


LONGEST = 20_000
"""Most characters of code that are highlighted. Longer code has one colour."""

LANGUAGES = {
    name: name for name in (
        "bash", "c", "cpp", "csharp", "css", "diff", "go", "haskell", "html", "ini", "java", "javascript", "json",
        "julia", "kotlin", "latex", "lua", "makefile", "matlab", "perl", "php", "powershell", "python", "r", "ruby",
        "rust", "scala", "sql", "swift", "toml", "typescript", "xml", "yaml",
    )
} | {
    "c++": "cpp", "cs": "csharp", "c#": "csharp", "js": "javascript", "jsx": "javascript", "md": "", "py": "python",
    "python3": "python", "rb": "ruby", "rs": "rust", "sh": "bash", "shell": "bash", "tex": "latex", "ts": "typescript",
    "yml": "yaml", "zsh": "bash", "kt": "kotlin", "make": "makefile",
}  # fmt: skip
"""Pygments' name for each language name after a fence. The list is closed, since a lexer runs on unchecked text."""

_KINDS = (
    ("Token.Comment", "comment"), ("Token.Keyword", "word"), ("Token.Operator.Word", "word"),
    ("Token.Literal.String", "string"), ("Token.Literal.Number", "number"), ("Token.Name.Tag", "word"),
    ("Token.Name.Function", "name"), ("Token.Name.Class", "name"), ("Token.Name.Decorator", "number"),
    ("Token.Name.Attribute", "number"), ("Token.Generic.Deleted", "deleted"), ("Token.Generic.Inserted", "string"),
)  # fmt: skip


class Highlighter:
    """Syntax colours for closed code blocks, by Pygments."""

    def __init__(self, style: ViewStyle) -> None:
        theme = style.theme
        tokens = {
            "comment": "ink2", "word": "code_word", "string": "code_string", "number": "code_number",
            "name": "accent", "deleted": "danger",
        }  # fmt: skip
        self._plain = style.mono
        self._formats: dict[str, QTextCharFormat] = {}
        for kind, token in tokens.items():
            made = QTextCharFormat(style.mono)
            made.setForeground(theme.colour(token))
            if theme.name == "contrast" and kind == "word":  # one colour only: bold replaces colour
                made.setFontWeight(QFont.Weight.Bold)
            self._formats[kind] = made

    def pieces(self, code: str, language: str, deadline: Deadline) -> Iterator[tuple[str, QTextCharFormat]]:
        """Yield the code in coloured pieces, with nothing added or lost. Code of an unknown language is one piece.

        Raises FormattingTimeoutError.
        """
        name = LANGUAGES.get(language.lower(), "")
        if not name or len(code) > LONGEST:
            yield code, self._plain
            return
        from pygments.lexers import get_lexer_by_name  # imported here: takes 25 ms, needed for code only

        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False)
        for kind, piece in lexer.get_tokens(code):
            deadline.check()
            yield piece, self._format(str(kind))

    def _format(self, kind: str) -> QTextCharFormat:
        for start, name in _KINDS:
            if kind.startswith(start):
                return self._formats[name]
        return self._plain
