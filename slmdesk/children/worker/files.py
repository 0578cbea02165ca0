"""The files that each role of a child may open; the kernel refuses all others (landlock.py, seatbelt.py)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import slmdesk
from slmdesk.children.reach import AllowedPaths
from slmdesk.children.worker import seatbelt
from slmdesk.children.worker.landlock import Files

SYSTEM = (
    "/usr", "/lib", "/lib32", "/lib64", "/opt", "/nix/store", "/gnu/store", "/run/opengl-driver",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload", "/etc/localtime",
    "/etc/nsswitch.conf", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf", "/etc/crypto-policies",
    "/dev/urandom", "/dev/random", "/dev/zero",
    "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/vmstat", "/proc/zoneinfo", "/proc/filesystems",
    "/proc/sys/vm/overcommit_memory", "/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm",
)  # fmt: skip
"""Programs and libraries of the system, and what they read when they are loaded: no user data."""
OWN_PROCESS = "/proc/self"
GRAPHICS = ("/sys", "/proc/driver", "/proc/devices", "/proc/modules", "/etc/OpenCL", "/etc/vulkan", "/etc/drirc")
GRAPHICS_DEVICES = ("/dev/dri", "/dev/kfd")
OCR_VARIABLE = "SLMDESK_TESSDATA"
"""The folder of tesseract's data, where they are not among the system's."""
FONTS = ("/etc/fonts", "/var/cache/fontconfig", "~/.fonts", "~/.fonts.conf")
_PACKAGE_FOLDERS = ("site-packages", "dist-packages", "lib-dynload")


def files_of(role: str, reach: AllowedPaths) -> Files:
    system = seatbelt.SYSTEM if sys.platform == "darwin" else SYSTEM
    read = (*system, *_interpreter(), OWN_PROCESS)
    devices: tuple[str, ...] = ("/dev/null",)
    if role == "engine":
        read += GRAPHICS
        devices += (*GRAPHICS_DEVICES, *_nvidia_devices())
    elif role == "reader":
        read += (os.environ.get(OCR_VARIABLE, ""),)
    elif role == "printer":
        read += _fonts()
    return Files((*read, *reach.read), reach.write, devices)


def files_of_trials() -> Files:
    return Files((*SYSTEM, *_interpreter()), (), ("/dev/null",), (os.path.realpath(sys.executable), *_loaders()))


def _interpreter() -> tuple[str, ...]:
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(slmdesk.__file__).resolve().parent)}
    places |= {one for one in sys.path if Path(one).name in _PACKAGE_FOLDERS}
    places |= {one for one in os.environ.get("LD_LIBRARY_PATH", "").split(os.pathsep) if Path(one).is_absolute()}
    if getattr(sys, "frozen", False):
        places.add(str(Path(sys.executable).resolve().parent))
    return tuple(sorted(places - {"", "/", str(Path("~").expanduser())}))


def _loaders() -> tuple[str, ...]:
    """The dynamic linker, which the kernel starts before a program such as this one."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ()
    mapped = {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}
    return tuple(sorted(one for one in mapped if Path(one).name.startswith("ld-")))


def _nvidia_devices() -> tuple[str, ...]:
    try:
        return tuple(sorted(str(one) for one in Path("/dev").iterdir() if one.name.startswith("nvidia")))
    except OSError:
        return ()


def _fonts() -> tuple[str, ...]:
    places = [
        str(Path(os.environ.get(variable) or default) / name)
        for variable, default, name in (
            ("XDG_DATA_HOME", "~/.local/share", "fonts"),
            ("XDG_CONFIG_HOME", "~/.config", "fontconfig"),
            ("XDG_CACHE_HOME", "~/.cache", "fontconfig"),
        )
    ]
    return tuple(str(Path(one).expanduser()) for one in (*FONTS, *places))
