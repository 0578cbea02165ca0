"""Stored requests of items, and the unfinished job for the same one, which a repeated command resumes.

Service thread.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from slmdesk.base.errors import KnownError
from slmdesk.base.records import Item, JobRecord, ModelRecord
from slmdesk.base.types import Json
from slmdesk.store import Store

REQUEST = "wish"
"""Key in an item's settings: what was asked for, as JSON; the same is in the settings of its jobs."""
UNSAVED = "unsaved"
"""Key in the settings of an item that a command of an older version was to delete at its end, and was killed."""


def begun_before(
    store: Store, kind: str, request: Mapping[str, Json], record: ModelRecord | None, *, path: str = ""
) -> JobRecord | None:
    """Return the newest unfinished job with the same kind, request and model that no other instance is running.

    `path`: the document it reads; a job started before the document last changed is not returned.  `record`: None where
    no model is needed; a job of an older version has one all the same.
    """
    requested = json.dumps(request, sort_keys=True)
    for job in reversed(store.jobs.unfinished(kind)):
        is_other = record is not None and job.model_sha256 != record.sha256
        if is_other or not job.item or store.jobs.is_elsewhere(job):
            continue
        try:
            item = store.items.get(job.item)
        except KnownError:
            continue
        if item.deleted_at is not None or item.settings.get(UNSAVED):
            continue
        if json.dumps(request_in(item), sort_keys=True) == requested:
            return job if _is_as_it_was(path, item.created) else None
    return None


def request_in(item: Item) -> Json:
    """Return the stored request of an item; untrusted."""
    return item.settings.get(REQUEST)


def _is_as_it_was(path: str, since: float) -> bool:
    try:
        return not path or os.stat(path).st_mtime <= since  # noqa: PTH116  a name may hold what no Path takes
    except (OSError, ValueError):
        return False
