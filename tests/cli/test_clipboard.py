"""The system's clipboard, by whatever program works."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.cli import clipboard

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="programs written for a shell"),
]


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Return the function that makes a program of the system."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.defpath}")

    def made(name: str, script: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        return path

    return made


@pytest.mark.parametrize("fault", ["exit 1", "exec sleep 60"])
def test_another_program_is_taken_where_one_fails_or_hangs(programs, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(clipboard, "MOST_S", 0.3)
    programs("wl-paste", fault)
    programs("wl-copy", fault)
    kept = tmp_path / "kept"
    programs("xclip", f'if [ "$3" = -o ]; then cat "{kept}"; else cat > "{kept}"; fi')
    clipboard.copy_to_clipboard("Grüße")
    assert kept.read_text("utf-8") == clipboard.clipboard_text() == "Grüße"


def test_without_a_program_that_works_it_is_said(programs, monkeypatch):
    monkeypatch.setattr(clipboard, "WAYS", (("no-such-program",) * 2,))
    with pytest.raises(KnownError) as caught:
        clipboard.clipboard_text()
    assert caught.value.code == "clipboard.none"
