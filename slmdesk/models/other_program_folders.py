"""Finds the folders in which other programs keep their models: the usual ones, and those named by their settings.

Only small settings files are read, at most MAX_BYTES of each; what cannot be parsed names no folder.
"""

from __future__ import annotations

import json
import plistlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from slmdesk.base.record import Record

MAX_BYTES = 256 << 10


class Place(Record):
    program: str
    folder: Path


def usual_places(home: Path, environ: Mapping[str, str], system: str = sys.platform) -> tuple[Place, ...]:
    """Where these programs keep models on this system (`sys.platform`'s words) unless told otherwise."""
    base = _Base(home, environ, system)
    if system == "win32":
        jan = [base.roaming / "Jan/data", base.local / "Jan/data"]
    elif system == "darwin":
        jan = [base.local / "Jan/data"]
    else:
        jan = [base.local / "Jan/data", base.roaming / "Jan/data"]
    jan = [base.given("JAN_DATA_FOLDER", jan[0]), *jan[1:]]
    # HUGGINGFACE_HUB_CACHE is the older name of HF_HUB_CACHE
    hub = base.given("HF_HOME", base.cache / "huggingface") / "hub"
    hub = base.given("HF_HUB_CACHE", base.given("HUGGINGFACE_HUB_CACHE", hub))
    ollama = [base.given("OLLAMA_MODELS", home / ".ollama/models")]
    if system == "linux":
        ollama.append(Path("/usr/share/ollama/.ollama/models"))  # where its service keeps them
    return (
        Place("LM Studio", home / ".lmstudio/models"),
        Place("LM Studio", base.cache / "lm-studio/models"),
        *(Place("Jan", one) for one in (*jan, home / "jan/models")),
        Place("GPT4All", base.local / "nomic.ai/GPT4All"),
        *(Place("Ollama", one) for one in ollama),
        Place("Hugging Face", hub),
    )


def chosen_places(home: Path, environ: Mapping[str, str], system: str = sys.platform) -> tuple[Place, ...]:
    """Folders that a person has chosen in these programs, as their settings say.  Reads files."""
    base = _Base(home, environ, system)
    return (*_lm_studio(base), *_jan(base), *_gpt4all(base))


def all_places(home: Path, environ: Mapping[str, str], system: str = sys.platform) -> tuple[Place, ...]:
    found = (*usual_places(home, environ, system), *chosen_places(home, environ, system))
    return tuple({one.folder: one for one in reversed(found)}.values())[::-1]


class _Base:
    def __init__(self, home: Path, environ: Mapping[str, str], system: str) -> None:
        self.home, self._environ, self.system = home, environ, system
        self.cache = self.given("XDG_CACHE_HOME", home / ".cache")
        if system == "win32":
            self.local = self.given("LOCALAPPDATA", home / "AppData/Local")
            self.roaming = self.given("APPDATA", home / "AppData/Roaming")
        elif system == "darwin":
            self.local = self.roaming = home / "Library/Application Support"
        else:
            self.local = self.given("XDG_DATA_HOME", home / ".local/share")
            self.roaming = self.given("XDG_CONFIG_HOME", home / ".config")

    def given(self, name: str, default: Path) -> Path:
        value = self._environ.get(name, "")
        return Path(value) if value and Path(value).is_absolute() else default


def _lm_studio(base: _Base) -> Iterator[Place]:
    """Its home may be elsewhere, as a file in the person's folder says, and its models elsewhere again."""
    homes = [base.home / ".lmstudio", base.cache / "lm-studio"]
    if pointed := _path(_text(base.home / ".lmstudio-home-pointer").strip().partition("\n")[0].strip()):
        homes.append(pointed)
        yield Place("LM Studio", pointed / "models")
    for settings in (*(one / "settings.json" for one in homes), base.roaming / "LM Studio/settings.json"):
        if chosen := _path(_object(settings).get("downloadsFolder")):
            yield Place("LM Studio", chosen)


def _jan(base: _Base) -> Iterator[Place]:
    for settings in (base.local / "Jan/settings.json", base.roaming / "Jan/settings.json"):
        if chosen := _path(_object(settings).get("data_folder")):
            yield Place("Jan", chosen)


def _gpt4all(base: _Base) -> Iterator[Place]:
    if base.system == "darwin":
        try:
            shape = plistlib.loads(_bytes(base.home / "Library/Preferences/com.nomic.gpt4all.plist"))
        except Exception:  # noqa: BLE001  a damaged property list raises of several families; it names no folder
            return
        chosen = _path(shape.get("modelPath") if isinstance(shape, dict) else None)
    else:
        found = re.search(r"^modelPath=(.*)$", _text(base.roaming / "nomic.ai/GPT4All.ini"), re.MULTILINE)
        chosen = _path(found[1].strip().strip('"')) if found else None
    if chosen:
        yield Place("GPT4All", chosen)


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():  # a pipe would block
            return b""
        with path.open("rb") as file:
            untrusted = file.read(MAX_BYTES + 1)
    except OSError:
        return b""
    return untrusted if len(untrusted) <= MAX_BYTES else b""


def _text(path: Path) -> str:
    return _bytes(path).decode("utf-8-sig", "surrogateescape")


def _object(path: Path) -> Mapping[str, object]:
    try:
        shape = json.loads(_text(path))
    except (ValueError, RecursionError):
        return {}
    return shape if isinstance(shape, dict) else {}


def _path(untrusted: object) -> Path | None:
    if not isinstance(untrusted, str) or not untrusted or "\0" in untrusted:
        return None
    path = Path(untrusted)
    return path if path.is_absolute() and len(path.parts) > 1 else None
