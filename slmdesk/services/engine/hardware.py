"""Describes this PC's processor and memory without measuring."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def processor() -> str:
    """Return the processor's name as the system reports it."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def hardware_key() -> str:
    """Return a key of processor, cores and memory; when it changes, earlier measurements are invalid."""
    import psutil  # 17 ms

    cores = psutil.cpu_count(logical=False) or 0
    gigabytes = round(psutil.virtual_memory().total / (1 << 30))
    return f"{processor()}, {cores} cores, {os.cpu_count() or 0} threads, {gigabytes} GiB"
