"""The packages in dist/, installed and used in a bare system; minutes, and as root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "packaging"))
from package_test import TOOLS  # noqa: E402

pytestmark = [
    pytest.mark.soak,
    pytest.mark.process,
    pytest.mark.skipif(not [*ROOT.glob("dist/slmdesk_*.deb")], reason="`make packages` has not been called"),
    pytest.mark.skipif(
        sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, TOOLS)),
        reason="wants root and mmdebstrap",
    ),
]


def test_the_packages_work_in_a_bare_system():
    done = subprocess.run(
        [sys.executable, ROOT / "packaging" / "package_test.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
