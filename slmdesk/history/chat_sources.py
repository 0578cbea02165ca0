"""Finds the files with chats that a person means by files and folders.  Not on the service thread."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from slmdesk.base.chat_import import MESSAGES_FILE, THREAD_FILE
from slmdesk.base.errors import KnownError
from slmdesk.base.json_file import read_file
from slmdesk.base.record import Record
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import problem_for

MOST_FILES, MOST_DEPTH = 20_000, 8


class Source(Record):
    path: Path
    thread: str = ""
    """The text of the `thread.json` beside a `messages.jsonl`."""


class Sources(Record):
    files: tuple[Source, ...]
    problems: tuple[tuple[str, Problem], ...]


def sources_in(paths: Sequence[Path]) -> Sources:
    """The files, and of folders those whose names say that they hold chats.

    What cannot be used is a problem `file.missing`, `file.unreadable`, `chats.unknown` (a folder without any) or
    `chats.not_searched` (a part of a folder), and keeps nothing else from being found.
    """
    return _Search().run(paths)


class _Search:
    def __init__(self) -> None:
        self._found: dict[Path, None] = {}
        self._problems: list[tuple[str, Problem]] = []

    def run(self, paths: Sequence[Path]) -> Sources:
        for path in paths:
            if os.path.isdir(path):  # noqa: PTH112  raises nothing for a name that cannot be, or a folder that is shut
                self._search(path)
            elif path.name == THREAD_FILE and os.path.isfile(path.with_name(MESSAGES_FILE)):  # noqa: PTH113
                self._found[path.with_name(MESSAGES_FILE)] = None
            elif not os.path.lexists(path):
                self._say(path, KnownError("file.missing", path=str(path)))
            else:
                self._found[path] = None
        return Sources(tuple(Source(path, self._thread_of(path)) for path in self._found), tuple(self._problems))

    def _search(self, top: Path) -> None:
        """Take the files of chats in a folder and those below it, by name; links are not followed."""
        found: list[Path] = []
        shut: list[OSError] = []
        is_cut = has_deeper = False
        for place, folders, files in os.walk(top, onerror=shut.append):
            folders.sort()
            if len(Path(place).relative_to(top).parts) >= MOST_DEPTH:
                has_deeper = has_deeper or bool(folders)
                folders.clear()
            found += [Path(place, name) for name in sorted(files) if _is_of_chats(name)]
            if len(found) > MOST_FILES:
                is_cut = True
                break
        self._found.update(dict.fromkeys(found[:MOST_FILES]))
        if is_cut:
            self._left_out(top, f"it holds more than {MOST_FILES:,} files of chats, and the first of them were taken")
        if has_deeper:
            self._left_out(top, f"folders more than {MOST_DEPTH} levels below it were left out")
        if shut:
            first = shut[0]
            count = "1 folder" if len(shut) == 1 else f"{len(shut):,} folders"
            self._left_out(top, f"{count} could not be opened, first {first.filename} ({first.strerror})")
        if not found and not (shut or has_deeper):
            self._say(top, KnownError("chats.unknown", path=str(top)))

    def _thread_of(self, path: Path) -> str:
        if path.name != MESSAGES_FILE:
            return ""
        thread = path.with_name(THREAD_FILE)
        try:
            return read_file(thread).decode("utf-8", "replace")
        except FileNotFoundError:
            return ""
        except OSError as err:  # the chat comes without its title and instructions
            self._say(thread, KnownError("file.unreadable", path=str(thread), reason=err.strerror or str(err)))
            return ""

    def _left_out(self, top: Path, reason: str) -> None:
        self._say(top, KnownError("chats.not_searched", path=str(top), reason=reason))

    def _say(self, path: Path, error: KnownError) -> None:
        self._problems.append((path.name, problem_for(error)))


def _is_of_chats(name: str) -> bool:
    is_list = name.startswith("conversations") and name.endswith(".json")
    return is_list or name == MESSAGES_FILE or name.endswith(".conversation.json")
