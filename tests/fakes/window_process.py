"""The real window in a process of its own; what it does is told to it, chapter by chapter (`fakes.driven_window`)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence

from fakes.commands import ROOT, told_in

COMMAND = [sys.executable, "-m", "fakes.driven_window"]
WAIT_S = 1800


class WindowProcess:
    """It goes on being driven when it has been replaced."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
            env={**env, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"},
        )  # fmt: skip
        self.told: list[dict] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            with self._news:
                self.told.append(told_in(line))
                self._news.notify_all()
        with self._news:
            self.told.append({"ended": True})
            self._news.notify_all()

    def wait(self, name: str, after: int = 0) -> dict:
        """The first that was told of this since."""
        ends = {name, "failed", "ended"}
        with self._news:
            found = self._news.wait_for(
                lambda: next((one for one in self.told[after:] if ends & one.keys()), None), timeout=WAIT_S
            )
        assert found, (name, self.told)
        assert name in found, "\n".join(map(str, found.get("shown", []))) + f"\n{found.get('why')}\n{self.told}"
        return found

    def _say(self, chapter: str, *given: object) -> None:
        self.process.stdin.write("\t".join([chapter, *map(str, given)]) + "\n")
        self.process.stdin.flush()

    def do(self, chapter: str, *given: object) -> None:
        """Have it play a chapter to its end."""
        after = len(self.told)
        self._say(chapter, *given)
        self.wait("done", after)

    def locked_by(self, cause: Callable[[], object]) -> None:
        """Whatever is done, the lock page of a fresh process follows."""
        after = len(self.told)
        cause()
        assert self.wait("page", after) == {"page": True}

    def press_lock(self) -> None:
        self._say("lock_key")

    def leave(self, chapter: str = "leave") -> None:
        self._say(chapter)
        assert self.process.wait(WAIT_S) == 0

    def close(self) -> None:
        self.process.stdin.close()  # then it ends, and strace with it
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
            self.process.wait()
            self._reader.join(10)
            self.process.stdout.close()
