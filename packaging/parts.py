"""What of the libraries goes into the packages, what is left out, and what the system has to bring.

Only the standard library: slmdesk.spec and packages.py read it.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

VERSIONS_ASKED = (
    "slmdesk", "llama-cpp-python", "PySide6-Essentials", "huggingface-hub", "sqlite-utils", "sqlcipher3",
    "cryptography", "numpy", "psutil", "jinja2", "keyring",
)  # fmt: skip
"""Packages whose version the program asks for while it runs."""

NOT_TAKEN = (
    "tkinter", "pip", "setuptools", "pkg_resources", "wheel", "hf_xet", "diskcache",
    "readline", "_gdbm", "_dbm",  # GPL and Sleepycat's licence come with what they load
    "rapidocr", "cv2", "shapely", "pyclipper", "omegaconf", "colorlog",  # its networks are data
    "llama_cpp.server", "phonenumbers.geodata", "phonenumbers.carrierdata", "phonenumbers.tzdata",
    "PIL._avif", "PIL._imagingcms", "PIL._imagingft", "PIL._webp",  # python-pptx asks for a picture's size alone
    "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtOpenGL", "PySide6.QtOpenGLWidgets",
)  # fmt: skip
"""Modules that nothing of the program reaches when it runs, or that may not be passed on with it."""

QT_LANGUAGES = ("cs", "de", "es", "fr", "it", "nl", "pl", "pt_BR", "tr", "uk")
"""Qt's own words (the buttons of its dialogs) are taken in these."""

LEFT_OUT = "|".join((
    # Plugins of Qt for kiosks, for a theme that brings sixty libraries of GNOME, and for what no document has.
    r"plugins/(egldeviceintegrations|generic|networkinformation|wayland-graphics-integration-server)/",
    r"plugins/platforms/(lib)?q(direct2d|eglfs|linuxfb|minimal|minimalegl|vkkhrdisplay|vnc)\.\w+$",
    r"plugins/platformthemes/libqgtk3\.so$",
    r"plugins/imageformats/(lib)?q(pdf|tga|icns|wbmp)\.\w+$",
    r"plugins/platforminputcontexts/(lib)?qtvirtualkeyboard",
    r"plugins/tls/",  # nothing of Qt speaks with a server
    r"(^|/)opengl32sw\.dll$",  # Windows: draws for programs of OpenGL, 20 MB
    r"onnxruntime/capi/libonnxruntime\.so",  # the same library for programs in C
    rf"Qt/translations/(?!qtbase_({'|'.join(QT_LANGUAGES)})\.qm$)",
    # Where a wheel was unpacked and by whom.
    r"\.dist-info/(?!METADATA$)",
    # Every desktop has these, configures them, or has drivers that want its own, newer ones.  Whole names of the first
    # level: a wheel's own library may be called nearly so (libharfbuzz-1a2b3c.so), and the system may have none.
    r"^lib(dbus-1|expat|fontconfig|freetype|gcc_s|mvec|stdc\+\+|systemd|uuid|X11|X11-xcb|Xau|Xdmcp|z)\.so[.0-9]*$",
    r"^lib(glib|gobject|gio|gmodule|gthread)-2\.0\.so[.0-9]*$",
    r"^lib(gomp|llama|ggml|mtmd)[-a-z0-9]*\.so[.0-9]*$",  # they are in llama_cpp/lib
))  # fmt: skip
"""Files that are not taken: a pattern of their places in the folder."""

OF_SYSTEM: Mapping[str, str] = {
    "ld-linux-x86-64.so.2": "libc6",
    "libc.so.6": "libc6",
    "libdl.so.2": "libc6",
    "libm.so.6": "libc6",
    "libmvec.so.1": "libc6",
    "libpthread.so.0": "libc6",
    "libresolv.so.2": "libc6",
    "librt.so.1": "libc6",
    "libutil.so.1": "libc6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libEGL.so.1": "libegl1",
    "libexpat.so.1": "libexpat1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgbm.so.1": "libgbm1",
    "libgcc_s.so.1": "libgcc-s1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libOpenGL.so.0": "libopengl0",
    "libstdc++.so.6": "libstdc++6",
    "libuuid.so.1": "libuuid1",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libX11.so.6": "libx11-6",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libxcb.so.1": "libxcb1",
    "libz.so.1": "zlib1g",
}
"""Libraries the system has to bring, each with its Debian package."""
ON_DEMAND = frozenset(("libvulkan.so.1",))
"""Needed by a library that is opened where they are there, and not where they are not."""
JBIG = "jbig"
"""JBIG-KIT's library, which is under the GPL: see `leave_out_jbig`."""

UNCHANGED = ("PySide6", "shiboken6")

_NEEDED = re.compile(r"\(NEEDED\).*\[(.*)\]")
_LOAD = re.compile(r"^ *LOAD +(0x\w+) (0x\w+) .* (0x\w+)$", re.MULTILINE)
_GLIBC = re.compile(rb"GLIBC_2\.(\d+)")


class WrongPart(Exception):
    """Something would go into the package that may not, or nobody knows where it comes from."""


def elf_files(folder: Path) -> list[Path]:
    """Programs and libraries, without links to them."""
    paths = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                if file.read(4) == b"\x7fELF":
                    paths.append(path)
    return paths


def needed(files: Iterable[Path]) -> dict[Path, list[str]]:
    """The libraries that each program or library names."""
    command = ["readelf", "--dynamic", "--wide"]
    return {
        file: _NEEDED.findall(subprocess.run([*command, file], check=True, capture_output=True, text=True).stdout)
        for file in files
    }


def strip(inside: Path) -> None:
    """Take out of the libraries the names that only a debugger reads.  Those under the LGPL stay as they came."""
    for path in elf_files(inside):
        if ".so" not in path.name or path.relative_to(inside).parts[0] in UNCHANGED:
            continue
        stripped = path.with_name(f"{path.name}.stripped")
        subprocess.run(["strip", "--strip-unneeded", "-o", stripped, path], check=True)
        headers = subprocess.run(
            ["readelf", "--segments", "--wide", stripped], check=True, capture_output=True, text=True
        )
        if is_loadable(headers.stdout):
            stripped.replace(path)
        else:
            stripped.unlink()


def leave_out_jbig(inside: Path) -> None:
    """Put in the place of JBIG-KIT, which libtiff names for pictures that nothing here shows it, what only fails."""
    for path in inside.glob(f"*.libs/lib{JBIG}-*"):
        named = subprocess.run(["nm", "--dynamic", path], check=True, capture_output=True, text=True).stdout
        names = re.findall(r"^\w+ T (jbg_\w+)$", named, re.MULTILINE)
        code = "".join(f"long {name}(void) {{ return {int(name != 'jbg_strerror')}; }}\n" for name in names)
        command = ["cc", "-shared", "-nostdlib", "-s", f"-Wl,--build-id=none,-soname,{path.name}", "-x", "c", "-"]
        subprocess.run([*command, "-o", path], input=code, check=True, text=True)


def is_loadable(headers: str) -> bool:
    """Whether the linker takes a library with these headers (readelf): strip breaks those that patchelf changed."""
    loads = [(int(at, 16), int(to, 16), int(by, 16)) for at, to, by in _LOAD.findall(headers)]
    return bool(loads) and all((at - to) % by == 0 for at, to, by in loads)


def unused(needs: Mapping[Path, Iterable[str]], may_go: Iterable[Path]) -> list[Path]:
    """Those of some libraries that no other file needs, once those that no file needs are gone."""
    left, going = dict(needs), []
    candidates = set(may_go)
    while True:
        named = {name for file, names in left.items() for name in names if name != file.name}
        gone = [path for path in candidates if path.name not in named]
        if not gone:
            return sorted(going)
        going += gone
        candidates -= set(gone)
        for path in gone:
            left.pop(path, None)


def prune(inside: Path) -> list[str]:
    """Remove libraries that came along for a file that was left out, and links to nothing."""
    own = [path for folder in (".", "PySide6/Qt/lib", "pillow.libs") for path in inside.glob(f"{folder}/lib*.so*")]
    may_go = [path for path in own if not path.is_symlink() and not path.name.startswith("libpython")]
    gone = unused(needed(elf_files(inside.parent)), may_go)
    for path in gone:
        path.unlink()
    for path in inside.rglob("*"):
        if path.is_symlink() and not path.exists():
            path.unlink()
    return [path.relative_to(inside).as_posix() for path in gone]


def depends(names: Iterable[str], own: Iterable[str], glibc: int) -> list[str]:
    """The Debian packages that bring the libraries `names`, but for those in the folder itself.

    Raises WrongPart for one that is nowhere.
    """
    missing = sorted(set(names) - set(own) - ON_DEMAND)
    if unknown := [name for name in missing if name not in OF_SYSTEM]:
        raise WrongPart(f"neither in the folder nor known to be the system's: {', '.join(unknown)}")
    packages = {OF_SYSTEM[name] for name in missing} - {"libc6"}
    return [f"libc6 (>= 2.{glibc})", *sorted(packages)]


def depends_of(folder: Path) -> list[str]:
    """The Debian packages that a folder's programs and libraries need."""
    files = elf_files(folder)
    glibc = max(int(minor) for file in files for minor in _GLIBC.findall(file.read_bytes()))
    return depends({name for names in needed(files).values() for name in names}, {path.name for path in files}, glibc)
