"""What the window remembers of itself until the next run: kept in a file of its own, which only the window writes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from slmdesk.base.files import write_atomically
from slmdesk.base.json_file import json_bytes, object_in, read_file
from slmdesk.base.record import Record, changed
from slmdesk.base.settings import SettingsFile
from slmdesk.base.types import Json

log = logging.getLogger(__name__)
MAX_TEXT = 64_000
MAX_NUMBER = 1 << 31


class WindowState(Record):
    """Layout, and what was shown last.  The names of the fields are the keys of the file."""

    window_geometry: str = ""
    """base64, like the splitters."""
    window_splitter: str = ""
    last_page: str = ""
    """The title of the page that was in front."""
    last_chat: str = ""
    unread_chats: str = ""
    """Ids of chats with an answer that nobody has seen, with a space between."""
    sidebar_visible: bool = True
    chat_panel_visible: bool = False
    documents_splitter: str = ""
    documents_body: str = ""
    """Pages beside panes."""
    documents_thumbnails: bool = True
    last_document: str = ""
    last_document_page: int = 1
    last_document_pane: str = ""
    last_summary_length: str = "medium"
    last_typed: str = ""
    """Id of the typed text that stood in the translator last."""
    last_writing: str = ""
    """Id of the text that stood on the page Write last."""
    search_task: str = ""
    """What a model on the Hub is searched for: chat, summaries … ; empty: any."""
    search_language: str = ""
    search_license: str = ""
    search_author: str = ""
    search_fits: bool = False
    search_sort: str = "downloads"
    told_of_disk: str = ""
    """What was said once of the disk the history lies on: codes, with a space between."""


_DEFAULTS = {name: getattr(WindowState(), name) for name in WindowState.__struct_fields__}


class WindowStateFile:
    """The state and its file.  Read before the window is shown, changed on the service thread only.

    A file that cannot be read or holds wrong values means the defaults.
    """

    def __init__(self, path: Path, older: Mapping[str, Json]) -> None:
        """`older`: the unknown keys of the settings, where versions before this file existed kept the state."""
        self._path = path
        self._older = frozenset(older) & _DEFAULTS.keys()
        self.current = WindowState(**_valid(self._read(older)))
        self._keeps_words = True

    def keep_words(self, keeps_words: bool) -> None:
        """Whether to save what a person wrote into the filters: not beside an encrypted history.  Raises KnownError."""
        if keeps_words != self._keeps_words:
            self._keeps_words = keeps_words
            self._save(self.current)

    def change(self, **values: Any) -> None:
        """Change some values and save them.  Raises KnownError where they cannot be saved."""
        new = changed(self.current, **values)
        if new != self.current:
            self._save(new)
            self.current = new

    def take_over(self, settings: SettingsFile) -> None:
        """Remove from the settings what an older version kept there.  Raises KnownError."""
        if self._older:
            if not self._path.exists():
                self._save(self.current)
            settings.drop_unknown(self._older)
            self._older = frozenset()

    def _save(self, state: WindowState) -> None:
        if not self._keeps_words:
            state = changed(state, search_author="")
        write_atomically(self._path, json_bytes({name: getattr(state, name) for name in _DEFAULTS}))

    def _read(self, older: Mapping[str, Json]) -> Mapping[str, Any]:
        try:
            return object_in(read_file(self._path))
        except FileNotFoundError:
            return older
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
