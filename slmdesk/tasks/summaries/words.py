"""A summary as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slmdesk.base.protocol import picked
from slmdesk.base.record import changed, to_json
from slmdesk.base.types import Json
from slmdesk.documents.types import Coverage
from slmdesk.tasks.summaries.order import by_days
from slmdesk.tasks.summaries.types import Deadline, Sentence, Summary


def json_of(summary: Summary, deadlines: Sequence[Deadline]) -> dict[str, Json]:
    """Return the summary as JSON for programs. This format is the contract of `slmdesk summarize --json`."""
    summary = by_days(summary, deadlines)
    names = {document.document: document.name for document in summary.documents}
    return {
        "sentences": _all(summary.sentences),
        "coverage": _coverage(summary.coverage, names),
        "timing": {"summary_s": summary.seconds},
        **picked(summary, "kind", "language", "method", "model", "note", "left_out"),
        "deadlines": [_shape(deadline) for deadline in deadlines],
        "documents": [
            {
                "file": document.name,
                **picked(document, "document", "paper"),
                "sentences": _all(document.sentences),
                "coverage": _coverage(document.coverage, names),
                "omitted": _all(document.omitted),
                "own_words": _all(document.own_words),
            }
            for document in summary.documents
        ],
    }


def _shape(deadline: Deadline) -> dict[str, Json]:
    """Return a deadline for programs, how it was reckoned only in words."""
    shape = to_json(changed(deadline, reason=None))
    del shape["reason"]
    return shape


def _all(sentences: Sequence[Sentence]) -> list[Json]:
    return [_said(sentence) for sentence in sentences]


def _said(sentence: Sentence) -> Json:
    """Return a sentence for programs, what is told of an e-invoice only in words."""
    shape = to_json(changed(sentence, told=None))
    del shape["told"]
    return shape


def _coverage(coverage: Coverage, names: Mapping[str, str]) -> dict[str, Json]:
    return {
        **picked(coverage, "pages_total", "pages_read", "blocks_total", "blocks_read"),
        "unreadable": [
            {"page": at.page, "reason": at.reason, "file": names.get(at.document, "")} for at in coverage.unreadable
        ],
        "parts_unread": list(coverage.parts),
    }
