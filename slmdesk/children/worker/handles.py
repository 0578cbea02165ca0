"""Receives the documents that the app opened for a child that may open none itself."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from slmdesk.base.types import Json
from slmdesk.children.reach import HANDLE_BYTES, HANDLES_VARIABLE


class Handles:
    """The child's end of the channel for open files (children/client/handles.py).  For the reading thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """If the app set up no channel, documents are opened by their paths."""
        number = environment.get(HANDLES_VARIABLE, "")
        self._channel = socket.socket(fileno=int(number)) if number.isdecimal() else None

    def take(self, job: str, payload: Mapping[str, Json]) -> int | None:
        """The file at the `path` of this job; the caller closes it.  None: no path, or it could not be opened.

        Each job that names a path has an entry, sent before its line; entries whose line was broken are skipped.
        """
        if self._channel is None or not isinstance(payload.get("path"), str):
            return None
        while True:
            try:
                said, descriptors, _, _ = socket.recv_fds(self._channel, HANDLE_BYTES, 1)
            except OSError:
                return None
            if said.rstrip(b"\0") == job.encode("utf-8", "replace")[:HANDLE_BYTES]:
                return descriptors[0] if descriptors else None
            for one in descriptors:
                os.close(one)
            if not said:
                return None
