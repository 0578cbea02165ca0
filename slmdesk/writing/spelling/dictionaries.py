"""Finds Hunspell dictionaries: where systems and LibreOffice keep them, or in a place that a person chose.  Pure but
for looking at folders.
"""

from __future__ import annotations

import locale
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from slmdesk.writing.spelling.types import Dictionary

_CODE = re.compile(r"([a-z]{2,3})(?:[_-]([A-Za-z]{2}))?(?=$|[_.@-])")
MOST_FOUND = 200
"""In one folder: a place with more is not looked through any further."""


def find_dictionaries(place: str = "") -> tuple[Dictionary, ...]:
    """The dictionaries of the system, or those of the folder or `.dic` or `.aff` file at `place`, sorted by code.

    Of several with one code the first found counts.  Reads folders, so not for the window's thread.
    """
    found: dict[str, Dictionary] = {}
    for path in _lists_at(Path(place)) if place else _lists_in(usual_folders()):
        code = code_of(path.stem)
        found.setdefault(code, Dictionary(code, path))
    return tuple(found[code] for code in sorted(found))


def chosen_for(language: str, found: Iterable[Dictionary], fixed: str = "", region: str = "") -> Dictionary | None:
    """The dictionary for a text in this language (ISO 639-1; "" where it is not known).

    `fixed`: the code of the one that is to be used for all text.  `region`: of two for one language, that of this
    region ("GB") is used; else that of the language's own ("de_DE"), else the first.
    """
    found = tuple(found)
    if fixed:
        return next((one for one in found if one.code == fixed), None)
    known = [one for one in found if language and one.language == language]
    if not known:  # a file whose name says nothing was chosen for whatever is written
        return found[0] if len(found) == 1 and not found[0].language else None
    wanted = [f"{language}_{end}" for end in (region, language.upper(), "US")]
    return min(known, key=lambda one: wanted.index(one.code) if one.code in wanted else len(wanted))


def code_of(stem: str) -> str:
    """The language and region that a file's name tells: "de_DE" of "de_DE_frami", "fr" of "fr-classique"."""
    found = _CODE.match(stem)
    if not found:
        return stem
    language, region = found.groups()
    return f"{language}_{region.upper()}" if region else language


def usual_language(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Language and region of this account ("en", "GB"); empty where they are not set."""
    said = next((environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), "")
    if not said:
        said = locale.getlocale()[0] or ""  # Windows says it in words, which no dictionary has for a name
    found = _CODE.match(said)
    return (found.group(1), (found.group(2) or "").upper()) if found else ("", "")


def usual_folders(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Iterator[Path]:
    home = Path.home()
    yield from (Path(one) for one in environment.get("DICPATH", "").split(os.pathsep) if Path(one).is_absolute())
    if platform == "win32":
        office = Path(environment.get("APPDATA", home)) / "LibreOffice/4"
        yield from _extensions(office)
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)"):
            if folder := environment.get(variable):
                yield from _inside(Path(folder) / "LibreOffice/share/extensions", "dict-*")
    elif platform == "darwin":
        yield home / "Library/Spelling"
        yield from _extensions(home / "Library/Application Support/LibreOffice/4")
        yield Path("/Library/Spelling")
        yield from _inside(Path("/Applications/LibreOffice.app/Contents/Resources/extensions"), "dict-*")
    else:
        shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        own = environment.get("XDG_DATA_HOME") or str(home / ".local/share")
        for data in map(Path, (own, *shared.split(":"))):
            yield from (data / "hunspell", data / "myspell/dicts", data / "myspell")
        yield from _extensions(Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "libreoffice/4")
        system = (Path("/usr/lib/libreoffice"), Path("/usr/lib64/libreoffice"))
        for office in (*system, *_inside(Path("/opt"), "libreoffice*")):
            yield from _inside(office / "share/extensions", "dict-*")


def _extensions(office: Path) -> Iterator[Path]:
    packages = office / "user/uno_packages/cache/uno_packages"
    for folder in _inside(packages, "*/*.oxt"):
        yield folder
        yield from _inside(folder, "*")


def _inside(folder: Path, pattern: str) -> list[Path]:
    try:
        return sorted(one for one in folder.glob(pattern) if one.is_dir())
    except OSError:
        return []


def _lists_at(place: Path) -> Iterator[Path]:
    """In a folder that was chosen, also one folder further down: dictionaries are often kept in one each."""
    if place.is_dir():
        yield from _lists_in((place, *_inside(place, "*")[:MOST_FOUND]))
    else:
        yield from _pairs((place.with_suffix(".dic"),))


def _lists_in(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        try:
            names = sorted(folder.glob("*.dic"))[:MOST_FOUND]
        except OSError:
            continue
        yield from _pairs(names)


def _pairs(lists: Iterable[Path]) -> Iterator[Path]:
    """Those with the file of forms beside them, which lists of hyphenation lack."""
    for one in lists:
        try:
            if one.is_file() and one.with_suffix(".aff").is_file():
                yield one
        except OSError:
            continue
