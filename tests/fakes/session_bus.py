"""A session bus of a test's own, on which nothing is ever started, and desktops on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.commands import told_in

HERE = Path(__file__).resolve().parent
MISSING = shutil.which("dbus-daemon") is None
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>{listen}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/>
<allow own="*"/></policy>
</busconfig>"""


class Bus:
    """A bus, and what runs on it; `environment` is how a program finds it."""

    def __init__(self, folder: Path, listen: str = "") -> None:
        config = folder / "bus.conf"
        config.write_text(CONFIG.format(listen=listen or f"unix:path={folder}/bus"))
        self.process = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": self.address}
        self.system_environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        """How a program takes it for the bus of the system."""
        self.desktops: list[Desktop] = []

    def desktop(self, **options) -> Desktop:
        """A portal on this bus, there when this returns."""
        return self._play("fake_portal.py", options)

    def logind(self, **options) -> Desktop:
        """A logind on this bus, there when this returns."""
        return self._play("fake_logind.py", options)

    def _play(self, program: str, options: dict) -> Desktop:
        made = Desktop(self.address, options, program)
        self.desktops.append(made)
        return made

    def end(self) -> None:
        """The bus dies."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        for desktop in self.desktops:
            desktop.close()
        self.end()
        self.process.stdout.close()


class Desktop:
    """The process of a fake portal or logind; `received` fills by itself."""

    def __init__(self, address: str, options: dict, program: str = "fake_portal.py") -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / program), address, json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        )  # fmt: skip
        self.received: list[dict] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._ready.wait(60), f"{program} did not come up"

    def calls(self, name: str) -> list[dict]:
        return [one for one in tuple(self.received) if one.get("call") == name]

    def notify(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.received.append(told_in(line))
            self._ready.set()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(10)
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def private_bus(listen: str = "") -> Iterator[Bus]:
    """A bus in a folder whose name is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="slmbus-") as folder:
        bus = Bus(Path(folder), listen)
        try:
            yield bus
        finally:
            bus.close()
