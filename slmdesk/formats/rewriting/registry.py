"""The rewriter of each format; a test checks that none is missing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from slmdesk.base.errors import KnownError
from slmdesk.formats.rewriting.base import Rewriter

REWRITERS: Mapping[str, str] = {
    "pdf": "pdf:rewrite",
    "docx": "docx:rewrite",
    "pptx": "pptx:rewrite",
    "xlsx": "xlsx:rewrite",
    "odt": "odf:rewrite",
    "odp": "odf:rewrite",
    "ods": "odf:rewrite",
    "txt": "plain:rewrite",
    "md": "plain:rewrite_markdown",
    "html": "hypertext:rewrite",
    "epub": "hypertext:rewrite_epub",
    "subtitles": "subtitles:rewrite",
    "csv": "separated:rewrite",
    "po": "localization:rewrite_po",
    "xliff": "localization:rewrite_xliff",
    "eml": "mail:rewrite",
}
"""Module of this package and function, by the ids of core.formats."""


def rewriter_of(format_id: str, path: str) -> Rewriter:
    """The rewriter of a format, imported when it is first needed.  Raises KnownError `document.no_rewriter`."""
    if format_id not in REWRITERS:
        raise KnownError("document.no_rewriter", path=path, known=" ".join(REWRITERS))
    module, _, name = REWRITERS[format_id].partition(":")
    rewriter: Rewriter = getattr(importlib.import_module(f"slmdesk.formats.rewriting.{module}"), name)
    return rewriter
