"""What of Windows and macOS can be tried on Linux: every module is imported as there (fakes/imported_as.py)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parent / "fakes" / "imported_as.py"


@pytest.mark.quick
@pytest.mark.parametrize("system", ["win32", pytest.param("darwin", marks=pytest.mark.soak)])
@pytest.mark.skipif(sys.platform != "linux", reason="takes away what Linux has")
def test_every_module_is_imported_as_on_another_system(home: Path, system: str) -> None:
    done = subprocess.run([sys.executable, str(PROGRAM), system], check=True, stdout=subprocess.PIPE, encoding="utf-8")
    (told,) = done.stdout.splitlines()
    assert int(told.removesuffix(" modules")) > 400
