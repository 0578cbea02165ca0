"""What is on its way, and what is here: so that no button offers to fetch it again as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterable

from slmdesk.services.online.downloads import ENDS
from slmdesk.services.online.events import DownloadChanged, DownloadState

GET = "Download"
ON_THIS_PC = "On this PC"


class Here:
    """Downloads by their ids, and the checksums of the models on this PC.  Belongs to the page."""

    def __init__(self) -> None:
        self._changes: dict[str, DownloadChanged] = {}
        self._sums: frozenset[str] = frozenset()

    def keep(self, change: DownloadChanged) -> None:
        """How a download is now."""
        self._changes[change.id] = change

    def forget(self, id: str) -> None:
        """One is off the list."""
        self._changes.pop(id, None)

    def keep_sums(self, sums: Iterable[str]) -> None:
        """Of the models on this PC."""
        self._sums = frozenset(sums)

    def words_of(self, repo: str, name: str = "", sha256: str = "") -> str:
        """What stands on the button that fetches a file; without its name, any of the repository."""
        for one in self._changes.values():
            if one.repo.casefold() == repo.casefold() and name in ("", one.name):
                if one.state is DownloadState.PAUSED:
                    return "Resume"
                if one.state not in ENDS:
                    return button_words(one)
        return ON_THIS_PC if sha256 and sha256 in self._sums else GET


def button_words(change: DownloadChanged) -> str:
    """How far one is that is not ended: "In the queue", "43 % is here"."""
    if change.state is DownloadState.QUEUED:
        return "In the queue"
    if not change.total_bytes:
        return "Asked for"
    return f"{100 * change.done_bytes // change.total_bytes} % is here"
