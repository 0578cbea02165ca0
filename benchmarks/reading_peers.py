"""Independent readers: what another program, or the bare zip and XML, says stands in a document."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import olefile

HTML_BLOCKS = (
    "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "td", "th", "table", "br",
    "section", "pre", "title", "body", "nav", "blockquote",
)  # fmt: skip
ODT_REMARK = re.compile(r"\[-- [^\]]* --\]")
PDF_CONTROL = re.compile(r"[\u00ad\ufffe]")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, timeout=300).stdout.decode("utf-8", "replace")


def pdftotext(path: Path) -> str:
    """Of poppler-utils: in reading order."""
    return PDF_CONTROL.sub("", _said("pdftotext", "-enc", "UTF-8", str(path), "-"))


def odt2txt(path: Path) -> str:
    """Of the package of that name."""
    return ODT_REMARK.sub("", _said("odt2txt", "--width=-1", "--encoding=UTF-8", str(path)))


def unrtf(path: Path) -> str:
    """Of the package of that name; what stands above its line of dashes is about the file."""
    text = _said("unrtf", "--text", "--quiet", str(path))
    return text.partition("\n-----------------\n")[2] or text


class _PageWords(HTMLParser):
    """What Python's own parser takes for text; lines end at all tags but those inside words."""

    INSIDE = re.compile(r"a|abbr|b|cite|code|del|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|tt|u|var")

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in ("script", "style", "head")
        self.pieces.append("" if self.INSIDE.fullmatch(tag) else "\n" if tag != "sup" else "^")
        self.pieces.append(f" {dict(attrs).get('alt') or ''} " if tag == "img" else "")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("script", "style", "head")
        self.pieces.append("" if self.INSIDE.fullmatch(tag) or tag == "sup" else "\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)


def _page_words(markup: str) -> str:
    parser = _PageWords()
    parser.feed(markup)
    return "".join(parser.pieces)


def page(path: Path) -> str:
    """A web page by Python's own parser."""
    return _page_words(path.read_text(encoding="utf-8", errors="replace"))


def zipped_pages(path: Path) -> str:
    """All web pages of an archive but its table of contents."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith("html") and not name.endswith("nav.xhtml")]
        return "\n".join(_page_words(archive.read(name).decode("utf-8", "replace")) for name in names)


def cues(path: Path) -> str:
    """The lines of subtitles that are neither times nor numbers."""
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("gb18030")
    lines = (re.sub(r"<[^>]*>", "", line) for line in text.splitlines() if "-->" not in line)
    return "\n".join(line for line in lines if not line.strip().isdigit() and not line.startswith(("WEBVTT", "NOTE")))


def outlook_streams(path: Path) -> str:
    """The streams of an Outlook mail that hold its subject and its text."""
    requested = ("0037", "1000")
    with olefile.OleFileIO(path) as mail:
        names = [name for name in mail.listdir() if len(name) == 1 and name[0][12:16] in requested]
        return "\n".join(
            mail.openstream(name).read().decode("utf-16-le" if name[0].endswith("1F") else "cp1252", "replace")
            for name in names
        )


def plain(path: Path) -> str:
    """The file is its own text."""
    return path.read_text(encoding="utf-8", errors="replace")


def epub(path: Path) -> str:
    """The chapters of a book, as bare XML; not its table of contents, which says their titles once more."""
    return xml_parts(path, r"(?!.*(nav|toc)).*\.x?html", HTML_BLOCKS)


def xml_parts(path: Path, requested: str, breaks: tuple[str, ...]) -> str:
    """All letters of the parts of an archive whose names match; elements named in `breaks` end a word."""
    pieces: list[str] = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not re.fullmatch(requested, name):
                continue
            for element in ElementTree.fromstring(archive.read(name)).iter():
                if element.tag.rpartition("}")[2] in breaks:
                    pieces.append("\n")
                pieces.append(element.text or "")
                pieces.append(element.tail or "")
    return "".join(pieces)


OFFICE_WORDS = {
    "docx": r"word/(document|footnotes|endnotes|comments|header\d*|footer\d*)\.xml",
    "pptx": r"ppt/(slides/slide|notesSlides/notesSlide|diagrams/data)\d+\.xml",
}
SKIPPED = ("Fallback", "moveFrom", "del", "fld")
"""Second copies, what was moved or deleted, and a slide's own number."""


def office(path: Path) -> str:
    """The words of a Word or PowerPoint file: its elements `t`, a line for each paragraph."""
    pieces: list[str] = []

    def take(element: ElementTree.Element) -> None:
        name = element.tag.rpartition("}")[2]
        if name in SKIPPED:
            return
        if name in ("p", "tab", "br", "cr", "tc"):
            pieces.append("\n")
        if name == "t":
            pieces.append(element.text or "")
        for child in element:
            take(child)
        if name == "p":
            pieces.append("\n")

    with zipfile.ZipFile(path) as archive:
        for part in archive.namelist():
            if re.fullmatch(OFFICE_WORDS[path.suffix[1:]], part):
                take(ElementTree.fromstring(archive.read(part)))
    return "".join(pieces)


def odf(path: Path) -> str:
    """The words of an OpenDocument file as they stand in its content."""
    breaks = ("p", "h", "tab", "s", "line-break", "table-cell", "note-body", "note-citation", "annotation")
    return xml_parts(path, r"content\.xml", breaks)


def openpyxl_values(path: Path) -> str:
    """Of the library of that name: all cells as they are stored, numbers with the 15 digits Excel keeps."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    lines = []
    for sheet in book.worksheets:
        sheet.reset_dimensions()
        lines += [
            " ".join(f"{cell:.15g}" if isinstance(cell, float) else str(cell) for cell in row if cell is not None)
            for row in sheet.iter_rows(values_only=True)
        ]
    return "\n".join(lines)


PEERS: Mapping[str, Callable[[Path], str]] = {
    "pdftotext": pdftotext,
    "odt2txt": odt2txt,
    "unrtf": unrtf,
    "page": page,
    "zipped_pages": zipped_pages,
    "cues": cues,
    "outlook_streams": outlook_streams,
    "plain": plain,
    "docx": office,
    "pptx": office,
    "content.xml": odf,
    "openpyxl": openpyxl_values,
    "epub": epub,
}
"""By name: a function from a file to its text.  A new one is a function and a line here."""
