"""Some of many labelled samples: one in so many in `make test`, all of them in `make soak`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def few(samples: Sequence[Any], step: int = 8) -> list[Any]:
    """The samples as parameters of a test; all but every `step`-th only for `make soak`."""
    return [
        sample if at % step == 0 else pytest.param(sample, marks=pytest.mark.soak) for at, sample in enumerate(samples)
    ]
