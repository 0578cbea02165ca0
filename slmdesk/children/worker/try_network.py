"""A process that shuts itself in as a child does and then tries to reach a listener on this PC.

python -m slmdesk.children.worker.try_network engine|reader|printer STREAM_PORT DATAGRAM_PORT
python -m slmdesk.children.worker.try_network control

The control shuts itself in by nothing: it is the listener too, tells its ports, tries the same, and ends with its
input.  Each answer is a line of JSON on stdout.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from collections.abc import Sequence

from slmdesk.base.walls import HERE, try_all
from slmdesk.children.worker.hardening import harden

CONTROL = "control"


def main(arguments: Sequence[str]) -> int:
    if arguments[0] == CONTROL:
        return _control()
    facts = harden(arguments[0])
    _say({"facts": list(facts), "tries": try_all(int(arguments[1]), int(arguments[2]))})
    return 0


def _control() -> int:
    try:
        stream = socket.create_server((HERE, 0))
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagram.bind((HERE, 0))
    except OSError as err:
        _say({"error": err.strerror or type(err).__name__, "errno": err.errno})
        return 1
    heard = {"connection": 0, "name look-up": 0}
    threading.Thread(target=_accept, args=(stream, heard), daemon=True).start()
    threading.Thread(target=_answer, args=(datagram, heard), daemon=True).start()
    ports = stream.getsockname()[1], datagram.getsockname()[1]
    _say({"ports": list(ports)})
    _say({"facts": [], "tries": try_all(*ports)})
    sys.stdin.buffer.read()
    _say({"heard": heard})
    sys.stdout.flush()
    os._exit(0)  # the threads wait for ever


def _accept(stream: socket.socket, heard: dict[str, int]) -> None:
    while True:
        heard_of, _address = stream.accept()
        heard["connection"] += 1
        heard_of.close()


def _answer(datagram: socket.socket, heard: dict[str, int]) -> None:
    while True:
        question, address = datagram.recvfrom(512)
        heard["name look-up"] += 1
        datagram.sendto(question, address)


def _say(answer: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
