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


@pytest.fixture
def short_measurement(monkeypatch) -> None:
    """This PC is measured in no time, where it does not matter how exactly."""
    monkeypatch.setattr("slmdesk.children.tasks.engine.SECONDS", 0.0)
    monkeypatch.setattr("slmdesk.children.engine.llama.library.BUFFER_BYTES", 4 << 20)
    monkeypatch.setattr("slmdesk.children.engine.llama.library._LEAST_BYTES", 4 << 20)
