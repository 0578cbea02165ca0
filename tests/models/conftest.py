"""A person whose other programs are known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def user(tmp_path, monkeypatch) -> Path:
    """The home folder of a person whose system knows no other places."""
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in list(os.environ):
        if name.startswith(("XDG_DATA", "XDG_CONFIG", "XDG_CACHE", "HF_H", "HUGGINGFACE", "OLLAMA", "JAN_")):
            monkeypatch.delenv(name)
    return folder
