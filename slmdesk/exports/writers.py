"""Write a `Paper` as Markdown, HTML, Word or a spreadsheet. Downloads nothing, and never interprets text of others."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from itertools import count, groupby
from typing import TYPE_CHECKING, Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZipFile

from slmdesk.base.documents import COME, GONE, Chart, Paper, Piece, PieceKind, Run, model_properties, plain, small
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record, changed
from slmdesk.base.texts import _
from slmdesk.exports.phrases import CHART_SHEET, written_by
from slmdesk.text.markup import enable_formulas

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run as WordRun
    from markdown_it import MarkdownIt
    from markdown_it.token import Token
    from openpyxl import Workbook

_MOST_LEVEL = 9


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # late: 32 ms

    made = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    enable_formulas(made)
    return made


@cache
def _formula_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # late, as above

    made = MarkdownIt("zero")
    enable_formulas(made)
    return made


_LIVE = frozenset({"html_block", "html_inline", "image"})
_OURS = _LIVE | {"heading_open", "hr", "link_open"}
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)")
_LIVE_MARK = re.compile(r"(?<!\\)(?:<(?=[A-Za-z/!?])|!(?=\[)|\[(?=[^\]]*\]:))")
_FOOTNOTE = re.compile(r"(?<!\\)\[\^[^\]\n]*\]:")
_ENTITIES = {ord(letter): f"&#{ord(letter)};" for letter in "<![]"}


@cache
def _foreign_parser() -> MarkdownIt:
    """Read Markdown as other programs do."""
    from markdown_it import MarkdownIt  # late, as above

    return MarkdownIt("commonmark").enable("table")


def _read(text: str, kinds: frozenset[str]) -> tuple[bool, list[Token]]:
    """What other programs find in a Markdown text, and whether these kinds, or what leaves its place, are in it."""
    env: dict[str, Any] = {}
    try:
        tokens = _foreign_parser().parse(text, env)
    except IndexError:  # the parser reads beyond some texts
        return True, []
    types = {token.type for parent in tokens for token in (parent, *(parent.children or ()))}
    return bool(env.get("references") or _FOOTNOTE.search(text) or types & kinds), tokens


def harmless_markdown(untrusted: str) -> str:
    """Return a Markdown text in which HTML, pictures and addresses of links for all the document are only words."""
    is_live, tokens = _read(untrusted, _LIVE)
    if not is_live:
        return untrusted
    fences = (token.map for token in tokens if token.type in ("fence", "code_block") and token.map)
    code = {line for fence in fences for line in range(*fence)}
    lines = enumerate(untrusted.split("\n"))
    kept = "\n".join(line if at in code else _without_live(line) for at, line in lines)
    return untrusted.translate(_ENTITIES) if _read(kept, _LIVE)[0] else kept


def _without_live(line: str) -> str:
    pieces, at = [], 0
    for span in [*_CODE_SPAN.finditer(line), None]:
        words = line[at : span.start() if span else len(line)]
        pieces += [_LIVE_MARK.sub(r"\\\g<0>", words), span[0] if span else ""]
        at = span.end() if span else at
    return "".join(pieces)


def framed(text: str) -> str:
    """Quote a Markdown text, which cannot leave that."""
    lines = (" ".join(line.splitlines()) for line in re.split(r"\r\n|\r|\n", text))  # others are no ends in Markdown
    return "\n".join(f"> {line}" if line else ">" for line in lines)


def pieces_of(untrusted: str) -> list[Piece]:
    """Return a Markdown text's pieces. HTML stays text, a link becomes its text and address, a picture its text."""
    return list(_pieces(_parser().parse(untrusted)))


def _pieces(tokens: list[Token]) -> Iterator[Piece]:
    lists: list[tuple[bool, int]] = []
    first_of_item, quoted, at = False, 0, 0
    while at < len(tokens):
        token = tokens[at]
        match token.type:
            case "bullet_list_open":
                lists.append((False, 0))
            case "ordered_list_open":
                lists.append((True, int(str(token.attrs.get("start", 1))) - 1))
            case "bullet_list_close" | "ordered_list_close":
                lists.pop()
            case "list_item_open":
                numbered, count = lists[-1]
                lists[-1], first_of_item = (numbered, count + 1), True
            case "blockquote_open":
                quoted += 1
            case "blockquote_close":
                quoted -= 1
            case "heading_open":
                yield Piece(PieceKind.HEADING, _runs(tokens[at + 1]), min(4, int(token.tag[1:]) + 1))
                at += 1
            case "inline":
                yield _in_place(_runs(token), lists, first_of_item, quoted > 0)
                first_of_item = False
            case "formula_block" | "formula_open_end":
                run = Run(token.info, formula=token.type == "formula_block")
                yield _in_place((run,), lists, first_of_item, quoted > 0)
                first_of_item = False
            case "fence" | "code_block":
                yield Piece(PieceKind.CODE, (Run(token.content.rstrip("\n"), code=True),))
            case "hr":
                yield Piece(PieceKind.RULE)
            case "table_open":
                rows, at = _table(tokens, at)
                yield Piece(PieceKind.TABLE, rows=rows)
        at += 1


def _in_place(runs: tuple[Run, ...], lists: list[tuple[bool, int]], is_first: bool, is_quoted: bool) -> Piece:
    if lists:
        numbered, count = lists[-1]
        mark = (f"{count}." if numbered else "•") if is_first else ""
        return Piece(PieceKind.ITEM, runs, min(len(lists), _MOST_LEVEL), mark)
    return Piece(PieceKind.QUOTE if is_quoted else PieceKind.PARAGRAPH, runs)


def _table(tokens: list[Token], at: int) -> tuple[tuple[tuple[str, ...], ...], int]:
    rows: list[list[str]] = []
    while tokens[at].type != "table_close":
        if tokens[at].type == "tr_open":
            rows.append([])
        elif tokens[at].type == "inline":
            rows[-1].append("".join(run.text for run in _runs(tokens[at])))
        at += 1
    return tuple(tuple(row) for row in rows), at


def _runs(token: Token) -> tuple[Run, ...]:
    runs: list[Run] = []
    bold = italic = 0
    address = ""
    for child in token.children or []:
        match child.type:
            case "strong_open" | "strong_close":
                bold += 1 if child.nesting > 0 else -1
            case "em_open" | "em_close":
                italic += 1 if child.nesting > 0 else -1
            case "link_open":
                address = str(child.attrs.get("href", ""))
            case "link_close":
                said = runs[-1].text if runs else ""
                if address and address != said:
                    runs.append(Run(f" ({address})"))
                address = ""
            case "softbreak":
                runs.append(Run(" "))
            case "hardbreak":
                runs.append(Run("\n"))
            case "formula":
                runs.append(Run(child.info, formula=True))
            case "code_inline":
                runs.append(Run(child.content, code=True))
            case "text" | "image" | "text_special" | "html_inline":
                if child.content:
                    runs.append(Run(child.content, bold=bold > 0, italic=italic > 0))
    return tuple(runs)


def to_markdown(paper: Paper) -> str:
    """Return a document in Markdown. Markdown characters in its text are escaped."""
    blocks = [f"# {_escaped(_line(paper.title))}"]
    if paper.subtitle:
        blocks.append(f"*{_escaped(_line(paper.subtitle))}*")
    was_item = False
    for piece in paper.pieces:
        block = framed(_block(piece)) if piece.said else _block(piece)
        is_item = piece.kind is PieceKind.ITEM
        if is_item and was_item:
            blocks[-1] += "\n" + block
        elif block:
            blocks.append(block)
        was_item = is_item
    return "\n\n".join(blocks) + "\n"


def _block(piece: Piece) -> str:
    match piece.kind:
        case PieceKind.HEADING:
            return "#" * piece.level + " " + _line(_inline(piece))
        case PieceKind.ITEM:
            mark = piece.mark if piece.mark[:-1].isdigit() else "-" if piece.mark else " "
            return "  " * (piece.level - 1) + f"{mark} " + _inline(piece).replace("\n", " ")
        case PieceKind.CODE:
            fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall("`+", piece.text)), default=0))
            return f"{fence}\n{piece.text}\n{fence}"
        case PieceKind.QUOTE:
            return "\n".join(f"> {line}" for line in _inline(piece).split("\n"))
        case PieceKind.TABLE:
            return _table_text(piece.rows)
        case PieceKind.SMALL:
            return f"*{_escaped(_line(piece.text))}*"
        case PieceKind.RULE:
            return "---"
        case PieceKind.CHART:
            return ""  # its figures follow
        case PieceKind.PARAGRAPH:
            return _inline(piece)


def _inline(piece: Piece) -> str:
    return "".join(_marked(run) for run in piece.runs).strip()


def _marked(run: Run) -> str:
    if run.formula:
        return _formula(run.text)
    if run.code:
        fence = "`" * (1 + max((len(ticks) for ticks in re.findall("`+", run.text)), default=0))
        gap = " " if "`" in run.text else ""
        return f"{fence}{gap}{run.text}{gap}{fence}"
    text = _escaped(run.text).replace("\n", "  \n")
    inner = text.strip()
    mark = "**" * (run.bold or run.change == COME) + "*" * run.italic + "~~" * (run.change == GONE)
    if not inner or not mark:
        return text
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before}{mark}{inner}{mark[::-1]}{after}"


def _table_text(rows: tuple[tuple[str, ...], ...]) -> str:
    width = max((len(row) for row in rows), default=0)
    lines = ["| " + " | ".join(_cell(row[at] if at < len(row) else "") for at in range(width)) + " |" for row in rows]
    return "\n".join([*lines[:1], "|" + " --- |" * width, *lines[1:]])


def _cell(text: str) -> str:
    tokens = _formula_parser().parseInline(_line(text))[0].children or []
    words = (_formula(token.info) if token.type == "formula" else _escaped(token.content) for token in tokens)
    return "".join(words).replace("|", "\\|")


def _formula(source: str) -> str:
    return _escaped(source) if _read(source, _OURS)[0] else source


def _line(text: str) -> str:
    return " ".join(text.split())


_LINE_MARK = re.compile(r"^([^\S\n]*)(?:(\d+)(?=[.)](?:\s|$))|(?=[-+](?:\s|$)|[-=:][-=:|\s]*$))", re.MULTILINE)


def _escaped(text: str) -> str:
    return _LINE_MARK.sub(r"\1\2\\", re.sub(r"([\\`*_\[\]<>#~]|&(?=[#\w]+;))", r"\\\1", text))


_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2.5rem auto; padding: 0 1rem; color: #1b1f24; }
h1, h2, h3, h4 { line-height: 1.25; margin: 1.6em 0 .5em; } h1 { margin-top: 0; }
pre { background: #f3f4f6; padding: .8rem; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
code { font: .92em ui-monospace, monospace; }
blockquote { margin: 0; padding-left: 1rem; border-left: 3px solid #c9ced6; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #c9ced6; padding: .35rem .6rem; }
th, td { text-align: left; vertical-align: top; } th { background: #f3f4f6; }
.said { padding-left: 1rem; border-left: 3px solid #6b8fb5; } h5, h6 { margin: 1em 0 .5em; }
.small, .cite { color: #59636e; font-size: .88em; } .item { margin: .25em 0; text-indent: -1.4em; }
p, .item, td, th { overflow-wrap: anywhere; } del { color: #a3262b; } ins { color: #1d6b3a; }
@media (prefers-color-scheme: dark) { body { background: #16191d; color: #e6e9ec; } pre, th { background: #23272d; }
.small, .cite { color: #a4adb8; } th, td { border-color: #3d444d; } del { color: #f0979b; } ins { color: #86d3a1; } }
""".strip()


def to_html(paper: Paper) -> str:
    """Return the whole HTML file. Its content security policy forbids loading or running anything."""
    title = escape(plain(paper.title))
    body = [f"<h1>{title}</h1>"]
    if paper.subtitle:
        body.append(f'<p class="small">{escape(plain(paper.subtitle))}</p>')
    for said, pieces in groupby(paper.pieces, key=lambda piece: piece.said):
        blocks = [_html_block(piece) for piece in pieces]
        body += ['<div class="said">', *blocks, "</div>"] if said else blocks
    language = f' lang="{escape(paper.language)}"' if paper.language else ""
    properties = model_properties(paper.model).items()
    meta = "".join(f'<meta name="{name}" content="{escape(value)}">\n' for name, value in properties)
    return (
        f'<!DOCTYPE html>\n<html{language}>\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"{meta}<title>{title}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _html_block(piece: Piece) -> str:
    words = "".join(_run(run) for run in piece.runs)
    match piece.kind:
        case PieceKind.HEADING:
            return f"<h{piece.level}>{words}</h{piece.level}>"
        case PieceKind.ITEM:
            mark = f"{escape(plain(piece.mark))}&ensp;" if piece.mark else "&emsp;"
            return f'<p class="item" style="margin-left: {piece.level * 1.6:.1f}em">{mark}{words}</p>'
        case PieceKind.CODE:
            return f"<pre><code>{escape(plain(piece.text))}</code></pre>"
        case PieceKind.QUOTE:
            return f"<blockquote><p>{words}</p></blockquote>"
        case PieceKind.TABLE:
            rows = [_row(row, "th" if at == 0 else "td") for at, row in enumerate(piece.rows)]
            return "<table>\n" + "\n".join(rows) + "\n</table>"
        case PieceKind.SMALL:
            return f'<p class="small">{words}</p>'
        case PieceKind.RULE:
            return "<hr>"
        case PieceKind.CHART:
            from slmdesk.base.charts import svg  # late: few exports have one

            return svg(piece.chart) if piece.chart else ""
        case PieceKind.PARAGRAPH:
            return f"<p>{words}</p>"


def _row(cells: tuple[str, ...], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{_text(cell)}</{tag}>" for cell in cells) + "</tr>"


def _run(run: Run) -> str:
    words = _text(run.text)
    for requested, before, after in (
        (run.code, "<code>", "</code>"), (run.italic, "<em>", "</em>"), (run.bold, "<strong>", "</strong>"),
        (run.cite, '<span class="cite">', "</span>"), (run.change, f"<{run.change}>", f"</{run.change}>"),
    ):  # fmt: skip
        words = f"{before}{words}{after}" if requested else words
    return words


def _text(text: str) -> str:
    return escape(plain(text)).replace("\n", "<br>")


_GREY = (0x59, 0x63, 0x6E)
BULLET = Piece(PieceKind.ITEM).mark
"""The default bullet, for which Word's own list style is used."""
_CODE_FONT = "Courier New"


def to_docx(paper: Paper) -> bytes:
    """Return the bytes of a Word file. Takes 0.1 s, or more for long documents: never call it on the service thread."""
    import docx  # late: 46 ms

    document, changes = docx.Document(), ChangeMarks()
    info = document.core_properties
    info.title, info.author, info.comments = plain(paper.title)[:255], "", ""
    info.created = info.modified = changes.now.replace(tzinfo=None)
    document.add_heading(plain(paper.title), 0)
    if paper.subtitle:
        _add(document.add_paragraph(), (Run(paper.subtitle, cite=True),))
    for piece in paper.pieces:
        _write(document, piece, changes)
        if piece.said:
            _frame_last(document)
    _number_pages(document)
    keep_properties(document, model_properties(paper.model))
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _write(document: Document, piece: Piece, changes: ChangeMarks) -> None:
    from docx.shared import Cm, Pt

    match piece.kind:
        case PieceKind.HEADING:
            _add(document.add_heading("", min(9, piece.level)), piece.runs)
        case PieceKind.ITEM if piece.mark == BULLET:
            level = min(3, piece.level)  # the template has no more
            _add(document.add_paragraph(style="List Bullet" if level == 1 else f"List Bullet {level}"), piece.runs)
        case PieceKind.ITEM:  # keep its number: Word would continue from list to list
            paragraph = document.add_paragraph(style="List Paragraph")
            paragraph.paragraph_format.left_indent = Cm(0.7 * piece.level)
            paragraph.paragraph_format.first_line_indent = Cm(-0.6)
            paragraph.paragraph_format.space_after = Pt(3)
            paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.7 * piece.level))
            _add(paragraph, (Run(f"{piece.mark}\t"), *piece.runs))
        case PieceKind.TABLE:
            _word_table(document, piece)
        case PieceKind.RULE:
            document.add_paragraph("―" * 20)
        case PieceKind.CHART:
            if piece.chart is not None:
                from slmdesk.exports.charts import add_to_word  # late, as above

                add_to_word(document, piece.chart, to_xlsx)
        case PieceKind.SMALL:
            _add(document.add_paragraph(), tuple(Run(run.text, cite=True) for run in piece.runs))
        case PieceKind.QUOTE:
            paragraph = document.add_paragraph()
            paragraph.paragraph_format.left_indent = Cm(1)
            _add(paragraph, piece.runs)
        case PieceKind.CODE | PieceKind.PARAGRAPH:
            _add(document.add_paragraph(), piece.runs, changes)


def keep_properties(document: Document, properties: Mapping[str, str]) -> None:
    """Add properties of a Word file that other programs can read."""
    if not properties:
        return
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part
    from openpyxl.packaging.custom import CustomPropertyList, StringProperty
    from openpyxl.xml.functions import tostring

    kept: Any = CustomPropertyList()
    package = document.part.package
    for name, value in properties.items():
        kept.append(StringProperty(name=name, value=value))
    data: Any = tostring(kept.to_tree())
    part = Part(PackURI("/docProps/custom.xml"), CUSTOM_TYPE, data, package)
    package.relate_to(part, CUSTOM_RELATION)


CUSTOM_TYPE = "application/vnd.openxmlformats-officedocument.custom-properties+xml"
CUSTOM_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/custom-properties"
AUTHOR = "slmdesk"


class ChangeMarks:
    """Makes runs of a Word file tracked changes, `w:ins` and `w:del` (ECMA-376 part 1, 17.13.5)."""

    def __init__(self) -> None:
        self.now = datetime.datetime.now(datetime.UTC)
        self._numbers = count(1)

    def track(self, run: WordRun, change: str) -> None:
        """Turn the last run of a paragraph into a tracked change: GONE or COME."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        element: Any = OxmlElement(f"w:{change}")
        paragraph: Any = run._r.getparent()
        date = f"{self.now:%Y-%m-%dT%H:%M:%SZ}"
        for key, value in (("id", str(next(self._numbers))), ("author", AUTHOR), ("date", date)):
            element.set(qn(f"w:{key}"), value)
        paragraph.append(element)
        element.append(run._r)
        for words in run._r.findall(qn("w:t")) if change == GONE else ():
            words.tag = qn("w:delText")
            words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _frame_last(document: Document) -> None:
    """Put a line on the left of the last paragraph."""
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    paragraph = document.element.body[-2]  # the last tells of the section
    if paragraph.tag.endswith("}p"):
        line = '<w:left w:val="single" w:sz="12" w:space="8" w:color="6B8FB5"/>'
        border = parse_xml(f"<w:pBdr {nsdecls('w')}>{line}</w:pBdr>")
        paragraph.get_or_add_pPr().insert_element_before(border, "w:tabs", "w:spacing", "w:ind")


def _add(paragraph: Paragraph, runs: tuple[Run, ...], changes: ChangeMarks | None = None) -> None:
    from docx.shared import Pt, RGBColor

    for run in runs:
        written = paragraph.add_run(plain(run.text))
        written.bold, written.italic = run.bold or None, run.italic or None
        if run.code:
            written.font.name, written.font.size = _CODE_FONT, Pt(9.5)
        if run.cite:
            written.font.size, written.font.color.rgb = Pt(9), RGBColor(*_GREY)
        if run.change and changes:
            changes.track(written, run.change)


def _word_table(document: Document, piece: Piece) -> None:
    width = max((len(row) for row in piece.rows), default=0)
    if not width:
        return
    table = document.add_table(rows=0, cols=width)
    table.style = "Table Grid"
    for at, row in enumerate(piece.rows):
        cells = table.add_row().cells
        for place, text in enumerate(row):
            _add(cells[place].paragraphs[0], (Run(text, bold=at == 0),))
    document.add_paragraph()


def _number_pages(document: Document) -> None:
    """Add a field for the page number to the footer, which Word fills in."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = 1
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = paragraph.add_run()
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = words
        run._r.append(element)


class Noted(Record):
    """A cell with a comment and the display format of a number or date."""

    value: str | int | float | datetime.date | None
    note: str = ""
    format: str = ""


Cell: TypeAlias = str | int | float | bool | Noted | None


def page_cell(pages: str) -> Cell:
    """Return the pages of something as a cell: a single page is a number."""
    return int(pages) if pages.isascii() and pages.isdigit() else pages


MOST_CHARACTERS = 32_000
"""Most characters that are written to a cell. A spreadsheet allows 32,767."""
MOST_NOTE = 1000
_MOST_WIDTH = 70
_BAD_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


class Book(Record):
    """The content of a spreadsheet before it is written."""

    sheets: Mapping[str, Sequence[Sequence[Cell]]]
    charts: Sequence[Chart] = ()
    model: str = ""
    """As that of a paper."""


def to_xlsx(sheets: Mapping[str, Sequence[Sequence[Cell]]], charts: Sequence[Chart] = (), model: str = "") -> bytes:
    """Return a workbook with these sheets, by name, and a sheet with its figures for each chart. The first row of each
    sheet is its head. `model`: as that of a paper.

    Never call it on the service thread: openpyxl takes 0.2 s.
    """
    from openpyxl import Workbook
    from openpyxl.comments import Comment
    from openpyxl.packaging.custom import StringProperty
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    from slmdesk.exports.charts import native_chart

    book: Any = Workbook()
    book.remove(book.active)  # a new workbook has a sheet
    drawn = {_(CHART_SHEET).format(number=number): chart for number, chart in enumerate(charts, 1)}
    figures: dict[str, Sequence[Sequence[Cell]]] = {name: chart.figures for name, chart in drawn.items()}
    for name, rows in (dict(sheets) | figures).items():
        sheet = book.create_sheet(plain(name).translate(_BAD_IN_NAMES).strip("' ")[:31] or "Sheet")
        widths: dict[int, int] = {}
        for down, row in enumerate(rows, 1):
            for across, given in enumerate(row, 1):
                cell = sheet.cell(down, across)
                value = given.value if isinstance(given, Noted) else given
                if isinstance(given, Noted) and given.note:
                    cell.comment = Comment(plain(given.note)[:MOST_NOTE], "slmdesk", height=120, width=320)
                if value and isinstance(value, str):
                    cell.value = plain(value)[:MOST_CHARACTERS]
                    cell.data_type = "s"
                elif value != "":  # an empty cell is none of text
                    cell.value = value
                if isinstance(given, Noted) and given.format:
                    cell.number_format = given.format
                cell.alignment = Alignment(vertical="top", wrap_text=True)
                if down == 1:
                    cell.font = Font(bold=True)
                widths[across] = min(_MOST_WIDTH, max(widths.get(across, 8), len(str(value or "")) + 2))
        for across, width in widths.items():
            sheet.column_dimensions[get_column_letter(across)].width = width
        sheet.freeze_panes = "A2"
        if name in drawn:
            sheet.add_chart(native_chart(drawn[name], name), f"{get_column_letter(len(rows[0]) + 2)}2")
    if not book.worksheets:
        book.create_sheet("Sheet")
    for name, value in model_properties(model).items():
        book.custom_doc_props.append(StringProperty(name=name, value=value))
    return _saved(book)


def _saved(book: Workbook) -> bytes:
    """Return the bytes of a workbook, built in memory.

    openpyxl's own `save` first writes each sheet to the system's temporary folder. If the program is killed, the text
    stays there.
    """
    from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
    from openpyxl.worksheet._writer import WorksheetWriter
    from openpyxl.writer.excel import ExcelWriter

    target = io.BytesIO()
    archive = ZipFile(target, "w", ZIP_DEFLATED)

    class InMemory(ExcelWriter):
        def write_worksheet(self, ws: Any) -> None:
            """Do what openpyxl's method does. Our sheets have no images."""
            ws._drawing, made = SpreadsheetDrawing(), io.BytesIO()
            ws._drawing.charts = ws._charts
            writer: Any = WorksheetWriter(ws, made)
            writer.write()
            ws._rels = writer._rels
            archive.writestr(ws.path[1:], made.getvalue())
            self.manifest.append(ws)

    InMemory(book, archive).save()
    return target.getvalue()


def tables_of(paper: Paper) -> dict[str, list[tuple[str, ...]]]:
    """Return the tables of a document for a spreadsheet, by the heading above them."""
    tables: dict[str, list[tuple[str, ...]]] = {}
    over = paper.title
    for piece in paper.pieces:
        if piece.kind is PieceKind.HEADING:
            over = piece.text
        elif piece.kind is PieceKind.TABLE:
            name, count = over[:25] or "Table", 2
            while name in tables:
                name, count = f"{over[:25]} {count}", count + 1
            tables[name] = list(piece.rows)
    return tables


PAPER_FORMS: Mapping[str, Callable[[Paper], bytes]] = {
    "docx": to_docx,
    "html": lambda paper: to_html(paper).encode("utf-8"),
    "md": lambda paper: to_markdown(paper).encode("utf-8", "replace"),
}
"""Formats to which this process can convert a document. The printer child makes "pdf"."""


def in_form(made: bytes | Paper | Book, form: str, *, has_line: bool) -> bytes | Paper:
    """Return an export in a format, or the document from which "pdf" is printed; "xlsx" has a document's tables alone.

    `has_line`: where a model wrote, a line says so. Raises KnownError `request.invalid` for another format.
    """
    if isinstance(made, bytes):
        return made
    line = written_by(made.model) if has_line else ""
    if isinstance(made, Paper) and form != "xlsx":
        paper = changed(made, pieces=(small(line), *made.pieces)) if line else made
        if form == "pdf":
            return paper
        if form not in PAPER_FORMS:
            raise KnownError("request.invalid", what=_("no format {form}").format(form=form))
        return PAPER_FORMS[form](paper)
    book = Book(tables_of(made), model=made.model) if isinstance(made, Paper) else made
    *others, (name, rows) = book.sheets.items() or [("", ())]
    sheets = dict([*others, (name, [*rows, (), (line,)])]) if line else book.sheets
    return to_xlsx(sheets, book.charts, book.model)
