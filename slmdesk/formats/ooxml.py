"""What Word, PowerPoint and Excel files share: parts found by their types and relationships.

Names of parts are conventions only (ECMA-376 part 2); namespaces differ between "strict" and "transitional" files, so
everything is identified by its local name.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from lxml import etree

from slmdesk.base.documents import Note
from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.formats.base import Reading
from slmdesk.formats.packed import Archive
from slmdesk.formats.xmls import attribute, local, parse

MAX_NAME_CHARACTERS = 300
FOLLOWED = frozenset({"hyperlink"})
"""External relationships that are only links, for people to follow, not programs."""


class Relation(Record):
    kind: str
    part: str


class Package:
    def __init__(self, archive: Archive, reading: Reading) -> None:
        self.archive, self._reading = archive, reading
        self._names = {name.replace("\\", "/").lower(): name for name in archive.names}  # some zip with backslashes
        if any(name.endswith(("vbaproject.bin", "macrosheets/sheet1.xml")) for name in self._names):
            reading.note(Note.MACROS_IGNORED)

    def main_part(self, fallback: str) -> str:
        """The name of the part the document begins with; `fallback` where the package does not say.

        Raises KnownError `document.damaged` where there is none.
        """
        found = next((one.part for one in self.relations("").values() if one.kind == "officeDocument"), "")
        for name in (found, fallback):
            if name and name in self:
                return name
        raise KnownError("document.damaged", path=self._reading.path, reason="its main part is missing")

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._names

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a part piece by piece; none where there is no such part.  Raises as `Archive.chunks` does."""
        return self.archive.chunks(self._names.get(name.lower(), ""))

    def relations(self, part: str) -> Mapping[str, Relation]:
        """By their ids; those that lead out of the file are left out and noted."""
        folder, name = posixpath.split(part)
        root = self.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for one in root if root is not None else ():
            kind = attribute(one, "Type").rpartition("/")[2]
            if attribute(one, "TargetMode") == "External":
                if kind not in FOLLOWED:
                    self._reading.note(Note.EXTERNAL_IGNORED)
                continue
            target = self._name(folder, attribute(one, "Target"))
            if target:
                found[attribute(one, "Id")] = Relation(kind, target)
        return found

    def related(self, part: str, kind: str) -> str:
        """The name of the first part of that kind which `part` refers to, else that of convention; empty for none."""
        usual = posixpath.join(posixpath.dirname(part), f"{kind}.xml")
        found = (one.part for one in self.relations(part).values() if one.kind == kind)
        return next(found, usual if part and usual in self else "")

    def stored_name(self, name: str) -> str:
        return self._names.get(name.lower(), "")

    def tree(self, name: str, *, whole: bool = False) -> etree._Element | None:
        """A part as XML; None where there is none, or none that can be read, which is noted.  `whole` as in `parse`.

        Raises KnownError `document.bomb`, `document.locked`, `document.too_large`.
        """
        if not name or name not in self:
            return None
        try:
            return parse(b"".join(self.chunks(name)), self._reading.path, whole=whole)
        except KnownError as err:
            if err.code != "document.damaged":
                raise
            self._reading.note(Note.PARTLY_DAMAGED)
            return None

    def read_about(self) -> None:
        root = self.tree(self.related("", "core-properties"))
        for one in root if root is not None else ():
            words = " ".join((one.text or "").split())[:MAX_NAME_CHARACTERS]
            if local(one) == "title":
                self._reading.title = words
            elif local(one) == "creator":
                self._reading.author = words

    def pages_reported(self) -> int:
        """The page count recorded by the program that wrote the file; 0: none."""
        root = self.tree(self.related("", "extended-properties"))
        reported = next((one.text or "" for one in root if local(one) == "Pages"), "") if root is not None else ""
        return int(reported) if reported.isdecimal() and len(reported) < 7 else 0

    def _name(self, folder: str, target: str) -> str:
        """The part a target means; some programs write other cases and escapes than the archive has."""
        target = unquote(target.partition("#")[0])
        joined = posixpath.normpath(target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target))
        return joined if joined in self else ""


def relation_id(element: etree._Element) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith("}id")), "")


def is_on(element: etree._Element | None) -> bool:
    """Whether a switch of WordprocessingML is there and not set to "off"."""
    return element is not None and attribute(element, "val") not in ("0", "false", "off", "none")


def texts(element: etree._Element, name: str = "t") -> Iterator[str]:
    return (one.text for one in element.iter() if local(one) == name and one.text)
