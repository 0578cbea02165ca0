"""Lists and rewrites a document in a process that has the memory of a reader child, and measures it."""

from __future__ import annotations

import json
import subprocess
import sys

CHILD = """
import io, json, resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
from slmdesk.base.errors import KnownError
from slmdesk.formats.reading import Reading, rewriter_of
from slmdesk.formats.rewriting.rewriters import LeftAsIs, Rewriting, Unit
from slmdesk.formats.rewriting.rewriters import listed, written_to
from slmdesk.children.tasks.reader import chosen_format
from slmdesk.text.tagged import pieces
path = sys.argv[1]
began, said, units, left, size = time.process_time(), "rewritten", [], [], 0
def turned(unit):
    return "".join(one.swapcase() if isinstance(one, str) else str(one) for one in pieces(unit.text, unit.tags))
try:
    rewriter = rewriter_of(chosen_format(Reading(path), ""), path)
    found = list(listed(rewriter, Rewriting(Reading(path))))
    units = [one for one in found if isinstance(one, Unit)]
    left = sorted({one.kind for one in found if isinstance(one, LeftAsIs)})
    answers = {number: (one.text, turned(one)) for number, one in enumerate(units)}
    out = io.BytesIO()
    if written_to(rewriter, Rewriting(Reading(path)), answers, out):
        said = "refused"
    open(sys.argv[2], "wb").write(out.getvalue())
except KnownError as err:
    said = err.code
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) >> 10
print(json.dumps([said, len(units), left, time.process_time() - began, peak]))
"""


def rewrite_in_child(path, target):
    """Verdict, units, kinds of what is left, seconds of the processor and MiB at most; the result is in `target`."""
    command = [sys.executable, "-c", CHILD, str(path), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)
