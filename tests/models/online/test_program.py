"""The installed files are compared with the list they were built with; code from elsewhere is named."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from slmdesk.models.online import program
from slmdesk.models.online.program import code_from_elsewhere, compare_files, package_sum

pytestmark = pytest.mark.pure


def sum_of(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


@pytest.fixture
def library(tmp_path: Path, monkeypatch) -> Path:
    """A library of four files, and a command that its installer made, that the program is said to need."""
    about, package = tmp_path / "small-1.0.dist-info", tmp_path / "small"
    files = {"one.py": b"1\n", "two.py": b"2\n", "data/three.bin": b"\0" * 9, "__pycache__/one.pyc": b"compiled"}
    rows = [f"../../../bin/small,sha256={sum_of(b'#!/elsewhere/python')},19"]
    for name, data in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        rows.append(f"small/{name},sha256={sum_of(data)},{len(data)}")
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
    (about / "RECORD").write_text("\n".join([*rows, "small-1.0.dist-info/RECORD,,", ""]))
    real = metadata.distribution
    distribution = metadata.PathDistribution(about)
    monkeypatch.setattr(program.metadata, "distribution", lambda name: distribution if name == "small" else real(name))
    monkeypatch.setattr(program, "_needed", lambda: {"small"})
    return package


def test_what_was_changed_or_is_missing_is_named(library):
    comparison = compare_files()
    assert (comparison.list, comparison.files, comparison.are_as_built) == ("RECORD of 1 libraries", 6, True)
    record = (library.parent / "small-1.0.dist-info" / "RECORD").read_bytes()
    lists = f"{hashlib.sha256(record).hexdigest()}  small 1.0\n"
    assert comparison.sha256 == hashlib.sha256(lists.encode()).hexdigest()
    (library / "two.py").write_bytes(b"3\n")
    (library / "data" / "three.bin").unlink()
    (library / "__pycache__" / "one.pyc").write_bytes(b"anew")
    comparison = compare_files()
    assert (comparison.changed, comparison.missing, comparison.extra) == (
        ("small: small/two.py",), ("small: small/data/three.bin",), ()
    )  # fmt: skip


def test_the_program_itself_has_one_checksum_wherever_it_runs_from(tmp_path, monkeypatch):
    first = package_sum()
    assert first[0] > 300
    assert package_sum() == first
    copy = tmp_path / "copy"
    (copy / "a").mkdir(parents=True)
    (copy / "__init__.py").write_bytes(b"")
    monkeypatch.setattr(program.slmdesk, "__file__", str(copy / "__init__.py"))
    small = package_sum()
    line = f"{hashlib.sha256(b'').hexdigest()}  __init__.py\n"
    assert small == (1, hashlib.sha256(line.encode()).hexdigest())
    (copy / "__pycache__").mkdir()
    (copy / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert package_sum() == small
    (copy / "a" / "b.py").write_bytes(b"x")
    assert package_sum()[1] != small[1]


MAPS = f"""\
7f00-7f01 r-xp 00000000 00:00 1                  /usr/lib/libc.so.6
7f00-7f01 r-xp 00000000 00:00 1                  {sys.prefix}/lib/one.so (deleted)
7f00-7f01 r--p 00000000 00:00 1                  /home/me/data.so
7f00-7f01 rw-p 00000000 00:00 0
7f00-7f01 r-xp 00000000 00:00 0                  [vdso]
7f00-7f01 r-xp 00000000 00:01 2                  /memfd:libffi (deleted)
"""
HOOK = "7f00-7f01 r-xp 00001000 00:00 2                  {}\n"


@pytest.mark.parametrize(
    "path",
    [
        "/home/me/hook one.so", "/tmp/hook.so (deleted)", "/memfd:x (deleted)", "/memfd:libffi.so (deleted)",
        "/usrlocal/x.so",
    ],
)  # fmt: skip
def test_a_library_from_elsewhere_is_named(tmp_path, path):
    maps = tmp_path / "maps"
    maps.write_text(MAPS)
    assert code_from_elsewhere({}, maps) == []
    maps.write_text(MAPS + HOOK.format(path) * 2)
    (line,) = code_from_elsewhere({}, maps)
    assert path in line


@pytest.mark.parametrize("name", ["LD_PRELOAD", "LD_AUDIT", "PYTHONPATH", "PYTHONSTARTUP"])
def test_what_brings_code_from_elsewhere_is_named(tmp_path, name):
    (line,) = code_from_elsewhere({name: "x", "HOME": "/home/me"}, tmp_path / "there is none")
    assert line.startswith(f"{name} is set")
    assert code_from_elsewhere({name: ""}, tmp_path / "there is none") == []


FRESH = """
import ctypes, psutil, PySide6.QtCore
from slmdesk.models.online.program import code_from_elsewhere
callback = ctypes.CFUNCTYPE(None)(print)
print(code_from_elsewhere({}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody says what is loaded")
def test_nothing_in_a_fresh_process_is_from_elsewhere():
    """In this one a debugger or a profiler may be."""
    done = subprocess.run([sys.executable, "-I", "-c", FRESH], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")


@pytest.fixture
def frozen(tmp_path: Path, monkeypatch) -> Path:
    """The folder of a frozen program, with its list."""
    folder = tmp_path / "slmdesk"
    (folder / "_internal").mkdir(parents=True)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(folder / "slmdesk"))
    files = {"slmdesk": b"program", "_internal/one.so": b"1", "_internal/two words.so": b"2"}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    lines = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items()]
    (folder / "MANIFEST").write_text("".join(lines))
    return folder


def test_a_frozen_programs_folder_is_compared_with_its_list(frozen):
    comparison = compare_files()
    assert comparison.are_as_built
    assert (comparison.list, comparison.files, package_sum()) == ("MANIFEST", 3, (3, comparison.sha256))
    assert comparison.sha256 == hashlib.sha256((frozen / "MANIFEST").read_bytes()).hexdigest()
    (frozen / "_internal" / "two words.so").write_bytes(b"3")
    (frozen / "_internal" / "one.so").unlink()
    (frozen / "_internal" / "hook.so").write_bytes(b"x")
    comparison = compare_files()
    assert not comparison.are_as_built
    assert (comparison.changed, comparison.missing, comparison.extra) == (
        ("_internal/two words.so",), ("_internal/one.so",), ("_internal/hook.so",)
    )  # fmt: skip


def test_the_home_of_a_portable_copy_is_no_part_of_it(frozen):
    (frozen / "home").mkdir()
    (frozen / "home" / "settings.json").write_text("{}")
    assert compare_files().extra == ("home/settings.json",), "of another copy it is"
    (frozen / "portable.txt").touch()
    assert compare_files().are_as_built


def test_a_link_that_leads_nowhere_is_a_change_and_a_lost_list_an_error(frozen):
    (frozen / "_internal" / "one.so").unlink()
    (frozen / "_internal" / "one.so").symlink_to("nowhere")
    assert compare_files().changed == ("_internal/one.so",)
    (frozen / "MANIFEST").unlink()
    with pytest.raises(OSError, match="MANIFEST"):
        compare_files()


def test_libraries_of_a_frozen_program_are_its_own(tmp_path, frozen):
    maps = tmp_path / "maps"
    maps.write_text(HOOK.format(frozen / "_internal" / "one.so"))
    assert code_from_elsewhere({}, maps) == []
