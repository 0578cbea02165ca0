"""Redacts Word, PowerPoint, Excel and OpenDocument files: every part of the archive, including the pictures."""

from __future__ import annotations

import hashlib
import io
import posixpath
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote

from lxml import etree

from slmdesk.base.errors import KnownError
from slmdesk.base.texts import _
from slmdesk.children.formats.containers import format_of_bytes, zipped
from slmdesk.children.formats.number_formats import GENERAL, NumberFormat, format_of_code, formats_of, shown
from slmdesk.children.formats.office_xml import (
    Package,
    above,
    attribute,
    child,
    children,
    local,
    parse,
    relations_name,
    text_of,
)
from slmdesk.children.formats.reading import REDACTORS, png_of, redactor_of
from slmdesk.children.formats.redacting.redactors import MOST_DEPTH, Redacting, put, put_in_value
from slmdesk.children.formats.redacting.text import Skips, drop, redact_tree, rename, written

TYPES = "[Content_Types].xml"
_DROPPED = (
    ("docprops/thumbnail", "thumbnail"), ("_xmlsignatures/", "signature"), ("vbaproject", "macros"),
    ("vbadata.xml", "macros"), ("activex/", "control"), ("ctrlprops/", "control"), ("printersettings", "printer"),
    ("attachedtoolbars", "macros"), ("macrosheets/", "macros"), ("dialogsheets/", "macros"), ("afchunk", "embedded"),
    ("word/customizations.xml", "macros"), ("calcchain.xml", ""),
)  # fmt: skip
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
class _Changes:
    """Parts and relations of a package that are removed or get new names."""

    relations: dict[str, etree._Element] = field(default_factory=dict)
    """Root elements of the relations files, by the part they belong to ("": the package itself)."""
    gone: set[str] = field(default_factory=set)
    names: dict[str, str] = field(default_factory=dict)
    lost: dict[str, set[str]] = field(default_factory=dict)
    """Ids of removed relations, by the part they belonged to."""


def redact(redacting: Redacting) -> bytes:
    with Package.opened(redacting.reading) as package:
        if TYPES not in package.names:
            raise KnownError("document.damaged", path=redacting.reading.path, reason=_("its list of parts is missing"))
        changes = _Changes()
        new_parts: dict[str, bytes] = {}
        blanks: set[str] = set()
        for name in _names(redacting, package):
            if name == TYPES:
                continue
            if suffix_of(name) == ".rels":
                folder, file = posixpath.split(name)
                source = posixpath.join(posixpath.dirname(folder), file.removesuffix(".rels"))
                changes.relations[source] = package.parsed(name, whole=True)
            elif redacting.removes and (kind := _dropped(name)) is not None:
                if kind:  # otherwise unimportant: Excel creates the part again
                    redacting.remove(kind, name)
                changes.gone.add(name)
            elif suffix_of(name) not in _KEPT_XML:
                made = _other(redacting, name, package.read(name))
                if made is not None:
                    new_parts[name] = made
                elif suffix_of(name) in PICTURES:
                    new_parts[name] = BLANK
                    blanks.add(name)
                else:
                    changes.gone.add(name)
        parts = [name for name in package.names if suffix_of(name) != ".rels" and name != TYPES]
        if redacting.removes:
            kept = [name for name in parts if name not in changes.gone]
            changes.names = new_names(redacting, kept, is_blank=frozenset(blanks))
        _cut_relations(redacting, package, changes)
        _xml_parts(redacting, package, changes, new_parts)
        return _saved(redacting, package, changes, new_parts)


def _names(redacting: Redacting, package: Package) -> Iterator[str]:
    """Yield the names of all parts in order. Before each, report that the process is alive and check for cancelling."""
    for name in package.names:
        redacting.reading.check()
        redacting.reading.worked()
        yield name


def _dropped(name: str) -> str | None:
    lower = name.lower()
    return next((said for mark, said in _DROPPED if mark in lower), None)


def _other(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    """Return the redacted bytes of a part that is not XML, or None if the part is removed."""
    suffix = suffix_of(name)
    if not redacting.removes:
        return data if suffix in PICTURES | FONTS | SOUNDS else embedded(redacting, name, data)
    if suffix in PICTURES:
        return picture(redacting, name, data)
    if suffix == ".svg":
        return foreign_xml(redacting, name, data)
    if suffix in FONTS:
        return data
    if suffix in SOUNDS:
        redacting.remove("sound", name)
        return b""
    return embedded(redacting, name, data)


def _cut_relations(redacting: Redacting, package: Package, changes: _Changes) -> None:
    for source, root in changes.relations.items():
        for relation in list(package.relations_in(root, source)):
            element, name = relation.element, package.stored_name(relation.part)
            target = attribute(element, "Target")
            if not target:
                continue
            if relation.is_external:
                _outside(redacting, element, relation.kind, source)
            elif name in changes.names:
                element.set("Target", "/" + quote(changes.names[name]))
            elif (
                name in changes.gone
                or (not name and redacting.removes and "aFChunk" in relation.kind)
                or put_in_value(redacting.words, target, source) != target  # no part of the file, but a listed word
            ):
                changes.lost.setdefault(source, set()).add(relation.id)
                root.remove(element)


def _outside(redacting: Redacting, relation: etree._Element, kind: str, source: str) -> None:
    target = attribute(relation, "Target")
    if redacting.removes and kind != "hyperlink" and "://" in target.replace("file:", "file://", 1):
        redacting.remove("link", source)  # a template or a linked picture shows somebody's folders
        relation.set("Target", "file:///removed")
        return
    relation.set("Target", put_in_value(redacting.words, target, f"{source}, link"))


def _xml_parts(redacting: Redacting, package: Package, changes: _Changes, new_parts: dict[str, bytes]) -> None:
    trees: dict[str, etree._Element] = {}
    for name in _names(redacting, package):
        if name in changes.gone or name == TYPES or suffix_of(name) not in (".xml", ".vml"):
            continue
        if "customxml/" in name.lower() and "itemprops" not in name.lower() and redacting.removes:
            new_parts[name] = foreign_xml(redacting, name, package.read(name))
        else:
            trees[name] = _parsed(redacting, package, changes, name)
    workbook = Workbook(redacting, trees)
    for name, root in trees.items():
        _drop_lost(root, changes.lost.get(name, set()))
        workbook.prepare(name, root)
        _drop_blobs(redacting, name, root)
        redact_tree(root, redacting, name, skips=_skips(name))
        workbook.mend(name, root)
        new_parts[name] = written(root)


def _parsed(redacting: Redacting, package: Package, changes: _Changes, name: str) -> etree._Element:
    try:
        return package.parsed(name, whole=True)
    except KnownError as err:
        if err.code != "document.damaged" or _is_main(package, changes, name):
            raise
        redacting.remove("damaged", name)
        return etree.fromstring(NEVER)


def _is_main(package: Package, changes: _Changes, name: str) -> bool:
    root = changes.relations.get("")
    return root is not None and any(
        relation.kind == "officeDocument" and package.stored_name(relation.part) == name
        for relation in package.relations_in(root, "")
    )


def _skips(name: str) -> Skips:
    if name.lower().startswith("docprops/"):
        return lambda element: local(element) in _NUMBERS
    return _is_reference if name.lower().startswith("xl/") else lambda _one: False


def _is_reference(value: etree._Element) -> bool:
    cell = value.getparent() if local(value) == "v" else None
    return cell is not None and local(cell) == "c" and cell.get("t") in ("s", "b", "e")


def _drop_blobs(redacting: Redacting, name: str, root: etree._Element) -> None:
    if not redacting.removes:
        return
    for element in root.iter():
        if isinstance(element.tag, str) and local(element) in _BLOBS and (element.text or "").strip():
            element.text = ""
            redacting.remove("embedded", name)


def _drop_lost(root: etree._Element, lost: set[str]) -> None:
    if not lost:
        return
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            continue
        if any(value in lost and "relationships" in str(key) for key, value in element.attrib.items()):
            outer = element.getparent()
            if local(element) == "oleObj":
                frame = above(element, "graphicFrame")
                if frame is not None:
                    drop(frame)
                    continue
            drop(element)
            while outer is not None and not len(outer) and local(outer) in _EMPTY_WITHOUT:
                element, outer = outer, outer.getparent()
                drop(element)


def _saved(redacting: Redacting, package: Package, changes: _Changes, new_parts: Mapping[str, bytes]) -> bytes:
    if not redacting.draws:
        return b""
    files = {TYPES: _types(package, changes)}
    for source, root in changes.relations.items():
        if source not in changes.gone:
            files.setdefault(relations_name(changes.names.get(source, source)), written(root))
    for name, data in new_parts.items():
        files.setdefault(changes.names.get(name, name), data)
    return zipped(files)


def _types(package: Package, changes: _Changes) -> bytes:
    root = package.parsed(TYPES, whole=True)
    defaults = set()
    for element in list(root):
        if not isinstance(element.tag, str):
            root.remove(element)
            continue
        if local(element) == "Default":
            defaults.add(element.get("Extension", "").lower())
            continue
        name = package.stored_name(unquote(element.get("PartName", "")).lstrip("/"))
        if not name or name in changes.gone:
            root.remove(element)
        elif name in changes.names:
            new = changes.names[name]
            element.set("PartName", "/" + quote(new))
            if suffix_of(new) == ".png":
                element.set("ContentType", "image/png")
    space = etree.QName(root).namespace
    for extension, kind in (("png", "image/png"), ("bin", "application/octet-stream")):
        if extension not in defaults and any(name.endswith(f".{extension}") for name in changes.names.values()):
            root.insert(0, root.makeelement(f"{{{space}}}Default", {"Extension": extension, "ContentType": kind}))
    return written(root)


_FORBIDDEN = re.compile(r"[\[\]:*?/\\']")
MOST_SHEET_NAME = 31
_DATE_FORMS = ("%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d")
_CODES = frozenset(("f", "formula", "formula1", "formula2", "definedName", "oldFormula"))


class Workbook:
    """Additional changes to the parts of an Excel file. For other files its methods do nothing."""

    def __init__(self, redacting: Redacting, trees: Mapping[str, etree._Element]) -> None:
        self._redacting = redacting
        self._sheets: dict[str, str] = {}
        self._formats: list[NumberFormat] = []
        self._is_1904 = False
        self._values: list[tuple[etree._Element, str]] = []
        for name, root in trees.items():
            lower = name.lower()
            if lower == "xl/styles.xml":
                self._formats = formats_of(root)
            elif lower == "xl/workbook.xml":
                self._read_book(root)

    def _read_book(self, root: etree._Element) -> None:
        about = child(root, "workbookPr")
        self._is_1904 = about is not None and about.get("date1904") in ("1", "true")
        sheets = list(children(child(root, "sheets")))
        taken = {sheet.get("name", "") for sheet in sheets}
        for number, sheet in enumerate(sheets, 1):
            old = sheet.get("name", "")
            new = put(self._redacting.words, old, "name of a sheet", bare=True)
            if new == old:
                continue
            new = _FORBIDDEN.sub(" ", new)[:MOST_SHEET_NAME].strip() or f"Sheet {number}"
            if new in taken:
                new = f"{new[: MOST_SHEET_NAME - 5]} {number}"
            taken.add(new)
            self._sheets[old] = new
            sheet.set("name", new)

    def prepare(self, name: str, root: etree._Element) -> None:
        lower = name.lower()
        if not lower.startswith("xl/") and "charts/" not in lower:
            return
        self._formulas(root, name)
        self._points(root, name)
        if lower.startswith("xl/worksheets/"):
            self._cells(root, name)
        if "pivotcache" in lower:
            self._pivot(root, name)

    def mend(self, name: str, root: etree._Element) -> None:
        """Repair a part after words were replaced. A cell whose number was replaced becomes text or empty. Columns of a
        table must have distinct names.
        """
        for value, before in self._values:
            if value.text != before:
                _set_text(value)
        self._values = []
        if name.lower().startswith("xl/tables/"):
            seen: set[str] = set()
            for element in root.iter("{*}tableColumn"):
                wanted = element.get("name", "")
                number = 1
                while element.get("name", "").lower() in seen:
                    number += 1
                    element.set("name", f"{wanted}{number}")
                seen.add(element.get("name", "").lower())

    def _formulas(self, root: etree._Element, place: str) -> None:
        for element in list(root.iter()):
            if not isinstance(element.tag, str) or local(element) not in _CODES or not element.text:
                continue
            text = element.text
            for old, new in self._sheets.items():
                quoted, other = old.replace("'", "''"), new.replace("'", "''")
                text = text.replace(f"'{quoted}'!", f"'{other}'!")
                text = re.sub(rf"(?<![\w'.]){re.escape(old)}!", lambda _found, to=other: f"'{to}'!", text)  # type: ignore[misc]
            element.text = text
            is_defined = local(element) == "definedName"
            name = element.get("name", "")
            held = put(self._redacting.words, text, place, bare=True) != text
            held = held or (is_defined and put(self._redacting.words, name, place, bare=True) != name)
            cell = element.getparent()
            if held and self._redacting.removes and (is_defined or (cell is not None and local(cell) == "c")):
                self._redacting.remove("formula", place)
                drop(element)
        for element in list(root.iter("{*}definedNames")):
            if not len(element):
                drop(element)

    def _cells(self, root: etree._Element, place: str) -> None:
        for cell in root.iter("{*}c"):
            kind, value = cell.get("t", "n"), child(cell, "v")
            if kind not in ("n", "d") or value is None or not value.text:
                continue
            self._values.append((value, value.text))
            for text in self._shown(value.text, cell.get("s", "0")) if kind == "n" else ():
                new = put(self._redacting.words, text, place)
                if new != text:
                    value.text = new
                    break

    def _points(self, root: etree._Element, place: str) -> None:
        """Remove the values of a chart that would show a word. A program takes no text for them."""
        for point in list(root.iter("{*}pt")):
            cache, value = point.getparent(), child(point, "v")
            if cache is None or local(cache) not in ("numCache", "numLit", "lvl"):
                continue
            said = point if value is None else value
            raw = (said.text or "").strip()
            told = point.get("formatCode") or cache.get("formatCode") or text_of(child(cache, "formatCode"))
            ways = self._ways(raw, format_of_code(told))
            if any(put(self._redacting.words, text, place) != text for text in ways if raw[-1:].isdigit()):
                drop(point)

    def _shown(self, raw: str, style: str) -> list[str]:
        form = self._formats[int(style)] if style.isdecimal() and int(style) < len(self._formats) else GENERAL
        return self._ways(raw, form)

    def _ways(self, raw: str, form: NumberFormat) -> list[str]:
        """Return the ways to write a number: as it is shown, as stored, and for a date in the usual formats."""
        try:
            number = float(raw)
            text = shown(number, form, from_1904=self._is_1904) if number - number == 0 else raw
        except ValueError:
            return [raw]
        forms = [text, raw]
        if form.has_date:
            day = re.search(r"\d{4}-\d\d-\d\d", text)
            if day is None:
                return forms
            moment = datetime.fromisoformat(day[0])
            forms += [moment.strftime(form) for form in _DATE_FORMS]
        return forms

    def _pivot(self, root: etree._Element, place: str) -> None:
        """Turn the stored numbers and dates of a pivot table into text if they contain a listed word. The table is
        computed anew when the file is opened.
        """
        for element in root.iter("{*}d", "{*}n"):
            value = element.get("v", "")
            for text in (value, value[:10]):
                if put(self._redacting.words, text, place) != text:
                    element.tag = str(element.tag).rpartition("}")[0] + "}s"
                    element.set("v", put(self._redacting.words, text, place))
                    break
        if local(root) == "pivotCacheDefinition" and self._redacting.removes:
            root.set("refreshOnLoad", "1")


def _set_text(value: etree._Element) -> None:
    """Turn a cell into a text cell without a formula."""
    cell = value.getparent()
    if cell is None:
        return
    for formula in list(children(cell, "f")):
        drop(formula)
    cell.set("t", "str")
    if not value.text:
        drop(value)


_MANIFEST, _MIME = "META-INF/manifest.xml", "mimetype"
_OPENDOCUMENT_DROPPED = (
    ("thumbnails/", "thumbnail"), ("objectreplacements/", "thumbnail"),
    ("meta-inf/documentsignatures.xml", "signature"),
    ("meta-inf/macrosignatures.xml", "signature"), ("basic/", "macros"), ("scripts/", "macros"), ("dialogs/", "macros"),
    ("versions/", "versions"), ("versionlist.xml", "versions"), ("layout-cache", "thumbnail"),
    ("configurations2/", "settings"), ("database/", "embedded"),
)  # fmt: skip
_PARTS = frozenset(("content.xml", "styles.xml", "meta.xml", "settings.xml"))
_OPENDOCUMENT_NUMBERS = frozenset(
    ("creation-date", "date", "print-date", "editing-cycles", "editing-duration", "generator")
)
_VALUES = frozenset(("value", "date-value", "time-value", "boolean-value", "string-value", "formula", "currency"))


def redact_opendocument(redacting: Redacting) -> bytes:
    new_parts: dict[str, bytes] = {}
    gone, blanks = set[str](), set[str]()
    with Package.opened(redacting.reading) as package:
        mime, manifest = package.read(_MIME), package.read(_MANIFEST)
        if b"encryption-data" in manifest:
            raise KnownError("document.locked", path=redacting.reading.path)
        for name in _names(redacting, package):
            if name in (_MIME, _MANIFEST):
                continue
            made = _part(redacting, name, package.read(name))
            if made is None and suffix_of(name) in PICTURES and name.lower().startswith("pictures/"):
                made = BLANK
                blanks.add(name)
            if made is None:
                gone.add(name)
            else:
                new_parts[name] = made
    if not redacting.draws:
        return b""
    names = new_names(redacting, [*new_parts], is_blank=frozenset(blanks)) if redacting.removes else {}
    files = {_MIME: mime}
    for name, data in new_parts.items():
        if name.rpartition("/")[2] in _PARTS and (names or gone):
            data = _followed(redacting, data, names, gone, name.rpartition("/")[0])
        files.setdefault(names.get(name, name), data)
    files.setdefault(_MANIFEST, _manifest(redacting, manifest, new_parts, names))
    return zipped(files, stored=_MIME)


def _part(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    lower = name.lower()
    if not redacting.removes and not is_xml(name):
        return data if suffix_of(name) in PICTURES | FONTS else embedded(redacting, name, data)
    if redacting.removes and (kind := next((said for mark, said in _OPENDOCUMENT_DROPPED if mark in lower), "")):
        redacting.remove(kind, name)
        return None
    if name.rpartition("/")[2] in _PARTS:
        return _own(redacting, name, data)
    if is_xml(name):
        return foreign_xml(redacting, name, data)
    if suffix_of(name) in PICTURES:
        return picture(redacting, name, data)
    if suffix_of(name) in FONTS:
        return data
    return embedded(redacting, name, data)


def _own(redacting: Redacting, name: str, data: bytes) -> bytes:
    root = tree_of(redacting, data)
    if redacting.removes:
        _drop_binary(redacting, name, root)
    before = _words_of_cells(root)
    is_meta = name.endswith("meta.xml")
    redact_tree(root, redacting, name, skips=lambda element: is_meta and local(element) in _OPENDOCUMENT_NUMBERS)
    for cell, words in before:
        if "".join(cell.itertext()) != words:  # the value attributes would still show the replaced text
            for key in list(cell.attrib):
                if str(key).rpartition("}")[2] in _VALUES:
                    del cell.attrib[key]
                elif str(key).rpartition("}")[2] == "value-type":
                    cell.set(key, "string")
    return written(root)


def _words_of_cells(root: etree._Element) -> list[tuple[etree._Element, str]]:
    words = []
    for element in root.iter():
        if isinstance(element.tag, str) and any(str(key).rpartition("}")[2] in _VALUES for key in element.attrib):
            words.append((element, "".join(element.itertext())))
    return words


def _drop_binary(redacting: Redacting, name: str, root: etree._Element) -> None:
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        kind = local(element)
        if kind == "binary-data" and (element.text or "").strip():
            element.text = ""
            redacting.remove("picture", name)
        elif kind == "config-item" and attribute(element, "type") == "base64Binary":
            element.text = ""
            redacting.remove("printer", name)
        elif kind == "config-item" and attribute(element, "name") in ("PrinterName", "CurrentDatabaseDataSource"):
            element.text = ""


def _followed(redacting: Redacting, data: bytes, names: dict[str, str], gone: set[str], folder: str) -> bytes:
    root = tree_of(redacting, data)
    folder = f"{folder}/" if folder else ""
    redirected = {put_in_value(redacting.words, old, ""): new for old, new in names.items()} | names
    for element in list(root.iter()):
        if not isinstance(element.tag, str):
            continue
        for key, value in list(element.attrib.items()):
            if str(key).rpartition("}")[2] != "href":
                continue
            target = folder + str(value).removeprefix("./").rstrip("/")
            if target in redirected:
                element.set(key, redirected[target].removeprefix(folder))
            elif target in gone and local(element) in ("image", "object-ole", "object", "plugin"):
                drop(element)
    return written(root)


def _manifest(redacting: Redacting, data: bytes, parts: dict[str, bytes], names: dict[str, str]) -> bytes:
    root = tree_of(redacting, data)
    folders = {f"{part.rpartition('/')[0]}/" for part in parts}
    for element in list(root):
        if not isinstance(element.tag, str):
            root.remove(element)
            continue
        key = next((key for key in element.attrib if str(key).endswith("full-path")), "")
        path = element.get(key, "")
        if path in names:
            element.set(key, names[path])
            if names[path].endswith(".png"):
                kind = next((each for each in element.attrib if str(each).endswith("media-type")), "")
                element.set(kind, "image/png")
        elif (path not in parts and path != "/" and not (path.endswith("/") and path in folders)) or put(
            redacting.words, path, "", bare=True
        ) != path:
            root.remove(element)
    return written(root)


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


def suffix_of(name: str) -> str:
    """Return the suffix of a part's name. `_rels/.rels`, whose name is only a suffix, gives ".rels"."""
    return ".rels" if name.endswith("/.rels") else posixpath.splitext(name)[1].lower()


def new_names(redacting: Redacting, names: list[str], *, is_blank: frozenset[str]) -> dict[str, str]:
    """Return new names for the parts whose names contain listed words, and for pictures that become blank PNG files."""
    new: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        folder = name.rpartition("/")[0]
        plain = unquote(name)
        suffix = suffix_of(name)
        if name in is_blank:
            suffix = ".png"
            new[name] = f"{folder}/blank{number}{suffix}".lstrip("/")
        if put(redacting.words, plain, "name of a part", bare=True) != plain:
            clean = put(redacting.words, unquote(suffix), "", bare=True) == suffix
            is_kept = folder and put(redacting.words, unquote(folder), "", bare=True) == unquote(folder)
            new[name] = f"{f'{folder}/' if is_kept else ''}part{number}{suffix if clean else '.bin'}"
    return new


def foreign_xml(redacting: Redacting, name: str, data: bytes) -> bytes:
    """Redact XML of an unknown kind, including the names of its elements and attributes. Invalid XML is removed."""
    try:
        root = parse(data, redacting.reading.path, whole=True)
    except KnownError as err:
        if err.code != "document.damaged":
            raise
        redacting.remove("damaged", name)
        return NEVER
    redact_tree(root, redacting, name)
    rename(root, redacting, name)
    spaces = {space for element in root.iter() if isinstance(element.tag, str) for space in element.nsmap.values()}
    if any(put(redacting.words, unquote(space), name, bare=True) != unquote(space) for space in spaces if space):
        redacting.remove("custom_xml", name)
        return NEVER
    return written(root)


def picture(redacting: Redacting, name: str, data: bytes) -> bytes | None:
    """Return a picture without its metadata, or None if it cannot be cleaned and is removed."""
    clean = cleaned(data)
    if clean is None:
        redacting.remove("picture", name)
        return None
    digest = hashlib.sha256(clean).hexdigest()
    if digest in redacting.pictures_out:
        from slmdesk.children.formats.redacting.pictures import black_of  # late: its libraries are large

        redacting.remove("chosen_picture", name)
        redacting.left.append(redacting.place(name))
        return black_of(clean)
    redacting.pictures.setdefault(digest, (redacting.place(name), clean))
    redacting.doubt("picture", name)
    return clean


def embedded(redacting: Redacting, name: str, data: bytes, *, usual: str = "", called: str = "") -> bytes | None:
    """Redact an embedded document in the same way as the document around it. Return None if that is impossible and the
    document is removed.
    """
    kind = format_of_bytes(io.BytesIO(data)) or usual
    if kind in REDACTORS and redacting.depth < MOST_DEPTH:
        try:
            return redactor_of(kind, name)(redacting.inside(name, data))
        except KnownError as err:
            if err.code == "document.bomb":
                raise
    if not redacting.removes:
        return data
    redacting.remove("embedded", called or name)
    return None


def is_xml(name: str) -> bool:
    return suffix_of(name) in (".xml", ".rels", ".vml", ".svg", ".rdf", ".xsd", ".xsl", ".xhtml")


def tree_of(redacting: Redacting, data: bytes) -> etree._Element:
    """Parse a part that must be XML. Raises KnownError `document.damaged`."""
    return parse(data, redacting.reading.path, whole=True)


_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_PNG_KEPT = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"bKGD", b"pHYs", b"sBIT")
)
_SCAN, _END, _COMMENT = 0xDA, 0xD9, 0xFE
_KEPT_APPS = frozenset((0xE0, 0xEE))
"""Markers of the segments that are kept: JFIF, and Adobe's about colours, without which a picture has wrong colours."""
BLANK = png_of(b"\xff\xff\xff", width=1, height=1, stride=3)


def cleaned(data: bytes) -> bytes | None:
    """Return a PNG or JPEG file with its pixels only, or None if the file is damaged or of another kind."""
    try:
        if data.startswith(_PNG):
            return _PNG + b"".join(_png_kept(data))
        if data.startswith(_JPEG):
            return b"".join(_jpeg_kept(data))
    except (struct.error, ValueError, IndexError, zlib.error):
        return None
    return None


def _png_kept(data: bytes) -> Iterator[bytes]:
    at = len(_PNG)
    while True:
        size, kind = struct.unpack_from(">I4s", data, at)
        if at + 12 + size > len(data):
            raise ValueError("cut")
        if kind in _PNG_KEPT:
            yield data[at : at + 12 + size]
        if kind == b"IEND":
            return  # bytes after the end are not part of the picture
        at += 12 + size


def _jpeg_kept(data: bytes) -> Iterator[bytes]:
    yield data[:2]
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError("no marker")
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            yield data[at : at + 2]
            return
        if 0xD0 <= marker <= 0xD7 or marker == 1:
            yield data[at : at + 2]
            at += 2
            continue
        size = struct.unpack_from(">H", data, at + 2)[0] + 2
        is_kept = marker != _COMMENT and (marker not in range(0xE0, 0xF0) or marker in _KEPT_APPS)
        segment = data[at : at + size]
        if marker == 0xE0:
            segment = _without_thumbnail(segment)
        if is_kept:
            yield segment
        at += size
        if marker == _SCAN:
            end = _scan_end(data, at)
            yield data[at:end]
            at = end


def _without_thumbnail(segment: bytes) -> bytes:
    """Return a JFIF header without its thumbnail. JFIF extensions, which are thumbnails themselves, give no bytes."""
    if segment[4:9] != b"JFIF\0" or len(segment) < 18:
        return b""
    return segment[:2] + struct.pack(">H", 16) + segment[4:16] + b"\0\0"


def _scan_end(data: bytes, at: int) -> int:
    """Return where the pixel data ends: at the first marker that is not a restart marker (ITU T.81, B.1.1)."""
    while True:
        at = data.index(b"\xff", at)
        if data[at + 1] != 0 and not 0xD0 <= data[at + 1] <= 0xD7:
            return at
        at += 2
