"""How the library that the set-up compiled was built, and what is said where it cannot be loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from slmdesk.engine.llama.file_jobs import embed_texts
from slmdesk.system.doctor import TINY_MODEL

INFO = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"
MAPPED = """
from pathlib import Path
from slmdesk.engine.llama.cards import find_backends
print(*find_backends(), sep=", ")
print(*{line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "ggml" in line}, sep="\\n")
"""
LOADED = """
from slmdesk.base.errors import KnownError
from slmdesk.engine.llama.library import load_library
try:
    load_library()
except KnownError as err:
    print(err.code, err.args_for_people["reason"])
"""


def said(code: str, **environment: str) -> str:
    env = {**os.environ, **environment}
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60, env=env
    ).stdout


@pytest.mark.process
def test_the_library_uses_no_amx_which_a_machine_may_show_without_permitting_it() -> None:
    info = said(INFO)
    assert "AMX" not in info


@pytest.mark.process
@pytest.mark.skipif(
    "slmdesk" not in version("llama-cpp-python"), reason="pip's build holds each library more than once"
)
def test_binding_and_cards_use_the_same_library_and_one_kind_of_processor() -> None:
    backends, *paths = said(MAPPED).splitlines()
    names = [Path(path).name.partition(".")[0] for path in paths]
    assert sorted(names) == sorted(set(names)), paths
    kinds = [name.removeprefix("libggml-cpu-") for name in names if name.startswith("libggml-cpu-")]
    assert ("CPU" in backends.split(", ")) if not kinds else (f"CPU ({kinds[0]})" in backends)
    assert len(kinds) <= 1


@pytest.mark.process
def test_a_library_that_cannot_be_loaded_is_an_error_with_its_reason(tmp_path) -> None:
    for name in ("libllama.so", "libllama.dylib", "llama.dll"):
        (tmp_path / name).write_bytes(b"")
    code, _, reason = said(LOADED, LLAMA_CPP_LIB_PATH=str(tmp_path)).partition(" ")
    assert code == "child.no_library"
    assert str(tmp_path) in reason


@pytest.mark.model
def test_the_tiny_model_of_the_doctor_computes() -> None:
    (vectors,) = embed_texts(str(TINY_MODEL), ["a step"], lambda: True)
    assert len(vectors[0]) == 4 * 32
