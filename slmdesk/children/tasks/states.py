"""Saves what a model has read to a file, and restores it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

from slmdesk.base.errors import KnownError
from slmdesk.base.saved_states import BadState, StateHead, StateReader, open_state, write_state
from slmdesk.base.sealing import KEY_BYTES
from slmdesk.base.types import Json
from slmdesk.base.wire import messages_from
from slmdesk.children.tasks.base import Job, Task, text_of
from slmdesk.engine.base import Engine


def save_state(job: Job, engine: Engine) -> Task:
    """Payload {handle, messages, folder, key, model, documents, most_bytes, seal}: keep what is in memory of the
    beginning of `messages`, sealed with the key `seal` (hex) if there is one.

    Result {bytes, tokens}; 0 where there is nothing to keep.  Raises KnownError `disk.full`, `file.unwritable`.
    """
    yield from ()
    handle, folder, most = text_of(job, "handle"), Path(text_of(job, "folder")), job.payload.get("most_bytes")
    documents = job.payload.get("documents")
    if not isinstance(most, int) or not isinstance(documents, list):
        raise KnownError("request.invalid", what="most_bytes, documents")
    state = engine.state_of(handle, messages_from(job.payload.get("messages")))
    job.check()
    if state is None:
        return {"bytes": 0, "tokens": 0}
    head = StateHead(
        key=text_of(job, "key"),
        model=text_of(job, "model"),
        engine=engine.state_version(handle),
        documents=tuple(map(str, documents)),
        tokens=len(state.tokens) // 4,
        bytes=len(state.data),
    )
    seal = _key_of(job.payload.get("seal"))
    path = write_state(folder, head, state.tokens, state.data, most_bytes=most, key=seal)
    return {"bytes": path.stat().st_size, "tokens": head.tokens}


def restore_state(engine: Engine, handle: str, untrusted: Json) -> int:
    """Put back the state that {path, model, seal} names; what cannot be used is deleted, and the prompt read as ever.

    Returns how many tokens need not be read.
    """
    if not isinstance(untrusted, dict):
        return 0
    path, model = untrusted.get("path"), untrusted.get("model")
    if not isinstance(path, str) or not isinstance(model, str):
        raise KnownError("request.invalid", what="state")
    file, seal = Path(path), _key_of(untrusted.get("seal"))
    try:
        reader = open_state(file, model=model, engine=engine.state_version(handle), key=seal)
    except OSError:
        return 0
    except BadState:
        return _refused(file)
    try:
        return engine.restore(handle, reader.tokens, lambda: _data_of(reader)) or _refused(file)
    except BadState:
        return _refused(file)
    except OSError:
        return 0
    finally:
        reader.close()


def _key_of(untrusted: Json) -> bytes:
    """A state's key from the job line; empty where the history is not encrypted.  Raises KnownError."""
    if untrusted is None:
        return b""
    with suppress(TypeError, ValueError):
        key = bytes.fromhex(untrusted)  # type: ignore[arg-type]  # checked by it
        if len(key) == KEY_BYTES:
            return key
    raise KnownError("request.invalid", what="seal")


def _data_of(reader: StateReader) -> memoryview:
    if reader.head.bytes > psutil.virtual_memory().available // 2:
        raise OSError(0, "no memory for it")
    return reader.data()


def _refused(path: Path) -> int:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return 0  # it is refused again the next time
    return 0
