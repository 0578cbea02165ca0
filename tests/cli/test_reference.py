"""The page of commands is what the commands say of themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.process
def test_the_page_of_commands_is_up_to_date() -> None:
    command = [sys.executable, str(ROOT / "packaging" / "command_reference.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"run packaging/command_reference.py\n{done.stderr}"
