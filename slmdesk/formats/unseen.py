"""Finds what a browser would not show, by an element's own attributes and simple style sheet rules (X10)."""

from __future__ import annotations

import re
from collections.abc import Mapping

_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])|mso-hide\s*:\s*all",
    re.IGNORECASE,
)
_WHITE = re.compile(r"(?<![-\w])color\s*:\s*(?:white|#fff(?:fff)?|rgb\(\s*255\s*,\s*255\s*,\s*255\s*\))", re.IGNORECASE)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
_PRINT = re.compile(r"@media[^{]*print[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_PLAIN_SELECTOR = re.compile(r"[.#][\w-]+")
MAX_STYLE_CHARACTERS = 1 << 20


def unseen_of(css: str) -> frozenset[str]:
    found = set()
    for selectors, rules in _RULE.findall(_PRINT.sub("", css[:MAX_STYLE_CHARACTERS])):
        if _UNSEEN.search(rules):
            found |= {one.strip() for one in selectors.split(",") if _PLAIN_SELECTOR.fullmatch(one.strip())}
    return frozenset(found)


def is_unseen(attributes: Mapping[str, str | None], by_sheets: frozenset[str]) -> bool:
    if not attributes:
        return False
    style = attributes.get("style") or ""
    if "hidden" in attributes or (style and _UNSEEN.search(style)):
        return True
    if _is_white(style or f"color:{attributes.get('color') or ''}") and not attributes.get("bgcolor"):
        return True
    if not by_sheets:
        return False
    names = (attributes.get("class") or "").split()
    return any(f".{name}" in by_sheets for name in names) or f"#{attributes.get('id')}" in by_sheets


def _is_white(style: str) -> bool:
    """White letters without a declared background."""
    return _WHITE.search(style) is not None and "background" not in style.lower()
