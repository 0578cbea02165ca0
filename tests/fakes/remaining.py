"""What of a document's text is still there after every unit was replaced: found in the file, not by a rewriter."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator

from lxml import etree

from slmdesk.base.text.tagged import pieces
from slmdesk.children.formats.reading import Reading, rewriter_of
from slmdesk.children.formats.rewriting.rewriters import LeftAsIs, Options, Rewriting, Unit, written_to
from slmdesk.children.formats.text import decode

MARK = "x"
OFFICE = frozenset(("docx", "pptx", "xlsx"))
OPEN = frozenset(("odt", "odp", "ods"))
_WORDS = frozenset(("t", "delText", "text", "oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader"))
_SPOKEN = frozenset(
    ("descr", "alt", "string", "tooltip", "displayText", "prompt", "promptTitle", "error", "errorTitle")
)
_MARKUP = re.compile(r"</?[a-z][^<>\n]*>|\]\([^)\n]*\)|&(?:[A-Z]|#?\w+;)|\{[^{}\n]*\}")
"""Signs of formats inside words."""
_CUES = re.compile(r"-->[^\n]*\n((?:[^\n]*\S[^\n]*\n?)+)")
_OPEN_NAMES = frozenset(("creator", "date", "date-string", "initials", "creator-initials", "sender-initials"))
_NO_TEXT = re.compile(
    r"(styles\w*|settings|webSettings|fontTable|theme\d*|presProps|viewProps|tableStyles|app|core|custom|people|"
    r"commentAuthors|authors|pivotCache\w*)\.xml$"
)


def marked(unit: Unit) -> str:
    """Every letter another one, the tags as they are."""
    return "".join(
        re.sub(r"[^\W\d_]", MARK, piece) if isinstance(piece, str) else str(piece)
        for piece in pieces(unit.text, unit.tags)
    )


def rewritten(format_id: str, path: str, data: bytes, **options: object) -> tuple[bytes, list[Unit], list[LeftAsIs]]:
    """The document with all units marked, its units, and what was left and said."""
    rewriter = rewriter_of(format_id, path)
    requested = Options(**options)  # type: ignore[arg-type]
    outcomes = list(rewriter(Rewriting(Reading(path, data=data), requested)))
    units = [piece for piece in outcomes if isinstance(piece, Unit)]
    out = io.BytesIO()
    answers = {at: (unit.text, marked(unit)) for at, unit in enumerate(units)}
    assert written_to(rewriter, Rewriting(Reading(path, data=data), requested), answers, out) == []
    return out.getvalue(), units, [piece for piece in outcomes if isinstance(piece, LeftAsIs)]


def texts_of(format_id: str, data: bytes) -> Iterator[tuple[str, str]]:
    """The texts in a file as (part, words): whatever its format calls text, formulas and codes of fields apart."""
    if format_id in OFFICE or format_id in OPEN:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                inside = _office if format_id in OFFICE else _open
                yield from ((name, words) for words in inside(name, archive.read(name)))
    elif format_id == "epub":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                if name.endswith((".xhtml", ".html", ".htm", ".ncx")):
                    yield from ((name, words) for words in _page(archive.read(name)))
    elif format_id == "html":
        yield from (("", words) for words in _page(data))
    elif format_id == "subtitles":
        yield from (("", cue) for cue in _CUES.findall(decode(data).text))
    else:
        yield from (("", line) for line in decode(data).text.splitlines())


def _office(name: str, data: bytes) -> Iterator[str]:
    is_text = name.startswith(("word/", "ppt/", "xl/")) and name.endswith(".xml") and "/embeddings/" not in name
    if not is_text or _NO_TEXT.search(posixpath.basename(name)):
        return
    for element in _elements(data):
        tag = etree.QName(element).localname
        is_hint = "slideMasters/" in name or "slideLayouts/" in name or "notesMasters/" in name
        if is_hint and any(
            etree.QName(each).localname == "sp" and _holds_place(each) for each in element.iterancestors()
        ):
            continue
        is_label = tag == "v" and any(etree.QName(each).localname == "strCache" for each in element.iterancestors())
        if tag == "v" and "worksheets/" in name and element.getparent().get("t") == "str":  # type: ignore[union-attr]
            is_label = True
        if tag in _WORDS or is_label:
            yield element.text or ""
        for key, value in element.attrib.items():
            if str(key).rpartition("}")[2] in _SPOKEN and not is_hint:
                yield str(value)


def _holds_place(shape: etree.ElementBase) -> bool:
    return next(shape.iter("{*}ph"), None) is not None


def _open(name: str, data: bytes) -> Iterator[str]:
    if not name.endswith("content.xml") and name != "styles.xml":
        return
    for element in _elements(data):
        around = [etree.QName(each).localname for each in (element, *element.iterancestors())]
        if not {"body", "master-styles"} & set(around) or {"script", "event-listeners"} & set(around):
            continue
        if any(_is_number(each) for each in (element, *element.iterancestors())):
            continue
        if around[0] not in _OPEN_NAMES:
            yield element.text or ""
        if len(around) > 1 and around[0] != "body":
            yield element.tail or ""


def _is_number(cell: etree.ElementBase) -> bool:
    """Whether it is a cell whose words the program makes of a number."""
    kind = next((str(value) for key, value in cell.attrib.items() if str(key).endswith("}value-type")), "")
    return kind in ("float", "percentage", "currency", "date", "time", "boolean")


def _elements(data: bytes) -> Iterator[etree.ElementBase]:
    return (element for element in etree.fromstring(data).iter() if isinstance(element.tag, str))


def _page(data: bytes) -> Iterator[str]:
    parser = etree.HTMLParser(encoding="utf-8")
    for element in etree.fromstring(data, parser).iter():
        if isinstance(element.tag, str) and element.tag not in ("script", "style"):
            yield element.text or ""
        yield element.tail or ""


def unnamed(format_id: str, data: bytes, left: list[LeftAsIs]) -> tuple[list[tuple[str, str]], int, int]:
    """Texts with letters that are no marks, in nothing that was left and said; their letters, and all there are."""
    said = ["".join(piece.text.split()) for piece in left]
    damaged = {piece.text for piece in left if piece.kind == "damaged"}
    letters = count = 0
    missed = []
    for part, words in texts_of(format_id, data):
        count += sum(letter.isalpha() for letter in words)
        kept = sum(letter.isalpha() and letter != MARK for letter in _MARKUP.sub(" ", words))
        bare = "".join(words.split())
        if kept and part not in damaged and not any(bare in text or (text and text in bare) for text in said):
            letters += kept
            missed.append((part, words.strip()))
    return missed, letters, count
