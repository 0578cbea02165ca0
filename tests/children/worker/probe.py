"""Everything a child taken over by a hostile document might try.  A plain script: python probe.py < settings > results.

Settings, one JSON object: `role` (what it gives up first; "bare": nothing), `desk` {pid, address, size} (a process that
has a secret in its memory), `helper` (another process of the account, or 0), `home` (a folder with a person's files),
`datagrams` and `streams` (the paths of sockets that listen).  Results: the name of each try, and whether it was
allowed.

It is given to the interpreter as text where files cannot be read; it imports nothing of slmdesk until it is asked to.
"""

import ctypes
import errno
import json
import mmap
import os
import platform
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None

LIBC = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None
X86 = platform.machine() == "x86_64"
SETTINGS = json.loads(sys.stdin.readline())
DESK, HOME = SETTINGS["desk"], Path(SETTINGS["home"])
PROC = f"/proc/{DESK['pid']}"
SYSTEM_CALLS = {  # name: (number on x86_64, on arm64)
    "keyctl": (250, 219), "add_key": (248, 217), "unshare": (272, 97), "userfaultfd": (323, 282), "shmget": (29, 194),
    "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "io_uring_setup": (425, 425), "kcmp": (312, 272),
    "name_to_handle_at": (303, 264), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "pidfd_getfd": (438, 438), "ptrace": (101, 117),
    "inotify_init1": (294, 26), "personality": (135, 92), "clone": (56, 220),
    "prctl": (157, 167),
    "sched_setscheduler": (144, 119), "sched_setparam": (142, 118), "sched_setattr": (314, 274),
    "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10), "listxattr": (194, 11),
    "llistxattr": (195, 12), "flistxattr": (196, 13), "getxattrat": (464, 464), "listxattrat": (465, 465),
    "open_tree_attr": (467, 467), "file_getattr": (468, 468), "file_setattr": (469, 469),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143), "setresuid": (117, 147),
    "setresgid": (119, 149), "setfsuid": (122, 151), "setfsgid": (123, 152), "capset": (126, 91),
    "flock": (73, 32), "ioctl": (16, 29), "fcntl": (72, 25), "socketpair": (53, 199),
}  # fmt: skip
HARMLESS = {  # calls that come to nothing: whatever but EPERM is the kernel's own answer
    **{
        f"{name}_called": (name, -1, -1, -1, 0, 0)
        for name in (
            "sched_setparam", "sched_setattr", "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr",
            "flistxattr", "getxattrat", "listxattrat", "open_tree_attr", "file_getattr", "file_setattr", "setuid",
            "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid", "capset", "flock",
        )
    },
    "own_scheduler": ("sched_setscheduler", 0, -1, 0),
    "pair_of_another_family": ("socketpair", socket.AF_INET, socket.SOCK_STREAM, 0, 0),
    "flags_of_a_file": ("ioctl", -1, 0x40086602, 0),  # FS_IOC_SETFLAGS
    "more_flags_of_a_file": ("ioctl", -1, 0x401C5820, 0),  # FS_IOC_FSSETXATTR
    "file_system_frozen": ("ioctl", -1, 0xC0045877, 0),  # FIFREEZE
    "snapshot_made": ("ioctl", -1, 0x50009401, 0),  # BTRFS_IOC_SNAP_CREATE
    "lease_taken": ("fcntl", -1, 1024, 0),
    "folder_notified": ("fcntl", -1, 1026, 0),
    "open_file_locked": ("fcntl", -1, 37, 0),
    "open_file_locked_after_waiting": ("fcntl", -1, 38, 0),
}  # fmt: skip
HARMLESS_PROGRAM = ["/bin/true"] if sys.platform == "linux" else [sys.executable, "-c", ""]
TRIES = {}
"""What is tried, by its name; raises OSError where it is not allowed."""


def attempt(function):
    """Note a try under its name."""
    TRIES[function.__name__] = function
    return function


def call(name, *arguments):
    """A system call of Linux.  Raises OSError."""
    if sys.platform != "linux":
        raise OSError(name)
    given = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    LIBC.syscall.restype = ctypes.c_long
    result = LIBC.syscall(ctypes.c_long(SYSTEM_CALLS[name][0 if X86 else 1]), *given)
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


def answered(function, *arguments):
    """Pass where the kernel answers, whatever that be: EPERM alone is the filter's."""
    try:
        function(*arguments)
    except OSError as err:
        if err.errno in (None, errno.EPERM):
            raise


for trial, arguments in HARMLESS.items():
    TRIES[trial] = lambda arguments=arguments: answered(call, *arguments)


def must(read):
    assert read


TRIES |= {
    "desk_memory_read": lambda: must(os.pread(memory(os.O_RDONLY), DESK["size"], DESK["address"])),
    "desk_memory_write": lambda: os.pwrite(memory(os.O_RDWR), b"taken over", DESK["address"]),
    "desk_maps": lambda: must(Path(f"{PROC}/maps").read_bytes()),
    "desk_environment": lambda: must(Path(f"{PROC}/environ").read_bytes()),
    "desk_open_files": lambda: list(Path(f"{PROC}/fd").iterdir()),
    "desk_command_line": lambda: must(Path(f"{PROC}/cmdline").read_bytes()),
    "desk_root_folder": lambda: list(Path(f"{PROC}/root/{HOME}").iterdir()),
    "own_thread_named": lambda: Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text("named"),
    "desk_oom_score": lambda: Path(f"{PROC}/oom_score_adj").write_text("900"),
    "processes_listed": lambda: list(Path("/proc").iterdir()),
    "ssh_key_read": lambda: must((HOME / ".ssh" / "id").read_bytes()),
    "home_listed": lambda: list(HOME.iterdir()),
    "autostart_made": lambda: (HOME / ".config" / "autostart" / "x.desktop").write_text("[Desktop Entry]"),
    "usercustomize_made": lambda: (HOME / "usercustomize.py").write_text("evil = True"),
    "database_read": lambda: must((HOME / "data" / "slmdesk.sqlite3").read_bytes()),
    "settings_written": lambda: (HOME / "config" / "settings.json").write_text('{"offline": false}'),
    "file_renamed": lambda: (HOME / "old").rename(HOME / "new"),
    "file_linked": lambda: os.link(HOME / ".ssh" / "id", HOME / "linked"),
    "link_made": lambda: (HOME / "link").symlink_to("/etc/passwd"),
    "folder_made": lambda: (HOME / "folder").mkdir(),
    "file_deleted": lambda: (HOME / "deleted").unlink(),
    "file_cut": lambda: os.truncate(HOME / "cut", 0),
    "rights_changed": lambda: (HOME / ".ssh").chmod(0o755),
    "times_changed": lambda: os.utime(HOME / "cut", (1, 1)),
    "times_of_an_open_file_changed": lambda: os.utime(1),
    "attribute_set": lambda: os.setxattr(HOME / "cut", "user.evil", b"1"),
    "system_file_read": lambda: must(Path("/etc/passwd").read_bytes()),
    "inet_socket": lambda: made(socket.AF_INET, socket.SOCK_STREAM),
    "inet_datagrams": lambda: made(socket.AF_INET, socket.SOCK_DGRAM),
    "inet6_socket": lambda: made(socket.AF_INET6, socket.SOCK_STREAM),
    "netlink_socket": lambda: made(socket.AF_NETLINK, socket.SOCK_RAW),
    "vsock_socket": lambda: made(socket.AF_VSOCK, socket.SOCK_STREAM),
    "io_uring": lambda: os.close(call("io_uring_setup", 4, ctypes.create_string_buffer(120))),
    "program_started": lambda: subprocess.run(HARMLESS_PROGRAM, check=True),
    "process_forked": lambda: ended(os.fork()),
    "end_with_parent_refused": lambda: call("prctl", 1, 0, 0, 0, 0),  # PR_SET_PDEATHSIG
    "group_left": lambda: os.setpgid(0, os.getpgid(0)),
    "memory_file": lambda: os.close(os.memfd_create("slmdesk-probe", 0)),
    "code_made": lambda: page_of_code().close(),
    "signal_to_desk": lambda: os.kill(DESK["pid"], 0),
    "signal_queued_to_desk": lambda: signal.pidfd_send_signal(os.pidfd_open(DESK["pid"]), 0),
    "signal_by_owner_of_a_kind": lambda: signal_by(
        lambda line: fcntl.fcntl(line, 15, struct.pack("ii", 1, DESK["pid"]))
    ),  # F_SETOWN_EX, F_OWNER_PID
    "signal_by_file_owner": lambda: signal_by(
        lambda line: fcntl.ioctl(line, 0x8901, struct.pack("i", DESK["pid"]))
    ),  # FIOSETOWN
    "signal_by_socket_owner": lambda: signal_by(
        lambda line: fcntl.ioctl(line, 0x8902, struct.pack("i", DESK["pid"]))
    ),  # SIOCSPGRP
    "desk_priority": lambda: os.setpriority(os.PRIO_PROCESS, DESK["pid"], os.getpriority(os.PRIO_PROCESS, DESK["pid"])),
    "group_priority": lambda: os.setpriority(os.PRIO_PGRP, 0, os.getpriority(os.PRIO_PGRP, 0)),
    "desk_affinity": lambda: os.sched_setaffinity(DESK["pid"], os.sched_getaffinity(DESK["pid"])),
    "desk_scheduler": lambda: call("sched_setscheduler", DESK["pid"], 0, ctypes.byref(ctypes.c_int(0))),
    "keyring": lambda: call("keyctl", 0, -3, 1),
    "key_added": lambda: call("add_key", b"user", b"slmdesk-probe", b"x", 1, -1),
    "user_namespace": lambda: ended(call("clone", 0x10000000 | signal.SIGCHLD, 0, 0, 0, 0)),  # CLONE_NEWUSER
    "namespace_left": lambda: call("unshare", 0),  # of nothing: else the tries after it were somebody else's
    "user_faults": lambda: os.close(call("userfaultfd", 1)),
    "shared_memory": lambda: call("shmget", 0, 4096, 0o1600),
    "semaphores": lambda: call("semget", 0, 1, 0o1600),
    "message_queue": lambda: call("msgget", 0, 0o1600),
    "posix_queue": lambda: os.close(
        call("mq_open", f"slmdesk-probe-{os.getpid()}".encode(), os.O_CREAT | os.O_RDWR, 0o600, None)
    ),
    "folder_watched": lambda: os.close(call("inotify_init1", 0)),
    "process_compared": lambda: call("kcmp", os.getpid(), DESK["pid"], 1, 0, 0),
    "personality_changed": lambda: call("personality", 0),
    "vm_read": lambda: vm_call("process_vm_readv"),
    "vm_write": lambda: vm_call("process_vm_writev"),
    "descriptor_taken": lambda: os.close(call("pidfd_getfd", os.pidfd_open(DESK["pid"]), 0, 0)),
}


def page_of_code():
    return mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def memory(flags, pid=DESK["pid"]):
    return os.open(f"/proc/{pid}/mem", flags)


@attempt
def helper_memory_write():
    line = next(line for line in Path(f"/proc/{SETTINGS['helper']}/maps").read_text().splitlines() if "[stack]" in line)
    memory_of_it = memory(os.O_RDWR, SETTINGS["helper"])
    place = int(line.split("-")[0], 16)
    os.pwrite(memory_of_it, os.pread(memory_of_it, 8, place), place)


@attempt
def bashrc_appended():
    with (HOME / ".bashrc").open("a") as file:
        file.write("evil\n")


@attempt
def database_written():
    with (HOME / "data" / "slmdesk.sqlite3").open("r+b") as file:
        file.write(b"evil")


@attempt
def program_written():
    with (HOME / "program" / "slmdesk" / "app.py").open("a") as file:
        file.write("evil = True\n")


@attempt
def temporary_file_made():
    path = Path(f"/tmp/slmdesk-probe-{os.getpid()}")
    path.write_text("x")
    path.unlink()


@attempt
def unix_datagram_sent():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.sendto(b"LEAK", SETTINGS["datagrams"])


@attempt
def datagram_pair():
    end, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.close(), other.close()


@attempt
def unix_stream_connected():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.connect(SETTINGS["streams"])


@attempt
def unix_listener():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.bind(b"\0slmdesk-probe-" + str(os.getpid()).encode())
        line.listen()


def made(family, kind):
    socket.socket(family, kind).close()


@attempt
def inet_socket_on_a_thread():
    reached = []

    def run():
        try:
            TRIES["inet_socket"]()
            reached.append(True)
        except OSError:
            pass

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if not reached:
        raise OSError


@attempt
def program_from_memory():
    program = os.memfd_create("slmdesk-probe", 0)
    os.write(program, Path("/bin/true").read_bytes())
    subprocess.run([f"/proc/self/fd/{program}"], check=True, pass_fds=(program,))


def ended(child):
    """A process that was made, and is told from this one: it ends at once, and is waited for."""
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


@attempt
def process_vforked():
    if not X86:  # it has no such call
        ended(os.fork())
        return
    place = page_of_code()
    # vfork; in the new process exit(0), with no use of the stack that both have: not possible from Python
    place.write(bytes.fromhex("b83a000000 0f05 85c0 7509 31ff b83c000000 0f05 c3"))
    child = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(place)))()
    if child < 0:
        raise OSError(-child, "vfork")
    ended(child)


@attempt
def brother_made():
    """A child of the app itself, which it waits for."""
    if call("clone", 0x8000 | signal.SIGCHLD, 0, 0, 0, 0) == 0:  # CLONE_PARENT
        os._exit(0)


@attempt
def large_file():
    file = os.memfd_create("slmdesk-probe", 0)
    try:
        os.ftruncate(file, 1 << 30)
    finally:
        os.close(file)


def signal_by(owner_set):
    """Have a socket signal the app, with its first byte."""
    end, other = socket.socketpair()
    with end, other:
        owner_set(end)
        fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | fcntl.FASYNC)
        other.send(b"x")


@attempt
def signal_by_owner():
    def owner_set(line):
        fcntl.fcntl(line, fcntl.F_SETOWN, DESK["pid"])
        fcntl.fcntl(line, fcntl.F_SETSIG, signal.SIGURG)

    signal_by(owner_set)


@attempt
def signal_number_chosen():
    end, other = socket.socketpair()
    with end, other:
        fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)


@attempt
def account_priority():
    """To what the quickest has: nothing gets slower, and who may not be quickened is not."""
    if os.getuid() == 0:
        raise OSError("it would reach every process of root")
    answered(os.setpriority, os.PRIO_USER, 0, os.getpriority(os.PRIO_USER, 0))


@attempt
def desk_limits():
    import resource

    resource.prlimit(DESK["pid"], resource.RLIMIT_NOFILE, resource.prlimit(DESK["pid"], resource.RLIMIT_NOFILE))


@attempt
def file_handle_name():
    handle = ctypes.create_string_buffer(136)
    ctypes.c_uint.from_buffer(handle).value = 128
    call("name_to_handle_at", -100, str(HOME).encode(), handle, ctypes.byref(ctypes.c_int()), 0)


class Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


def vm_call(name):
    space = ctypes.create_string_buffer(b"taken over"[:8], 8)
    ours, theirs = Piece(ctypes.addressof(space), 8), Piece(DESK["address"], 8)
    call(name, DESK["pid"], ctypes.byref(ours), 1, ctypes.byref(theirs), 1, 0)


@attempt
def desk_traced():
    """The last: it stops the app for a moment."""
    call("ptrace", 0x4206, DESK["pid"], None, None)  # PTRACE_SEIZE stops nothing; the end of this process detaches


def give_up(role):
    """What the child of a role gives up; a trial is a program that the helper started."""
    if role == "bare":
        return SETTINGS.get("secured", ())
    from slmdesk.base import walls
    from slmdesk.children.worker import hardening, sandbox

    if (pretended := SETTINGS["landlock"]) is not None:
        sandbox.version = lambda: pretended
    if not SETTINGS.get("filter", True):
        walls.this_machine = lambda: ""
    if role == "card":
        hardening.nvidia_devices = lambda: ("/dev/nvidia0",)
        role = "engine"
    secured = hardening.harden_trials() if role in ("helper", "trial") else hardening.harden(role)
    if role == "trial":
        hardening.start_nothing(os.getppid())
    return secured


def main():
    role = SETTINGS["role"]
    secured = give_up(role)
    if role == "trial":
        source, target = os.pipe()
        os.write(target, (json.dumps(SETTINGS | {"role": "bare", "secured": secured}) + "\n").encode())
        os.dup2(source, 0)
        os.execv(sys.executable, [sys.executable, "-c", SETTINGS["source"]])
    results = {}
    for name, function in TRIES.items():
        try:
            function()
            results[name] = "allowed"
        except (OSError, AssertionError, StopIteration, AttributeError, TypeError) as err:  # or not of this system
            results[name] = f"{type(err).__name__} {err}"
    print(json.dumps([results, secured]), flush=True)


main()
