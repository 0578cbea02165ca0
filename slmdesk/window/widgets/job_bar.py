"""A progress bar that shows the same share for a job on every page."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from slmdesk.jobs.events import JobChanged
from slmdesk.window.widgets.named import named

WHOLE = 1000
THICKNESS = 4


def thin_bar(
    name: str, parent: QWidget, label: str = "", *, most: int = 100, height: int = THICKNESS, keeps_place: bool = False
) -> QProgressBar:
    """A thin progress bar without words; `label` is read out by assistive tools.

    Its range is 0 to `most`; 0: busy.  `keeps_place`: also while it is hidden.
    """
    bar = named(QProgressBar(parent), name, label=label)
    bar.setTextVisible(False)
    bar.setFixedHeight(height)
    bar.setRange(0, most)
    policy = bar.sizePolicy()
    policy.setRetainSizeWhenHidden(keeps_place)
    bar.setSizePolicy(policy)
    return bar


def show_share(bar: QProgressBar, event: JobChanged) -> None:
    """Show the share of all the work; where that is unknown, of the steps; before there are any, a busy bar."""
    share = event.share if event.share is not None else event.done / event.total if event.total else None
    bar.setRange(0, WHOLE if share is not None else 0)
    if share is not None:
        bar.setValue(round(WHOLE * share))
