"""Moves the models folder in a process that kills itself at the N-th change of the disk: `mover.py TARGET N HOW`.

HOW: link, or what a file system without second names does: copy (another disk), rename (a stick with exFAT).
Prints how many changes there were, when it comes to an end.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from pathlib import Path

from fakes.recorder import open_echo, result_of

from slmdesk.models import move
from slmdesk.runtime.messages import Problem


def main() -> None:
    target, at, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    services = open_echo()
    count, lock = 0, threading.Lock()

    def watched(name: str) -> None:
        real = getattr(os, name)

        def call(*args, **kwargs):
            nonlocal count
            with lock:
                count += 1
                if count == at:
                    os.kill(os.getpid(), signal.SIGKILL)
            if name == "link" and how != "link":
                raise OSError(errno.EPERM if how == "rename" else errno.EXDEV, "no second names here")
            return real(*args, **kwargs)

        setattr(os, name, call)

    if how == "copy":
        move.is_other_disk = lambda _file, _folder: True
    for name in ("link", "replace", "rename", "unlink", "rmdir", "fsync", "open", "mkdir"):
        watched(name)
    end = result_of(services, lambda: services.moving.move(target))
    print(count, end.sentence if isinstance(end, Problem) else "", flush=True)
    services.close()


if __name__ == "__main__":
    main()
