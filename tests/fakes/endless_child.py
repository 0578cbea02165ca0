"""A child whose answer never ends, though it beats as if all were well.  Argument: of what it has no end."""

import json
import os
import sys
import threading
from itertools import count

LONG = "w" * 100_000


def say(**shape):
    text = json.dumps(shape)
    parts = [text[at : at + 500_000] for at in range(0, len(text), 500_000)]
    for index, part in enumerate(parts):
        numbered = {"type": "part", "id": 1, "index": index, "of": len(parts), "data": part}
        sys.stdout.write((text if len(parts) == 1 else json.dumps(numbered)) + "\n")
    sys.stdout.flush()


def answers(kind, job, numbers):
    if kind == "heartbeats":
        threading.Event().wait(0.01)
        return {"type": "heartbeat", "work": next(numbers), "busy": True}
    if kind == "results":
        return {"type": "done", "job": job, "result": {"words": ["w" * 100] * 300_000}}
    if kind == "full pages":
        page = {"number": next(numbers), "label": "", "text": "words " * 20_000, "status": "read", "reason": "",
                "blocks": [], "has_image": False}  # fmt: skip
        return {"type": "partial", "job": job, "key": "1", "value": page}
    return {
        "tokens": {"type": "token", "job": job, "text": "w"},
        "long tokens": {"type": "token", "job": job, "text": LONG},
        "tokens of no step": {"type": "token", "job": job, "text": "w", "key": "nobody's"},
        "pages": {"type": "partial", "job": job, "key": "1", "value": {"number": next(numbers), "text": ""}},
        "pages of a job that is over": {"type": "partial", "job": job, "key": "1", "value": {"text": LONG}},
        "progress": {"type": "progress", "job": job, "done": 1, "total": 2, "unit": "page"},
    }[kind]


say(type="hello", version=1, role=sys.argv[2], capabilities=[], pid=os.getpid())
asked = json.loads(sys.stdin.readline())
numbers = count(1)
if sys.argv[1] == "pages of a job that is over":
    say(type="done", job=asked["job"], result={})
while True:
    say(**answers(sys.argv[1], asked["job"], numbers))
