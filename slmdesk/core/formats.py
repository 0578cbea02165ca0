"""The document formats slmdesk knows: data for dialogs, command line and the registry of readers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from slmdesk.core.errors import KnownError


@dataclass(frozen=True, slots=True)
class Format:
    """A format by its id, its name for people and the endings of its file names."""

    id: str
    name: str
    suffixes: tuple[str, ...]


FORMATS = (
    Format("txt", "Plain text", (".txt", ".text", ".log")),
    Format("md", "Markdown", (".md", ".markdown")),
)


def format_of(path: PurePath) -> Format:
    """The format for a file name.  Raises KnownError `document.unknown_format`, which names the known suffixes."""
    suffix = path.suffix.lower()
    found = next((known for known in FORMATS if suffix in known.suffixes), None)
    if found is None:
        known_suffixes = " ".join(one for known in FORMATS for one in known.suffixes)
        raise KnownError("document.unknown_format", suffix=suffix, known=known_suffixes)
    return found
