"""The redactor of each format; a test checks that none is missing."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from slmdesk.base.errors import KnownError
from slmdesk.formats.redacting.base import Redactor

REDACTORS: Mapping[str, str] = {
    "docx": "office:redact",
    "pptx": "office:redact",
    "xlsx": "office:redact",
    "odt": "opendocument:redact",
    "odp": "opendocument:redact",
    "ods": "opendocument:redact",
    "pdf": "pages:redact",
    "eml": "mails:redact",
    "txt": "plain:redact",
    "md": "plain:redact",
    "csv": "plain:redact",
    "html": "plain:redact_page",
}
"""Module of this package and function, by the ids of core.formats."""


def redactor_of(format_id: str, path: str) -> Redactor:
    """The redactor of a format, imported when it is first needed.  Raises KnownError `document.no_redactor`."""
    if format_id not in REDACTORS:
        raise KnownError("document.no_redactor", path=path, known=" ".join(REDACTORS))
    module, _, name = REDACTORS[format_id].partition(":")
    redactor: Redactor = getattr(importlib.import_module(f"slmdesk.formats.redacting.{module}"), name)
    return redactor
