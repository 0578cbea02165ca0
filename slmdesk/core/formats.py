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
    Format("pdf", "PDF", (".pdf",)),
    Format("txt", "Plain text", (".txt", ".text", ".log")),
    Format("md", "Markdown", (".md", ".markdown")),
    Format("docx", "Word", (".docx", ".docm", ".dotx", ".dotm")),
    Format("pptx", "PowerPoint", (".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm")),
    Format("xlsx", "Excel", (".xlsx", ".xlsm", ".xltx", ".xltm")),
    Format("xlsb", "Excel, binary", (".xlsb",)),
    Format("xls", "Excel before 2007", (".xls", ".xlt")),
    Format("csv", "Table as text", (".csv", ".tsv", ".tab")),
    Format("odt", "OpenDocument text", (".odt", ".ott")),
    Format("odp", "OpenDocument presentation", (".odp", ".otp")),
    Format("ods", "OpenDocument spreadsheet", (".ods", ".ots")),
    Format("html", "Web page", (".html", ".htm", ".xhtml", ".xht")),
    Format("mht", "Web archive", (".mht", ".mhtml")),
    Format("epub", "E-book", (".epub",)),
    Format("rtf", "Rich text", (".rtf",)),
    Format("eml", "Mail", (".eml",)),
    Format("msg", "Outlook mail", (".msg",)),
    Format("subtitles", "Subtitles", (".srt", ".vtt", ".ass", ".ssa")),
    Format(
        "code",
        "Source code",
        (
            ".py", ".js", ".ts", ".java", ".c", ".h", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".php", ".swift",
            ".kt", ".sql", ".sh", ".ps1", ".r", ".lua", ".pl", ".css", ".json", ".toml", ".yaml", ".yml", ".ini",
            ".cfg", ".xml", ".tex", ".rst",
        ),
    ),
)  # fmt: skip
_BY_ID = {one.id: one for one in FORMATS}


def format_named(id: str) -> Format:
    """The format of an id.  Raises KnownError `document.unknown_format`."""
    if id not in _BY_ID:
        raise KnownError("document.unknown_format", suffix=id[:40], known=" ".join(_BY_ID))
    return _BY_ID[id]


def format_of(path: PurePath) -> Format:
    """The format for a file name.  Raises KnownError `document.unknown_format`, which names the known suffixes."""
    suffix = path.suffix.lower()
    found = next((known for known in FORMATS if suffix in known.suffixes), None)
    if found is None:
        known_suffixes = " ".join(one for known in FORMATS if known.id != "code" for one in known.suffixes)
        raise KnownError("document.unknown_format", suffix=suffix, known=known_suffixes)
    return found
