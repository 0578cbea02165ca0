"""Reads a document in a process that has the memory of a reader child, and measures it."""

from __future__ import annotations

import json
import subprocess
import sys

CHILD = """
import json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
from slmdesk.base.errors import KnownError
from slmdesk.formats.reading import Reading
from slmdesk.formats.reading import reader_of
from slmdesk.children.tasks.reader import chosen_format
began, said = time.process_time(), "read"
reading = Reading(sys.argv[1])
try:
    statuses = [page.status.value for page in reader_of(chosen_format(reading, ""))(reading)]
    pages = len(statuses)
    if {"broken", "partly_damaged"} & {*statuses, *(note.value for note in reading.notes)}:
        said = "read in part"
except KnownError as err:
    pages, said = 0, err.code
status = dict(line.split(":", 1) for line in open("/proc/self/status"))  # ru_maxrss would begin with the parent's
peak = int(status["VmHWM"].split()[0]) >> 10
print(json.dumps([said, pages, time.process_time() - began, peak]))
"""


def read_in_child(path):
    """Verdict, pages, seconds of the processor and MiB at most, with the memory a reader child has."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
