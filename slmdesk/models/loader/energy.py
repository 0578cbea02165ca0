"""Measures or estimates the energy of an answer, and how busy other programs kept the processor."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from slmdesk.base.record import Record
from slmdesk.base.texts import _

POWERCAP = Path("/sys/class/powercap")
SUPPLIES = Path("/sys/class/power_supply")
WATTS_PER_BUSY_CORE = 12.0
"""Power per busy core that is assumed if nothing can be measured: the average rated power per core of processors in the
data of Green Algorithms (Lannelongue, Grealey and Inouye 2021, doi 10.1002/advs.202100707: 12.0 W for an unknown
processor).
"""
BUSY_CORES = 0.5
"""Number of busy cores below which other programs count as quiet."""
JOULES_PER_WH = 3600.0


class EnergySource(StrEnum):
    COUNTERS = "counters"
    """Counters of the processor packages, which include the work of other programs."""
    BATTERY = "battery"
    """Energy drawn from the battery by the whole computer, including its screen."""
    ESTIMATED = "estimated"
    """Processor time of the model's process times WATTS_PER_BUSY_CORE."""


class Energy(Record):
    joules: float
    source: EnergySource


class Battery(Record):
    held_j: float
    watts: float | None


class Meter:
    """Measures energy from its creation until `spent` is called. `pid` is the process that does the work. With None no
    estimate is made from processor time.
    """

    def __init__(self, pid: int | None, *, powercap: Path = POWERCAP, supplies: Path = SUPPLIES) -> None:
        self._pid, self._powercap, self._supplies = pid, powercap, supplies
        self._counters = read_counters(powercap)
        self._batteries = read_batteries(supplies)
        self._busy = _busy_seconds(pid)
        self._began = time.monotonic()

    def spent(self) -> Energy | None:
        joules = counted_between(self._counters, read_counters(self._powercap))
        if joules is not None:
            return Energy(joules, EnergySource.COUNTERS)
        joules = drawn_between(self._batteries, read_batteries(self._supplies), time.monotonic() - self._began)
        if joules is not None:
            return Energy(joules, EnergySource.BATTERY)
        busy = _busy_seconds(self._pid)
        if self._busy is None or busy is None or busy < self._busy:
            return None
        return Energy(round((busy - self._busy) * WATTS_PER_BUSY_CORE, 3), EnergySource.ESTIMATED)


class OtherPrograms:
    """Measures how much processor time other programs use. Programs of low priority (`nice`), such as indexers, do not
    count, since they give way.
    """

    def __init__(self) -> None:
        self._before = self._now()

    def cores(self) -> float:
        """Return how many cores other programs kept busy, on average since the last call or the creation."""
        before, self._before = self._before, self._now()
        passed, busy, ours = (after - earlier for after, earlier in zip(self._before, before, strict=True))
        return max(0.0, busy - max(0.0, ours)) / max(passed, 0.001)

    def are_quiet(self) -> bool:
        return self.cores() < BUSY_CORES

    def _now(self) -> tuple[float, float, float]:
        import psutil  # 17 ms

        is_nice = sys.platform != "win32" and os.nice(0) > 0  # then nice programs do not give way to this one
        times = psutil.cpu_times()
        busy = times.user + times.system + (getattr(times, "nice", 0.0) if is_nice else 0.0)
        me, ours = psutil.Process(), 0.0
        for child in (*reversed(me.children(recursive=True)), me):  # a parent counts children that ended
            with suppress(psutil.Error):
                ours += sum(child.cpu_times()[:4])  # includes the time of its ended children
        return time.monotonic(), busy, ours


def read_counters(root: Path = POWERCAP) -> dict[Path, int]:
    """Return the energy counters of the processor packages in microjoules, or none without permission. Zones inside
    packages, `…-mmio` and `psys` are skipped, since they would count twice. Source: the kernel's
    Documentation/power/powercap/powercap.rst.
    """
    counters: dict[Path, int] = {}
    names: set[str] = set()
    for zone in sorted(root.glob("*:[0-9]*"), key=lambda path: ("mmio" in path.name, path.name)):
        if zone.name.count(":") != 1:
            continue
        name = _text(zone / "name") or zone.name
        energy = _number(zone / "energy_uj")
        if energy is not None and name not in names and not name.startswith("psys"):
            names.add(name)
            counters[zone] = round(energy)
    return counters


def counted_between(before: Mapping[Path, int], after: Mapping[Path, int]) -> float | None:
    """Return the joules between two readings, or None if not comparable. Counters that wrapped around are corrected."""
    if not before or before.keys() != after.keys():
        return None
    spent = 0.0
    for zone, start in before.items():
        step: float = after[zone] - start
        if step < 0:
            largest = _number(zone / "max_energy_range_uj")
            if largest is None:
                return None
            step += largest
        spent += step
    return round(spent / 1e6, 3)


def read_batteries(root: Path = SUPPLIES) -> dict[Path, Battery]:
    """Return the batteries that power the PC now. Source: the kernel's Documentation/ABI/testing/sysfs-class-power."""
    batteries: dict[Path, Battery] = {}
    for supply in sorted(root.glob("*")):
        is_ours = _text(supply / "type") == "Battery" and _text(supply / "scope") != "Device"
        if not is_ours or _text(supply / "status") != "Discharging":
            continue
        volts = (_number(supply / "voltage_now") or 0.0) / 1e6
        held_wh = _number(supply / "energy_now")
        charge = _number(supply / "charge_now")
        if held_wh is None and charge is not None and volts:
            held_wh = charge * volts
        power, current = _number(supply / "power_now"), _number(supply / "current_now")
        if power is None and current is not None and volts:
            power = current * volts
        if held_wh is not None:
            watts = abs(power) / 1e6 if power else None  # some systems report the outgoing power as negative
            batteries[supply] = Battery(held_wh / 1e6 * JOULES_PER_WH, watts)
    return batteries


def drawn_between(before: Mapping[Path, Battery], after: Mapping[Path, Battery], seconds: float) -> float | None:
    """Return the joules drawn from the batteries, or None if that is unknown. The mean of both power readings is used
    if available, since the stored energy is reported in coarse steps.
    """
    if not before or before.keys() != after.keys():
        return None
    spent = 0.0
    for supply, start in before.items():
        end = after[supply]
        if start.watts is not None and end.watts is not None:
            spent += (start.watts + end.watts) / 2 * seconds
        elif start.held_j > end.held_j:
            spent += start.held_j - end.held_j
        else:
            return None
    return round(spent, 3)


def energy_words(joules: float, source: EnergySource, tokens: int) -> str:
    """Return the energy of 1,000 tokens as text, of what `tokens` took: '0.13 Wh per 1,000 tokens'."""
    mark = {EnergySource.ESTIMATED: _(" (estimated)"), EnergySource.BATTERY: _(" (the whole PC)")}.get(source, "")
    wh = joules / JOULES_PER_WH * 1000 / tokens
    figure = _("{wh:.2g} Wh") if wh < 10 else _("{wh:.0f} Wh")
    return _("{watt_hours} per 1,000 tokens{mark}").format(watt_hours=figure.format(wh=wh), mark=mark)


def _busy_seconds(pid: int | None) -> float | None:
    import psutil  # 17 ms, and only asked for when something is measured

    if pid is None:
        return None
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return None
    return float(times.user + times.system)


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""


def _number(path: Path) -> float | None:
    try:
        return float(int(_text(path)))
    except ValueError:
        return None
