"""A frozen program starts itself without an interpreter's arguments, and leaves nothing of itself to other programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from slmdesk.base.frozen import frozen_folder, give_back_environment, role_command, same_command
from slmdesk.children.reach import NOTHING
from slmdesk.children.worker.hardening import files_of, files_of_trials

pytestmark = pytest.mark.pure


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch) -> Path:
    """The executable of a frozen program."""
    program = tmp_path / "slmdesk"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(sys, "orig_argv", [str(program), "chat", "hello"])
    monkeypatch.setattr(sys, "argv", [str(program), "chat", "hello"])
    return program


def test_from_source_the_interpreter_is_told_what_to_run(monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "dev", "main.py", "--window"])
    monkeypatch.setattr(sys, "argv", ["main.py", "--window"])
    assert role_command("reader") == (sys.executable, "-m", "slmdesk", "--worker", "reader")
    assert same_command(["--locked"]) == [sys.executable, "-X", "dev", "main.py", "--locked"]
    assert frozen_folder() is None


def test_frozen_the_children_are_roles_of_the_same_program(frozen):
    assert role_command("reader") == (str(frozen), "--worker", "reader")
    assert same_command(["--locked"]) == [str(frozen), "--locked"]
    assert frozen_folder() == frozen.parent.resolve()


def test_on_windows_children_are_run_by_the_program_with_streams(frozen, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    assert role_command("engine") == (str(frozen.with_name("slmdesk-cli.exe")), "--worker", "engine")


def test_a_child_reads_the_program_but_not_its_folder_where_a_portable_copy_has_its_home(frozen):
    for files in (files_of("engine", NOTHING), files_of("reader", NOTHING), files_of_trials()):
        assert str(frozen.resolve()) in files.read
        assert not [path for path in files.read if path and (frozen.parent / "home").is_relative_to(path)]


@pytest.mark.parametrize(
    ("before", "after"), [({"LD_LIBRARY_PATH_ORIG": "/own"}, {"LD_LIBRARY_PATH": "/own"}), ({}, {})]
)
def test_other_programs_do_not_load_our_libraries(frozen, monkeypatch, before, after):
    monkeypatch.setattr(sys, "platform", "linux")
    environment = {"HOME": "/home/me", "LD_LIBRARY_PATH": "/opt/slmdesk/_internal", "_PYI_ARCHIVE_FILE": "x", **before}
    give_back_environment(environment)
    assert environment == {"HOME": "/home/me", **after}


def test_from_source_the_environment_stays(monkeypatch):
    environment = {"LD_LIBRARY_PATH": "/own", "_PYI_X": "1"}
    give_back_environment(environment)
    assert environment == {"LD_LIBRARY_PATH": "/own", "_PYI_X": "1"}
