"""A reader child with formats only tests know, whose parsers misbehave; the arguments are limits to change.

Registered here, in a process of its own: nothing of it is in the product.
"""

import os
import re
import signal
import sys
import tempfile
import time
import types
from pathlib import Path

from slmdesk.base import documents
from slmdesk.base.documents import page_of
from slmdesk.children.formats import reading
from slmdesk.children.reach import AllowedPaths
from slmdesk.children.worker import main
from slmdesk.children.worker.main import run_worker


def pages(reading, misbehave):
    if misbehave is not wait:
        yield page_of(1, "1", "the first page", [])
    Path(f"{reading.path}.reached").touch()
    if not Path(f"{reading.path}.mended").exists():
        misbehave()
    yield page_of(2, "2", "the second page", [])


def hang():
    time.sleep(600)


def wait():
    """Before its first page."""
    hang()


def spin():
    """Lets no other thread run."""
    re.match(r"(a|a)+$", "a" * 40 + "b")


def eat():
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)
    hang()  # the signal may reach another thread first


def peek():
    """What a parser does that follows an external entity."""
    import socket

    for path in sys.argv[2:]:
        Path(path).read_bytes()
    socket.socket(socket.AF_INET, socket.SOCK_STREAM)


WAYS = {
    "peek": peek,
    "hang": hang,
    "wait": wait,
    "spin": spin,
    "eat": eat,
    "abort": os.abort,
    "crash": crash,
    "leave": lambda: os._exit(3),
    "raise": lambda: 1 / 0,
    "write": lambda: os.write(1, b"stray words\n"),
}


def make(way):
    def read(reading):
        return pages(reading, WAYS[way])

    return read


odd = types.ModuleType("slmdesk.children.formats.odd")
for way in WAYS:
    setattr(odd, way, make(way))
sys.modules[odd.__name__] = odd
reading.READERS.update({way: f"odd:{way}" for way in WAYS})
documents.FORMATS += tuple(documents.Format(way, way, (f".{way}",)) for way in WAYS)
# marks for the test that watches lie beside the documents
os.environ["SLMDESK_MAY_OPEN"] = AllowedPaths(write=(tempfile.gettempdir(),)).to_variable()
if len(sys.argv) > 1:
    main.PATIENCE_S = float(sys.argv[1])
run_worker(["reader"])
