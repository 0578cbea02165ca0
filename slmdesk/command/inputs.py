"""What several commands take: a model by its name, text from stdin."""

from __future__ import annotations

import sys

from slmdesk.base.errors import KnownError
from slmdesk.command.console import Console
from slmdesk.services import Services

MAX_STDIN_BYTES = 16 << 20


def named_model(services: Services, model: str | None) -> None:
    """Check that a named model exists, and allow it although it crashed before.  Raises KnownError `model.unknown`."""
    if model is not None:
        services.call.models.try_again(model)


def link_shared(console: Console, services: Services) -> None:
    """Where there is no model yet, link those of the organisation's folder; this computes their checksums."""
    if services.settings.policy.models_folder and not services.call.models.list():
        console.result_of(services, lambda: services.models.adopt(only_shared=True))


def read_stdin() -> str:
    """Read all of stdin.  Raises KnownError `request.invalid` when it does not end, `file.unreadable`."""
    try:
        data = sys.stdin.buffer.read(MAX_STDIN_BYTES + 1)
    except OSError as err:
        raise KnownError("file.unreadable", path="-", reason=err.strerror or "stdin") from err
    if len(data) > MAX_STDIN_BYTES:
        raise KnownError("request.invalid", what=f"more than {MAX_STDIN_BYTES >> 20} MiB on stdin")
    return data.decode("utf-8", "replace")
