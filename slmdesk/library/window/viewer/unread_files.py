"""One notice for all files that could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slmdesk.base.labels import clean_label
from slmdesk.base.record import changed
from slmdesk.runtime.events import Problem
from slmdesk.window.widgets.notice_bar import LONG_MS, Notice, notice_of

MOST_NAMED = 2
NAME_LENGTH = 60


def unread_notice(unread: Mapping[Path, Problem]) -> Notice:
    """One notice for all files opened together; *More* lists the reason for each.  It has a time limit."""
    if len(unread) == 1:
        return changed(notice_of(next(iter(unread.values()))), key="unread", life_ms=LONG_MS)
    names = [clean_label(path.name, NAME_LENGTH) for path in unread]
    more = len(names) - MOST_NAMED
    named = f"{', '.join(names[:MOST_NAMED])} and {more:,} more" if more > 0 else " and ".join(names)
    why = "\n\n".join(problem.sentence for problem in unread.values())
    return Notice(
        f"{len(names):,} files cannot be read: {named}.",
        full=why,
        details=why,
        life_ms=LONG_MS,
        key="unread",
        is_error=True,
    )
