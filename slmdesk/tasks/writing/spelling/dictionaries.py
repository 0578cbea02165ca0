"""Finds the Hunspell dictionaries of the system.

Searches where systems and LibreOffice keep them. Pure except for reading folders.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from slmdesk.tasks.writing.spelling.types import (
    Dictionary,
)

if TYPE_CHECKING:
    pass


_CODE = re.compile(r"([a-z]{2,3})(?:[_-]([A-Za-z]{2}))?(?=$|[_.@-])")
MOST_FOUND = 200
"""Most dictionaries that are read from one folder. A folder with more is not searched further."""
ADMINISTRATOR = 0
"""The user whose files are read. On Windows, files belong to this number, whoever owns them."""


def find_dictionaries() -> tuple[Dictionary, ...]:
    """Return the dictionaries of the system, sorted by code. If several have the same code, the first one is used.

    Reads folders, so do not call it on the window's thread.
    """
    dictionaries: dict[str, Dictionary] = {}
    for path in _lists_in(system_folders()):
        code = code_of(path.stem)
        dictionaries.setdefault(code, Dictionary(code, path))
    return tuple(dictionaries[code] for code in sorted(dictionaries))


def chosen_for(
    language: str, dictionaries: Iterable[Dictionary], fixed: str = "", region: str = ""
) -> Dictionary | None:
    """Return the dictionary for a text in this language (ISO 639-1, or "" if it is unknown).

    `fixed` is the code of a dictionary that is used for all texts. If a language has several dictionaries, the one for
    `region` ("GB") is used, else the one for the language's own region ("de_DE"), else the first.
    """
    dictionaries = tuple(dictionaries)
    if fixed:
        return next((dictionary for dictionary in dictionaries if dictionary.code == fixed), None)
    known = [dictionary for dictionary in dictionaries if language and dictionary.language == language]
    wanted = [f"{language}_{end}" for end in (region, language.upper(), "US")]
    return min(
        known,
        key=lambda dictionary: wanted.index(dictionary.code) if dictionary.code in wanted else len(wanted),
        default=None,
    )


def code_of(stem: str) -> str:
    """Return the language and region in a file's name: "de_DE" of "de_DE_frami", "fr" of "fr-classique"."""
    match = _CODE.match(stem)
    if not match:
        return stem
    language, region = match.groups()
    return f"{language}_{region.upper()}" if region else language


def system_folders(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Iterator[Path]:
    if platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
            if folder := environment.get(variable):
                yield from _inside(Path(folder) / "LibreOffice/share/extensions", "dict-*")
    elif platform == "darwin":
        yield Path("/Library/Spelling")
        yield from _inside(Path("/Applications/LibreOffice.app/Contents/Resources/extensions"), "dict-*")
    else:
        shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        for data in map(Path, shared.split(":")):
            yield from (data / "hunspell", data / "myspell/dicts", data / "myspell")
        system = (Path("/usr/lib/libreoffice"), Path("/usr/lib64/libreoffice"))
        for office in (*system, *_inside(Path("/opt"), "libreoffice*")):
            yield from _inside(office / "share/extensions", "dict-*")


def _inside(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(pattern) if path.is_dir())
    except OSError:
        return []


def _lists_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the word lists that have a file of word forms beside them. Lists for hyphenation have none."""
    for folder in folders:
        try:
            for path in sorted(folder.glob("*.dic"))[:MOST_FOUND]:
                if _is_of_system(path) and _is_of_system(path.with_suffix(".aff")):
                    yield path
        except OSError:
            continue


def _is_of_system(path: Path) -> bool:
    """Return whether this is a file that only the administrator can write."""
    try:
        about = path.stat()
    except OSError:
        return False
    is_open_to_others = sys.platform != "win32" and about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISREG(about.st_mode) and about.st_uid == ADMINISTRATOR and not is_open_to_others
