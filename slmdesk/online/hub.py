"""Reads the Hub: searches, files of a repository, and whether they fit this PC."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.record import Record, changed
from slmdesk.gguf.quantization import WORST_RECOMMENDED, quantization_of_file
from slmdesk.gguf.read import require_chat_model
from slmdesk.gguf.speed import Speed
from slmdesk.hub.files import RemoteFile, Repo
from slmdesk.hub.guard import GuardPolicy
from slmdesk.hub.search import Hub
from slmdesk.models.fit import Fit, Pc, fit_by_size, fit_header, weights_budget
from slmdesk.online.network_log import NetworkService
from slmdesk.online.routes import policy_for
from slmdesk.runtime.events import Problem
from slmdesk.runtime.file_thread import on_file_thread
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service

T = TypeVar("T")

AT_ONCE = 4


class FoundFile(Record):
    """A model on the Hub, and whether it fits this PC: fits, tight, too_large, or unknown."""

    file: RemoteFile
    fit: str
    speed: Speed | None = None
    """By its size and quantization: a mixture of experts is faster than that."""
    about_bytes: int = 0


class FoundRepo(Record):
    repo: Repo
    files: tuple[FoundFile, ...]
    problem: Problem | None = None
    fit: str = "unknown"
    is_about: bool = False


class HubService(Service):
    """Called on the service thread; each request has a thread of its own."""

    def __init__(
        self, runtime: Runtime, network: NetworkService, pc: Callable[[], Pc], token: Callable[[], str]
    ) -> None:
        super().__init__(runtime)
        self._network, self.pc = network, pc
        self._stops: set[threading.Event] = set()
        self.hub = Hub(runtime.paths, self.policy, network)
        self.hub.token = token

    def policy(self) -> GuardPolicy:
        """What may leave, by the settings of this moment.  Any thread."""
        return policy_for(self._settings.current, self._is_offline, self._network.passwords)

    def require(self, feature: str) -> None:
        """Raises KnownError `feature.hidden` for one of core.policy.FEATURES that the organisation has switched off."""
        self._settings.policy.require(feature)

    @property
    def context_tokens(self) -> int:
        return self._settings.current.context_tokens

    def repo(self, repo: str) -> Pending[FoundRepo]:
        """Cancelled, it does not end."""
        pc = self.pc()
        return self.ask("hub-repo", lambda stop: _judged(self.hub.repo(repo, stop=stop), pc))

    def fit(
        self, repo: str, *, file: str = "", quantization: str = "", context_tokens: int | None = None
    ) -> Pending[Fit]:
        """Whether a file on the Hub fits, by its header; chosen as for a download.  Cancelled, it does not end."""
        requested, pc = context_tokens or self.context_tokens, self.pc()

        def work(stop: threading.Event) -> Fit:
            found = self.hub.repo(repo, stop=stop)
            remote = found.choose(file, quantization, budget_bytes=weights_budget(pc.best_bytes))
            header = self.hub.header(remote, token=self.hub.token() if remote.gated else "", stop=stop)
            if len(remote.parts) == 1:
                require_chat_model(header)
                return fit_header(header, requested, pc)
            beside = remote.bytes - header.weight_bytes  # the tensors of the other parts
            fit = fit_header(
                header, requested, changed(pc, available_bytes=max(0, pc.available_bytes - beside), devices=())
            )
            memory = changed(fit.memory, weights=fit.memory.weights + beside)
            speed = pc.pace.of_size(memory.weights, remote.quantization)
            return changed(fit, memory=memory, available_bytes=pc.available_bytes, speed=speed)

        return self.ask("hub-fit", work)

    def with_files(self, repo: Repo, pc: Pc, stop: threading.Event) -> FoundRepo:
        """The same repository with sizes and sums; where they may not be known, with the reason.

        Any thread but the app's.  Raises KnownError network.*, hub.*, and Stopped.
        """
        try:
            return _judged(self.hub.repo(repo.id, stop=stop), pc)
        except KnownError as err:
            if err.code not in ("hub.gated", "hub.unauthorized", "hub.forbidden", "hub.missing"):
                raise
            return FoundRepo(repo, tuple(FoundFile(one, "unknown") for one in repo.files), problem_for(err))

    def ask(self, name: str, work: Callable[[threading.Event], T]) -> Pending[T]:
        """Have `work` done on a thread called `name`.  Cancelled, it does not end."""
        stop = threading.Event()
        self._stops.add(stop)

        def on_end(result: T | Problem) -> None:
            self._stops.discard(stop)
            if not stop.is_set():
                answer.end(result)

        def run() -> T:
            try:
                return work(stop)
            except Stopped as err:
                stop.set()
                raise KnownError("request.invalid", what="it was stopped") from err

        answer: Pending[T] = Pending(stop.set)
        on_file_thread(self._service_thread, run, on_end, name=name)
        return answer

    def close(self) -> None:
        for stop in self._stops:
            stop.set()

    def _is_offline(self) -> bool:
        return self._network.is_offline


def _judged(repo: Repo, pc: Pc) -> FoundRepo:
    free = pc.best_bytes

    def judged(file: RemoteFile) -> FoundFile:
        speed = pc.pace.of_size(file.bytes, file.quantization, sha256=file.sha256)
        return FoundFile(file, fit_by_size(file.bytes, free), speed)

    files = tuple(judged(one) for one in repo.files)
    return FoundRepo(repo, files, fit=best_fit(files))


def best_fit(files: Sequence[FoundFile]) -> str:
    """The best verdict among the models of a repository that are worth having; `unknown` where none is known."""
    models = [one for one in files if not one.file.beside]
    ranks = {one.file.name: quantization_of_file(one.file.name) for one in models}
    good = [one for one in models if (rank := ranks[one.file.name]) and rank.rank <= WORST_RECOMMENDED] or models
    return next(
        (fit for fit in ("fits", "tight", "unknown", "too_large") if any(one.fit == fit for one in good)), "unknown"
    )
