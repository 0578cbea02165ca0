"""The reading direction of an OpenDocument file: writing mode of pages, paragraphs and tables (part 3, 20.394)."""

from __future__ import annotations

from lxml import etree

from slmdesk.formats.rewriting.base import Options
from slmdesk.formats.xmls import attribute, child, local

_TURNED = frozenset(("lr-tb", "rl-tb", "lr", "rl"))
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"


def turn(root: etree._Element, options: Options) -> None:
    """Set the writing mode of a part's styles for the language of the translation; without one, do nothing."""
    if not (options.language or options.is_right_to_left):
        return
    mode = "rl-tb" if options.is_right_to_left else "lr-tb"
    key = f"{{{_STYLE}}}writing-mode"
    is_found = False
    for one in root.iter(f"{{{_STYLE}}}*"):
        if one.get(key, "") in _TURNED:
            is_found = is_found or one.get(key) != mode
            one.set(key, mode)
    if not options.is_right_to_left and not is_found:
        return
    for style in root.iter(f"{{{_STYLE}}}default-style", f"{{{_STYLE}}}page-layout"):
        kind = "page-layout" if local(style) == "page-layout" else attribute(style, "family")
        properties = child(style, f"{kind}-properties") if kind in ("page-layout", "paragraph", "table") else None
        if properties is not None:
            properties.set(key, mode)
