"""llama.cpp, compiled from the pinned source and put with its Python binding into one wheel.

    python packaging/llama.py FOLDER            the wheel for every processor of this kind of PC (`make wheel`)
    python packaging/llama.py --source FOLDER   the source of it, for windows/llama.sh

The set-up asks `wheel` for one that is made for this PC's own processor; what was compiled once is kept for every other
checkout of the same person.  Only the standard library.  Elsewhere than on Linux (not tried) pip builds the wheel.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from common import PIP, say

FOLDER = Path(__file__).resolve().parent
REQUIREMENTS = FOLDER / "requirements.txt"
TOOLS = FOLDER / "requirements-build.txt"
COMMIT = "0c1e57098"
"""Of llama.cpp, in the pinned source, which itself names it in its list of changes alone; `doctor` prints it."""
BUILD = "1"
"""Counts our own builds of one version of the source: what `+slmdesk.` ends with."""

NO_AMX = "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
"""Compiler flags: llama.cpp is built for this processor, but never with AMX.  Some virtual machines show AMX and do not
permit it, and there the library ends the process at its first token.  Only server processors have it."""

BACKENDS: Mapping[str, str] = {
    "cpu": "",
    "vulkan": "-DGGML_VULKAN=on",
    "cuda": "-DGGML_CUDA=on",
    "metal": "-DGGML_METAL=on",
}
"""What llama.cpp can be compiled for, with the options of its build."""
LAYER_SETTINGS = "VK_EXT_layer_settings"
"""Stands in the headers of Vulkan from 1.3.272 on; llama.cpp cannot be compiled with older ones."""

OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=ON",
    "-DLLAMA_BUILD_MTMD=ON",
    *(f"-DLLAMA_BUILD_{part}=OFF" for part in ("COMMON", "TESTS", "TOOLS", "EXAMPLES", "SERVER", "APP")),
    "-DLLAMA_OPENSSL=OFF",
    # Wheels hold no links, so a library's name is its file's name, and each finds the others beside itself.
    "-DCMAKE_PLATFORM_NO_VERSIONED_SONAME=ON",
    "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
    "-DCMAKE_INSTALL_RPATH=$ORIGIN",
    "-DCMAKE_SHARED_LINKER_FLAGS=-s",
    "-DCMAKE_MODULE_LINKER_FLAGS=-s",
)
TARGETS = ("llama", "mtmd")
FOR_EVERY_PROCESSOR = ("-DGGML_NATIVE=OFF", "-DGGML_BACKEND_DL=ON", "-DGGML_CPU_ALL_VARIANTS=ON")
"""Then each kind of processor, and each of graphics card, is a library of its own, chosen while running."""
VARIANTS = ("x64", "sandybridge", "haswell", "alderlake", "icelake", "zen4")
"""Those of x86 that are built, of fourteen: nearly all office PCs are served well, and none has AMX."""

POLICIES = (("3.4.24", "2.24"), ("3.4.25", "2.27"), ("3.4.26", "2.28"), ("3.4.28", "2.31"), ("3.4.29", "2.34"),
            ("3.4.30", "2.35"), ("3.4.32", "2.38"), ("3.4.33", "2.39"))  # fmt: skip
"""The libstdc++ of the systems that a manylinux tag stands for: highest symbol version, glibc of the tag."""
GOMP_LICENCES = (Path("/usr/share/doc/libgomp1/copyright"), Path("/usr/share/common-licenses/GPL-3"))
"""The GPL-3 with the exception for what compilers add to programs, as Debian keeps it."""
KEPT = 4
"""Wheels kept for a person: this PC's and those for cards or of a version before, 3 to 30 MB each."""


class BuildFailed(Exception):
    """No wheel came out; the text says why and what to do."""


def pinned(requirements: Path, names: Iterable[str]) -> str:
    """The lines of these packages in a requirements file, with their hashes."""
    blocks = re.split(r"\n(?=\S)", requirements.read_text())
    return "\n".join(block for block in blocks if block.partition("==")[0] in set(names)) + "\n"


def version() -> str:
    """The pinned version of llama-cpp-python."""
    return pinned(REQUIREMENTS, ["llama-cpp-python"]).split()[0].partition("==")[2]


# ---- what is needed


def missing_for(backend: str) -> str:
    """One sentence on what is not here to compile for a backend, and where it comes from; empty: nothing is missing."""
    if os.name == "posix" and not (shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")):
        return "a C++ compiler is needed; on Debian: apt-get install g++ make"
    if backend == "vulkan":
        needed = [
            ("glslc", bool(shutil.which("glslc"))),
            ("the headers of Vulkan, 1.3.272 or newer", has_vulkan_headers()),
            ("the SPIR-V headers", any((folder / "spirv").is_dir() for folder in include_folders())),
        ]
        if missing := [name for name, is_here in needed if not is_here]:
            return (
                f"for BACKEND=vulkan something is missing ({', '.join(missing)}); on Debian 13 and Ubuntu 24.04: "
                "apt-get install glslc libvulkan-dev spirv-headers, elsewhere the Vulkan SDK from https://vulkan.lunarg.com"
            )
    if backend == "cuda" and not (shutil.which("nvcc") or os.environ.get("CUDACXX")):
        return (
            "for BACKEND=cuda the compiler nvcc is missing; it comes with NVIDIA's CUDA Toolkit "
            "(https://developer.nvidia.com/cuda-downloads, on Debian: apt-get install nvidia-cuda-toolkit)"
        )
    if backend == "metal" and sys.platform != "darwin":
        return "BACKEND=metal is for macOS; on this system take vulkan, or cuda for a card by NVIDIA"
    return ""


def include_folders() -> list[Path]:
    """Where headers of C++ may be."""
    sdk = os.environ.get("VULKAN_SDK")
    own = [Path(sdk) / "include", Path(sdk) / "Include"] if sdk else []
    return [*own, Path("/usr/include"), Path("/usr/local/include"), Path("/opt/homebrew/include")]


def has_vulkan_headers() -> bool:
    """Whether headers of Vulkan are here that llama.cpp can be compiled with."""
    for folder in include_folders():
        header = folder / "vulkan" / "vulkan_core.h"
        if header.is_file():
            is_new = LAYER_SETTINGS in header.read_text(encoding="utf-8", errors="replace")
            return is_new and (folder / "vulkan" / "vulkan.hpp").is_file()
    return False


def environment(backend: str = "cpu") -> dict[str, str]:
    """The environment in which llama.cpp is compiled: a person's own flags stay."""
    amx = NO_AMX if os.name == "posix" and platform.machine() in ("x86_64", "amd64") else ""
    flags = {name: f"{os.environ.get(name, '')} {amx}".strip() for name in ("CFLAGS", "CXXFLAGS")}
    flags["CMAKE_ARGS"] = f"{os.environ.get('CMAKE_ARGS', '')} {BACKENDS[backend]}".strip()
    return {**os.environ, **{name: words for name, words in flags.items() if words}}


# ---- what is kept


def recipe(backend: str, *, for_every: bool = False) -> dict[str, str]:
    """What is built and how: a change is a reason to build anew."""
    env = environment(backend)
    options = (*OPTIONS, *(FOR_EVERY_PROCESSOR if for_every else ()), env.get("CMAKE_ARGS", ""))
    return {
        "version": f"{version()}+slmdesk.{BUILD}",
        "source": pinned(REQUIREMENTS, ["llama-cpp-python"]),
        "backend": backend,
        "options": " ".join(options),
        "flags": " ".join(env.get(name, "") for name in ("CFLAGS", "CXXFLAGS")),
    }


def description(backend: str, *, for_every: bool = False) -> dict[str, str]:
    """All that a wheel depends on.  Compiler and processor alone are no reason to build anew."""
    compilers = [os.environ.get("CXX", "c++"), *(["nvcc"] if backend == "cuda" else [])]
    return {
        **recipe(backend, for_every=for_every),
        "compiler": ", ".join(first_line([*compiler.split(), "--version"]) for compiler in compilers),
        "processor": " ".join(VARIANTS) if for_every else processor_features(),
        "platform": sysconfig.get_platform(),
    }


def first_line(command: Sequence[str]) -> str:
    """What a program says first; empty where there is none."""
    try:
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.partition("\n")[0]
    except OSError:
        return ""


def processor_features() -> str:
    """What the compiler may use of this processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":") for line in lines)
    return next(
        (" ".join(sorted(value.split())) for name, _, value in named if name.strip() in ("flags", "Features")), ""
    )


def key_of(described: Mapping[str, str]) -> str:
    """The name of a kept wheel's folder."""
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()[:16]


def kept_folder() -> Path:
    """Where compiled wheels are kept, one folder each: a person's, for every checkout."""
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "slmdesk-llama"
    caches = Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
    return Path(os.environ.get("XDG_CACHE_HOME") or caches) / "slmdesk-llama"


def wheel(backend: str, pip: Sequence[str | Path], *, for_every: bool = False) -> Path:
    """The wheel for this PC's processor or for every one, and a backend: kept from before, or compiled now and kept."""
    described = description(backend, for_every=for_every)
    place = kept_folder() / key_of(described)
    if kept := next(place.glob("*.whl"), None):
        place.touch()
        return kept
    if missing := missing_for(backend):
        raise BuildFailed(missing)
    place.parent.mkdir(parents=True, exist_ok=True)
    say(f"compiling llama.cpp ({backend}, {'every processor' if for_every else 'this processor'}), once for this PC")
    started, before = time.monotonic(), os.times()
    with TemporaryDirectory(prefix="new-", dir=place.parent) as folder:
        new = Path(folder) / "kept"
        new.mkdir()
        if sys.platform.startswith("linux"):
            compiled(backend, pip, new, for_every=for_every)
        else:
            by_pip(backend, pip, new)
        (new / "built.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        if not place.is_dir():
            new.rename(place)
    used = sum(os.times()[2:4]) - sum(before[2:4])
    say(f"compiling llama.cpp: {time.monotonic() - started:.0f} s, {used:.0f} s of the processor")
    forget_old(place.parent)
    return next(place.glob("*.whl"))


def forget_old(folder: Path) -> None:
    """Remove the wheels that were not asked for longest."""
    places = [place for place in folder.iterdir() if (place / "built.json").is_file()]
    for old in sorted(places, key=lambda place: place.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


# ---- building


def run(command: Sequence[str | Path], **more: object) -> None:
    """Run a command, whose words are shown only where it fails."""
    done = subprocess.run([str(word) for word in command], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", **more)  # type: ignore[call-overload]  # fmt: skip
    if done.returncode:
        print(done.stdout[-4000:], file=sys.stderr)
        raise BuildFailed(f"`{' '.join(str(word) for word in command[:6])} …` ended with status {done.returncode}")


def by_pip(backend: str, pip: Sequence[str | Path], into: Path) -> None:
    """The wheel as llama-cpp-python's own build makes it.  Never from pip's cache, which knows no backends."""
    with TemporaryDirectory(prefix="slmdesk-") as folder:
        only = Path(folder) / "llama.txt"
        only.write_text(pinned(REQUIREMENTS, ["llama-cpp-python"]))
        options = ["--quiet", "--no-deps", "--no-cache-dir", "--require-hashes", "--wheel-dir", into]
        run([*pip, "wheel", *options, "--requirement", only], env=environment(backend))


def compiled(backend: str, pip: Sequence[str | Path], into: Path, *, for_every: bool) -> Path:
    """Compile the libraries that are used, and pack them with the binding.  `for_every`: for every processor."""
    with TemporaryDirectory(prefix="slmdesk-") as folder:
        work = Path(folder)
        env = tools(pip, work / "tools", environment(backend))
        source = unpacked_source(pip, work, env)
        options = [*OPTIONS, f"-DCMAKE_PROJECT_llama.cpp_INCLUDE={FOLDER / 'unity.cmake'}"]
        options += [*(FOR_EVERY_PROCESSOR if for_every else ()), *env.get("CMAKE_ARGS", "").split()]
        llama = source / "vendor" / "llama.cpp"
        if for_every:
            keep_variants(llama / "ggml" / "src" / "CMakeLists.txt")
        run(["cmake", "-S", llama, "-B", work / "build", "-G", "Ninja", *options], env=env)
        run(["cmake", "--build", work / "build", "--target", *TARGETS], env=env)
        libraries = sorted((work / "build" / "bin").glob("lib*.so"))
        if for_every:
            libraries += needed_of_the_compiler(libraries, env)
        local = f"slmdesk.{BUILD}" + (f".{backend}" if for_every and backend != "cpu" else "")
        named, tag = f"{version()}+{local}", tag_for(libraries) if for_every else own_tag()
        return pack(source, libraries, named, tag, into)


def lay_down_source(pip: Sequence[str | Path], into: Path) -> None:
    """The source for the wanted kinds of processor."""
    with TemporaryDirectory(prefix="slmdesk-") as folder:
        work = Path(folder)
        source = unpacked_source(pip, work, tools(pip, work / "tools", os.environ))
        keep_variants(source / "vendor" / "llama.cpp" / "ggml" / "src" / "CMakeLists.txt")
        shutil.copytree(source, into)


def tools(pip: Sequence[str | Path], folder: Path, env: Mapping[str, str]) -> dict[str, str]:
    """The environment with what builds: the system's cmake and ninja, or pinned ones for this build alone."""
    wanted = ["scikit-build-core", "packaging", "pathspec"]  # pip asks them for the name of what it fetches
    wanted += [name for name in ("cmake", "ninja") if not shutil.which(name)]
    folder.mkdir()
    only = folder / "tools.txt"
    only.write_text(pinned(TOOLS, wanted))
    run([*pip, "install", "--quiet", "--require-hashes", "--no-deps", "--target", folder, "--requirement", only])
    paths = {"PATH": folder / "bin", "PYTHONPATH": folder}
    return {**env, **{name: os.pathsep.join(filter(None, (str(path), env.get(name)))) for name, path in paths.items()}}


def unpacked_source(pip: Sequence[str | Path], work: Path, env: Mapping[str, str]) -> Path:
    """The pinned source with llama.cpp in it, checked by its hash."""
    only = work / "llama.txt"
    only.write_text(pinned(REQUIREMENTS, ["llama-cpp-python"]))
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--require-hashes"]
    run([*pip, "download", *options, "--dest", work / "source", "--requirement", only], env=env)
    shutil.unpack_archive(next((work / "source").glob("*.tar.gz")), work)
    source = next(folder for folder in work.glob("llama_cpp_python-*") if folder.is_dir())
    if commit_in((source / "CHANGELOG.md").read_text(encoding="utf-8"), version()) != COMMIT:
        raise BuildFailed(f"the source is not of llama.cpp's commit {COMMIT}: look at it, then change COMMIT")
    return source


def commit_in(changes: str, version: str) -> str:
    """The commit of llama.cpp that a version of the binding holds, by its list of changes; the newest stands first."""
    since = changes.partition(f"\n## [{version}]\n")[2]
    found = re.search(r"ggml-org/llama\.cpp@([0-9a-f]+)", since)
    return found[1] if found else ""


def keep_variants(recipe: Path) -> None:
    """Leave only the kinds of processor that are wanted: the build has no option for them."""
    text, count = recipe.read_text(encoding="utf-8"), 0

    def kept(line: re.Match[str]) -> str:
        nonlocal count
        count += line[1] in VARIANTS
        return line[0] if line[1] in VARIANTS or line[1].startswith(("arm", "apple")) else ""

    text = re.sub(r"^ *ggml_add_cpu_backend_variant\(([\w.]+).*\n", kept, text, flags=re.MULTILINE)
    if count != len(VARIANTS):
        raise BuildFailed("llama.cpp's build names its kinds of processor in another way than before")
    recipe.write_text(text, encoding="utf-8")


def needed_of_the_compiler(libraries: Iterable[Path], env: Mapping[str, str]) -> list[Path]:
    """The compiler's library of threads, which a PC without a compiler may not have."""
    name = "libgomp.so.1"
    if not any(name in needed(library) for library in libraries):
        return []
    path = Path(first_line([*env.get("CXX", "c++").split(), f"-print-file-name={name}"]))
    if not path.is_absolute():
        raise BuildFailed(f"the compiler does not say where its {name} is")
    return [path]


def readelf(option: str, library: Path) -> str:
    """What binutils read in a library."""
    return subprocess.run(["readelf", "--wide", option, library], check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C"}).stdout  # fmt: skip


def needed(library: Path) -> list[str]:
    """The names of the libraries that this one needs."""
    return re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("--dynamic", library))


def own_tag() -> str:
    """The tag of a wheel that is for this PC alone."""
    return re.sub(r"[-.]", "_", sysconfig.get_platform())


def tag_for(libraries: Iterable[Path]) -> str:
    """The oldest systems these libraries run on, as the tag of a wheel: from the versions of the symbols they use."""
    uses = [readelf("--version-info", library) for library in libraries]
    glibc = max(as_numbers(number) for text in uses for number in re.findall(r"Name: GLIBC_([\d.]+)", text))
    cxx = max((as_numbers(hit) for text in uses for hit in re.findall(r"Name: GLIBCXX_([\d.]+)", text)), default=(0,))
    with_cxx = next((as_numbers(policy) for highest, policy in POLICIES if as_numbers(highest) >= cxx), None)
    if with_cxx is None:
        raise BuildFailed("the compiler is newer than any system a wheel can name")
    major, minor = max(glibc, with_cxx)[:2]
    return f"manylinux_{major}_{minor}_{platform.machine()}"


def as_numbers(dotted: str) -> tuple[int, ...]:
    """A version to be compared."""
    return tuple(int(part) for part in dotted.split("."))


def pack(source: Path, libraries: Iterable[Path], version: str, tag: str, into: Path) -> Path:
    """A wheel of the binding and these libraries, each once.  The same files make the same wheel, byte by byte."""
    about = f"llama_cpp_python-{version}.dist-info"
    metadata = (source / "PKG-INFO").read_text(encoding="utf-8")
    metadata = re.sub(r"^Version: .*$", f"Version: {version}", metadata, count=1, flags=re.MULTILINE)
    files = {
        path.relative_to(source).as_posix(): path.read_bytes()
        for path in sorted((source / "llama_cpp").rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and path.parent.name != "lib"
    }
    files |= {f"llama_cpp/lib/{path.name}": path.read_bytes() for path in libraries}
    if any(path.name.startswith("libgomp") for path in libraries):
        if missing := [path for path in GOMP_LICENCES if not path.is_file()]:
            raise BuildFailed(f"{missing[0]} is missing, which goes with the compiler's libgomp; on Debian: libgomp1")
        files |= {f"{about}/licenses/libgomp/{path.name}": path.read_bytes() for path in GOMP_LICENCES}
    wheel = ("Wheel-Version: 1.0", "Generator: slmdesk", "Root-Is-Purelib: false", f"Tag: py3-none-{tag}", "")
    files |= {
        f"{about}/licenses/LICENSE.md": (source / "LICENSE.md").read_bytes(),
        f"{about}/licenses/llama.cpp/LICENSE": (source / "vendor" / "llama.cpp" / "LICENSE").read_bytes(),
        f"{about}/METADATA": metadata.encode(),
        f"{about}/WHEEL": "\n".join(wheel).encode(),
    }
    rows = [f"{name},sha256={sum_of(data)},{len(data)}" for name, data in files.items()]
    files[f"{about}/RECORD"] = "\n".join([*rows, f"{about}/RECORD,,", ""]).encode()
    into.mkdir(parents=True, exist_ok=True)
    path = into / f"llama_cpp_python-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)  # of 1980
            entry.external_attr = (0o100755 if "/lib/" in name else 0o100644) << 16
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
    return path


def sum_of(data: bytes) -> str:
    """A checksum as a wheel's RECORD has it."""
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def main(arguments: Sequence[str]) -> int:
    """`make wheel`: called by the virtual environment's Python."""
    is_source = arguments[:1] == ["--source"]
    if len(arguments) != 1 + is_source:
        print(__doc__, file=sys.stderr)
        return 2
    pip = (sys.executable, *PIP)
    backend = os.environ.get("BACKEND", "").strip().lower() or "cpu"
    try:
        if is_source:
            lay_down_source(pip, Path(arguments[1]))
            return 0
        if backend not in BACKENDS:
            raise BuildFailed(f"BACKEND can be {', '.join(BACKENDS)}, but not {backend}")
        if not sys.platform.startswith("linux"):
            raise BuildFailed("wheels for every processor are made on Linux only")
        made = wheel(backend, pip, for_every=True)
        Path(arguments[0]).mkdir(parents=True, exist_ok=True)
        say(f"made {shutil.copy2(made, arguments[0])}")
    except BuildFailed as err:
        say(f"{err}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
