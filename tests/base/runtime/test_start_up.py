"""What every command waits for: the services come without what only some of them need."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

LATE = (
    "httpx2", "huggingface_hub", "keyring", "numpy", "onnxruntime", "psutil", "py3langid", "rapidfuzz", "sentencex",
    "docx", "openpyxl", "spylls", "sqlite_utils", "slmdesk.claims.values", "slmdesk.tasks.summaries.plan",
)  # fmt: skip


READS_SCANS = ("onnxruntime", "tesserocr", "numpy", "PIL", "rapidfuzz")


def test_what_reads_scans_is_loaded_for_scans_alone():
    code = (
        f"import sys, slmdesk.children.formats.pdf; print(*[name for name in {READS_SCANS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_services_come_without_what_few_commands_need():
    code = f"import sys, slmdesk.services; print(*[name for name in {LATE!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_first_start_makes_its_tables_without_numpy(tmp_path):
    code = (
        "import sys; from pathlib import Path; from slmdesk.base.paths import find_paths, make_folders\n"
        "from slmdesk.history.store.opening import open_store\n"
        "paths = find_paths(Path(sys.argv[1])); make_folders(paths); open_store(paths, instance_id='a').store.close()\n"
        "print('sqlite_utils' in sys.modules, 'numpy' in sys.modules); import numpy"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "home"], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
