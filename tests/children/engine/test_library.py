"""How the library that the set-up compiled was built, and what is said where it cannot be loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

from slmdesk.children.engine.llama.file_jobs import embed_texts
from slmdesk.doctor import TINY_MODEL

INFO = "import llama_cpp; print(llama_cpp.llama_print_system_info().decode())"
MAPPED = """
from pathlib import Path
from slmdesk.children.engine.llama.cards import find_backends
print(*find_backends(), sep=", ")
print(*{line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "ggml" in line}, sep="\\n")
"""
LOADED = """
from slmdesk.base.errors import KnownError
from slmdesk.children.engine.llama.library import load_library
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


LIBRARIES = Path(os.environ.get("LLAMA_CPP_LIB_PATH") or Path(str(find_spec("llama_cpp").origin)).parent / "lib")
SOFTWARE_CARD = Path("/usr/share/vulkan/icd.d/lvp_icd.x86_64.json")
OLD = """
from slmdesk.children.engine.llama.cards import find_backends
from slmdesk.children.engine.llama.file_jobs import embed_texts
from slmdesk.doctor import TINY_MODEL
print(*find_backends(), len(next(embed_texts(str(TINY_MODEL), ["a step"], lambda: True))[0]))
"""
ASKED = """
import sys
from children.engine.asking import LINEAR, Model
from slmdesk.base.types import LoadSpec, Sampling
from slmdesk.children.engine.llama.engine import LlamaEngine
from slmdesk.children.engine.llama.cards import find_cards
engine = LlamaEngine()
known = {"cost_curve": LINEAR, "template_checked": True, "behaves": True}
spec = LoadSpec(sys.argv[1], **known, use_card=bool(sys.argv[2:]))
model = Model(engine, engine.load(spec, lambda _: True))
answer = model.ask(model.request("Count from one to ten.", sampling=Sampling(temperature=0.0, max_tokens=12))).text()
layers = model.info.offload.layers if model.info.offload else 0
print([card.device.name for card in find_cards()], layers, repr(answer), sep="|")
engine.close()
"""


@pytest.mark.soak
@pytest.mark.skipif(
    not (shutil.which("qemu-x86_64") and any(LIBRARIES.glob("libggml-cpu-x64*"))), reason="no such build, or no qemu"
)
def test_a_processor_without_avx_computes() -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    command = ["qemu-x86_64", "-cpu", "Nehalem", sys.executable, "-c", OLD]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    assert done.stdout.split() == ["CPU", "(x64)", "128"]


@pytest.mark.soak
@pytest.mark.skipif(
    not (SOFTWARE_CARD.is_file() and any(LIBRARIES.glob("libggml-vulkan*"))), reason="no such build, or no lavapipe"
)
def test_a_card_of_software_is_found_and_gives_the_processors_answer(starter_model) -> None:
    shown = {"VK_DRIVER_FILES": str(SOFTWARE_CARD), "GGML_VK_VISIBLE_DEVICES": "0"}  # one of software must be named
    env = {**os.environ, **shown, "PYTHONPATH": str(Path(__file__).parents[2])}
    on_card, plain = (
        subprocess.run(
            [sys.executable, "-c", ASKED, str(starter_model), *use], check=True, capture_output=True, text=True, env=env
        ).stdout.split("|")
        for use in (["card"], [])
    )
    assert "llvmpipe" in on_card[0]
    assert int(on_card[1]) > 1
    assert plain[1] == "0"
    assert on_card[2] == plain[2]
