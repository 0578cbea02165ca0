"""The packages for Linux, into dist/: a .deb, a tarball and a self-extracting .run, with a list of parts and all sums.

    python3 packaging/packages.py [FOLDER]     of the commit that is checked out, into FOLDER (default: dist)

On the oldest Debian whose users shall run it.  What is not committed is not in it, and the same commit gives the same
bytes.  llama.cpp comes from the wheel that `make wheel` has put into FOLDER.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import parts
from common import PIP, ROOT, python_of, say, sha256_of
from parts import WrongPart
from release import version_of, write_sums

HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build" / "packages"
MANIFEST = "MANIFEST"
PAGE, SBOM = "LICENCES.txt", "SBOM.cdx.json"
REQUIREMENTS = ("requirements-pip.txt", "requirements.txt", "requirements-package.txt")
TOOLS = {"git": "git", "readelf": "binutils", "strip": "binutils", "nm": "binutils", "cc": "gcc", "dpkg-deb": "dpkg"}
"""What is called, and Debian's packages of it."""
OWN_WHEEL = "llama-cpp-python"
"""Not from the index, where it is source alone."""
DESCRIPTION = """\
offline assistant for confidential work
 Chats, summaries, tables and translations by small language models on your
 own computer, with proof of what was read. Nothing is sent anywhere.
"""
RECOMMENDED = ("fonts-dejavu-core | fonts-noto-core", "xdg-desktop-portal")
SUGGESTED = (
    "libvulkan1", "libpulse0 | libasound2", "speech-dispatcher | espeak-ng", "libheif1", "hunspell-en-us",
    "hunspell-de-de",
    "tesseract-ocr-fra", "tesseract-ocr-spa", "tesseract-ocr-ita", "tesseract-ocr-por", "tesseract-ocr-nld",
    "tesseract-ocr-pol",
)  # fmt: skip
"""Further languages of scans are files that the program reads where they are."""


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str:
    """Run a command that must end well.  Returns its output."""
    done = subprocess.run([str(word) for word in command], check=False, env=env, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise WrongPart(f"`{' '.join(map(str, command))}` ended with status {done.returncode}")
    return done.stdout


# ---- the folder


def export(into: Path) -> int:
    """Lay down the commit that is checked out.  Returns its time, which all that is built bears."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    archive = into.with_suffix(".tar")
    run(["git", "-C", ROOT, "-c", "core.autocrlf=false", "archive", "--output", archive, "HEAD"])
    shutil.unpack_archive(archive, into)
    return int(run(["git", "-C", ROOT, "log", "-1", "--format=%ct"]))


def without(requirements: str, name: str) -> str:
    """Requirements without the lines of one package."""
    kept, is_out = [], False
    for line in requirements.splitlines(keepends=True):
        is_out = line.startswith(f"{name}==") if not line.startswith(" ") else is_out
        kept += [] if is_out else [line]
    return "".join(kept)


def environment(source: Path, wheel: Path) -> Path:
    """A virtual environment of the pinned requirements, kept while they stay.  Returns its Python."""
    texts = [without((source / "packaging" / name).read_text(), OWN_WHEEL) for name in REQUIREMENTS]
    key = hashlib.sha256("".join((sys.version, *texts)).encode() + wheel.read_bytes()).hexdigest()
    folder, stamp = BUILD / "venv", BUILD / "venv" / "stamp"
    python = python_of(folder)
    pip = [python, *PIP, "install", "--quiet"]
    if not stamp.is_file() or stamp.read_text() != key:
        say("installing the libraries")
        shutil.rmtree(folder, ignore_errors=True)
        run([sys.executable, "-m", "venv", folder])
        for name, text in zip(REQUIREMENTS, texts, strict=True):
            own = BUILD / name
            own.write_text(text)
            run([*pip, "--require-hashes", "--requirement", own])
        run([*pip, "--no-deps", wheel])
        stamp.write_text(key)
    run([*pip, "--no-deps", "--no-build-isolation", "--force-reinstall", source])
    return python


def pack_program(source: Path, python: Path, made: int, spec: str = "slmdesk.spec") -> Path:
    """The program as one folder, as PyInstaller makes it.  Returns it."""
    say("freezing the program")
    env = {**os.environ, "SLMDESK_SOURCE": str(source), "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": str(made)}
    command = [python, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR"]
    folders = ["--distpath", BUILD / "frozen", "--workpath", BUILD / "work"]
    run([*command, *folders, source / "packaging" / spec], env)
    return BUILD / "frozen" / "slmdesk"


def freeze(source: Path, python: Path, made: int) -> Path:
    """The same for Linux, without what nothing needs."""
    folder = pack_program(source, python, made)
    parts.strip(folder / "_internal")
    parts.leave_out_jbig(folder / "_internal")
    for gone in parts.prune(folder / "_internal"):
        say(f"left out, since nothing needs it: {gone}")
    return folder


def add_lists(folder: Path, python: Path, version: str, made: int) -> None:
    """Put the list of parts, the licences and the sums of all files into the folder."""
    names = BUILD / "files.json"
    names.write_text(json.dumps(sorted(files_in(folder))))
    run([python, HERE / "sbom.py", BUILD / "work" / "slmdesk", names, folder, version, str(made)])
    (folder / MANIFEST).write_bytes(manifest(folder).encode())


def files_in(folder: Path) -> list[str]:
    """Places of all files and links of a folder."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def manifest(folder: Path) -> str:
    """The sums of all files of a folder, as `sha256sum` writes them."""
    names = [name for name in files_in(folder) if name != MANIFEST]
    return "".join(f"{sha256_of(folder / name)}  {name}\n" for name in names)


def settle(folder: Path, made: int) -> None:
    """Give all files the same rights and times, whoever built them when."""
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            is_program = path.is_dir() or bool(path.stat().st_mode & 0o100) or ".so" in path.suffixes
            path.chmod(0o755 if is_program else 0o644)
        os.utime(path, (made, made), follow_symlinks=False)


# ---- the packages


def desktop_files(source: Path) -> dict[str, bytes]:
    """What a desktop looks for, by its place below a `share` folder."""
    manual = (source / "packaging/linux/slmdesk.1").read_bytes()
    return {
        "applications/slmdesk.desktop": (source / "packaging/slmdesk.desktop").read_bytes(),
        "icons/hicolor/256x256/apps/slmdesk.png": (source / "assets/slmdesk.png").read_bytes(),
        "icons/hicolor/scalable/apps/slmdesk.svg": (source / "assets/slmdesk.svg").read_bytes(),
        "man/man1/slmdesk.1.gz": gzip.compress(manual, 9, mtime=0),
        "mime/packages/slmdesk.xml": (source / "packaging/linux/slmdesk.xml").read_bytes(),
    }


def control(version: str, kib: int, packages: Sequence[str]) -> str:
    """What dpkg is told about the package."""
    return (
        f"Package: slmdesk\nVersion: {version}\nArchitecture: {dpkg_architecture()}\n"
        "Section: text\nPriority: optional\n"
        f"Maintainer: slmdesk <slmdesk@localhost>\nInstalled-Size: {kib}\nDepends: {', '.join(packages)}\n"
        f"Recommends: {', '.join(RECOMMENDED)}\nSuggests: {', '.join(SUGGESTED)}\nDescription: {DESCRIPTION}"
    )


def dpkg_architecture() -> str:
    """Debian's name of this kind of processor."""
    return {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]


def write_deb(folder: Path, source: Path, version: str, made: int, target: Path) -> None:
    """The folder in /opt, what desktops look for in /usr/share; no scripts: dpkg's triggers do the menus."""
    root = BUILD / "deb"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(folder, root / "opt/slmdesk", symlinks=True)
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/slmdesk").symlink_to("/opt/slmdesk/slmdesk")
    shares = {**desktop_files(source), "doc/slmdesk/copyright": (source / "LICENSE").read_bytes()}
    for place, data in shares.items():
        path = root / "usr/share" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    kib = sum(path.lstat().st_size for path in root.rglob("*")) // 1024
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(control(version, kib, parts.depends_of(folder)))
    sums = [name for name in files_in(root) if not name.startswith("DEBIAN/") and not (root / name).is_symlink()]
    lines = (f"{hashlib.md5((root / name).read_bytes()).hexdigest()}  {name}\n" for name in sums)
    (root / "DEBIAN/md5sums").write_text("".join(lines))
    settle(root, made)
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(made)}
    run(["dpkg-deb", "--root-owner-group", "-Zxz", "-z6", "--threads-max=1", "--build", root, target], env)


def write_tar(folder: Path, source: Path, made: int, name: str, target: Path) -> None:
    """The same for one account: the folder, what desktops look for, and what installs both."""
    beside = {"install.sh": (source / "packaging/linux/install.sh").read_bytes()}
    beside |= {f"share/{place}": data for place, data in desktop_files(source).items()}
    with (
        target.open("wb") as file,
        lzma.LZMAFile(file, "wb", preset=6) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path in sorted([folder, *folder.rglob("*")]):
            about = tar.gettarinfo(path, f"{name}/slmdesk/{path.relative_to(folder)}".removesuffix("/."))
            about.uid, about.gid, about.uname, about.gname, about.mtime = 0, 0, "", "", made
            tar.addfile(about, io.BytesIO(path.read_bytes()) if about.isreg() else None)
        for place, data in beside.items():
            about = tarfile.TarInfo(f"{name}/{place}")
            about.size, about.mtime, about.mode = len(data), made, 0o755 if place.endswith(".sh") else 0o644
            tar.addfile(about, io.BytesIO(data))


def write_run(archive: Path, name: str, target: Path) -> None:
    """A shell program with the tarball behind it."""
    head = (HERE / "linux/run.sh").read_text().replace("@NAME@", name).replace("@SHA256@", sha256_of(archive))
    head = head.replace("@LINES@", str(head.count("\n") + 1))
    with target.open("wb") as out, archive.open("rb") as data:
        out.write(head.encode())
        shutil.copyfileobj(data, out, 1 << 20)
    target.chmod(0o755)


def make(into: Path) -> int:
    """All packages."""
    if missing := {package for tool, package in TOOLS.items() if not shutil.which(tool)}:
        raise WrongPart(f"this is not here: {', '.join(sorted(missing))}; see packaging/README.md")
    wheel = max(into.glob("llama_cpp_python-*.whl"), key=lambda path: path.stat().st_mtime, default=None)
    if wheel is None:
        raise WrongPart(f"no wheel of llama.cpp is in {into}: call `make wheel` first")
    source = BUILD / "source"
    made = export(source)
    python = environment(source, wheel)
    version = version_of(source)
    name = f"slmdesk-{version}-linux-{platform.machine()}"
    folder = freeze(source, python, made)
    add_lists(folder, python, version, made)
    settle(folder, made)
    deb = into / f"slmdesk_{version}_{dpkg_architecture()}.deb"
    say("packing")
    write_deb(folder, source, version, made, deb)
    write_tar(folder, source, made, name, into / f"{name}.tar.xz")
    write_run(into / f"{name}.tar.xz", name, into / f"{name}.run")
    for inside, outside in ((MANIFEST, f"{name}.manifest"), (SBOM, f"{name}.cdx.json"), (PAGE, f"{name}-licences.txt")):
        shutil.copy(folder / inside, into / outside)
    write_sums(into)
    for path in (deb, into / f"{name}.tar.xz", into / f"{name}.run"):
        say(f"{path}: {path.stat().st_size / 1e6:.0f} MB")
    return 0


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
        print(__doc__, file=sys.stderr)
        return 2
    into = Path(arguments[0] if arguments else ROOT / "dist").resolve()
    into.mkdir(parents=True, exist_ok=True)
    BUILD.mkdir(parents=True, exist_ok=True)
    try:
        return make(into)
    except WrongPart as err:
        say(f"{err}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
