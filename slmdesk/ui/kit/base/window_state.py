"""What the window remembers of itself until the next run.

Stored in a file of its own, which only the window writes.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSettings, QUrl

from slmdesk.base.errors import KnownError
from slmdesk.base.files import open_new, write_atomically
from slmdesk.base.record import Record, changed
from slmdesk.base.untrusted import json_bytes, object_in, read_file, server_of

log = logging.getLogger(__name__)
MAX_TEXT = 64_000
MAX_NUMBER = 1 << 31


class WindowState(Record):
    """Layout of the window, and what it showed last. The names of the fields are the keys in the file."""

    window_geometry: str = ""
    """Size and position in base64. The splitters are stored in base64 too."""
    last_page: str = ""
    """Title of the page that was shown last."""
    last_section: str = ""
    """Section of the settings that was shown last."""
    last_chat: str = ""
    unread_chats: str = ""
    """Ids of chats with an answer that nobody has seen, separated by spaces."""
    sidebar_visible: bool = True
    last_document: str = ""
    last_document_page: int = 1
    last_document_pane: str = ""
    last_summary_length: str = "medium"
    last_typed: str = ""
    """Id of the typed text that was last in the translator."""
    last_writing: str = ""
    """Id of the text that was last on the page Write."""
    translate_source: str = ""
    """Language code of typed text. Empty means that the language is detected."""
    translate_target: str = ""
    """Code of the language that was last translated into. Empty if there is none yet."""
    translate_favourites: str = ""
    """Language codes, separated by spaces, that stand first in a choice of languages. The next field is alike."""
    translate_recent: str = ""
    translate_font_percent: int = 100
    """Size of the typed texts on the page Translate, in percent, in addition to the setting `font_scale`."""
    translate_together: bool = True
    """Whether text and translation scroll together."""
    translate_doubts: bool = False
    """Whether uncertain words of a translated document are highlighted."""
    translate_sheet_names: bool = False
    """What was last chosen for a document: translate names of sheets, document properties, save beside the original."""
    translate_properties: bool = False
    translate_beside: bool = False
    search_task: str = ""
    """What a model searched on the Hub should be for: chat, summaries … Empty: anything."""
    search_language: str = ""
    search_license: str = ""
    search_author: str = ""
    search_fits: bool = False
    search_sort: str = "downloads"
    told_of_disk: str = ""
    """Codes of the notices about the history's disk that were shown already, separated by spaces."""
    better_later: str = ""
    """The offer of a better model to which *Not now* was said last."""


_DEFAULTS = {name: getattr(WindowState(), name) for name in WindowState.__struct_fields__}


class WindowStateFile:
    """The window's state and its file. It is read before the window is shown, and only changed on the service thread.

    If the file cannot be read, or a value is wrong, the defaults are used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.current = WindowState(**_valid(self._read()))
        self._keeps_words = True

    def keep_words(self, keeps_words: bool) -> None:
        """Set whether text typed into filters may be saved: not if the history is encrypted. Raises KnownError."""
        if keeps_words != self._keeps_words:
            self._keeps_words = keeps_words
            self._save(self.current)

    def change(self, **values: Any) -> None:
        """Change some values and save them. Raises KnownError if they cannot be saved."""
        new = changed(self.current, **values)
        if new != self.current:
            self._save(new)
            self.current = new

    def _save(self, state: WindowState) -> None:
        if not self._keeps_words:
            state = changed(state, search_author="")
        write_atomically(self._path, json_bytes({name: getattr(state, name) for name in _DEFAULTS}))

    def _read(self) -> Mapping[str, Any]:
        try:
            return object_in(read_file(self._path))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            log.info("the file of the window's layout cannot be read")
            return {}


def _valid(shape: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shape[name] for name in _DEFAULTS.keys() & shape.keys() if _is_valid(shape[name], _DEFAULTS[name])}


def _is_valid(value: object, default: object) -> bool:
    if type(value) is not type(default):
        return False
    if isinstance(value, str):
        return len(value) <= MAX_TEXT and "\0" not in value
    return not isinstance(value, int) or 0 <= value <= MAX_NUMBER


_ORGANISATION = "QtProject"
_NAMES = ("FileDialog/history", "FileDialog/lastVisited")


def keep_inside(file: Path) -> None:
    """Make Qt store its own settings in `file`, and not among the account's settings.

    Call this before the first dialog. Windows and macOS store the native format elsewhere, where `forget_folders`
    deletes it.
    """
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(file.parent))
    with suppress(OSError):
        os.close(open_new(file))  # Qt keeps the mode of an existing file, but makes a new one readable for all


def keep_nowhere(file: Path) -> None:
    """Make Qt store nothing of its dialogs from now on, and empty `file`. Used when the history is encrypted.

    Qt is told to use a folder below `file`. Since `file` is not a folder, nothing can be written there.
    """
    for kind in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(kind, QSettings.Scope.UserScope, str(file))
    with suppress(OSError, KnownError):
        if file.stat().st_size:
            write_atomically(file, b"")


def visited_folder() -> Path | None:
    """Return the folder that a dialog of an earlier run showed last. An encrypted history has none, as none is kept."""
    kept = QSettings(QSettings.Scope.UserScope, _ORGANISATION).value(_NAMES[1], "")
    folder = Path(QUrl(str(kept)).toLocalFile())
    return folder if folder.is_absolute() and not server_of(str(folder)) and folder.is_dir() else None


def forget_folders() -> None:
    kept = QSettings(QSettings.Scope.UserScope, _ORGANISATION)
    for name in _NAMES:
        if kept.contains(name):
            kept.remove(name)
