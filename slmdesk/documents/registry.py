"""One reader per format; a test checks that none is missing."""

from __future__ import annotations

from collections.abc import Mapping

from slmdesk.documents import markdown, text
from slmdesk.documents.base import Reader

READERS: Mapping[str, Reader] = {"txt": text.read, "md": markdown.read}
