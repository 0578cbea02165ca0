"""Reads or rewrites a document in a process that has the memory of a reader child, and measures it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

CHILD = """
import io, json, os, resource, sys, time
from slmdesk.base.errors import KnownError
from slmdesk.children.tasks.reader import chosen_format
from slmdesk.children.formats.reading import Reading, reader_of, rewriter_of

def read(path):
    reading = Reading(path)
    statuses = [page.status.value for page in reader_of(chosen_format(reading, ""))(reading)]
    is_broken = {"broken", "partly_damaged"} & {*statuses, *(note.value for note in reading.notes)}
    return "read in part" if is_broken else "read", len(statuses)

def rewrite(path, target):
    from slmdesk.children.formats.rewriting.rewriters import LeftAsIs, Rewriting, Unit, written_to
    from slmdesk.base.text.tagged import pieces
    rewriter = rewriter_of(chosen_format(Reading(path), ""), path)
    found = list(rewriter(Rewriting(Reading(path))))
    units = [one for one in found if isinstance(one, Unit)]
    turned = ["".join(one.swapcase() if isinstance(one, str) else str(one) for one in pieces(unit.text, unit.tags))
              for unit in units]
    answers = {number: (unit.text, words) for number, (unit, words) in enumerate(zip(units, turned, strict=True))}
    out = io.BytesIO()
    refused = written_to(rewriter, Rewriting(Reading(path)), answers, out)
    open(target, "wb").write(out.getvalue())
    left = sorted({one.kind for one in found if isinstance(one, LeftAsIs)})
    return "refused" if refused else "rewritten", len(units), left

def tried(arguments):
    resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
    began = time.process_time()
    try:
        said = (read if len(arguments) == 1 else rewrite)(*arguments)
    except KnownError as err:
        said = (err.code, 0, [])[: len(arguments) + 1]
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    peak = int(status["VmHWM"].split()[0]) >> 10  # ru_maxrss would begin with the parent's
    print(json.dumps([*said, time.process_time() - began, peak]), flush=True)

for line in sys.stdin:  # each in a process of its own, which has these modules already
    if (pid := os.fork()) == 0:
        tried(json.loads(line))
        os._exit(0)
    if status := os.waitpid(pid, 0)[1]:
        sys.exit(f"it ended with {status}")
"""
_started: list[subprocess.Popen[str]] = []


def end() -> None:
    """End what the children are forked from."""
    while _started:
        process = _started.pop()
        process.communicate(timeout=60)


def read_in_child(path):
    """Verdict, pages, seconds of the processor and MiB at most, with the memory a reader child has."""
    return _told(path)


def rewrite_in_child(path, target):
    """Verdict, units, kinds of what is left, seconds of the processor and MiB at most; the result is in `target`."""
    return _told(path, target)


def _told(*paths):
    if not _started:
        command = [sys.executable, "-c", CHILD]
        _started.append(subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
    process = _started[0]
    print(json.dumps([str(path) for path in paths]), file=process.stdin, flush=True)
    answer = process.stdout.readline()
    if not answer:  # why is in what the test printed to stderr
        _started.clear()
        pytest.fail(f"the child died: {process.wait(timeout=60)}")
    return json.loads(answer)
