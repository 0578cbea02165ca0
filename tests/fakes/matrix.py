"""How often a test makes its fault: a few times in `make test`, the matrix's own count in `make soak`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

TABLE = tomllib.loads((Path(__file__).resolve().parent.parent / "matrix.toml").read_text("utf-8"))


def counts(name: str) -> pytest.MarkDecorator:
    """Give a test `count`, from matrix.toml."""
    few, full = TABLE[name]
    return pytest.mark.parametrize("count", [few, pytest.param(full, marks=pytest.mark.soak)])
