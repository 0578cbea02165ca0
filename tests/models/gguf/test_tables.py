"""Our tables against the pinned llama.cpp: a newer one that knows more, or packs otherwise, fails here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from slmdesk.models.gguf.header import CHAT_ARCHITECTURES, ENCODERS, FILE_TYPES, WEIGHT_TYPES

pytestmark = pytest.mark.process

CHILD = Path(__file__).resolve().parents[2] / "fakes" / "llama_child.py"


def test_types_and_architectures_are_those_of_the_library(tmp_path: Path) -> None:
    names = sorted(CHAT_ARCHITECTURES | ENCODERS)
    command = [sys.executable, str(CHILD), "tables", str(tmp_path), *names, "surely-unknown"]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=120).stdout)
    known = {int(number): tuple(sizes) for number, sizes in said["types"].items() if sizes[1]}
    assert known == {number: (kind.block, kind.block_bytes) for number, kind in WEIGHT_TYPES.items()}
    named = {int(number) for number, name in said["file_types"].items() if "unknown" not in name}
    assert named == set(FILE_TYPES)
    assert said["unknown"] == ["surely-unknown"]
