"""What is known of a document: its file, what the reader found out, and the document it is attached to."""

from __future__ import annotations

import os
from pathlib import Path

from slmdesk.base.documents import DocumentInfo
from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentRecord
from slmdesk.base.wire import record_from, stored_from, stored_list


def info_of(record: DocumentRecord) -> DocumentInfo:
    try:
        return record_from(DocumentInfo, record.info)
    except KnownError:
        return DocumentInfo(record.format, record.pages)


def parent_of(record: DocumentRecord) -> tuple[str, str]:
    parent, index, _ = attached(record)
    if index is None:
        return "", ""
    name = (stored_from(dict, record.info["attachment"]) or {}).get("parent")
    return parent, str(name or file_of(record).name)


def attached(record: DocumentRecord) -> tuple[str, int | None, list[int]]:
    """Return the document it is attached to and its index; in a mail within a mail also the indexes around it."""
    attachment = stored_from(dict, record.info.get("attachment")) or {}
    if (index := stored_from(int, attachment.get("index"))) is None:
        return "", None, []
    return str(attachment.get("of") or ""), index, stored_list(int, attachment.get("inside"))


def file_of(record: DocumentRecord) -> Path:
    """Return the file of a document, or the file that contains it."""
    return Path(os.fsdecode(record.path))
