"""First names, and of which sex they are. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from slmdesk.base.text.folding import fold


@cache
def first_names() -> Mapping[str, tuple[str, ...]]:
    """Return folded first names: `female` and `male` are given, `women` and `men` only known."""
    lists = tomllib.loads(resources.files("slmdesk.redact").joinpath("first_names.toml").read_text("utf-8"))
    return {key: tuple(names.split()) for key, names in lists.items()}


@cache
def _sexes() -> Mapping[str, str]:
    names = first_names()
    female, male = (*names["female"], *names["women"]), (*names["male"], *names["men"])
    return dict.fromkeys(female, "female") | dict.fromkeys(male, "male")


def sex_of(name: str) -> str | None:
    """Return the sex of a first name, of "Anna-Lena" that of its first part. None: no known first name."""
    return _sexes().get(fold(name).partition("-")[0])


def is_first_name(word: str) -> bool:
    return sex_of(word) is not None
