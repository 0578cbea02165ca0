"""Parses XML of untrusted documents without entities, external references or unlimited depth (X2), and holds what the
readers of Office files share.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from urllib.parse import unquote

from lxml import etree

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _
from slmdesk.children.formats.containers import MAX_ENTRY_BYTES, Archive
from slmdesk.children.formats.reading import Reading

_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
MAX_PROLOG_BYTES = 1 << 20
_FEED_BYTES = 1 << 16
MAX_TREE_BYTES = 32 << 20
"""Most bytes of XML parsed into a tree. It needs about ten times as much memory; the reader process has 512 MiB."""


class Stream:
    """XML parser that yields elements while the data comes in, so that a large part is never in memory as a whole.

    Iterating yields (container, child) for each child of the elements named in `containers`, complete and in order. A
    child is removed as soon as the next one is requested. The contents of children named in `opened` are yielded first,
    then the emptied child itself.

    `root` holds everything before the first container when iteration starts, and everything after the last container at
    the end. If the XML breaks off, the children before the break are yielded, and `broken` becomes True.
    """

    def __init__(self, chunks: Iterable[bytes], path: str, *containers: str, opened: Collection[str] = ()) -> None:
        self._chunks, self._path, self._containers = chunks, path, containers
        self._parser = etree.XMLPullParser(
            events=("start",),
            tag=[f"{{*}}{container}" for container in (*containers, *opened)],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        self.root: etree._Element | None = None
        self.broken = False
        self._found: list[etree._Element] = []
        self._opened: list[etree._Element] = []

    def __iter__(self) -> Iterator[tuple[etree._Element, etree._Element]]:
        """Yield (container, child). Raises KnownError `document.bomb` for entities, and other errors of `chunks`,
        except that `document.damaged` only sets `broken`.
        """
        pending = self._found
        for __ in self._feed():
            for _event, element in self._parser.read_events():
                self._see(element)
            while len(pending) > 1:
                yield from self._taken(pending[0], pending.pop(0), 0)
            if pending:
                yield from self._taken(pending[0], pending[0], 1)  # the last child may not be whole
        if pending:
            yield from self._taken(pending[0], pending[0], 1 if self.broken else 0)

    def note_end(self, reading: Reading, reason: str, *, is_empty: bool) -> None:
        """Note in the reading if the XML was broken. Call it after the iteration.

        Raises KnownError `document.damaged` if there was no XML, or if it broke off before anything was read
        (`is_empty`).
        """
        if self.root is None or (self.broken and is_empty):
            raise KnownError("document.damaged", path=reading.path, reason=reason)
        if self.broken:
            reading.note(Note.PARTLY_DAMAGED)

    def _see(self, element: etree._Element) -> None:
        _refuse_entities(element, self._path)
        self.root = element.getroottree().getroot()
        parent = element.getparent()
        if self._found and any(parent is element for element in (self._found[-1], *self._opened)):
            self._opened.append(element)
        elif local(element) in self._containers and not (
            self._found and self._found[-1] in element.iterancestors()  # a table in a table's cell is content
        ):
            self._found.append(element)

    def _taken(
        self, container: etree._Element, within: etree._Element, left: int
    ) -> Iterator[tuple[etree._Element, etree._Element]]:
        """Yield and remove the complete children of `within`, each with `container`. The last `left` children stay."""
        while len(within) > left:
            child = within[0]
            if any(child is element for element in self._opened):
                yield from self._taken(container, child, 0)
                self._opened.remove(child)
            yield container, child
            child.clear()  # to take out a child with all that is in it would take quadratic time
            within.remove(child)
        if left and len(within) and any(within[0] is element for element in self._opened):
            yield from self._taken(container, within[0], left)

    def _feed(self) -> Iterator[None]:
        head = b""
        try:
            for chunk in self._chunks:
                if len(head) < MAX_PROLOG_BYTES:
                    head = (head + chunk)[:MAX_PROLOG_BYTES]
                    if _ENTITY.search(head):
                        raise KnownError("document.bomb", path=self._path)
                for at in range(0, len(chunk), _FEED_BYTES):
                    self._parser.feed(chunk[at : at + _FEED_BYTES])
                    yield
            self._parser.close()
        except (etree.XMLSyntaxError, ValueError):
            self.broken = True
        except KnownError as err:
            if err.code != "document.damaged":
                raise
            self.broken = True
        yield


def _refuse_entities(element: etree._Element, path: str) -> None:
    dtd = element.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for __ in dtd.iterentities()):  # declared in UTF-16, say
        raise KnownError("document.bomb", path=path)


def parse(untrusted: bytes, path: str, *, whole: bool = False) -> etree._Element:
    """Parse XML and return its root element. `whole` keeps comments and processing instructions, for files that are
    written back.

    Raises KnownError `document.damaged` for invalid XML, `document.too_large`, and `document.bomb` for declared
    entities. No office program declares entities, and they let a small file grow to a huge one.
    """
    if len(untrusted) > MAX_TREE_BYTES:
        raise KnownError("document.too_large", path=path, bytes=len(untrusted), limit=MAX_TREE_BYTES)
    if _ENTITY.search(untrusted, 0, MAX_PROLOG_BYTES):
        raise KnownError("document.bomb", path=path)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=not whole, remove_pis=not whole, recover=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(untrusted, parser)
    except (etree.XMLSyntaxError, ValueError) as err:
        raise KnownError("document.damaged", path=path, reason=_("its XML is broken")) from err
    _refuse_entities(root, path)
    return root


def attribute(element: etree._Element | None, name: str) -> str:
    """Return an attribute by its name in any namespace, or "" if the attribute is missing or the element is None."""
    for key, value in element.attrib.items() if element is not None else ():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def text_of(element: etree._Element | None) -> str:
    """Return the text directly in an element, before its first child, or "" if the element is None."""
    return "" if element is None else element.text or ""


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """Follow a path of names, each time to the first child of that name. Return None if the path ends early."""
    for name in names:
        if element is None:
            return None
        element = next((inner for inner in element if local(inner) == name), None)
    return element


def children(element: etree._Element | None, *names: str) -> Iterator[etree._Element]:
    """Yield the children with these names, or all if no names are given. If the element is None, yield nothing."""
    return (inner for inner in (() if element is None else element) if not names or local(inner) in names)


def above(element: etree._Element | None, *names: str) -> etree._Element | None:
    """Return the nearest ancestor with one of these names, or None."""
    outer = () if element is None else element.iterancestors()
    return next((ancestor for ancestor in outer if local(ancestor) in names), None)


def local(element: etree._Element) -> str:
    """Return the name of an element without its namespace. Strict and transitional files differ only in namespaces."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


# The parts of an Office file, to read, to change and to write back. Names of parts in Word, PowerPoint and Excel
# files are only conventions, so parts are found by their relations. Namespaces differ between "strict" and
# "transitional" files, so elements are identified by their local names.

MAX_NAME_CHARACTERS = 300
FOLLOWED = frozenset({"hyperlink"})
"""External relationships that are only links for people to click. No program loads them by itself."""


class Relation(Record):
    kind: str
    part: str
    """The name of the part that the relation leads to, or "" if it leads to no part of the file."""
    is_external: bool
    element: etree._Element

    @property
    def id(self) -> str:
        return attribute(self.element, "Id")


class Package(Archive):
    """Office file whose parts are found regardless of upper and lower case, and can be read as XML."""

    def __init__(self, archive: zipfile.ZipFile, reading: Reading) -> None:
        super().__init__(archive, reading)
        self._links: dict[str, Mapping[str, str]] = {}
        self._stored = {name.lower(): name for name in self.names}
        if any(name.endswith(("vbaproject.bin", "macrosheets/sheet1.xml")) for name in self._stored):
            reading.note(Note.MACROS_IGNORED)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._stored

    def chunks(self, name: str, most_bytes: int = MAX_ENTRY_BYTES) -> Iterator[bytes]:
        return super().chunks(self.stored_name(name), most_bytes)

    def stored_name(self, name: str) -> str:
        return self._stored.get(name.lower(), "")

    def parsed(self, name: str, *, whole: bool = False) -> etree._Element:
        """Parse a part as XML. `whole` has the same meaning as in `parse`.

        Raises KnownError `document.bomb`, `document.damaged`, `document.locked`, `document.too_large`.
        """
        return parse(self.read(name), self.reading.path, whole=whole)

    def tree(self, name: str, *, whole: bool = False) -> etree._Element | None:
        """Parse a part as `parsed` does, but return None if the part is missing or damaged. A damaged part is noted."""
        if not name or name not in self:
            return None
        try:
            return self.parsed(name, whole=whole)
        except KnownError as err:
            if err.code != "document.damaged":
                raise
            self.reading.note(Note.PARTLY_DAMAGED)
            return None

    # ---- parts by what they are for (ECMA-376 part 2)

    def main_part(self, fallback: str) -> str:
        """Return the name of the main part of the document, or `fallback` if the package does not name it.

        Raises KnownError `document.damaged` if neither part exists.
        """
        main = next((link.part for link in self.relations("").values() if link.kind == "officeDocument"), "")
        for name in (main, fallback):
            if name and name in self:
                return name
        raise KnownError("document.damaged", path=self.reading.path, reason=_("its main part is missing"))

    def relations(self, part: str) -> Mapping[str, Relation]:
        """Return the relations of a part to other parts, by their ids. References out of the file are noted."""
        relations = {}
        root = self.tree(relations_name(part))
        for relation in self.relations_in(root, part) if root is not None else ():
            if relation.part:
                relations[relation.id] = relation
            elif relation.is_external and relation.kind not in FOLLOWED:
                self.reading.note(Note.EXTERNAL_IGNORED)
        return relations

    def relations_in(self, root: etree._Element, part: str) -> Iterator[Relation]:
        """Yield all relations of a part. `root` is the root element of the part's relations file."""
        for element in root.iterchildren("*"):
            kind = attribute(element, "Type").rpartition("/")[2]
            target = attribute(element, "Target")
            is_external = attribute(element, "TargetMode") == "External"
            name = "" if is_external or not target else self._target(posixpath.dirname(part), target)
            yield Relation(kind, name, is_external, element)

    def links(self, part: str) -> Mapping[str, str]:
        """Return where the links of a part lead that people click, by the ids of their relations."""
        if part not in self._links:
            root = self.tree(relations_name(part))
            relations = self.relations_in(root, part) if root is not None else ()
            self._links[part] = {
                relation.id: attribute(relation.element, "Target")
                for relation in relations
                if relation.is_external and relation.kind in FOLLOWED
            }
        return self._links[part]

    def _target(self, folder: str, target: str) -> str:
        """Return the name of the part a target means, or "" if there is no such part. Escapes are decoded and upper and
        lower case ignored, since some programs write names otherwise than they are in the archive.
        """
        target = unquote(target.partition("#")[0])
        joined = posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))
        return joined if joined in self else ""

    def related(self, part: str, kind: str) -> str:
        """Return the name of the first part of this kind `part` refers to, else the usual one, or "" if none exists."""
        usual = posixpath.join(posixpath.dirname(part), f"{kind}.xml")
        targets = (relation.part for relation in self.relations(part).values() if relation.kind == kind)
        return next(targets, usual if part and usual in self else "")

    def all_related(self, part: str, *kinds: str) -> list[str]:
        """Return the names of all parts of these kinds that `part` refers to, with numbers in numeric order."""
        parts = {relation.part for relation in self.relations(part).values() if relation.kind in kinds}
        return sorted(parts, key=_natural)

    # ---- what the file says of itself

    def read_about(self) -> None:
        root = self.tree(self.related("", "core-properties"))
        for element in children(root):
            words = " ".join((element.text or "").split())[:MAX_NAME_CHARACTERS]
            if local(element) == "title":
                self.reading.title = words
            elif local(element) == "creator":
                self.reading.author = words

    def pages_reported(self) -> int:
        """Return the page count recorded by the program that wrote the file, or 0 if there is none."""
        reported = text_of(child(self.tree(self.related("", "extended-properties")), "Pages"))
        return int(reported) if reported.isdecimal() and len(reported) < 7 else 0


def relations_name(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _natural(name: str) -> tuple[str, int, str]:
    """Return a sort key that puts slide10 after slide9."""
    folder, file = posixpath.split(name)
    digits = "".join(letter for letter in file if letter.isdigit())[:9]
    return folder, int(digits or 0), file


def relation_id(element: etree._Element) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith("}id")), "")


def is_on(element: etree._Element | None) -> bool:
    """Return whether a switch of WordprocessingML is present and not set to "off"."""
    return element is not None and attribute(element, "val") not in ("0", "false", "off", "none")


def texts(element: etree._Element, name: str = "t") -> Iterator[str]:
    return (inner.text for inner in element.iter() if local(inner) == name and inner.text)
