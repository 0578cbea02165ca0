"""The set-up: what llama.cpp is compiled for, and how the checks end."""

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
    """The script with a virtual environment of its own."""
    monkeypatch.syspath_prepend(str(ROOT / "packaging"))
    spec = importlib.util.spec_from_file_location("set_up", ROOT / "packaging" / "set_up.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "BACKEND_FILE", tmp_path / "backend")
    for name in ("BACKEND", "CUDACXX", "CMAKE_ARGS"):
        monkeypatch.delenv(name, raising=False)
    return module


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


def test_a_build_that_fails_leaves_what_was_installed(set_up, monkeypatch):
    done = []
    monkeypatch.setattr(set_up, "call", lambda command, **_more: done.append([str(part) for part in command]))
    monkeypatch.setattr(set_up.llama, "wheel", lambda backend, _pip: Path(f"{backend}.whl"))
    set_up.install_llama("vulkan")
    assert (done[0][-1], set_up.installed_backend()) == ("vulkan.whl", "vulkan")
    assert {"--force-reinstall", "--no-deps"} <= set(done[0])

    def fails(_backend, _pip):
        raise set_up.llama.BuildFailed("it did not compile")

    monkeypatch.setattr(set_up.llama, "wheel", fails)
    with pytest.raises(set_up.SetUpFailed, match="did not compile"):
        set_up.install_llama("cuda")
    assert (len(done), set_up.installed_backend()) == (1, "vulkan")


def test_the_last_lines_name_each_test_that_failed_and_why(set_up, tmp_path, monkeypatch, capsys):
    tests = "def test_wrong(): assert 1 == 2, 'two are not one'\ndef test_fine(): pass\n"
    (tmp_path / "test_it.py").write_text(tests, encoding="utf-8")
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    monkeypatch.setattr(set_up, "BIN", Path(sys.executable).parent)
    monkeypatch.setattr(set_up, "CHECKS", ())
    monkeypatch.setattr(set_up, "set_up_for", lambda _kind: None)
    monkeypatch.setattr(set_up, "workers", lambda: 2)
    monkeypatch.setattr(set_up, "SESSIONS", {"test": (("pytest", "not soak", True),)})
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # Qt alone would take its workers a second
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p xdist -W ignore::pytest.PytestUnknownMarkWarning")
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:  # this test may be shared too
        monkeypatch.delenv(name)
    assert set_up.test("test", ["--rootdir", str(tmp_path), "test_it.py"]) == 1
    last = capsys.readouterr().err.splitlines()[-2:]
    assert "test_it::test_wrong: " in last[0]
    assert "two are not one" in last[0]
    assert "failed: pytest" in last[1]


def test_tests_are_compiled_once_where_none_are(set_up, monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(set_up, "call", lambda command, **_more: done.append(command[1]))
    monkeypatch.setattr(set_up, "ROOT", tmp_path)
    set_up.compile_tests({})
    compiled = tmp_path / "tests" / "__pycache__" / "conftest.cpython-311-pytest-9.2.0.pyc"
    compiled.parent.mkdir(parents=True)
    compiled.touch()
    set_up.compile_tests({})
    assert done == ["--collect-only"]


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
