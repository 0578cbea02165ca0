"""Events of the network: downloads, the number of requests, and the access token."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.records import ModelRecord
from slmdesk.runtime.events import Event
from slmdesk.runtime.messages import Problem


class DownloadState(StrEnum):
    QUEUED = "queued"
    """The download waits for its turn. If it has a note, it waits until the network is allowed."""
    ASKING = "asking"
    CHECKING = "checking"
    FETCHING = "fetching"
    WAITING = "waiting"
    ELSEWHERE = "elsewhere"
    """Another window or command is downloading the same file. Its progress is shown."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DownloadChanged(Event):
    """State of a download. Published at most four times a second while it runs, and once at its end."""

    id: str
    repo: str
    name: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_s: float = 0.0
    eta_s: float | None = None
    fit: str = "unknown"
    """"fits", "tight", "too_large" or "unknown" for this PC. Estimated from the size until the header arrives."""
    note: Problem | None = None
    resumed_from: int = 0
    problem: Problem | None = None
    model: ModelRecord | None = None
    place: int = 0


class RequestsToday(Event):
    count: int


class TokenChanged(Event):
    """Event: the access token of the Hub is now stored in another place. The event never contains the token."""

    place: str
    """"environment" (HF_TOKEN), "keyring", "file", "ask" (in memory until slmdesk ends), or "" if there is no token."""
    host: str
    """Host of the Hub or mirror in use. The token is sent to this host only."""
