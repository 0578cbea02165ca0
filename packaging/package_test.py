"""The packages, tried in a bare Debian without Python and compiler, by an account that has no network.

    python3 packaging/package_test.py [FOLDER]     the newest packages in FOLDER (default: dist)

As root (chroot, namespaces), on Debian 12 with mmdebstrap, iproute2, xvfb and xdotool.  The papers are made by the
libraries that `make packages` has installed; the starter model is fetched.  The bare system is kept in build/; what is
not named as a dependency is not there.  BETTER_MODEL names a model file that translates, DEBIAN another Debian than the
one here (`trixie`).
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from common import ROOT, python_of, say
from packages import BUILD
from set_up import SetUpFailed, get_starter_model

KEPT = ROOT / "build" / "package-test"
TOOLS = ("mmdebstrap", "unshare", "ip", "Xvfb", "xdotool")
RELEASE = os.environ.get("DEBIAN") or "bookworm"
RECOMMENDED = ("fonts-dejavu-core", "xz-utils")
"""What the package only recommends, and what every desktop has."""
SCREENS = Path("/tmp/.X11-unix")
USER, OTHER = 1000, 1001
QUESTION = "Name three colours."
OLD = (
    "The tenant pays 800 euros a month.",
    "The contract ends on 31 March 2026.",
    "The account is DE89 3704 0044 0532 0130 00.",
)
NEW = ("The tenant pays 900 euros a month.", "The contract ends on 31 March 2026.", "Pets are not allowed.")
SCANNED = "INVOICE 4711"


class Failed(Exception):
    """Something of the package does not work; the text says what."""


def check(is_true: object, words: str) -> None:
    """Raise Failed with the words unless it is true."""
    if not is_true:
        raise Failed(words)


class Bare:
    """The root folder of a bare system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(self, words: Sequence[str], user: int, has_network: bool, environment: dict[str, str]) -> list[str]:
        """What runs a command in it."""
        home = "/root" if user == 0 else f"/home/u{user}"
        named = {
            "HOME": home,
            "PATH": f"{home}/.local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            **environment,
        }
        mounts = (
            f"mount -t proc proc {self.folder}/proc && mount --rbind /dev {self.folder}/dev"
            f" && mount --bind {SCREENS} {self.folder}{SCREENS}"
        )
        network = "" if has_network else " && ip link set lo up"
        script = f'{mounts}{network} && exec chroot --userspec={user}:{user} {self.folder} env -i -C {home} "$@"'
        spaces = ["--mount", "--pid", "--fork", "--kill-child", *(() if has_network else ("--net",))]
        variables = [f"{name}={value}" for name, value in named.items()]
        return ["unshare", *spaces, "sh", "-c", script, "sh", *variables, *words]

    def run(
        self, *words: str, user: int = USER, has_network: bool = False, fine: Sequence[int] = (0,), **env: str
    ) -> str:
        """Run a command in it to its end.  Returns its output; raises Failed where its status is not fine."""
        started = time.monotonic()
        done = subprocess.run(self.command(words, user, has_network, env), check=False, capture_output=True, text=True)
        say(f"  {time.monotonic() - started:5.1f} s, status {done.returncode}: {' '.join(words)[:90]}")
        if done.returncode not in fine:
            raise Failed(f"`{' '.join(words)}` ended with {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
        return done.stdout


@contextmanager
def bare_system() -> Iterator[Bare]:
    """A fresh bare system, removed afterwards."""
    kept = KEPT / f"{RELEASE}.tar"
    if not kept.is_file():
        KEPT.mkdir(parents=True, exist_ok=True)
        say(f"making a bare {RELEASE}, once")
        own = Path("/etc/apt/sources.list.d/debian.sources")
        sources = own if own.is_file() else Path("/etc/apt/sources.list")
        part = kept.with_suffix(".part.tar")
        include = f"--include={','.join(RECOMMENDED)}"
        with TemporaryDirectory() as folder:
            named = Path(folder) / sources.name  # what is here, but of that release
            named.write_text(sources.read_text().replace("bookworm", RELEASE))
            subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", include, RELEASE, part, named], check=True)
        part.replace(kept)
    with TemporaryDirectory(prefix="slmdesk-bare-", ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        root.mkdir(mode=0o755)
        subprocess.run(["tar", "-x", "--exclude=./dev/*", "-f", kept, "-C", root], check=True)
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        for screens in (SCREENS, Path(f"{root}{SCREENS}")):
            screens.mkdir(parents=True, exist_ok=True)
        for user in (USER, OTHER):
            home = root / f"home/u{user}"
            home.mkdir(parents=True)
            os.chown(home, user, user)
            lines = {"passwd": f"u{user}:x:{user}:{user}::/home/u{user}:/bin/sh\n", "group": f"u{user}:x:{user}:\n"}
            for file, line in lines.items():
                with (root / "etc" / file).open("a") as out:
                    out.write(line)
        yield Bare(root)


# ---- what a person does


def make_samples(folder: Path) -> None:
    """Papers in the formats that are read and written."""
    import docx
    import pptx
    from openpyxl import Workbook
    from PIL import Image, ImageDraw, ImageFont

    for name, lines in (("old", OLD), ("new", NEW)):
        paper = docx.Document()
        paper.add_heading("Contract", 1)
        for line in lines:
            paper.add_paragraph(line)
        paper.save(str(folder / f"{name}.docx"))
    slides = pptx.Presentation()
    slide = slides.slides.add_slide(slides.slide_layouts[5])
    slide.shapes.title.text = OLD[0]
    slides.save(str(folder / "slides.pptx"))
    book = Workbook()
    book.active.append(["What", "How much"])
    book.active.append([OLD[0], 800])
    book.save(folder / "table.xlsx")
    scan = Image.new("RGB", (1240, 500), "white")
    ImageDraw.Draw(scan).text((100, 150), SCANNED, fill="black", font=ImageFont.load_default(90))
    scan.save(folder / "scan.pdf", resolution=150)


def nothing_is_missing(bare: Bare) -> None:
    """No Python, no compiler, and every library finds what it needs."""
    tools = bare.run("sh", "-c", "for one in python3 gcc cc make; do command -v $one; done; true", user=0)
    check(not tools.strip(), f"the bare system is not bare: {tools}")
    names = "find /opt/slmdesk -type f \\( -name '*.so*' -o -name slmdesk \\)"
    script = f"{names} | LD_LIBRARY_PATH=/opt/slmdesk/_internal xargs ldd 2>&1 | grep -E 'not found|^/.*:$'"
    where, missing = "", []
    for line in bare.run("sh", "-c", f"{script}; true", user=0).splitlines():
        where = line if line.endswith(":") else where
        if "not found" in line and "libvulkan" not in line:
            missing.append(f"{where} {line.strip()}")
    check(not missing, f"libraries are missing: {'; '.join(missing)}")


def commands_work(bare: Bare, samples: str) -> None:
    """A model, a chat, documents read and written, all without network."""
    bare.run("slmdesk", "--version")
    bare.run("slmdesk", "models", "import", f"{samples}/starter.gguf")
    check(bare.run("slmdesk", "chat", QUESTION, "--max-tokens", "20").strip(), "the chat answers nothing")
    for name, words in (("old.docx", OLD[0]), ("slides.pptx", OLD[0]), ("table.xlsx", OLD[0]), ("scan.pdf", SCANNED)):
        text = bare.run("slmdesk", "documents", "text", f"{samples}/{name}")
        check(words in " ".join(text.split()), f"{name} is read as {text!r}")
    for kind in ("pdf", "docx", "xlsx", "html", "md", "json"):
        papers = (f"{samples}/old.docx", f"{samples}/new.docx")
        bare.run("slmdesk", "compare", "--no-model", *papers, "-o", f"compared.{kind}")
    text = bare.run("slmdesk", "documents", "text", "compared.pdf")
    check("900" in text, f"the PDF that was written is read as {text!r}")
    bare.run("slmdesk", "documents", "text", "compared.docx")
    check(OLD[0] in bare.run("slmdesk", "summarize", "--own-words", f"{samples}/old.docx"), "the summary says nothing")
    bare.run("slmdesk", "redact", "--yes", f"{samples}/old.docx", "-o", "redacted.docx")
    text = bare.run("slmdesk", "documents", "text", "redacted.docx")
    check(OLD[0] in text and "3704" not in text, f"the redacted copy is read as {text!r}")
    bare.run("slmdesk", "network", "--export", "log.pdf")


def documents_are_translated(bare: Bare, samples: str) -> None:
    """Files of several formats, by a model that can."""
    bare.run("slmdesk", "models", "import", "--link", f"{samples}/better.gguf")
    for name in ("old.docx", "slides.pptx", "table.xlsx"):
        suffix = name.partition(".")[2]
        bare.run("slmdesk", "translate", "--to", "de", f"{samples}/{name}", "-o", f"german.{suffix}", fine=(0, 1))
        text = bare.run("slmdesk", "documents", "text", f"german.{suffix}")
        check(len(text.split()) > 3, f"the translated {name} is read as {text!r}")


def doctor_is_content(bare: Bare) -> None:
    """All children work, each walled; nothing is from elsewhere, and no file was changed."""
    report = json.loads(bare.run("slmdesk", "doctor", "--json"))
    check(set(report["children"].values()) == {"works"}, f"children: {report['children']}")
    walls = {name: words for name, words in report["walls"].items() if isinstance(words, str)}
    check(walls and all(words.startswith("walled") for words in walls.values()), f"walls: {report['walls']}")
    check(not report["missing"], f"missing: {report['missing']}")
    check(not report["code_from_elsewhere"], f"code from elsewhere: {report['code_from_elsewhere']}")
    unknown = {name for name, version in report["versions"].items() if version is None}
    check(unknown <= {"HEIC"}, f"versions: {report['versions']}")  # libheif is the system's, and a bare one has none
    bare.run("slmdesk", "doctor", "--files")
    hook = bare.folder / "opt/slmdesk/_internal/hook.so"
    hook.write_bytes(b"x")
    compared = json.loads(bare.run("slmdesk", "doctor", "--files", "--json", fine=(1,)))
    check(compared["extra"] == ["_internal/hook.so"], f"a file too many is told as {compared}")
    hook.unlink()


def window_opens(bare: Bare) -> None:
    """A window is shown, in German too, and ends well when it is asked to."""
    with subprocess.Popen(["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as screen:  # fmt: skip
        try:
            display = f":{screen.stdout.readline().strip()}"
            for language in ("C.UTF-8", "de_DE.UTF-8"):
                _open_window(bare, display, language)
        finally:
            screen.terminate()


def _open_window(bare: Bare, display: str, language: str) -> None:
    script = "slmdesk & program=$!; read _; grep VmRSS /proc/$program/status; kill -TERM $program; wait $program"
    started = time.monotonic()
    command = bare.command(("sh", "-c", script), USER, False, {"DISPLAY": display, "LANG": language})
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        look = ["timeout", "60", "xdotool", "search", "--sync", "--onlyvisible", "--name", "slmdesk"]
        is_seen = subprocess.run(look, env={**os.environ, "DISPLAY": display}, capture_output=True, check=False)
        took = time.monotonic() - started
        said, _ = program.communicate("\n", timeout=60)
    check(is_seen.returncode == 0, f"no window within a minute ({language})")
    check(program.returncode == 0, f"the window ended with status {program.returncode}")
    say(f"  window ({language}): {took:.1f} s, {' '.join(said.split())}")


def comes_into_an_account(bare: Bare, archive: str) -> None:
    """The self-extracting file installs for one account and leaves its home when removed."""
    bare.run("sh", archive, user=OTHER)
    bare.run("slmdesk", "doctor", "--files", user=OTHER)
    report = json.loads(bare.run("slmdesk", "doctor", "--json", user=OTHER))
    check(not report["code_from_elsewhere"], f"code from elsewhere: {report['code_from_elsewhere']}")
    bare.run("slmdesk-uninstall", user=OTHER)
    home = bare.folder / f"home/u{OTHER}"
    check((home / ".local/share/slmdesk").is_dir(), "the home went with the program")
    check(not (home / ".local/opt/slmdesk").exists(), "the program is still there")


def test(into: Path) -> None:
    """Everything, in the order a person meets it.  Raises Failed."""

    def newest(pattern: str) -> Path:
        files = sorted(into.glob(pattern), key=lambda path: path.stat().st_mtime)
        check(files, f"no {pattern} is in {into}: call `make packages` first")
        return files[-1]

    deb, archive = newest("slmdesk_*.deb"), newest("slmdesk-*-linux-*.run")
    starter = get_starter_model()
    with bare_system() as bare:
        samples = bare.folder / "samples"
        samples.mkdir()
        make_samples(samples)
        shutil.copy(starter, samples / "starter.gguf")
        if better := os.environ.get("BETTER_MODEL"):
            shutil.copy(better, samples / "better.gguf")
        for package in (deb, archive):
            shutil.copy(package, samples)
        steps: list[tuple[str, Callable[[], object]]] = [
            ("what it depends on is installed with it", lambda: _install(bare, f"/samples/{deb.name}")),
            ("every library finds what it needs", lambda: nothing_is_missing(bare)),
            ("a window opens", lambda: window_opens(bare)),
            ("commands work", lambda: commands_work(bare, "/samples")),
            ("doctor is content", lambda: doctor_is_content(bare)),
            ("it comes into an account alone", lambda: comes_into_an_account(bare, f"/samples/{archive.name}")),
            ("it goes and leaves the home", lambda: _remove(bare)),
        ]
        if better:
            steps.insert(5, ("documents are translated", lambda: documents_are_translated(bare, "/samples")))
        for words, step in steps:
            say(words)
            step()


def _install(bare: Bare, deb: str) -> None:
    bare.run("apt-get", "-q", "update", user=0, has_network=True)
    install = ("apt-get", "-q", "-y", "--no-install-recommends", "install", deb)
    bare.run(*install, user=0, has_network=True, DEBIAN_FRONTEND="noninteractive")


def _remove(bare: Bare) -> None:
    bare.run("dpkg", "--purge", "slmdesk", user=0)
    check(not (bare.folder / "opt/slmdesk").exists(), "files of the program are still there")
    check((bare.folder / f"home/u{USER}/.local/share/slmdesk").is_dir(), "the home went with the program")


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__, file=sys.stderr)
        return 2
    if os.geteuid() != 0 or not all(shutil.which(tool) for tool in TOOLS):
        say(f"this needs root and {', '.join(TOOLS)}; on Debian: apt-get install mmdebstrap iproute2 xvfb xdotool")
        return 1
    if not all(map(find_spec, ("docx", "openpyxl", "PIL", "pptx"))):  # go on with the Python of the packages
        if not (BUILD / "venv" / "stamp").is_file():
            say("call `make packages` first")
            return 1
        own = python_of(BUILD / "venv")
        os.execv(own, [own, __file__, *arguments])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    try:
        test(Path(arguments[0] if arguments else ROOT / "dist"))
    except (Failed, SetUpFailed) as err:
        say(f"FAILED: {err}")
        return 1
    say(f"all of it works: {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
