"""Redacts Word, PowerPoint and Excel files: every part of them (ECMA-376 parts 1 and 2)."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.formats.redacting import packages
from slmdesk.formats.redacting.base import Redacting
from slmdesk.formats.redacting.packages import FONTS, PICTURES, SOUNDS, NewArchive, suffix_of
from slmdesk.formats.redacting.spreadsheets import Workbook
from slmdesk.formats.redacting.trees import Skips, drop, redact_tree, written
from slmdesk.formats.redacting.words import put_in_value
from slmdesk.formats.xmls import attribute, local

TYPES = "[Content_Types].xml"
_DROPPED = (
    ("docprops/thumbnail", "thumbnail"), ("_xmlsignatures/", "signature"), ("vbaproject", "macros"),
    ("vbadata.xml", "macros"), ("activex/", "control"), ("ctrlprops/", "control"), ("printersettings", "printer"),
    ("attachedtoolbars", "macros"), ("macrosheets/", "macros"), ("dialogsheets/", "macros"), ("afchunk", "embedded"),
    ("word/customizations.xml", "macros"), ("calcchain.xml", ""),
)  # fmt: skip
_SILENT = ""
"""Nobody misses it: Excel makes it anew."""
_EMPTY_WITHOUT = frozenset(
    ("oleObjects", "controls", "Choice", "Fallback", "AlternateContent", "custDataLst", "embeddedFontLst")
)
_NUMBERS = frozenset(
    ("Pages", "Words", "Characters", "Lines", "Paragraphs", "TotalTime", "Slides", "Notes", "HiddenSlides", "MMClips",
     "CharactersWithSpaces", "DocSecurity", "AppVersion", "i4", "created", "modified", "revision", "lastPrinted",
     "bool", "filetime", "ui4", "i8", "r8", "date")
)  # fmt: skip
_BLOBS = frozenset(("blob", "oblob", "stream", "ostream", "storage", "ostorage", "vstream", "binData", "binary-data"))
_KEPT_XML = frozenset((".xml", ".vml", ".rels"))


@dataclass(slots=True, eq=False)
class _Package:
    parts: dict[str, bytes]
    relations: dict[str, etree._Element] = field(default_factory=dict)
    """By the part they belong to; "" for those of the file."""
    gone: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=dict)


def redact(redacting: Redacting) -> bytes:
    package = _Package(dict(packages.parts_of(redacting)))
    if TYPES not in package.parts:
        raise KnownError("document.damaged", path=redacting.reading.path, reason="its list of parts is missing")
    _find_relations(redacting, package)
    new_parts: dict[str, bytes] = {}
    blanks: set[str] = set()
    for name, data in package.parts.items():
        if name == TYPES or suffix_of(name) == ".rels":
            continue
        if redacting.removes and (kind := _dropped(name)) is not None:
            if kind != _SILENT:
                redacting.remove(kind, name)
            package.gone.add(name)
        elif suffix_of(name) not in _KEPT_XML:
            made = _other(redacting, name, data)
            if made is not None:
                new_parts[name] = made
            elif suffix_of(name) in PICTURES:
                new_parts[name] = packages.blank()
                blanks.add(name)
            else:
                package.gone.add(name)
    if redacting.removes:
        kept = [one for one in package.parts if suffix_of(one) != ".rels" and one != TYPES and one not in package.gone]
        package.names = packages.new_names(redacting, kept, is_blank=frozenset(blanks))
    _cut_relations(redacting, package)
    _xml_parts(redacting, package, new_parts)
    return _saved(redacting, package, new_parts)


def _dropped(name: str) -> str | None:
    lower = name.lower()
    return next((said for mark, said in _DROPPED if mark in lower), None)


def _other(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    """A part that is no XML; None where it is taken out."""
    suffix = suffix_of(name)
    if not redacting.removes:
        return data if suffix in PICTURES | FONTS | SOUNDS else packages.embedded(redacting, name, data)
    if suffix in PICTURES:
        return packages.picture(redacting, name, data)
    if suffix == ".svg":
        return packages.foreign_xml(redacting, name, data)
    if suffix in FONTS:
        return data
    if suffix in SOUNDS:
        redacting.remove("sound", name)
        return b""
    return packages.embedded(redacting, name, data)


def _find_relations(redacting: Redacting, package: _Package) -> None:
    for name, data in package.parts.items():
        if suffix_of(name) == ".rels":
            folder, file = posixpath.split(name)
            source = posixpath.join(posixpath.dirname(folder), file.removesuffix(".rels"))
            package.relations[source] = packages.tree_of(redacting, data)


def _target(source: str, target: str) -> str:
    target = unquote(target.partition("#")[0])
    folder = posixpath.dirname(source)
    return posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))


def _cut_relations(redacting: Redacting, package: _Package) -> None:
    lower = {name.lower(): name for name in package.parts}
    for source, root in package.relations.items():
        for one in list(root):
            if not isinstance(one.tag, str) or not attribute(one, "Target"):
                continue
            kind = attribute(one, "Type").rpartition("/")[2]
            if attribute(one, "TargetMode") == "External":
                _outside(redacting, one, kind, source)
                continue
            name = lower.get(_target(source, attribute(one, "Target")).lower(), "")
            if name in package.gone or (not name and redacting.removes and "aFChunk" in kind):
                package.lost.setdefault(source, set()).add(attribute(one, "Id"))
                root.remove(one)
            elif name in package.names:
                one.set("Target", "/" + quote(package.names[name]))
            elif put_in_value(redacting.words, attribute(one, "Target"), source) != attribute(one, "Target"):
                package.lost.setdefault(source, set()).add(attribute(one, "Id"))  # it leads to no part
                root.remove(one)


def _outside(redacting: Redacting, relation: etree._Element, kind: str, source: str) -> None:
    target = attribute(relation, "Target")
    if redacting.removes and kind != "hyperlink" and "://" in target.replace("file:", "file://", 1):
        redacting.remove("link", source)  # a template, a linked picture: a place in somebody's folders
        relation.set("Target", "file:///removed")
        return
    relation.set("Target", put_in_value(redacting.words, target, f"{source}, link"))


def _xml_parts(redacting: Redacting, package: _Package, new_parts: dict[str, bytes]) -> None:
    trees: dict[str, etree._Element] = {}
    for name, data in package.parts.items():
        if name in package.gone or name == TYPES or suffix_of(name) not in (".xml", ".vml"):
            continue
        if "customxml/" in name.lower() and "itemprops" not in name.lower() and redacting.removes:
            new_parts[name] = packages.foreign_xml(redacting, name, data)
        else:
            trees[name] = _parsed(redacting, package, name, data)
    workbook = Workbook(redacting, trees)
    for name, root in trees.items():
        _drop_lost(root, package.lost.get(name, set()))
        workbook.prepare(name, root)
        _drop_blobs(redacting, name, root)
        redact_tree(root, redacting, name, skips=_skips(name))
        workbook.mend(name, root)
        new_parts[name] = written(root)


def _parsed(redacting: Redacting, package: _Package, name: str, data: bytes) -> etree._Element:
    try:
        return packages.tree_of(redacting, data)
    except KnownError as err:
        if err.code != "document.damaged" or _is_main(package, name):
            raise
        redacting.remove("damaged", name)
        return etree.fromstring(packages.NEVER)


def _is_main(package: _Package, name: str) -> bool:
    root = package.relations.get("")
    return root is not None and any(
        attribute(one, "Type").endswith("/officeDocument") and _target("", attribute(one, "Target")) == name
        for one in root
        if isinstance(one.tag, str)
    )


def _skips(name: str) -> Skips:
    if name.lower().startswith("docprops/"):
        return lambda one: local(one) in _NUMBERS
    if name.lower().startswith("xl/"):
        return lambda one: local(one) == "v" and (above := one.getparent()) is not None and _is_reference(above)
    return lambda _one: False


def _is_reference(cell: etree._Element) -> bool:
    return local(cell) == "c" and cell.get("t") in ("s", "b", "e")


def _drop_blobs(redacting: Redacting, name: str, root: etree._Element) -> None:
    if not redacting.removes:
        return
    for one in root.iter():
        if isinstance(one.tag, str) and local(one) in _BLOBS and (one.text or "").strip():
            one.text = ""
            redacting.remove("embedded", name)


def _drop_lost(root: etree._Element, lost: set[str]) -> None:
    if not lost:
        return
    for one in list(root.iter()):
        if not isinstance(one.tag, str):
            continue
        if any(value in lost and "relationships" in str(key) for key, value in one.attrib.items()):
            above = one.getparent()
            if local(one) == "oleObj":
                frame = next((each for each in one.iterancestors() if local(each) == "graphicFrame"), None)
                if frame is not None:
                    drop(frame)
                    continue
            drop(one)
            while above is not None and not len(above) and local(above) in _EMPTY_WITHOUT:
                one, above = above, above.getparent()
                drop(one)


def _saved(redacting: Redacting, package: _Package, new_parts: Mapping[str, bytes]) -> bytes:
    if not redacting.draws:
        return b""
    out = NewArchive()
    out.add(TYPES, _types(redacting, package))
    for source, root in package.relations.items():
        if source in package.gone:
            continue
        new = package.names.get(source, source)
        folder, file = posixpath.split(new)
        out.add(posixpath.join(folder, "_rels", f"{file}.rels"), written(root))
    for name, data in new_parts.items():
        out.add(package.names.get(name, name), data)
    return out.data()


def _types(redacting: Redacting, package: _Package) -> bytes:
    root = packages.tree_of(redacting, package.parts[TYPES])
    lower = {name.lower(): name for name in package.parts}
    defaults = set()
    for one in list(root):
        if not isinstance(one.tag, str):
            root.remove(one)
            continue
        if local(one) == "Default":
            defaults.add(one.get("Extension", "").lower())
            continue
        name = lower.get(unquote(one.get("PartName", "")).lstrip("/").lower(), "")
        if not name or name in package.gone:
            root.remove(one)
        elif name in package.names:
            new = package.names[name]
            one.set("PartName", "/" + quote(new))
            if suffix_of(new) == ".png":
                one.set("ContentType", "image/png")
    space = etree.QName(root).namespace
    for extension, kind in (("png", "image/png"), ("bin", "application/octet-stream")):
        if extension not in defaults and any(one.endswith(f".{extension}") for one in package.names.values()):
            root.insert(0, root.makeelement(f"{{{space}}}Default", {"Extension": extension, "ContentType": kind}))
    return written(root)
