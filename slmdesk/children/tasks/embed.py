"""Turns texts into vectors, for searching passages by meaning."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import cast

from slmdesk.base.errors import KnownError
from slmdesk.base.protocol import Partial, Progress
from slmdesk.children.tasks.base import Job, Task, text_of, texts_of
from slmdesk.engine.base import Engine

MOST_TEXTS = 1000


def embed(job: Job, engine: Engine) -> Task:
    """Payload {path, texts}: the file of an embedding model, and what is to be turned into vectors.

    A Partial with {vectors: [base64 of float32, …]} for some texts at a time, keyed by the number of the first one, in
    order; Progress in texts.  Result {count}.
    """
    texts = texts_of(job.payload.get("texts"), "texts")
    if not 0 < len(texts) <= MOST_TEXTS:
        raise KnownError("request.invalid", what="texts")
    done = 0
    vectors = cast("_Closeable", engine.embed(text_of(job, "path"), texts, lambda: not job.is_cancelled))
    with closing(vectors):
        for some in vectors:
            job.check()
            reported = [base64.b64encode(one).decode("ascii") for one in some]
            yield Partial(job.id, str(done), {"vectors": reported})
            done += len(some)
            yield Progress(job.id, done, len(texts), "text")
    return {"count": done}


class _Closeable(Iterator[list[bytes]]):
    close: Callable[[], None]
