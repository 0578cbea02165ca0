"""How far a job is, as a bar: everywhere the same share."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar

from slmdesk.services.jobs.events import JobChanged

WHOLE = 1000


def show_share(bar: QProgressBar, event: JobChanged) -> None:
    """Of all the work, as the page of jobs has it; while that is not known of the steps; before there are any, busy."""
    share = event.share if event.share is not None else event.done / event.total if event.total else None
    bar.setRange(0, WHOLE if share is not None else 0)
    if share is not None:
        bar.setValue(round(WHOLE * share))
