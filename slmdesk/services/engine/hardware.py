"""What this PC is made of, without measuring anything."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def processor() -> str:
    """The name of the processor, as the system has it."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def hardware_key() -> str:
    """Another one where processor, cores or memory are others: what was measured before holds no more."""
    import psutil  # 17 ms

    cores = psutil.cpu_count(logical=False) or 0
    gigabytes = round(psutil.virtual_memory().total / (1 << 30))
    return f"{processor()}, {cores} cores, {os.cpu_count() or 0} threads, {gigabytes} GiB"
