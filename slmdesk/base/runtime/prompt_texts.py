"""The prompt texts for summaries and versions, by language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


@cache
def texts() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("slmdesk.base.runtime").joinpath("prompt_texts.toml").read_text("utf-8"))
