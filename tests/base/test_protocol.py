"""The protocol: what goes in comes out, long messages travel in parts, garbage is refused."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base import protocol
from slmdesk.base.protocol import ProtocolBroken, decoder_of_child, decoder_of_instance, encode, lines_of

pytestmark = pytest.mark.pure


def through(message, decoder):
    out = [decoder.decode(line.rstrip(b"\n")) for line in encode(message)]
    assert all(message is None for message in out[:-1])
    return out[-1]


@given(st.text(), st.text())
def test_any_text_survives_even_lone_surrogates(text, key):
    message = protocol.Token("7", text, key)
    assert through(message, decoder_of_instance()) == message


def test_a_long_message_travels_in_short_lines():
    message = protocol.Start("1", "chat", {"text": '"é\udc80' * 600_000})
    lines = list(encode(message))
    assert len(lines) > 1
    assert max(map(len, lines)) <= protocol.MAX_LINE_BYTES
    assert through(message, decoder_of_child()) == message


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"[]", b"null", b'{"type":"nonsense"}', b'{"type":"token","job":1,"text":"x"}',
        b'{"type":["token"]}', b'{"type":"token","job":"1"}', b"\xff\xfe", b"[" * 100_000,
        b'{"type":"part","id":1,"index":1,"of":2,"data":"x"}',
        b'{"type":"part","id":"1"}', b'{"type":"start","job":"1","kind":"chat","payload":{}}',
    ],
)  # fmt: skip
def test_garbage_is_refused(line):
    with pytest.raises(ProtocolBroken):
        decoder_of_instance().decode(line)


def test_too_many_open_messages_are_forgotten():
    decoder = decoder_of_instance()
    for ident in range(protocol.MAX_OPEN_MESSAGES):
        part = {"type": "part", "id": ident, "index": 0, "of": 2, "data": "x"}
        assert decoder.decode(json.dumps(part).encode()) is None
    with pytest.raises(ProtocolBroken):
        decoder.decode(json.dumps({"type": "part", "id": 99, "index": 0, "of": 2, "data": "x"}).encode())


def test_lines_too_long_are_skipped_whole():
    stream = io.BytesIO(b"a\n" + b"x" * 50 + b"\nb\n")
    assert list(lines_of(stream, 10)) == [b"a", None, b"b"]


FIRST_USE_BY_THREADS = """
import sys, threading
from slmdesk.base.protocol import record_from
from slmdesk.base.record import Record

def made(name, kinds):
    globals()[name] = type(Record)(name, (Record,), {"__annotations__": kinds, "__module__": __name__})
    return globals()[name]

def read():
    start.wait()
    record_from(cls, {"text": "a", "inner": None, "last": "b"})

sys.setswitchinterval(1e-6)
for number in range(50):
    made(f"Inner{number}", {f"field{at}": "int | str | None" for at in range(20)})
    cls = made(f"Outer{number}", {"text": "str", "inner": f"Inner{number} | None", "last": "str"})
    start = threading.Barrier(4)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_may_read_a_record_for_the_first_time_together():
    """A model's process ended with SIGSEGV when two answers were asked of it as its first."""
    assert subprocess.run([sys.executable, "-c", FIRST_USE_BY_THREADS], timeout=60, check=False).returncode == 0
