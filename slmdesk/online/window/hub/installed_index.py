"""What is being downloaded or installed already, so that its buttons do not offer to download it again."""

from __future__ import annotations

from collections.abc import Iterable

from slmdesk.online.downloads import ENDS
from slmdesk.online.events import DownloadChanged, DownloadState

GET = "Download"
ON_THIS_PC = "On this PC"


class InstalledIndex:
    """Downloads by their ids, and the checksums of the models on this PC."""

    def __init__(self) -> None:
        self._changes: dict[str, DownloadChanged] = {}
        self._sums: frozenset[str] = frozenset()

    def keep(self, change: DownloadChanged) -> None:
        self._changes[change.id] = change

    def forget(self, id: str) -> None:
        self._changes.pop(id, None)

    def keep_sums(self, sums: Iterable[str]) -> None:
        self._sums = frozenset(sums)

    def words_of(self, repo: str, name: str = "", sha256: str = "") -> str:
        """The text of the button that downloads a file; without a file name, for any file of the repository."""
        for one in self._changes.values():
            if one.repo.casefold() == repo.casefold() and name in ("", one.name):
                if one.state is DownloadState.PAUSED:
                    return "Resume"
                if one.state not in ENDS:
                    return button_words(one)
        return ON_THIS_PC if sha256 and sha256 in self._sums else GET


def button_words(change: DownloadChanged) -> str:
    """The state of a download that has not ended: "In the queue", "43 % is here"."""
    if change.state is DownloadState.QUEUED:
        return "In the queue"
    if not change.total_bytes:
        return "Asked for"
    return f"{100 * change.done_bytes // change.total_bytes} % is here"
