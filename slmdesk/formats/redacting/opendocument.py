"""Redacts OpenDocument files: text, sheets, slides (ODF 1.3 parts 2 and 3)."""

from __future__ import annotations

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.formats.redacting import packages
from slmdesk.formats.redacting.base import Redacting
from slmdesk.formats.redacting.packages import FONTS, PICTURES, NewArchive, suffix_of
from slmdesk.formats.redacting.trees import drop, redact_tree, written
from slmdesk.formats.redacting.words import put, put_in_value
from slmdesk.formats.xmls import attribute, local

_MANIFEST, _MIME = "META-INF/manifest.xml", "mimetype"
_DROPPED = (
    ("thumbnails/", "thumbnail"), ("objectreplacements/", "thumbnail"),
    ("meta-inf/documentsignatures.xml", "signature"),
    ("meta-inf/macrosignatures.xml", "signature"), ("basic/", "macros"), ("scripts/", "macros"), ("dialogs/", "macros"),
    ("versions/", "versions"), ("versionlist.xml", "versions"), ("layout-cache", "thumbnail"),
    ("configurations2/", "settings"), ("database/", "embedded"),
)  # fmt: skip
_PARTS = frozenset(("content.xml", "styles.xml", "meta.xml", "settings.xml"))
_NUMBERS = frozenset(("creation-date", "date", "print-date", "editing-cycles", "editing-duration", "generator"))
_VALUES = frozenset(("value", "date-value", "time-value", "boolean-value", "string-value", "formula", "currency"))


def redact(redacting: Redacting) -> bytes:
    parts = dict(packages.parts_of(redacting))
    manifest = parts.pop(_MANIFEST, b"")
    if b"encryption-data" in manifest:
        raise KnownError("document.locked", path=redacting.reading.path)
    new_parts: dict[str, bytes] = {}
    gone, blanks = set[str](), set[str]()
    for name, data in parts.items():
        if name == _MIME:
            continue
        made = _part(redacting, name, data)
        if made is None and suffix_of(name) in PICTURES and name.lower().startswith("pictures/"):
            made = packages.blank()
            blanks.add(name)
        if made is None:
            gone.add(name)
        else:
            new_parts[name] = made
    if not redacting.draws:
        return b""
    names: dict[str, str] = {}
    if redacting.removes:
        names = packages.new_names(redacting, [*new_parts], is_blank=frozenset(blanks))
    for name, data in new_parts.items():
        if name.rpartition("/")[2] in _PARTS and (names or gone):
            new_parts[name] = _followed(redacting, data, names, gone, name.rpartition("/")[0])
    out = NewArchive()
    out.add(_MIME, parts.get(_MIME, b""), packed=False)
    for name, data in new_parts.items():
        out.add(names.get(name, name), data)
    out.add(_MANIFEST, _manifest(redacting, manifest, new_parts, names))
    return out.data()


def _part(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    lower = name.lower()
    if not redacting.removes and not packages.is_xml(name):
        return data if suffix_of(name) in PICTURES | FONTS else packages.embedded(redacting, name, data)
    if redacting.removes and (kind := next((said for mark, said in _DROPPED if mark in lower), "")):
        redacting.remove(kind, name)
        return None
    if name.rpartition("/")[2] in _PARTS:
        return _own(redacting, name, data)
    if packages.is_xml(name):
        return packages.foreign_xml(redacting, name, data)
    if suffix_of(name) in PICTURES:
        return packages.picture(redacting, name, data)
    if suffix_of(name) in FONTS:
        return data
    return packages.embedded(redacting, name, data)


def _own(redacting: Redacting, name: str, data: bytes) -> bytes:
    root = packages.tree_of(redacting, data)
    if redacting.removes:
        _drop_binary(redacting, name, root)
    before = _words_of_cells(root)
    redact_tree(root, redacting, name, skips=lambda one: name.endswith("meta.xml") and local(one) in _NUMBERS)
    for cell, words in before:
        if "".join(cell.itertext()) != words:  # its value in numbers would say what its text no longer does
            for key in list(cell.attrib):
                if str(key).rpartition("}")[2] in _VALUES:
                    del cell.attrib[key]
                elif str(key).rpartition("}")[2] == "value-type":
                    cell.set(key, "string")
    return written(root)


def _words_of_cells(root: etree._Element) -> list[tuple[etree._Element, str]]:
    found = []
    for one in root.iter():
        if isinstance(one.tag, str) and any(str(key).rpartition("}")[2] in _VALUES for key in one.attrib):
            found.append((one, "".join(one.itertext())))
    return found


def _drop_binary(redacting: Redacting, name: str, root: etree._Element) -> None:
    for one in root.iter():
        if not isinstance(one.tag, str):
            continue
        kind = local(one)
        if kind == "binary-data" and (one.text or "").strip():
            one.text = ""
            redacting.remove("picture", name)
        elif kind == "config-item" and attribute(one, "type") == "base64Binary":
            one.text = ""
            redacting.remove("printer", name)
        elif kind == "config-item" and attribute(one, "name") in ("PrinterName", "CurrentDatabaseDataSource"):
            one.text = ""


def _followed(redacting: Redacting, data: bytes, names: dict[str, str], gone: set[str], folder: str) -> bytes:
    root = packages.tree_of(redacting, data)
    above = f"{folder}/" if folder else ""
    redirected = {put_in_value(redacting.words, old, ""): new for old, new in names.items()} | names
    for one in list(root.iter()):
        if not isinstance(one.tag, str):
            continue
        for key, value in list(one.attrib.items()):
            if str(key).rpartition("}")[2] != "href":
                continue
            target = above + str(value).removeprefix("./").rstrip("/")
            if target in redirected:
                one.set(key, redirected[target].removeprefix(above))
            elif target in gone and local(one) in ("image", "object-ole", "object", "plugin"):
                drop(one)
    return written(root)


def _manifest(redacting: Redacting, data: bytes, parts: dict[str, bytes], names: dict[str, str]) -> bytes:
    root = packages.tree_of(redacting, data)
    folders = {f"{part.rpartition('/')[0]}/" for part in parts}
    for one in list(root):
        if not isinstance(one.tag, str):
            root.remove(one)
            continue
        key = next((key for key in one.attrib if str(key).endswith("full-path")), "")
        path = one.get(key, "")
        if path in names:
            one.set(key, names[path])
            if names[path].endswith(".png"):
                kind = next((each for each in one.attrib if str(each).endswith("media-type")), "")
                one.set(kind, "image/png")
        elif (path not in parts and path != "/" and not (path.endswith("/") and path in folders)) or put(
            redacting.words, path, "", bare=True
        ) != path:
            root.remove(one)
    return written(root)
