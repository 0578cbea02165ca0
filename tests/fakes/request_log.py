"""The guard's log in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from slmdesk.base.records import Answered, Outgoing


@dataclass
class RequestLog:
    """Keeps what it is told; `before` is called first and may refuse to write."""

    before: Callable[[Outgoing], object] = lambda _request: None
    requests: list[Outgoing] = field(default_factory=list)
    finished: list[tuple[int, int]] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    @property
    def rows(self) -> list[tuple[str, str, str, str]]:
        """Host, method, path and purpose of each request."""
        return [(request.host, request.method, request.path, request.purpose) for request in self.requests]

    def record(self, request: Outgoing) -> int:
        self.before(request)
        self.requests.append(request)
        return len(self.requests)

    def finish(self, n: int, answer: Answered) -> None:
        self.finished.append((n, answer.bytes))
        self.answers.append(answer)

    def refuse(self, request: Outgoing, code: str) -> None:
        self.refused.append((request.host, code))
