"""Independent readers: what another program, or the bare zip and XML, says stands in a document."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

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


def plain(path: Path) -> str:
    """The file is its own text."""
    return path.read_text(encoding="utf-8", errors="replace")


def epub(path: Path) -> str:
    """The chapters of a book, as bare XML; not its table of contents, which says their titles once more."""
    return xml_parts(path, r"(?!.*(nav|toc)).*\.x?html", HTML_BLOCKS)


def xml_parts(path: Path, wanted: str, breaks: tuple[str, ...]) -> str:
    """All letters of the parts of an archive whose names match; elements named in `breaks` end a word."""
    pieces: list[str] = []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not re.fullmatch(wanted, name):
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
        for one in element:
            take(one)
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
            " ".join(f"{one:.15g}" if isinstance(one, float) else str(one) for one in row if one is not None)
            for row in sheet.iter_rows(values_only=True)
        ]
    return "\n".join(lines)


PEERS: Mapping[str, Callable[[Path], str]] = {
    "pdftotext": pdftotext,
    "odt2txt": odt2txt,
    "unrtf": unrtf,
    "plain": plain,
    "docx": office,
    "pptx": office,
    "content.xml": odf,
    "openpyxl": openpyxl_values,
    "epub": epub,
}
"""By name: a function from a file to its text.  A new one is a function and a line here."""
