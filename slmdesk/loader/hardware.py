"""Describes processor and memory, of this PC and of a process, without measuring speed."""

from __future__ import annotations

import os
import platform
from importlib.util import find_spec
from pathlib import Path


def processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def hardware_key() -> str:
    """Return a key of processor, cores, memory and what llama.cpp was built for; when it changes, earlier measurements
    are invalid.
    """
    import psutil  # 17 ms

    cores = psutil.cpu_count(logical=False) or 0
    gigabytes = round(psutil.virtual_memory().total / (1 << 30))
    return f"{processor()}, {cores} cores, {os.cpu_count() or 0} threads, {gigabytes} GiB" + "".join(
        f", {one}" for one in card_backends()
    )


def card_backends() -> list[str]:
    """Return what the installed llama.cpp can use besides the processor, "vulkan" or "cuda", by its files' names."""
    package = find_spec("llama_cpp")
    folders = [Path(one) / "lib" for one in (package.submodule_search_locations if package else None) or ()]
    names = {one.name.split(".")[0].removeprefix("lib") for folder in folders for one in folder.glob("*ggml-*")}
    return sorted(one.removeprefix("ggml-") for one in names - {"ggml-base", "ggml-cpu"})


def memory_of(pid: int | None) -> int:
    """Return the resident memory of a process in bytes; 0 without one."""
    import psutil  # 17 ms

    if pid is None:
        return 0
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
