"""Events of the network: downloads, requests, access token."""

from __future__ import annotations

from enum import StrEnum

from slmdesk.base.records import ModelRecord
from slmdesk.runtime.events import Event
from slmdesk.runtime.messages import Problem


class DownloadState(StrEnum):
    QUEUED = "queued"
    """It waits for its turn, or, with a note, for the network to be allowed."""
    ASKING = "asking"
    CHECKING = "checking"
    FETCHING = "fetching"
    WAITING = "waiting"
    ELSEWHERE = "elsewhere"
    """Another window or command fetches the same file; its progress is shown."""
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class DownloadChanged(Event):
    """The state of a download; at most four times a second while it runs, and once at its end."""

    id: str
    repo: str
    name: str
    state: DownloadState
    done_bytes: int = 0
    total_bytes: int = 0
    bytes_per_s: float = 0.0
    eta_s: float | None = None
    fit: str = "unknown"
    """Whether it fits this PC: fits, tight, too_large; by its header once that has come."""
    note: Problem | None = None
    resumed_from: int = 0
    problem: Problem | None = None
    model: ModelRecord | None = None
    place: int = 0


class RequestsToday(Event):
    count: int


class TokenChanged(Event):
    """The place of the Hub's access token has changed; never contains the token."""

    place: str
    """environment (HF_TOKEN), keyring, file, ask (in memory until slmdesk ends), or empty: there is none."""
    host: str
    """The Hub or mirror in use, which alone is sent it."""
