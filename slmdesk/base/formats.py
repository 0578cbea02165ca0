"""The document formats slmdesk knows, as data for dialogs, the command line and the registry of readers."""

from __future__ import annotations

from pathlib import PurePath

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record

MAX_FILE_BYTES = 1 << 30
"""Of a document; larger ones are refused before a byte is read, its checksum's too (X7)."""


class Format(Record):
    id: str
    name: str
    suffixes: tuple[str, ...]
    translated_suffix: str = ""
    """Of a translation of it, where that is a file of another format; empty: it keeps its own."""


FORMATS = (
    Format("pdf", "PDF", (".pdf",), translated_suffix=".docx"),
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
    Format("ttml", "Timed text", (".ttml", ".dfxp")),
    Format("po", "Texts of a program (PO)", (".po", ".pot")),
    Format("xliff", "Texts of a program (XLIFF)", (".xlf", ".xliff")),
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
TRANSLATABLE = frozenset(
    ("docx", "pptx", "xlsx", "odt", "odp", "ods", "txt", "md", "html", "epub", "subtitles", "csv", "po", "xliff", "eml",
     "pdf")
)  # fmt: skip


def format_named(id: str) -> Format:
    """The format with this id.  Raises KnownError `document.unknown_format`."""
    found = next((known for known in FORMATS if known.id == id), None)
    if found is None:
        raise KnownError("document.unknown_format", suffix=id[:40], known=" ".join(known.id for known in FORMATS))
    return found


def format_of(path: PurePath) -> Format:
    """The format for a file name.  Raises KnownError `document.unknown_format`, which lists the known suffixes."""
    suffix = path.suffix.lower()
    found = next((known for known in FORMATS if suffix in known.suffixes), None)
    if found is None:
        known_suffixes = " ".join(one for known in FORMATS if known.id != "code" for one in known.suffixes)
        raise KnownError("document.unknown_format", suffix=suffix, known=known_suffixes)
    return found


def takes_password(path: PurePath) -> bool:
    return path.suffix.casefold() == ".pdf"


_ALIKE = tuple(map(frozenset, ((".htm", ".html"), (".po", ".pot"), (".xlf", ".xliff"), (".tsv", ".tab"))))


def requested_suffixes(path: PurePath) -> tuple[str, ...]:
    """The suffixes that a document's translation may have: with another no program would open it."""
    suffix = PurePath(translated_name(path, "")).suffix.lower()
    return (suffix, *sorted(one for alike in _ALIKE if suffix in alike for one in alike - {suffix}))


def translated_name(path: PurePath, language: str) -> str:
    """The file name of a document's translation: "contract.de.docx" for contract.docx and for contract.pdf."""
    suffix = path.suffix
    found = next((known for known in FORMATS if suffix.lower() in known.suffixes), None)
    if found is not None and found.translated_suffix:
        suffix = found.translated_suffix
    return f"{path.stem}.{language}{suffix}"
