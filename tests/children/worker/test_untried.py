"""The walls of Windows and macOS, as far as they can be looked at elsewhere: texts, structures, the order of calls.

Whether they hold was never tried: that needs such a PC, and there worker/probe.py.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from slmdesk import doctor
from slmdesk.base.walls import Wall, walls_of
from slmdesk.children.client import child, low_integrity
from slmdesk.children.client.low_integrity import ContainedProcess, Label, Limits, ProcessInformation, StartupInfo
from slmdesk.children.reach import AllowedPaths, wants_untried
from slmdesk.children.worker import sandbox_macos, sandbox_windows
from slmdesk.children.worker.hardening import files_of
from slmdesk.children.worker.sandbox import Files

pytestmark = pytest.mark.pure


def test_nothing_of_it_is_used_unless_a_person_wants_it_on_such_a_system(monkeypatch):
    wanted = {"SLMDESK_UNTRIED_WALLS": "1"}
    assert [wants_untried(wanted, system) for system in ("win32", "darwin", "linux")] == [True, True, False]
    assert not wants_untried({}, "darwin")
    monkeypatch.setattr(low_integrity, "WindowsCalls", lambda *_: pytest.fail("called"))
    for module, name in ((sandbox_macos, "restrict_by_profile"), (sandbox_windows, "integrity_facts")):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("called"))
    monkeypatch.setattr(child.subprocess, "Popen", lambda *_, **__: "as ever")
    if sys.platform == "linux":
        assert child.start_process("reader", ["true"], {}, wanted, None) == "as ever"


def test_what_was_never_tried_says_so():
    facts = ("no_network", "no_exec", "no_signals", "files_limited", "no_spying", "untried")
    assert walls_of(facts).wall is Wall.WALLED
    assert walls_of(facts).words.endswith("; never tried on such a system)")
    assert "never tried" not in walls_of(facts[:-1]).words


def test_doctor_says_that_nobody_tried_them_on_such_a_system(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    services = SimpleNamespace(capabilities=lambda: {"reader": ()}, walls=lambda: {"reader": walls_of(())})
    said = doctor._walls(services)
    assert said["system"] == "not tried on such a system, and off unless SLMDESK_UNTRIED_WALLS=1"
    assert said["reader"].startswith("not walled")


def test_the_profile_names_what_is_left_and_nothing_else(tmp_path):
    odd = tmp_path / 'a "quoted" \\ name'
    odd.mkdir()
    profile = sandbox_macos.profile_of("reader", Files(("/usr/lib", str(odd), ""), (str(tmp_path),)))
    lines = profile.splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert all(line.count("(") == line.count(")") for line in lines)
    quoted = os.path.realpath(odd).replace("\\", "\\\\").replace('"', '\\"')
    assert f'(allow file-read* file-map-executable (subpath "{quoted}"))' in lines
    assert [line for line in lines if "file-write*" in line] == [
        f'(allow file-write* (subpath "{os.path.realpath(tmp_path)}"))'
    ]
    assert not [line for line in lines if any(word in line for word in ("network", "exec)", "fork", "mach", "iokit"))]
    assert '(subpath "/")' not in profile


def test_the_engine_alone_may_start_the_interpreter_and_use_the_graphics_card():
    profile = sandbox_macos.profile_of("engine", Files(("/usr/lib",)))
    programs = [line for line in profile.splitlines() if "process-exec" in line]
    assert programs == [f'(allow process-exec (subpath "{os.path.realpath(sys.executable)}"))']
    assert "iokit-open" in profile


def test_on_a_mac_the_system_s_own_files_are_others(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    read = files_of("reader", AllowedPaths()).read
    assert {"/System", "/usr/lib"} <= {*read}
    assert "/etc/nsswitch.conf" not in read


@pytest.mark.skipif(sys.platform == "darwin", reason="there it would be done")
def test_without_such_a_system_nothing_is_given_up():
    assert sandbox_macos.restrict_by_profile("(version 1)(deny default)") is False
    assert Path("/etc").is_dir()


def test_the_structures_have_the_sizes_of_64_bit_windows():
    if ctypes.sizeof(ctypes.c_void_p) == 8:
        sizes = [ctypes.sizeof(structure) for structure in (StartupInfo, ProcessInformation, Label, Limits)]
        assert sizes == [112, 24, 16, 144]
        assert (StartupInfo.stdin.offset, StartupInfo.attributes.offset) == (80, 104)
        assert (Limits.flags.offset, Limits.processes.offset, Limits.process_memory.offset) == (16, 40, 112)


def test_the_environment_is_sorted_and_each_variable_ends():
    assert low_integrity.environment_block({"b": "2", "A": "1", "C": "ü"}) == "A=1\0b=2\0C=ü\0"


def referred(reference: Any) -> Any:
    """What `ctypes.byref` was given."""
    return reference._obj


class FakeCalls:
    """Windows, as far as it is asked: each call is noted and answered with yes."""

    def __init__(self, fails: str = "") -> None:
        self.called: list[tuple[str, tuple]] = []
        self.fails = fails
        self.kernel32 = self.advapi32 = self
        self.status = 258
        self.passed: list[int] = []

    def check(self, result):
        if not result:
            raise OSError("refused")
        return result

    def handle_of(self, descriptor):
        self.passed.append(descriptor)
        return 1000 + descriptor

    def __getattr__(self, name):
        def call(*arguments):
            self.called.append((name, arguments))
            if name == "WaitForSingleObject":
                return self.status
            if name == "InitializeProcThreadAttributeList" and arguments[0] is None:
                referred(arguments[3]).value = 256
            if name == "CreateProcessAsUserW":
                started = referred(arguments[-1])
                started.pid, started.process, started.thread = 4711, 11, 12
            if name == "GetExitCodeProcess":
                referred(arguments[1]).value = 3
            return 0 if name == self.fails else 77

        return call

    def names(self):
        return [name for name, _ in self.called]


def begun(calls, **environment):
    return low_integrity.start(
        ["C:\\Python\\python.exe", "-m", "slmdesk", "--worker", "a b"],
        folder=Path("/program"), environment={"PATH": "x", **environment}, calls=calls,
    )  # fmt: skip


def close(process):
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_a_child_gets_a_low_token_a_job_three_handles_and_no_children():
    calls = FakeCalls()
    process = begun(calls)
    names = calls.names()
    assert names.index("SetInformationJobObject") < names.index("CreateProcessAsUserW")
    assert names.index("SetTokenInformation") < names.index("CreateProcessAsUserW")
    set_attributes = [arguments[2].value for name, arguments in calls.called if name == "UpdateProcThreadAttribute"]
    assert set_attributes == [0x00020002, 0x0002000D, 0x0002000E]
    (created,) = [arguments for name, arguments in calls.called if name == "CreateProcessAsUserW"]
    _token, program, line, _, _, inherits, flags, block, folder, _about, _started = created
    assert program == "C:\\Python\\python.exe"
    assert line.value == 'C:\\Python\\python.exe -m slmdesk --worker "a b"'
    assert (inherits, hex(flags), folder) == (True, "0x8080400", str(Path("/program")))
    assert block[:] == "PATH=x\0\0"
    assert len(calls.passed) == 3
    assert process.pid == 4711
    assert low_integrity.limits().processes == 1
    close(process)


def open_files() -> int:
    place = Path("/proc/self/fd")
    return len(list(place.iterdir())) if place.is_dir() else 0


def test_where_the_system_refuses_something_no_pipe_stays_open():
    before = open_files()
    for name in ("CreateJobObjectW", "UpdateProcThreadAttribute", "SetTokenInformation", "CreateProcessAsUserW"):
        with pytest.raises(OSError, match="refused"):
            begun(FakeCalls(name))
    assert open_files() == before


def test_the_interpreter_of_a_virtual_environment_is_started_itself(monkeypatch):
    monkeypatch.setattr(sys, "executable", "C:\\env\\python.exe")
    monkeypatch.setattr(sys, "_base_executable", "C:\\Python\\python.exe", raising=False)
    program, variables = low_integrity.interpreter("C:\\env\\python.exe", {"A": "1"})
    assert (program, variables["__PYVENV_LAUNCHER__"]) == ("C:\\Python\\python.exe", "C:\\env\\python.exe")
    assert low_integrity.interpreter("C:\\other.exe", {"A": "1"}) == ("C:\\other.exe", {"A": "1"})


def test_its_process_is_waited_for_like_any_other():
    calls = FakeCalls()
    process: ContainedProcess = begun(calls)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert "TerminateProcess" in calls.names()
    calls.status = 0
    assert process.wait() == process.poll() == process.returncode == 3
    close(process)


HOME_FILES = (".ssh/id", ".bashrc", ".config/autostart/y", "data/slmdesk.sqlite3", "config/settings.json",
              "program/slmdesk/app.py", "old", "deleted", "cut")  # fmt: skip
WRITES = {
    "bashrc_appended", "autostart_made", "usercustomize_made", "database_written", "settings_written", "file_cut",
    "program_written", "file_renamed", "file_linked", "folder_made", "file_deleted", "program_started",
}  # fmt: skip
READS = {"ssh_key_read", "home_listed", "database_read"}


@pytest.mark.skipif(sys.platform not in ("win32", "darwin"), reason="of Windows and macOS alone; never run yet")
@pytest.mark.parametrize("role", ["bare", "reader"])
def test_the_probe_on_such_a_system(role, tmp_path, monkeypatch):
    monkeypatch.setenv("SLMDESK_UNTRIED_WALLS", "1")
    for name in HOME_FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("private")
    source = Path(__file__).with_name("probe.py").read_text(encoding="utf-8")
    desk = {"pid": os.getpid(), "address": 0, "size": 0}
    settings = {"role": role, "home": str(tmp_path), "source": source, "landlock": None, "desk": desk, "helper": 0}
    command, folder = [sys.executable, "-c", source], Path(__file__).resolve().parents[3]
    if sys.platform == "win32" and role != "bare":
        process = low_integrity.start(command, folder=folder, environment=os.environ)
    else:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    process.stdin.write(json.dumps(settings | {"datagrams": "", "streams": ""}).encode() + b"\n")
    process.stdin.close()
    results, secured = json.loads(process.stdout.read())
    process.wait(120)
    allowed = {name for name, verdict in results.items() if verdict == "allowed"}
    print(sorted(allowed))
    if role == "bare":
        assert allowed >= WRITES | READS
    else:
        assert "untried" in secured
        assert not allowed & (WRITES | (READS if sys.platform == "darwin" else set()))


class FakeToken:
    """A process of this integrity level, in a job that allows no other process, or not."""

    def __init__(self, level: int, *, is_alone: bool) -> None:
        self.kernel32 = self.advapi32 = self
        self.sid = ctypes.create_string_buffer(bytes([1, 1, 0, 0, 0, 0, 0, 16]) + level.to_bytes(4, sys.byteorder))
        self.is_alone = is_alone

    def OpenProcessToken(self, *_):
        return 1

    def CloseHandle(self, _):
        return 1

    def GetTokenInformation(self, _token, kind, space, _size, _needed):
        assert kind == 25
        ctypes.c_void_p.from_buffer(space).value = ctypes.addressof(self.sid)
        return 1

    def GetProcessMitigationPolicy(self, _process, _kind, flags, _size):
        referred(flags).value = int(self.is_alone)
        return 1

    def IsProcessInJob(self, _process, _job, answer):
        referred(answer).value = int(self.is_alone)
        return 1


def test_the_child_says_what_the_system_says():
    facts = sandbox_windows.integrity_facts(FakeToken(0x1000, is_alone=True))
    assert facts == ["no_spying", "no_signals", "untried", "no_exec", "dies_with_desk"]
    walls = walls_of(facts)
    assert walls.wall is Wall.PARTLY
    assert walls.could == ("reach the network", "open every file of this account")
    assert sandbox_windows.integrity_facts(FakeToken(0x2000, is_alone=False)) == []
    if sys.platform != "win32":
        assert sandbox_windows.integrity_facts() == []
