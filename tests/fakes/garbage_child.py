"""A child that writes every kind of garbage between honest answers.  Arguments: lines, seed."""

import json
import os
import random
import sys

chance = random.Random(int(sys.argv[2]))


def line(**shape):
    return json.dumps(shape).encode() + b"\n"


def bad_lines():
    """One bad line of each kind, for ever; none of them says a word in a chat that was asked for."""
    while True:
        yield b"half a li"[: chance.randrange(1, 9)] + b"\n"
        yield b"not json\n"
        yield os.urandom(chance.randrange(1, 400)).replace(b"\n", b"") + b"\n"
        yield b"[" * 5000 + b"\n"
        yield b"9" * 5000 + b"\n"
        yield b"\n"
        yield line(type="token", job=1, text="WRONG")
        yield line(type="token", job="1", text=["WRONG"])
        yield line(type="token", job="999999", text="WRONG")
        yield line(type="token", job="9" * 5000, text="WRONG")
        yield line(type="token", job="-1", text="WRONG")
        yield line(type="done", job="never", result={})
        yield line(type="done", job="1", result=5)
        yield line(type="failed", job="x", code=None, args={})
        yield line(type="hello", version=1, role="engine", capabilities=[], pid=1)
        yield line(type="hello", version=99, role="desk", capabilities="x", pid="y")
        yield line(type="heartbeat", work="1", busy=3)
        yield line(type="start", job="1", kind="chat", payload={})
        yield line(type="part", id=chance.randrange(3), index=7, of=9, data="{}")
        yield line(type="part", id="x")
        yield line(type="rejected", reason="WRONG " * 50)
        yield line(type={}, job=[])


def main():
    out = sys.stdout.buffer
    out.write(line(type="hello", version=1, role="engine", capabilities=[], pid=os.getpid()))
    out.flush()
    jobs = []
    for asked in sys.stdin.buffer:
        message = json.loads(asked)
        if message["type"] == "shutdown":
            break
        jobs.append(message["job"])
        out.write(line(type="token", job=jobs[-1], text="right "))
        for _, bad in zip(range(int(sys.argv[1])), bad_lines(), strict=False):
            out.write(bad)
        for old in jobs[:-1]:  # answers for requests that have ended
            out.write(line(type="token", job=old, text="WRONG"))
            out.write(line(type="done", job=old, result={"text": "WRONG"}))
        out.write(b'{"type":"token","job":"' + jobs[-1].encode() + b'","text":"' + b"x" * (50 << 20) + b'"}\n')
        out.write(line(type="token", job=jobs[-1], text="answer", unknown_field=True))
        out.write(line(type="done", job=jobs[-1], result={}))
        out.flush()


main()
