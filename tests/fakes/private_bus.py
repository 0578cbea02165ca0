"""A bus of a test's own, on which nothing is ever started, and a logind on it."""

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
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": self.address}
        self.loginds: list[Logind] = []

    def logind(self, **options) -> Logind:
        """A logind on this bus, there when this returns."""
        made = Logind(self.address, options)
        self.loginds.append(made)
        return made

    def end(self) -> None:
        """The bus dies."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        for logind in self.loginds:
            logind.close()
        self.end()
        self.process.stdout.close()


class Logind:
    """The process of a fake logind; `received` fills by itself."""

    def __init__(self, address: str, options: dict) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "fake_logind.py"), address, json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parent)},
        )  # fmt: skip
        self.received: list[dict] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        assert self._ready.wait(60), "it did not come up"

    def calls(self, name: str) -> list[dict]:
        return [message for message in tuple(self.received) if message.get("call") == name]

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
