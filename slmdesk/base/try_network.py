"""Tries whether this process can reach the network, against a listener on this PC: nothing leaves it."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import socket
import sys
from collections.abc import Callable, Mapping

from slmdesk.base.seccomp import is_filtered

HERE = "127.0.0.1"
WAIT_S = 5.0
QUESTION = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04test\x07invalid\x00\x00\x01\x00\x01"
"""As a resolver sends it to look up test.invalid."""
ALLOWED = "allowed"
REFUSED = "refused by the system"
STOPPED = "refused by the program"
UNPROVEN = "refused, by no filter that the system names"
AF_INET, SOCK_STREAM = 2, 1
_FORBIDDEN = (errno.EPERM, errno.EACCES)


def try_all(stream_port: int, datagram_port: int) -> dict[str, str]:
    """What became of each way to the listener: ALLOWED, REFUSED (the kernel), STOPPED, UNPROVEN, "failed: …"."""
    ways: Mapping[str, Callable[[], None]] = {
        "connection": lambda: _connect(stream_port),
        "name look-up": lambda: _look_up(datagram_port),
        "connection past Python": lambda: _connect_natively(stream_port),
    }
    return {name: outcome_of(way) for name, way in ways.items()}


def outcome_of(way: Callable[[], None]) -> str:
    try:
        way()
    except NotImplementedError:
        return "not tried on this system"
    except Exception as err:  # noqa: BLE001  an audit hook may raise what it likes
        if not isinstance(err, OSError) or err.errno is None:
            return STOPPED
        if err.errno in _FORBIDDEN:  # what refuses within Python has words of its own
            if err.strerror != os.strerror(err.errno):
                return STOPPED
            return REFUSED if sys.platform != "linux" or is_filtered() else UNPROVEN
        return f"failed: {err.strerror or type(err).__name__}"
    return ALLOWED


def _connect(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as made:
        made.settimeout(WAIT_S)
        made.connect((HERE, port))


def _look_up(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.settimeout(WAIT_S)
        made.sendto(QUESTION, (HERE, port))
        made.recv(512)


def _connect_natively(port: int) -> None:
    """By the system's own library, as Qt and llama.cpp would: what watches Python does not see it."""
    if sys.platform == "win32":
        raise NotImplementedError
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.socket(AF_INET, SOCK_STREAM, 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    try:
        family = bytes((16, AF_INET)) if sys.platform == "darwin" else AF_INET.to_bytes(2, sys.byteorder)
        address = family + port.to_bytes(2, "big") + socket.inet_aton(HERE) + bytes(8)
        if libc.connect(handle, address, len(address)) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        with contextlib.suppress(OSError):
            libc.close(handle)
