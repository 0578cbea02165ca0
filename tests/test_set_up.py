"""The set-up's choice of what llama.cpp is compiled for."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parent.parent


@pytest.fixture
def set_up(monkeypatch, tmp_path):
    """The script with a virtual environment of its own, and nothing of this PC's tools in sight."""
    spec = importlib.util.spec_from_file_location("set_up", ROOT / "packaging" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BACKEND_FILE", tmp_path / "backend")
    monkeypatch.setattr(module, "include_folders", lambda: [tmp_path / "include"])
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for name in ("BACKEND", "CUDACXX", "CMAKE_ARGS"):
        monkeypatch.delenv(name, raising=False)
    return module


def tool(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    file = folder / (f"{name}.exe" if sys.platform == "win32" else name)
    file.write_text("")
    file.chmod(0o755)


def test_the_choice_is_remembered_until_another_is_made(set_up, monkeypatch):
    plain = set_up.fingerprint()
    assert set_up.backend() == "cpu"
    monkeypatch.setenv("BACKEND", "Vulkan")
    chosen = set_up.fingerprint()
    assert (set_up.backend(), chosen != plain) == ("vulkan", True)
    set_up.BACKEND_FILE.write_text("vulkan")
    monkeypatch.setenv("BACKEND", "")  # as make exports it where it was not named
    assert (set_up.backend(), set_up.fingerprint()) == ("vulkan", chosen)
    monkeypatch.setenv("BACKEND", "cpu")
    assert set_up.fingerprint() == plain
    monkeypatch.setenv("BACKEND", "opencl")
    with pytest.raises(set_up.SetUpFailed, match="opencl"):
        set_up.backend()


def test_what_is_missing_is_said_with_where_to_get_it(set_up, tmp_path, monkeypatch):
    assert set_up.missing_for("cpu") == ""
    missing = set_up.missing_for("vulkan")
    assert all(one in missing for one in ("glslc", "1.3.272", "SPIR-V", "apt-get install", "vulkan.lunarg.com"))
    tool(tmp_path / "bin", "glslc")
    headers = tmp_path / "include" / "vulkan"
    headers.mkdir(parents=True)
    (tmp_path / "include" / "spirv").mkdir()
    (headers / "vulkan.hpp").write_text("")
    (headers / "vulkan_core.h").write_text("#define VK_HEADER_VERSION 239\n")  # as in Debian 12
    missing = set_up.missing_for("vulkan")
    assert "1.3.272" in missing
    assert "(the headers of Vulkan" in missing  # and nothing else
    (headers / "vulkan_core.h").write_text("#define VK_EXT_layer_settings 1\n")
    assert set_up.missing_for("vulkan") == ""

    assert "nvcc" in set_up.missing_for("cuda")
    monkeypatch.setenv("CUDACXX", "/opt/cuda/bin/nvcc")
    assert set_up.missing_for("cuda") == ""
    assert ("macOS" in set_up.missing_for("metal")) == (sys.platform != "darwin")


def test_only_llama_cpp_is_compiled_anew_and_not_by_the_cache(set_up, monkeypatch):
    seen = []

    def call(command, *, env):
        seen.append(([str(one) for one in command], Path(command[-1]).read_text(), env["CMAKE_ARGS"]))

    monkeypatch.setattr(set_up, "call", call)
    monkeypatch.setenv("CMAKE_ARGS", "-DGGML_LTO=on")
    set_up.build_llama("vulkan")
    ((command, requirements, options),) = seen
    assert {"--force-reinstall", "--no-deps", "--no-cache-dir", "--require-hashes"} <= set(command)
    name, *hashes = requirements.split()
    assert name.startswith("llama-cpp-python==")
    assert all(one.startswith("--hash=sha256:") for one in hashes if one != "\\")
    assert any(one.startswith("--hash") for one in hashes)
    assert options == "-DGGML_LTO=on -DGGML_VULKAN=on"
    assert set_up.installed_backend() == "vulkan"
    set_up.build_llama("cpu")
    assert "--no-cache-dir" not in seen[1][0]
    assert seen[1][2] == "-DGGML_LTO=on"


def test_a_build_that_fails_is_not_remembered(set_up, monkeypatch):
    def call(command, **_more):
        raise set_up.SetUpFailed("it did not compile")

    monkeypatch.setattr(set_up, "call", call)
    with pytest.raises(set_up.SetUpFailed):
        set_up.build_llama("cuda")
    assert set_up.installed_backend() == "cpu"


def test_the_last_lines_name_each_test_that_failed_and_why(set_up, tmp_path, monkeypatch, capsys):
    tests = "def test_wrong(): assert 1 == 2, 'two are not one'\ndef test_fine(): pass\n"
    (tmp_path / "test_it.py").write_text(tests, encoding="utf-8")
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setattr(set_up, "BIN", Path(sys.executable).parent)
    monkeypatch.setattr(set_up, "CHECKS", ())
    monkeypatch.setattr(set_up, "set_up_for", lambda _kind: None)
    monkeypatch.setattr(set_up, "workers", lambda: 2)
    monkeypatch.setattr(set_up, "SESSIONS", {"test": (("pytest", "not soak", True), ("pytest: alone", "soak", False))})
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:randomly -W ignore::pytest.PytestUnknownMarkWarning")
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:  # this test may be shared too
        monkeypatch.delenv(name)
    assert set_up.test("test", ["--rootdir", str(tmp_path), "test_it.py"]) == 1
    last = capsys.readouterr().err.splitlines()[-2:]
    assert "test_it::test_wrong: " in last[0]
    assert "two are not one" in last[0]
    assert "failed: pytest" in last[1]


def test_a_check_that_fails_beside_the_tests_is_a_failure_with_its_words(set_up, monkeypatch, capsys):
    right, wrong = ("python", "-c", ""), ("python", "-c", "print('line 7 is wrong'); raise SystemExit(1)")
    monkeypatch.setattr(set_up, "BIN", Path(sys.executable).parent)
    monkeypatch.setattr(set_up, "CHECKS", (("wrong", wrong), ("right", right)))
    failed: list[str] = []
    with set_up.checks_beside(dict(os.environ), failed):
        assert failed == []
    assert failed == ["wrong"]
    words = capsys.readouterr().err
    assert "line 7 is wrong" in words
    assert words.endswith("slmdesk: wrong: FAILED\nslmdesk: right: passed\n")


def test_the_slowest_tests_and_the_seconds_of_each_folder_and_kind_are_said(set_up, tmp_path):
    cases = [("tests.gui.shell.test_a", "slow", 4, "gui", 1), ("tests.gui.test_b", "quick", 1, "gui", 2)]
    rows = "".join(
        f'<testcase classname="{folder}" name="{name}" time="{took}"><properties><property name="kind" value="{kind}"/>'
        f'<property name="computed" value="{computed}"/></properties></testcase>'
        for folder, name, took, kind, computed in [*cases, ("tests.test_c", "other[1.5]", 2, "pure", 2)]
    )
    (tmp_path / "0.xml").write_text(f"<testsuites><testsuite>{rows}</testsuite></testsuites>")
    assert set_up.seconds_of(tmp_path / "missing.xml") == []
    lines = [line.split() for line in set_up.summary_of(set_up.seconds_of(tmp_path / "0.xml"))]
    assert ["7", "s,", "3", "waited", "all", "tests:", "3", "tests"] in lines
    assert ["5", "s,", "3", "waited", "tests/gui:", "2", "tests"] in lines
    assert ["2", "s,", "0", "waited", "tests/test_c:", "1", "tests"] in lines
    assert ["2", "s,", "0", "waited", "kind", "pure:", "1", "tests"] in lines
    assert lines[-3:][0][-1] == "tests.gui.shell.test_a::slow"
