"""Sets the environment variables that huggingface_hub reads once, when imported: the second barrier."""

from __future__ import annotations

import os
import sys

from slmdesk.base.errors import BugError
from slmdesk.base.paths import Paths


def set_environment(paths: Paths) -> None:
    """Turn off telemetry, its own token search and Xet, set its cache to our folder, and its own client to "offline".

    Only our guarded client (`make_client`) ignores that last one, so whoever bypasses it is refused.  Call before
    anything imports huggingface_hub; raises BugError when it is too late.
    """
    if "huggingface_hub.constants" in sys.modules:
        raise BugError("huggingface_hub was imported before its environment was set")
    home = paths.cache / "hub"
    os.environ.update(
        HF_HOME=str(home),
        HF_HUB_CACHE=str(home / "files"),
        HF_ASSETS_CACHE=str(home / "assets"),
        HF_XET_CACHE=str(home / "xet"),
        HF_TOKEN_PATH=str(home / "no-token"),
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_DISABLE_IMPLICIT_TOKEN="1",  # noqa: S106 (a switch, no password)
        HF_HUB_DISABLE_XET="1",
        HF_HUB_DISABLE_UPDATE_CHECK="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        DO_NOT_TRACK="1",
    )
