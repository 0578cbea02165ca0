"""Built-in terms of a domain, offered to the model where they occur in a segment; not a person's glossary."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from slmdesk.base.translation import Term
from slmdesk.text.terms.matching import TermIndex, find_terms


def domain_terms(text: str, domain: str, source: str, target: str) -> list[Term]:
    """Return the built-in terms that occur in a text, of office papers and of a domain, each once.

    None where the data lacks a language.
    """
    index = _index(domain, source, target)
    return list({one.term.source: one.term for one in find_terms(text, index, source)}.values()) if index else []


GENERAL = "general"


@cache
def _index(domain: str, source: str, target: str) -> TermIndex:
    order: Sequence[str] = _data()["order"]
    if source not in order or target not in order or source == target:
        return TermIndex()
    lines = "\n".join(str(_data().get(name, "")).strip() for name in (domain, GENERAL)).strip().split("\n")
    rows = [[word.strip() for word in line.split("|")] for line in lines]
    return TermIndex(Term(row[order.index(source)], row[order.index(target)]) for row in rows)


@cache
def _data() -> Mapping[str, Any]:
    source = resources.files("slmdesk.translation.asking") / "domains.toml"
    return tomllib.loads(source.read_text("utf-8"))
