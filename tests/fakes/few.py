"""Some of many labelled samples: one in so many in `make test`, all of them in `make soak`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def few(samples: Sequence[Any], step: int = 8) -> list[Any]:
    """The samples as parameters of a test; all but every `step`-th only for `make soak`."""
    return [one if at % step == 0 else pytest.param(one, marks=pytest.mark.soak) for at, one in enumerate(samples)]
