"""The parts of a package with their licences: CycloneDX's list of parts (SBOM), and one page of all licences.

What went in is read in PyInstaller's own lists, each file back to the distribution or system package it came from.
A part whose licence nobody has looked at ends the build.
"""

from __future__ import annotations

import ast
import json
import os
import platform
import re
import subprocess
import sys
import sysconfig
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from parts import JBIG, WrongPart

TEXTS = Path(__file__).resolve().parent / "licences"
SYSTEM_TEXTS = Path("/usr/share/doc")

LICENCES: Mapping[str, str] = {
    "backports.tarfile": "MIT",
    "click-default-group": "MIT",
    "colorama": "BSD-3-Clause",
    "importlib_metadata": "Apache-2.0",
    "jaraco.classes": "MIT",
    "Jinja2": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "olefile": "BSD-2-Clause",
    "omegaconf": "BSD-3-Clause",
    "protobuf": "BSD-3-Clause",
    "pyinstaller": "GPL-2.0-or-later WITH Bootloader-exception",
    "pypdfium2": "BSD-3-Clause OR Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "python-stdnum": "LGPL-2.1-or-later",
    "spylls": "MPL-2.0",
    "sqlcipher3": "Zlib",
    "sqlite-fts4": "Apache-2.0",
    "tokenizers": "Apache-2.0",
}
"""Looked up by hand: these do not name a licence by its identifier (SPDX)."""

INSIDE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "codecpod": (("FFmpeg", "LGPL-2.1-or-later"), ("LAME", "LGPL-2.0-or-later"), ("Opus, Vorbis, Ogg", "BSD-3-Clause")),
    "cryptography": (("OpenSSL", "Apache-2.0"),),
    "lxml": (("libxml2 and libxslt", "MIT"), ("libiconv", "LGPL-2.1-or-later"), ("zlib", "Zlib")),
    "miniaudio": (("miniaudio of David Reid", "MIT-0 OR Unlicense"),),
    "onnxruntime": (
        ("protobuf, nsync", "BSD-3-Clause AND Apache-2.0"),
        ("Abseil, FlatBuffers, ONNX, KleidiAI", "Apache-2.0"),
        ("Eigen", "MPL-2.0"),
    ),
    "pypdfium2": (("PDFium", "BSD-3-Clause AND Apache-2.0"),),
    "PySide6_Essentials": (
        ("Qt", "LGPL-3.0-only"),
        ("ICU", "Unicode-3.0"),
        ("FreeType", "FTL"),
        ("HarfBuzz", "MIT"),
        ("PCRE2", "BSD-3-Clause"),
        ("libjpeg-turbo, libpng", "IJG AND BSD-3-Clause AND libpng-2.0"),
    ),
    "PyYAML": (("LibYAML", "MIT"),),
    "rapidocr": (("PP-OCR's networks of PaddleOCR", "Apache-2.0"),),
    "selectolax": (("lexbor", "Apache-2.0"),),
    "slmdesk": (
        ("Lucide icons", "ISC"),
        ("Source Sans 3", "OFL-1.1"),
        ("Rampart of National Design Studio", "CC-BY-4.0"),
        ("Silero VAD", "MIT"),
    ),
    "sqlcipher3": (("SQLCipher", "BSD-3-Clause"), ("OpenSSL", "Apache-2.0")),
    "ziafont": (("DejaVu Sans", "Bitstream-Vera"),),
    "ziamath": (("STIX Two Math", "OFL-1.1"),),
}
"""What was compiled into a distribution, and comes with it.  Rust's are in the distributions' own lists."""

BROUGHT: Mapping[str, tuple[str, str]] = {
    name: (part, licence)
    for names, part, licence in (
        ("archive", "libarchive", "BSD-2-Clause"),
        ("avif", "libavif", "BSD-2-Clause"),
        ("brotlicommon brotlidec", "Brotli", "MIT"),
        ("bz2", "bzip2", "bzip2-1.0.6"),
        ("charset iconv", "libiconv", "LGPL-2.1-or-later"),
        ("crypto", "OpenSSL", "Apache-2.0"),
        ("curl", "curl", "curl"),
        ("deflate", "libdeflate", "MIT"),
        ("freetype", "FreeType", "FTL"),
        ("gfortran", "libgfortran", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("ggml", "ggml", "MIT"),
        ("gif", "GIFLIB", "MIT"),
        ("gomp", "libgomp", "GPL-3.0-or-later WITH GCC-exception-3.1"),
        ("harfbuzz", "HarfBuzz", "MIT"),
        ("icudt78 icuuc78", "ICU", "Unicode-3.0"),
        ("jpeg jpeg8", "libjpeg-turbo", "IJG AND BSD-3-Clause"),
        ("lcms2", "Little CMS", "MIT"),
        ("Lerc", "LERC", "Apache-2.0"),
        ("leptonica", "Leptonica", "BSD-2-Clause"),
        ("llama mtmd", "llama.cpp", "MIT"),
        ("lz4", "LZ4", "BSD-2-Clause"),
        ("lzma", "liblzma", "0BSD"),
        ("msvcp140", "Microsoft's C++ runtime", "LicenseRef-Microsoft-Runtime"),
        ("openjp2", "OpenJPEG", "BSD-2-Clause"),
        ("png16", "libpng", "libpng-2.0"),
        ("psl", "libpsl", "MIT"),
        ("quadmath", "libquadmath", "LGPL-2.1-or-later"),
        ("scipy_openblas64_", "OpenBLAS", "BSD-3-Clause"),
        ("ssh2", "libssh2", "BSD-3-Clause"),
        ("tesseract tesseract55", "Tesseract", "Apache-2.0"),
        ("tiff", "libtiff", "libtiff"),
        ("unwind", "LLVM's libunwind", "Apache-2.0 WITH LLVM-exception"),
        ("sharpyuv webp webpdemux webpmux", "libwebp", "BSD-3-Clause"),
        ("whisper", "whisper.cpp", "MIT"),
        ("winpthread", "winpthreads of mingw-w64", "MIT"),
        ("Xau xcb", "libxcb and libXau", "X11"),
        ("xml2", "libxml2", "MIT"),
        ("z zlib", "zlib", "Zlib"),
        ("zstd", "Zstandard", "BSD-3-Clause"),
    )
    for name in names.split()
}
"""Libraries of others that come as files of a wheel, by their names without "lib" and version."""

OF_SYSTEM: Mapping[str, str] = {
    "libbrotli1": "MIT",
    "libbz2-1.0": "bzip2-1.0.6",
    "libffi8": "MIT",
    "libgomp1": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libgssapi-krb5-2": "MIT",
    "libk5crypto3": "MIT",
    "libkeyutils1": "LGPL-2.1-or-later",
    "libkrb5-3": "MIT",
    "libkrb5support0": "MIT",
    "libcom-err2": "MIT",
    "liblzma5": "0BSD",
    "libmpdec3": "BSD-2-Clause",
    "libncursesw6": "X11",
    "libnsl2": "LGPL-2.1-only",
    "libsqlite3-0": "blessing",
    "libssl3": "Apache-2.0",
    "libtinfo6": "X11",
    "libtirpc3": "BSD-3-Clause",
    "libxcb-cursor0": "X11",
    "libxcb-glx0": "X11",
    "libxcb-icccm4": "X11",
    "libxcb-image0": "X11",
    "libxcb-keysyms1": "X11",
    "libxcb-randr0": "X11",
    "libxcb-render0": "X11",
    "libxcb-render-util0": "X11",
    "libxcb-shape0": "X11",
    "libxcb-shm0": "X11",
    "libxcb-sync1": "X11",
    "libxcb-util1": "X11",
    "libxcb-xfixes0": "X11",
    "libxcb-xinerama0": "X11",
    "libxcb-xinput0": "X11",
    "libxcb-xkb1": "X11",
    "libxkbcommon0": "MIT",
    "libxkbcommon-x11-0": "MIT",
    "libzstd1": "BSD-3-Clause",
}
"""Debian's packages from which a library may be taken along, with their licences.  None is under the GPL alone."""

REPLACE = """\
Qt, PySide6 and Shiboken are under the GNU Lesser General Public License, version 3; python-stdnum, FFmpeg, libiconv
and libquadmath are under version 2.1 or later, LAME is under version 2.0 or later. All are used unchanged but for
names that only debuggers read, and lie in the folder _internal as files of their own (_internal/PySide6,
_internal/shiboken6, _internal/stdnum; FFmpeg and LAME in _internal/codecpod, libiconv in _internal/lxml or
tesserocr.libs, libquadmath in _internal/numpy.libs): you may replace each by your own build of the same version, and
may examine how the program works with it. Their source is at https://download.qt.io/archive/qt/ (Qt),
https://download.qt.io/official_releases/QtForPython/ (PySide6, Shiboken), https://gcc.gnu.org (libquadmath) and, for
python-stdnum, codecpod (with FFmpeg and LAME) and lxml (with libiconv), at https://pypi.org in the versions named
below. Whoever gives you this package has to give you that source too if you ask within three years.
"""


@dataclass
class Part:
    """A component of the package."""

    name: str
    version: str
    licence: str
    origin: str
    """A package URL (purl), or empty for what lies inside another part."""
    home: str = ""
    texts: list[str] = field(default_factory=list)


def sources(work: Path, taken: Iterable[str]) -> set[Path]:
    """The files that were frozen: of the modules all, of the others those still in the folder (`taken`)."""
    left = set(taken)
    modules = _toc(work, "PYZ-00.toc")
    files = [row for row in _toc(work, "COLLECT-00.toc") if f"_internal/{row[0]}".replace("\\", "/") in left]
    return {Path(row[1]) for row in (*modules, *files) if row[1]}


def _toc(work: Path, name: str) -> list[tuple[str, str, str]]:
    """The rows (place, source, kind) of one of PyInstaller's lists."""
    tree = ast.literal_eval((work / name).read_text(encoding="utf-8"))
    return [row for each in tree if isinstance(each, list) for row in each if isinstance(row, tuple) and len(row) == 3]


def parts_of(files: Iterable[Path]) -> list[Part]:
    """The parts that these files came from, by name.  Raises WrongPart where a licence is unknown or the GPL."""
    owners = {path: library for library in metadata.distributions() for path in _files(library)}
    pieces: dict[str, Part] = {}
    inside: list[tuple[metadata.Distribution, str, str]] = []
    system = set()
    for file in files:
        owner = owners.get(file) or owners.get(file.resolve())
        if owner is not None:
            if owner.name not in pieces:
                pieces[owner.name] = part_of(owner)
                inside += [(owner, *each) for each in INSIDE.get(owner.name, ())]
            if name := brought(file):
                inside.append((owner, *BROUGHT.get(name, (file.name, ""))))
        elif ".so" in file.name and file.resolve().is_relative_to("/usr/lib"):
            system.add(file.resolve())
    text, version = _python_text(), platform.python_version()
    pieces["Python"] = Part("Python", version, "PSF-2.0", "", "https://www.python.org", [text])
    for package in sorted({_package(file) for file in system} - {""}):
        pieces[package] = _system(package)
    parts = [Part(name, "", licence, "", f"in {owner.name} {owner.version}") for owner, name, licence in inside]
    for owner in {library.name: library for library in owners.values() if library.name in pieces}.values():
        parts += compiled_in(owner)
    pieces |= {f"{part.name} {part.version} {part.home}": part for part in parts}
    if unknown := sorted(part.name for part in pieces.values() if not part.licence):
        raise WrongPart(f"no licence is known of {', '.join(unknown)}: look it up and add it to packaging/sbom.py")
    if wrong := sorted(part.name for part in pieces.values() if is_of_gpl(part.licence)):
        raise WrongPart(f"under the GPL, and so not to be passed on with the program: {', '.join(wrong)}")
    return sorted(pieces.values(), key=lambda part: (part.name.lower(), part.version, part.home))


def is_of_gpl(licence: str) -> bool:
    """Whether a licence leaves nothing but the GPL, without an exception for programs like this one."""
    return all(re.search(r"(?<!L)GPL", choice) and " WITH " not in choice for choice in licence.split(" OR "))


def brought(file: Path) -> str:
    """The name in BROUGHT of the library of others that a wheel has brought as this file; empty: it is none."""
    if re.match(r"(concrt|msvcp|vc[a-z]+)140", file.name):
        return "msvcp140"
    in_folder = re.search(r"(\.(dy)?libs|/llama_cpp/lib)$", file.parent.as_posix())
    if not in_folder and not re.search(r"-[0-9a-f]{32}\.dll$", file.name):
        return ""
    name = re.split(r"[-.]", file.name.removeprefix("lib"))[0]
    return "" if name == JBIG else name


def compiled_in(owner: metadata.Distribution) -> Iterator[Part]:
    """What was compiled into a distribution by the list that it brings: Rust's packages."""
    lists = [file for file in owner.files or () if file.parent.name == "sboms" and file.suffix == ".json"]
    for inner in (inner for file in lists for inner in json.loads(file.read_text("utf-8")).get("components", ())):
        origin = inner.get("purl", "").partition("?")[0]
        if origin.startswith("pkg:cargo/") and inner["name"] != owner.name:
            named = [each.get("expression") or each["license"]["id"] for each in inner.get("licenses", ())]
            licence = " AND ".join(named)
            yield Part(inner["name"], inner["version"], licence, origin, f"in {owner.name} {owner.version}")


def _files(owner: metadata.Distribution) -> Iterator[Path]:
    for file in owner.files or ():
        if file.suffix != ".pyc":
            yield Path(os.path.normpath(str(file.locate())))


def part_of(owner: metadata.Distribution) -> Part:
    """Describe a distribution; its licence is empty where nobody knows it."""
    about = owner.metadata
    named = [link.partition(",") for link in about.get_all("Project-URL") or []]
    links = [link.strip() for name, _, link in named if re.match("home|source|repo|code|github", name, re.IGNORECASE)]
    texts = [
        Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
        for file in owner.files or ()
        if file.suffix in ("", ".md", ".txt", ".rst") or ".dist-info/licenses/" in file.as_posix()
        if file.suffix not in (".DOCX", ".RTF")
        if re.search(r"licen[cs]e|copying|notice|authors", str(file), re.IGNORECASE)
    ]
    name = re.sub(r"[-_.]+", "-", owner.name).lower()
    return Part(
        owner.name, owner.version, licence_of(owner.name, about.get("License-Expression"), about.get("License")),
        f"pkg:pypi/{name}@{owner.version}", about.get("Home-page") or next(iter(links), ""), texts,
    )  # fmt: skip


def licence_of(name: str, expression: str | None, words: str | None) -> str:
    """The identifier of a distribution's licence: as looked up, else as it says itself; empty: nobody knows."""
    if name in LICENCES:
        return LICENCES[name]
    said = (expression or "").strip() or (words or "").strip()
    usual = {"MIT License": "MIT", "Apache 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0"}
    said = usual.get(said, said)
    return said if said != "UNKNOWN" and re.fullmatch(r"[\w.()+-]+( (AND|OR|WITH) [\w.()+-]+)*", said) else ""


def _package(file: Path) -> str:
    """The Debian package that a file of the system belongs to; empty for Python's own, which is a part of its own."""
    asked = subprocess.run(["dpkg", "-S", f"*/{file.name}"], check=False, capture_output=True, text=True).stdout
    lines = [line.partition(": ") for line in asked.splitlines()]
    owners = [package.partition(":")[0] for package, _, path in lines if path.endswith(f"/{file.name}")]
    if not owners:
        raise WrongPart(f"{file} belongs to no package of this system")
    return "" if re.match(r"(lib)?python3", owners[0]) else owners[0]


def _system(package: str) -> Part:
    asked = ["dpkg-query", "--showformat", "${Version}", "--show", package]
    version = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    text = SYSTEM_TEXTS / package / "copyright"
    texts = [text.read_text(encoding="utf-8", errors="replace")] if text.is_file() else []
    home = f"https://packages.debian.org/source/{package}"
    return Part(package, version, OF_SYSTEM.get(package, ""), f"pkg:deb/debian/{package}@{version}", home, texts)


def _python_text() -> str:
    for place in (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt",
                  SYSTEM_TEXTS / "libpython3-stdlib" / "copyright",
                  SYSTEM_TEXTS / f"python3.{sys.version_info[1]}" / "copyright"):  # fmt: skip
        if place.is_file():
            return place.read_text(encoding="utf-8", errors="replace")
    return ""


def sbom(parts: Iterable[Part], version: str, made: int) -> str:
    """The list of parts as CycloneDX 1.6, the same for the same parts; `made` in seconds since 1970."""
    components = []
    for part in parts:
        reference = (
            part.origin
            if part.origin and not part.home.startswith("in ")
            else f"{part.name} {part.version} {part.home}"
        )
        component: dict[str, object] = {"type": "library", "bom-ref": reference.strip()}
        component["name"] = part.name
        if part.version:
            component["version"] = part.version
        component |= {"licenses": [{"expression": part.licence}]}
        if part.origin:
            component["purl"] = part.origin
        if part.home.startswith("http"):
            component["externalReferences"] = [{"type": "website", "url": part.home}]
        elif part.home:
            component["description"] = part.home
        components.append(component)
    own = {"type": "application", "bom-ref": "program", "name": "slmdesk", "version": version,
           "licenses": [{"expression": "Apache-2.0"}]}  # fmt: skip
    about = {"timestamp": datetime.fromtimestamp(made, UTC).isoformat().replace("+00:00", "Z"), "component": own}
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([about, components], sort_keys=True))
    shape = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": about,
        "components": components,
    }
    return json.dumps(shape, indent=1, ensure_ascii=False) + "\n"


def licences_page(parts: Iterable[Part], version: str) -> str:
    """All parts with their licences, then the licences' words, each once."""
    parts = list(parts)
    lines = [f"slmdesk {version} and what comes with it", "", REPLACE]
    lines += [f"{part.name} {part.version}".strip() + f": {part.licence}" + (f"  ({part.home})" if part.home else "")
              for part in parts]  # fmt: skip
    seen: dict[str, list[str]] = {}
    for part in parts:
        for text in part.texts:
            seen.setdefault(text.strip(), []).append(part.name)
    own = [(path.stem, path.read_text(encoding="utf-8").strip()) for path in sorted(TEXTS.glob("*.txt"))]
    for names, text in [*own, *((", ".join(dict.fromkeys(who)), text) for text, who in seen.items())]:
        lines += ["", "=" * 100, names, "=" * 100, "", text]
    return "\n".join(lines) + "\n"


def main(arguments: Iterable[str]) -> int:
    """Called by packages.py with the Python that was frozen.  Returns the exit status."""
    work, names, folder, version, made = arguments
    try:
        parts = parts_of(sources(Path(work), json.loads(Path(names).read_text())))
    except WrongPart as err:
        print(f"slmdesk: {err}", file=sys.stderr)
        return 1
    (Path(folder) / "SBOM.cdx.json").write_text(sbom(parts, version, int(made)), encoding="utf-8")
    (Path(folder) / "LICENCES.txt").write_text(licences_page(parts, version), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
