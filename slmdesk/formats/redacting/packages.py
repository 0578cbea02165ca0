"""What redacted archives share: their parts are read with limits, and written anew one by one."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.formats.packed import Archive, opened
from slmdesk.formats.redacting.base import MOST_DEPTH, Redacting
from slmdesk.formats.redacting.pictures import BLANK, cleaned
from slmdesk.formats.redacting.trees import redact_tree, rename, written
from slmdesk.formats.redacting.words import put
from slmdesk.formats.sniffing import format_of_bytes
from slmdesk.formats.xmls import parse

PICTURES = frozenset(
    (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp", ".emf", ".wmf", ".emz",
     ".wmz", ".svm", ".eps", ".pict", ".pct", ".wdp", ".jxr", ".hdp", ".ico", ".heic", ".avif")
)  # fmt: skip
FONTS = frozenset((".odttf", ".fntdata", ".ttf", ".otf"))
SOUNDS = frozenset(
    (".mp3", ".mp4", ".m4a", ".m4v", ".wav", ".wma", ".wmv", ".avi", ".mov", ".mpg", ".mpeg", ".ogg", ".ogv", ".webm",
     ".aac", ".mid", ".flac", ".3gp")
)  # fmt: skip
NEVER = b"<removed/>"


class NewArchive:
    """A zip archive while it is written: no dates, no comments, no attributes of the old one."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._file = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)
        self._names: set[str] = set()

    def add(self, name: str, data: bytes, *, packed: bool = True) -> None:
        if name in self._names:
            return
        self._names.add(name)
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        self._file.writestr(info, data)

    def data(self) -> bytes:
        self._file.close()
        return self._out.getvalue()


def parts_of(redacting: Redacting) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each part, in their order.  Raises KnownError `document.damaged`, `document.bomb` …"""
    with opened(redacting.reading) as archive:
        for name in archive.names:
            redacting.reading.check()
            redacting.reading.worked()
            if not name.endswith("/"):
                yield name, _read(archive, name)


def _read(archive: Archive, name: str) -> bytes:
    return b"".join(archive.chunks(name))


def suffix_of(name: str) -> str:
    """The suffix of a part's name; also of one that is nothing else, as `_rels/.rels` is."""
    return ".rels" if name.endswith("/.rels") else posixpath.splitext(name)[1].lower()


def new_names(redacting: Redacting, names: list[str], *, is_blank: frozenset[str] = frozenset()) -> dict[str, str]:
    """The parts whose names hold words, or that become another kind of picture, with their new names."""
    found: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        folder = name.rpartition("/")[0]
        plain = unquote(name)
        suffix = suffix_of(name)
        if name in is_blank:
            suffix = ".png"
            found[name] = f"{folder}/blank{number}{suffix}".lstrip("/")
        if put(redacting.words, plain, "name of a part", bare=True) != plain:
            clean = put(redacting.words, unquote(suffix), "", bare=True) == suffix
            found[name] = f"{_clean_folder(redacting, folder)}part{number}{suffix if clean else '.bin'}"
    return found


def _clean_folder(redacting: Redacting, folder: str) -> str:
    if put(redacting.words, unquote(folder), "", bare=True) != unquote(folder):
        return ""
    return f"{folder}/" if folder else ""


def foreign_xml(redacting: Redacting, name: str, data: bytes) -> bytes:
    """XML of anybody's making: names of elements too; what is no XML goes."""
    try:
        root = parse(data, redacting.reading.path, whole=True)
    except KnownError as err:
        if err.code != "document.damaged":
            raise
        redacting.remove("damaged", name)
        return NEVER
    redact_tree(root, redacting, name)
    rename(root, redacting, name)
    spaces = {space for one in root.iter() if isinstance(one.tag, str) for space in one.nsmap.values()}
    if any(put(redacting.words, unquote(space), name, bare=True) != unquote(space) for space in spaces if space):
        redacting.remove("custom_xml", name)
        return NEVER
    return written(root)


def picture(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    """A picture without what it says besides its pixels; None where it cannot be cleaned, and is taken out."""
    found = cleaned(data)
    if found is None:
        redacting.remove("picture", name)
        return None
    redacting.doubt("picture", name)
    return found


def embedded(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    """A document in this one, redacted as this one is; None where it cannot be, and is taken out."""
    from slmdesk.formats.redacting.registry import REDACTORS, redactor_of

    kind = format_of_bytes(io.BytesIO(data))
    if kind in REDACTORS and redacting.depth < MOST_DEPTH:
        try:
            return redactor_of(kind, name)(redacting.inside(name, data))
        except KnownError as err:
            if err.code == "document.bomb":
                raise
    if not redacting.removes:
        return data
    redacting.remove("embedded", name)
    return None


def blank() -> bytes:
    return BLANK


def is_xml(name: str) -> bool:
    return suffix_of(name) in (".xml", ".rels", ".vml", ".svg", ".rdf", ".xsd", ".xsl", ".xhtml")


def tree_of(redacting: Redacting, data: bytes) -> etree._Element:
    """A part that must be XML.  Raises KnownError `document.damaged`."""
    return parse(data, redacting.reading.path, whole=True)
