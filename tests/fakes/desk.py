"""A desk to be killed: brings its child into a state, prints the child's pid and waits.  Arguments: state, folder."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fakes.children import Received, Rig, chat_payload, has_progress, has_tokens

from slmdesk.base.types import LoadSpec
from slmdesk.children.client import ChildStarted

STATES = {
    "starting": {},
    "idle": {},
    "loading": {"load_seconds": 60},
    "reading": {"slow_read": 60},
    "writing": {"slow": 0.01, "repeat": "word"},
    "silent": {"slow": 60},
    "frozen": {"fault": "freeze", "at": 1},
    "stopped": {"fault": "stop", "at": 1},
    "refusing": {"slow": 0.01, "repeat": "word", "refuse_cancel": True},
}


def main(state, folder):
    rig = Rig(Path(folder), echo=STATES[state])
    received = Received()
    if state in ("starting", "loading"):
        rig.client.load(LoadSpec(""), received)
        if state == "loading":
            received.until(has_progress)
        else:
            while rig.client.pid is None:
                pass
    else:
        handle = rig.load()
        if state != "idle":
            job = rig.client.start("chat", chat_payload(handle, "one two three " * 200), received)
            received.until(
                has_progress if state in ("reading", "silent") else has_tokens(1), 5
            ) if state != "reading" else None
            if state == "refusing":
                job.cancel()
    assert state == "starting" or rig.children.of(ChildStarted)
    print(rig.client.pid, flush=True)
    threading.Event().wait()


main(*sys.argv[1:])
