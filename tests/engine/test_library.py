"""How the library that the set-up compiled was built."""

from __future__ import annotations

import subprocess
import sys

import pytest

INFO = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"


@pytest.mark.process
def test_the_library_uses_no_amx_which_a_machine_may_show_without_permitting_it() -> None:
    done = subprocess.run([sys.executable, "-c", INFO], check=True, capture_output=True, text=True, timeout=60)
    assert "CPU" in done.stdout
    assert "AMX" not in done.stdout
