"""What a child that was taken over can do: every try of probe.py, in each role and without any, by two accounts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from slmdesk.base.walls import Wall, walls_of
from slmdesk.children.worker import sandbox

pytestmark = [pytest.mark.process, pytest.mark.skipif(sys.platform != "linux", reason="Linux' ways")]

ROOT = Path(__file__).resolve().parents[3]
SOURCE = (Path(__file__).resolve().parent / "probe.py").read_text()
NOBODY = 65534
ROLES = ("engine", "card", "reader", "printer", "listener", "helper", "trial")
FILES = frozenset(
    {
        "desk_memory_read", "desk_memory_write", "desk_maps", "desk_environment", "desk_open_files", "desk_root_folder",
        "desk_oom_score", "ssh_key_read", "home_listed", "bashrc_appended", "autostart_made", "usercustomize_made",
        "database_read", "database_written", "settings_written", "program_written", "file_renamed", "file_linked",
        "link_made", "helper_memory_write", "folder_made", "file_deleted", "temporary_file_made",
        "desk_command_line", "processes_listed", "system_file_read", "own_thread_named",
    }
)  # fmt: skip
"""Which the filter of system calls cannot tell apart: Landlock alone refuses them."""
CALLS = frozenset(
    {
        "file_cut", "rights_changed", "times_changed", "attribute_set", "unix_datagram_sent", "datagram_pair",
        "unix_stream_connected", "unix_listener", "inet_socket", "inet_datagrams", "inet6_socket", "netlink_socket",
        "vsock_socket", "inet_socket_on_a_thread", "io_uring", "program_from_memory", "signal_queued_to_desk",
        "signal_by_owner", "signal_by_owner_of_a_kind", "signal_by_file_owner", "signal_by_socket_owner",
        "signal_number_chosen", "desk_priority", "account_priority", "group_priority", "desk_limits", "desk_affinity",
        "desk_scheduler", "keyring", "key_added", "user_namespace", "namespace_left", "user_faults", "shared_memory",
        "semaphores", "message_queue", "posix_queue", "file_handle_name", "folder_watched", "process_compared",
        "personality_changed", "vm_read", "vm_write", "descriptor_taken", "desk_traced", "brother_made",
        "end_with_parent_refused", "group_left", "times_of_an_open_file_changed", "own_scheduler",
        "pair_of_another_family", "flags_of_a_file", "more_flags_of_a_file", "file_system_frozen", "snapshot_made",
        "lease_taken", "folder_notified", "open_file_locked", "open_file_locked_after_waiting", "sched_setparam_called",
        "sched_setattr_called", "getxattr_called", "lgetxattr_called", "fgetxattr_called", "listxattr_called",
        "llistxattr_called", "flistxattr_called", "getxattrat_called", "listxattrat_called", "open_tree_attr_called",
        "file_getattr_called", "file_setattr_called", "setuid_called", "setgid_called", "setreuid_called",
        "setregid_called", "setresuid_called", "setresgid_called", "setfsuid_called", "setfsgid_called",
        "capset_called", "flock_called",
    }
)  # fmt: skip
"""Which the filter refuses, everywhere."""
STARTS = {"program_started": 1, "signal_to_desk": 6}
"""Which the filter refuses all but the helper and its trials, and these Landlock from this version on."""
PROCESSES = frozenset({"process_forked", "process_vforked"})
LEFT = {
    **dict.fromkeys(ROLES, frozenset({"memory_file", "code_made"})),
    "card": frozenset({"memory_file", "code_made", "own_thread_named", "unix_listener"}),
    "helper": PROCESSES | {"code_made"},
    "trial": frozenset({"code_made"}),
}
"""What stays allowed: none of it reaches anybody else. *card*: the engine of a PC with NVIDIA's."""
EVERY_TRY = FILES | CALLS | STARTS.keys() | PROCESSES | LEFT["engine"] | {"large_file"}
OF_THE_SYSTEM = frozenset(
    {
        "vsock_socket", "io_uring", "user_namespace", "namespace_left", "user_faults", "keyring", "key_added",
        "posix_queue", "attribute_set", "file_handle_name", "desk_traced", "process_compared", "descriptor_taken",
        "vm_read", "vm_write", "folder_watched", "shared_memory", "semaphores", "message_queue",
    }
)  # fmt: skip
"""Which a container's own filter, a kernel built without it, its settings or a quota may refuse everybody."""


def expected_of(role, version):
    """What a child of a role may do, where the kernel has this version of Landlock."""
    expected = set(LEFT[role])
    if not version:
        expected |= FILES
    if role in ("helper", "trial"):
        expected |= {name for name, since in STARTS.items() if version < since}
    return expected - {"program_started"} if role == "trial" else expected


DESK = """
import ctypes, json, os, signal, socket, subprocess, sys, tempfile, time
os.umask(0o077)
with tempfile.TemporaryFile(): pass  # what a probe tries is told by its error where this account may not
signalled = set()
for number in (signal.SIGURG, signal.SIGIO): signal.signal(number, lambda number, _frame: signalled.add(number))
settings = json.loads(sys.stdin.readline())
home = settings["home"]
for name in (".ssh/id", ".bashrc", ".config/autostart/y", "data/slmdesk.sqlite3", "config/settings.json",
             "program/slmdesk/app.py", "old", "deleted", "cut"):
    os.makedirs(os.path.dirname(os.path.join(home, name)), exist_ok=True)
    with open(os.path.join(home, name), "w") as file: file.write("private")
secret = ctypes.create_string_buffer(b"the desk's secret")
line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
line.bind(os.path.join(home, "line"))
line.setblocking(False)
streams = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
streams.bind(os.path.join(home, "streams"))
streams.listen()
helper = subprocess.Popen([sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"],
                          stdout=subprocess.PIPE)
helper.stdout.readline()
settings |= {"desk": {"pid": os.getpid(), "address": ctypes.addressof(secret), "size": len(secret)},
             "helper": helper.pid, "datagrams": os.path.join(home, "line"),
             "streams": os.path.join(home, "streams")}
probe = subprocess.run([sys.executable, "-c", settings["source"]], input=json.dumps(settings) + "\\n",
                       capture_output=True, text=True)
helper.kill()
sys.stderr.write(probe.stderr)
try: heard = line.recv(100).decode()
except BlockingIOError: heard = ""
heard += "".join(f" {signal.Signals(one).name}" for one in sorted(signalled))
print(json.dumps([probe.stdout, secret.value.decode(), heard]))
"""


def account_of(name):
    """How a process becomes this account's, and a Python that it can start."""
    if name == "root":
        if os.getuid() != 0:
            pytest.skip("not root")
        return {}, sys.executable
    if os.getuid() != 0:
        return {}, sys.executable
    drop = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    for python in (sys.executable, *filter(None, map(shutil.which, ("python3", "/usr/bin/python3")))):
        code = "import sys, slmdesk; sys.exit(sys.version_info < (3, 11))"
        try:
            if subprocess.run([python, "-c", code], cwd=ROOT, capture_output=True, **drop).returncode == 0:
                return drop, python
        except OSError:
            continue
    pytest.skip("no Python that another account can start")


@pytest.fixture
def probed():
    """Probe as a role, by an account: results, what took effect, the app's secret afterwards, what it heard."""
    folders = []

    def run(role, account, pretended=None, **more):
        drop, python = account_of(account)
        place = "/tmp" if Path("/tmp").is_dir() else None  # another account may enter it, unlike a test's own folder
        folders.append(home := Path(tempfile.mkdtemp(prefix="slmdesk-probe-", dir=place)))
        if drop:
            os.chown(home, NOBODY, NOBODY)
        settings = {"role": role, "home": str(home), "source": SOURCE, "landlock": pretended, **more}
        done = subprocess.run(
            [python, "-c", DESK], input=json.dumps(settings) + "\n", capture_output=True, text=True, timeout=120,
            cwd=ROOT, env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)},
            start_new_session=True, **drop,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        said, secret, received = json.loads(done.stdout)
        assert said, done.stderr
        results, secured = json.loads(said)
        return results, set(secured), secret, received

    yield run
    for folder in folders:
        shutil.rmtree(folder)


def allowed(results):
    return {name for name, verdict in results.items() if verdict == "allowed"}


@pytest.mark.parametrize("account", ["person", "root"])
def test_w11_control_without_walls_everything_is_allowed(probed, account):
    results, _, secret, received = probed("bare", account)
    assert results.keys() == EVERY_TRY
    refused = {name: verdict for name, verdict in results.items() if verdict != "allowed"}
    print(refused)
    not_tried = {"account_priority"} if account == "root" else set()
    assert refused.keys() <= OF_THE_SYSTEM | not_tried, refused
    assert (secret[:10], received) == ("taken over", "LEAK SIGURG SIGIO")


@pytest.mark.parametrize(
    ("role", "account"),
    [
        *((role, "person") for role in ROLES),
        *(pytest.param(role, "root", marks=[] if role == "reader" else pytest.mark.soak) for role in ROLES),
    ],
)
def test_w11_no_child_reaches_a_person_s_files_or_the_desk(probed, role, account):
    results, secured, secret, received = probed(role, account)
    version = sandbox.version()
    assert results.keys() == EVERY_TRY
    assert allowed(results) == expected_of(role, version)
    walls = walls_of(secured)
    assert (walls.wall is Wall.WALLED) == bool(version) or (version < 6 and role in ("helper", "trial"))
    if version:
        assert (secret, received) == ("the desk's secret", "")


OLDER = {("engine", 0), ("trial", 0), ("reader", 2), ("helper", 5)}
"""Of roles and kernels, what `make test` tries: each kernel, and each kind of wall."""


@pytest.mark.parametrize(
    ("role", "version"),
    [
        pytest.param(role, version, marks=[] if (role, version) in OLDER else pytest.mark.soak)
        for role in ROLES
        for version in (0, 2, 5)
    ],
)
def test_w11_an_older_kernel_walls_in_less_and_the_child_says_so(probed, role, version):
    if version > sandbox.version():
        pytest.skip(f"this kernel's own Landlock is older: version {sandbox.version()}")
    results, secured, *_ = probed(role, "person", pretended=version)
    assert allowed(results) == expected_of(role, version)
    walls = walls_of(secured)
    if not version:
        assert walls.wall is Wall.PARTLY
        assert {"open every file of this account"} < {*walls.could}
    elif role in ("helper", "trial"):
        assert walls.could == ("end the account's other programs",)
    else:
        assert walls.wall is Wall.WALLED


@pytest.mark.parametrize("version", [0, None], ids=["neither", "Landlock alone"])
def test_w11_a_kernel_without_the_filter_keeps_files_alone_and_the_child_says_so(probed, version):
    results, secured, *_ = probed("reader", "person", pretended=version, filter=False)
    walls = walls_of(secured)
    assert "inet_socket" in allowed(results)
    assert "reach the network" in walls.could
    if version is None and sandbox.version():
        assert walls.wall is Wall.PARTLY
        assert not allowed(results) & FILES
    else:
        assert walls.wall is Wall.NOT
        assert allowed(results) >= FILES


def test_the_real_helper_s_trial_starts_nothing_and_ends_with_it():
    done = subprocess.run([sys.executable, "-c", TRIAL], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["PermissionError", str(signal.SIGKILL.value)], done.stderr


TRIAL = """
import sys
from slmdesk.children.worker.trials import start_trials
code = '''
import ctypes, json, os
try: os.fork() or os._exit(0); found = "forked"
except OSError as err: found = type(err).__name__
number = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(number), 0, 0, 0)  # PR_GET_PDEATHSIG
print(json.dumps({"problem": f"{found} {number.value}"}))
'''
def found():
    from slmdesk.children.engine.llama.templates import try_template
    return lambda text, **more: try_template(text, command=[sys.executable, "-c", code], **more)
trials = start_trials(found, close=())
trials.facts()
print(trials("x", bos="", eos=""))
trials.close()
"""


def test_the_kernel_s_structures():
    assert sandbox.ruleset_of(1) == ((1 << 13) - 1).to_bytes(8, sys.byteorder)
    assert len(sandbox.ruleset_of(4)) == 16
    assert sandbox.ruleset_of(7) == b"".join(n.to_bytes(8, sys.byteorder) for n in ((1 << 16) - 1, 3, 3))
    assert sandbox.rule_of(sandbox.READ, 7) == sandbox.READ.to_bytes(8, sys.byteorder) + (7).to_bytes(4, sys.byteorder)
    assert sandbox.handled_rights(0) == 0
    assert sandbox.WRITE & sandbox.handled_rights(2) & sandbox.TRUNCATE == 0  # an old kernel knows no such right
