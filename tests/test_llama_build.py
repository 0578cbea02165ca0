"""The wheel of llama.cpp: what it is made of, what is kept, and what is missing for it."""

from __future__ import annotations

import csv
import importlib.util
import os
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from slmdesk import doctor

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent
PIP = ("pip",)


@pytest.fixture
def llama(monkeypatch, tmp_path):
    """The script with a cache of its own, and nothing of this PC's tools in sight."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    spec = importlib.util.spec_from_file_location("llama", ROOT / "packaging" / "llama.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (tmp_path / "bin").mkdir()
    tool(tmp_path / "bin", "c++")
    monkeypatch.setattr(module, "include_folders", lambda: [tmp_path / "include"])
    monkeypatch.setattr(module, "kept_folder", lambda: tmp_path / "kept")
    monkeypatch.setattr(module, "first_line", lambda command: f"{command[0]} 12.2")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("CUDACXX", "CMAKE_ARGS", "CFLAGS", "CXXFLAGS", "CXX"):
        monkeypatch.delenv(name, raising=False)
    return module


def tool(folder: Path, name: str) -> None:
    file = folder / (f"{name}.exe" if sys.platform == "win32" else name)
    file.write_text("")
    file.chmod(0o755)


def test_what_is_missing_is_said_with_where_to_get_it(llama, tmp_path, monkeypatch):
    assert llama.missing_for("cpu") == ""
    missing = llama.missing_for("vulkan")
    assert all(need in missing for need in ("glslc", "1.3.272", "SPIR-V", "apt-get install", "vulkan.lunarg.com"))
    tool(tmp_path / "bin", "glslc")
    headers = tmp_path / "include" / "vulkan"
    headers.mkdir(parents=True)
    (tmp_path / "include" / "spirv").mkdir()
    (headers / "vulkan.hpp").write_text("")
    (headers / "vulkan_core.h").write_text("#define VK_HEADER_VERSION 239\n")  # as in Debian 12
    missing = llama.missing_for("vulkan")
    assert "1.3.272" in missing
    assert "(the headers of Vulkan" in missing  # and nothing else
    (headers / "vulkan_core.h").write_text("#define VK_EXT_layer_settings 1\n")
    assert llama.missing_for("vulkan") == ""

    assert "nvcc" in llama.missing_for("cuda")
    monkeypatch.setenv("CUDACXX", "/opt/cuda/bin/nvcc")
    assert llama.missing_for("cuda") == ""
    assert ("macOS" in llama.missing_for("metal")) == (sys.platform != "darwin")
    if os.name == "posix":
        (tmp_path / "bin" / "c++").unlink()
        assert "g++" in llama.missing_for("cpu")


def test_the_pins_of_a_build_are_whole_with_their_hashes(llama):
    name, *hashes = llama.pinned(llama.REQUIREMENTS, ["llama-cpp-python"]).split()
    assert name == f"llama-cpp-python=={llama.version()}"
    assert [pin[:14] for pin in hashes if pin != "\\"] == ["--hash=sha256:"]
    tools = llama.pinned(llama.TOOLS, ["ninja", "cmake"])
    assert [line.partition("==")[0] for line in tools.splitlines() if not line.startswith(" ")] == ["cmake", "ninja"]
    assert tools.count("--hash=sha256:") > 10


def builder(llama, monkeypatch, seen):
    """Stands for the compiler."""

    def build(backend, _pip, into, **_more):
        seen.append(backend)
        if backend == "cuda":
            raise llama.BuildFailed("it did not compile")
        (into / f"{backend}.whl").write_text(backend)

    monkeypatch.setattr(llama, "compiled", build)
    monkeypatch.setattr(llama, "by_pip", build)
    monkeypatch.setattr(llama, "missing_for", lambda _backend: "")


def test_what_was_compiled_is_kept_for_the_next_checkout(llama, tmp_path, monkeypatch):
    seen: list[str] = []
    builder(llama, monkeypatch, seen)
    made = llama.wheel("cpu", PIP)
    assert (llama.wheel("cpu", PIP), made.read_text(), seen) == (made, "cpu", ["cpu"])
    assert (made.parent / "built.json").is_file()
    assert llama.wheel("vulkan", PIP) != made
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_LTO=on")
    llama.wheel("cpu", PIP)
    for_every = llama.wheel("cpu", PIP, for_every=True)
    monkeypatch.setattr(llama, "processor_features", lambda: "avx")
    assert llama.wheel("cpu", PIP, for_every=True) == for_every
    llama.wheel("cpu", PIP)
    monkeypatch.setattr(llama, "first_line", lambda command: f"{command[0]} 14.2")
    llama.wheel("cpu", PIP)
    assert seen == ["cpu", "vulkan", "cpu", "cpu", "cpu", "cpu"]
    assert len(list((tmp_path / "kept").iterdir())) == llama.KEPT


def test_a_build_that_fails_leaves_nothing(llama, tmp_path, monkeypatch):
    builder(llama, monkeypatch, [])
    with pytest.raises(llama.BuildFailed):
        llama.wheel("cuda", PIP)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_new_compiler_or_processor_alone_is_no_reason_to_build_anew(llama, monkeypatch):
    before = llama.recipe("cpu")
    monkeypatch.setattr(llama, "first_line", lambda command: f"{command[0]} 14.2")
    monkeypatch.setattr(llama, "processor_features", lambda: "avx")
    assert llama.recipe("cpu") == before
    assert llama.recipe("vulkan") != before
    if os.name == "posix" and llama.platform.machine() == "x86_64":
        assert "-mno-amx-int8" in before["flags"]


def test_the_wheel_holds_each_file_once_with_its_sum_and_is_the_same_each_time(llama, tmp_path):
    source = tmp_path / "source"
    for name, text in {
        "PKG-INFO": "Metadata-Version: 2.1\nName: llama_cpp_python\nVersion: 0.3.36\n\nVersion: words\n",
        "LICENSE.md": "MIT",
        "vendor/llama.cpp/LICENSE": "MIT too",
        "llama_cpp/__init__.py": "",
        "llama_cpp/server/app.py": "1",
        "llama_cpp/lib/libold.so": "an old library",
        "bin/libllama.so": "a library",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    made = [
        llama.pack(source, [source / "bin" / "libllama.so"], "0.3.36+slmdesk.1", "linux_x86_64", tmp_path / to)
        for to in ("a", "b")
    ]
    assert made[0].name == "llama_cpp_python-0.3.36+slmdesk.1-py3-none-linux_x86_64.whl"
    assert made[0].read_bytes() == made[1].read_bytes()
    about = "llama_cpp_python-0.3.36+slmdesk.1.dist-info"
    with zipfile.ZipFile(made[0]) as archive:
        names = archive.namelist()
        record = list(csv.reader(archive.read(f"{about}/RECORD").decode().splitlines()))
        metadata = message_from_string(archive.read(f"{about}/METADATA").decode())
        assert archive.getinfo("llama_cpp/lib/libllama.so").external_attr >> 16 & 0o777 == 0o755
        for name, checksum, size in record[:-1]:
            data = archive.read(name)
            assert (checksum, int(size)) == (f"sha256={llama.sum_of(data)}", len(data))
    assert [name for name, *_ in record] == names
    assert len(set(names)) == len(names)
    assert [name for name in names if "/lib/" in name] == ["llama_cpp/lib/libllama.so"]
    assert metadata["Version"] == "0.3.36+slmdesk.1"
    assert metadata.get_payload() == "Version: words\n"


def test_the_compilers_library_goes_with_its_licence_or_not_at_all(llama, tmp_path, monkeypatch):
    for name in ("PKG-INFO", "LICENSE.md", "vendor/llama.cpp/LICENSE", "libgomp.so.1"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    library = tmp_path / "libgomp.so.1"
    monkeypatch.setattr(llama, "GOMP_LICENCES", (tmp_path / "copyright",))
    with pytest.raises(llama.BuildFailed, match="copyright"):
        llama.pack(tmp_path, [library], "1", "any", tmp_path)
    (tmp_path / "copyright").write_text("GPL-3 with an exception")
    with zipfile.ZipFile(llama.pack(tmp_path, [library], "1", "any", tmp_path)) as archive:
        assert any(name.endswith("/licenses/libgomp/copyright") for name in archive.namelist())


@pytest.mark.parametrize(
    ("glibc", "cxx", "tag"),
    [("2.17", "3.4.19", "2_24"), ("2.34", "3.4.29", "2_34"), ("2.34", "3.4.30", "2_35"), ("2.38", "3.4.29", "2_38")],
)
def test_the_tag_names_the_oldest_system_that_has_all_symbols(llama, monkeypatch, glibc, cxx, tag):
    says = (
        f"  0x0010: Name: GLIBC_2.4  Flags: none\n  0x0020: Name: GLIBC_{glibc}  Flags\n  0x0030: Name: GLIBCXX_{cxx} F"
    )
    monkeypatch.setattr(llama, "readelf", lambda _option, _path: says)
    assert llama.tag_for([Path("lib.so")]).startswith(f"manylinux_{tag}_")


def test_only_the_wanted_kinds_of_processor_are_built(llama, tmp_path):
    recipe = tmp_path / "CMakeLists.txt"
    kinds = [f"        ggml_add_cpu_backend_variant({name} SSE42)\n" for name in (*llama.VARIANTS, "sapphirerapids")]
    recipe.write_text("first\n" + "".join(kinds) + "last\n")
    llama.keep_variants(recipe)
    assert recipe.read_text() == "first\n" + "".join(kinds[:-1]) + "last\n"
    recipe.write_text("first\n" + "".join(kinds[1:]))
    with pytest.raises(llama.BuildFailed):
        llama.keep_variants(recipe)


def test_the_commit_of_the_source_is_the_one_that_is_told(llama):
    listed = """# Changelog

## [Unreleased]

- feat: update llama.cpp to ggml-org/llama.cpp@aaaaaaaaa

## [0.3.36]

- feat: update llama.cpp to ggml-org/llama.cpp@0c1e57098
- feat: update llama.cpp to ggml-org/llama.cpp@bbbbbbbbb

## [0.3.35]

- fix: something else
"""
    assert llama.commit_in(listed, "0.3.36") == llama.COMMIT == doctor.LLAMA_COMMIT
    assert llama.commit_in(listed, "0.3.35") == llama.commit_in(listed, "9") == ""
    assert llama.version() == doctor.LLAMA_BINDING
