"""Reads e-books: chapters in the order of the spine, named by the table of contents (EPUB 3.3, sections 5 and 7)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import unquote

from lxml import etree

from slmdesk.base.documents import Note, Page, PageKind, PageStatus, page_of
from slmdesk.base.errors import KnownError
from slmdesk.formats import packed
from slmdesk.formats.base import Reading
from slmdesk.formats.decoding import NotTextError, lines_made_one
from slmdesk.formats.html import decoded_markup, notify
from slmdesk.formats.hypertext import Hypertext, walk
from slmdesk.formats.packed import Archive
from slmdesk.formats.pieces import Piece, label_of, page_from, parted
from slmdesk.formats.xmls import local, parse

CHAPTER_CHARACTERS = 60_000
"""A chapter that is longer becomes several pages of one name."""
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Obfuscated fonts; the text is not encrypted."""
Labels = dict[str, dict[str, str]]
"""From a part's name to its chapters: from an id ("" for the part's beginning) to the chapter's name."""


@dataclass(slots=True)
class _Book:
    title: str = ""
    author: str = ""
    spine: list[str] = field(default_factory=list)
    labels: Labels = field(default_factory=dict)


def read(reading: Reading) -> Iterator[Page]:
    reading.page_kind = PageKind.CHAPTER
    with packed.opened(reading) as archive:
        book = _book(archive, reading.path)
        locked = locked_parts(archive, reading.path)
        reading.title, reading.author, reading.total = book.title, book.author, len(book.spine)
        numbers = count(1)
        label = ""
        for name in book.spine:
            reading.check()
            chapters = book.labels.get(name, {})
            if name in locked or not archive.read(name):
                reason = PageStatus.LOCKED if name in locked else PageStatus.BROKEN
                number = next(numbers)
                reading.note(Note.PARTLY_DAMAGED)
                yield page_of(number, chapters.get("", str(number)), "", [], status=reason)
                continue
            found = _walked(reading, archive, name, chapters)
            notify(reading, found)
            for chapter, pieces in _chapters(found, chapters, label):
                label = chapter
                yield page_from(next(numbers), chapter, pieces)


def _walked(reading: Reading, archive: Archive, name: str, chapters: Mapping[str, str]) -> Hypertext:
    try:
        markup = decoded_markup(archive.read(name)).text
    except NotTextError as err:
        raise KnownError("document.damaged", path=reading.path, reason=f"its part {name[:80]} is no text") from err
    anchors = [anchor for anchor in chapters if anchor]
    return walk(lines_made_one(markup), reading.path, anchors=anchors, is_packed=True, check=reading.check)


def _chapters(found: Hypertext, chapters: Mapping[str, str], before: str) -> Iterator[tuple[str, list[Piece]]]:
    label = chapters.get("") or (before if chapters else _own_label(found) or before)
    portion: list[Piece] = []
    for piece in found.pieces:
        if piece.anchor in chapters and piece.anchor:
            if portion:
                yield from ((label, part) for part in parted(portion, CHAPTER_CHARACTERS))
                portion = []
            label = chapters[piece.anchor]
        portion.append(piece)
    yield from ((label, part) for part in parted(portion, CHAPTER_CHARACTERS))


def _own_label(found: Hypertext) -> str:
    heading = next((piece.text for piece in found.pieces[:3] if piece.level == 1), "")
    return label_of(heading)


def _book(archive: Archive, path: str) -> _Book:
    """The content of the package document.  Raises KnownError `document.damaged`."""
    container = parse(_needed(archive, "META-INF/container.xml", path), path)
    files = [one.get("full-path") or "" for one in container.iter() if local(one) == "rootfile"]
    name = next((one for one in files if one in archive), "")
    package = parse(_needed(archive, name, path), path)
    folder = posixpath.dirname(name)
    book = _Book()
    items: dict[str, str] = {}
    guide = ""
    for one in package.iter():
        match local(one):
            case "title" if not book.title:
                book.title = _words(one)
            case "creator" if not book.author:
                book.author = _words(one)
            case "item":
                items[one.get("id") or ""] = place = _place(folder, one.get("href"))
                if "nav" in (one.get("properties") or "").split():
                    guide = place
                elif one.get("media-type") == "application/x-dtbncx+xml":
                    guide = guide or place
            case "itemref" if one.get("idref") in items:
                book.spine.append(items[one.get("idref") or ""])
    if not book.spine:
        raise KnownError("document.damaged", path=path, reason="it names no chapters")
    if guide in archive:
        try:
            book.labels = _labels(parse(archive.read(guide), path), posixpath.dirname(guide))
        except KnownError as err:  # the table of contents is not valid XML: the chapters are still there
            if err.code != "document.damaged":
                raise
    return book


def _labels(guide: etree._Element, folder: str) -> Labels:
    """From EPUB 3's nav or EPUB 2's ncx; the first name of a place counts."""
    found: Labels = {}
    if local(guide) == "ncx":
        points = [one for one in guide.iter() if local(one) == "navPoint"]
        named = [(_child(one, "content", "src"), _words(_first(one, "navLabel"))) for one in points]
    else:
        lists = [one for one in guide.iter() if local(one) == "nav" and "toc" in str(list(one.attrib.values()))]
        named = [(one.get("href") or "", _words(one)) for nav in lists[:1] for one in nav.iter() if local(one) == "a"]
    for target, label in named:
        place, _, anchor = target.partition("#")
        if label:
            found.setdefault(_place(folder, place), {}).setdefault(unquote(anchor), label_of(label))
    return found


def _first(element: etree._Element, name: str) -> etree._Element | None:
    return next((one for one in element if local(one) == name), None)


def _child(element: etree._Element, name: str, attribute: str) -> str:
    child = _first(element, name)
    return "" if child is None else child.get(attribute) or ""


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def _place(folder: str, href: str | None) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote((href or "").partition("#")[0])))


def _needed(archive: Archive, name: str, path: str) -> bytes:
    data = archive.read(name)
    if not data:
        raise KnownError("document.damaged", path=path, reason=f"its part {name[:80] or 'package'} is missing")
    return data


def locked_parts(archive: Archive, path: str) -> frozenset[str]:
    """The parts encrypted by a seller (DRM)."""
    data = archive.read("META-INF/encryption.xml")
    if not data:
        return frozenset()
    found = set()
    for one in parse(data, path).iter():
        if local(one) == "EncryptedData":
            method = next((part.get("Algorithm") for part in one.iter() if local(part) == "EncryptionMethod"), "")
            if method not in _FONTS:
                found |= {unquote(part.get("URI") or "") for part in one.iter() if local(part) == "CipherReference"}
    return frozenset(found)
