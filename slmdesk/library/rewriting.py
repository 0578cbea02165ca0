"""Gets the units of text of a document from the reader child, and the document with other words in them.

Service thread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.types import Json
from slmdesk.base.wire import stored_list
from slmdesk.children.client import ChildClient
from slmdesk.library.reader_jobs import start_reader
from slmdesk.runtime.service_thread import ServiceThread
from slmdesk.runtime.slices import Slices


def rewritten(
    service_thread: ServiceThread,
    reader: ChildClient,
    payload: Mapping[str, Json],
    answers: Iterable[tuple[int, str, str]],
) -> Slices[tuple[bytes, tuple[int, ...]]]:
    """Send units (number, text, new text) to the reader child; returns the bytes of the file it makes, and the numbers
    of units that stay as they were.

    Raises KnownError `child.protocol`; ends with a Problem of the document.
    """
    pieces: list[bytes] = []
    broken = False

    def on_partial(value: Mapping[str, Any]) -> None:
        nonlocal broken
        try:
            pieces.append(base64.b64decode(str(value.get("data", "")), validate=True))
        except (binascii.Error, ValueError):
            broken = True

    job, rewriting = start_reader(service_thread, reader, "rewrite", payload, on_partial)
    try:
        for number, source, target in answers:
            if rewriting.is_ended:
                break
            job.step(str(number), {"source": source, "target": target})
            yield
        job.end_of_steps()
        result = yield rewriting
    except BaseException:
        job.cancel()
        raise
    data = b"".join(pieces)
    if broken or hashlib.sha256(data).hexdigest() != result.get("sha256"):
        raise KnownError("child.protocol", reason="rewrite")
    return data, tuple(stored_list(int, result.get("refused")))


def units_in(untrusted: Json) -> list[Mapping[str, Any]]:
    found = untrusted if isinstance(untrusted, list | tuple) else ()
    return [one for one in found if isinstance(one, Mapping) and _is_found(one)]


def _is_found(one: Mapping[str, Any]) -> bool:
    unit, left = one.get("unit"), one.get("left")
    if isinstance(unit, Mapping):
        numbers = (unit.get("paired"), unit.get("lone"))
        return isinstance(unit.get("text"), str) and all(
            isinstance(some, list | tuple) and all(isinstance(n, int) for n in some) for some in numbers
        )
    return isinstance(left, Mapping)
