"""Independent readers: what another program, or the bare zip and XML, says stands in a document."""

from __future__ import annotations

import re
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

PDF_CONTROL = re.compile(r"[\u00ad\ufffe]")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, timeout=300).stdout.decode("utf-8", "replace")


def pdftotext(path: Path) -> str:
    """Of poppler-utils: in reading order."""
    return PDF_CONTROL.sub("", _said("pdftotext", "-enc", "UTF-8", str(path), "-"))


def odt2txt(path: Path) -> str:
    """Of the package of that name."""
    return _said("odt2txt", "--width=-1", "--encoding=UTF-8", str(path))


def unrtf(path: Path) -> str:
    """Of the package of that name; its first lines are about itself."""
    text = _said("unrtf", "--text", "--quiet", str(path))
    return "\n".join(line for line in text.splitlines() if not line.startswith("###"))


def plain(path: Path) -> str:
    """The file is its own text."""
    return path.read_text(encoding="utf-8", errors="replace")


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


PEERS: Mapping[str, Callable[[Path], str]] = {
    "pdftotext": pdftotext,
    "odt2txt": odt2txt,
    "unrtf": unrtf,
    "plain": plain,
}
"""By name: a function from a file to its text.  A new one is a function and a line here."""
