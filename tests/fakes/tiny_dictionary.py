"""Writes Hunspell dictionaries of a few words, and has the spelling service take them for the system's."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from slmdesk.tasks.writing.spelling import dictionaries

FORMS = """SET UTF-8
TRY esianrtolcdugmphbyfvkwzESIANRTOLCDUGMPHBYFVKWZ'
REP 1
REP f ph
SFX S Y 1
SFX S 0 s .
"""
ENGLISH = (
    "the", "letter/S", "was", "sent", "on", "monday", "and", "received", "by", "court/S", "because", "of", "a", "delay",
    "we", "ask", "for", "more", "time", "don't", "friend/S", "is", "good", "telephone", "hearing", "in", "see",
)  # fmt: skip
GERMAN = (
    "der",
    "Brief",
    "wurde",
    "am",
    "Montag",
    "an",
    "das",
    "Gericht",
    "gesandt",
    "und",
    "ist",
    "dort",
    "eingegangen",
    "wir",
)


def write(folder: Path, code: str = "en_US", words: Sequence[str] = ENGLISH, forms: str = FORMS) -> Path:
    """The list of words."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{code}.aff").write_text(forms, encoding="utf-8")
    path = folder / f"{code}.dic"
    path.write_text("\n".join([str(len(words)), *words, ""]), encoding="utf-8")
    for file in (path, path.with_suffix(".aff")):
        file.chmod(0o644)
    return path


def install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Take the dictionaries of this folder, and whoever runs the tests for the administrator."""
    monkeypatch.setattr(dictionaries, "system_folders", lambda: (folder,))
    monkeypatch.setattr(dictionaries, "ADMINISTRATOR", os.getuid() if hasattr(os, "getuid") else 0)
