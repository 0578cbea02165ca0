"""Downloads: each on a thread of its own, into the library at the end.  Wishes and facts on the desk thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from uuid import uuid4

from slmdesk.core.errors import KnownError, SlmdeskError, Stopped
from slmdesk.core.files import problem_of
from slmdesk.hub.part import parts_in
from slmdesk.hub.transfer import TransferLimits
from slmdesk.services.desk import Desk
from slmdesk.services.facts import DownloadChanged, DownloadState, Fact, ModelsChanged
from slmdesk.services.fetching import JOINED, Claim, Fetch
from slmdesk.services.hub_models import HubService
from slmdesk.services.models import ModelService
from slmdesk.services.sentences import problem_for

FEATURE = "hub.download"
"""What an organisation may hide."""
ENDS = frozenset({DownloadState.PAUSED, DownloadState.DONE, DownloadState.FAILED, DownloadState.CANCELLED})
OnEnd = Callable[[DownloadChanged], None]


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A part of a download that is not running here, or a file that was found damaged."""

    id: str
    repo: str
    """Empty where its journal is lost."""
    name: str
    bytes: int
    expected: int
    is_bad: bool


@dataclass(slots=True, eq=False)
class _Download:
    repo: str
    file: str
    quantization: str
    ended: OnEnd | None
    id: str = field(default_factory=lambda: uuid4().hex[:12])
    stop: threading.Event = field(default_factory=threading.Event)
    remove: bool = False
    fetch: Fetch | None = None
    now: DownloadChanged = field(init=False)

    def __post_init__(self) -> None:
        self.now = DownloadChanged(self.id, self.repo, self.file, DownloadState.ASKING)


class DownloadService:
    """What is being fetched, and what was left over."""

    def __init__(
        self,
        desk: Desk,
        hub: HubService,
        models: ModelService,
        tell: Callable[[Fact], None],
        limits: TransferLimits | None = None,
    ) -> None:
        self._desk, self._hub, self._models, self._tell = desk, hub, models, tell
        self._limits = limits or TransferLimits()
        self._all: dict[str, _Download] = {}

    def all(self) -> list[DownloadChanged]:
        """How each download of this session is, in the order they were asked for."""
        return [one.now for one in self._all.values()]

    def start(self, repo: str, file: str = "", quantization: str = "", *, ended: OnEnd | None = None) -> str:
        """Fetch `file` of `repo`, else the one of `quantization`, else the recommended one.  Returns the id.

        DownloadChanged is told as it goes on; `ended` is called with each end, on the desk thread.  What an earlier
        run left is gone on with.  Raises KnownError `feature.hidden`.
        """
        self._models.require(FEATURE)
        job = _Download(repo, file, quantization, ended)
        self._all[job.id] = job
        self._run(job)
        return job.id

    def pause(self, id: str) -> None:
        """Stop, and keep what came.  Raises KnownError `download.unknown`."""
        self._known(id).stop.set()

    def resume(self, id: str) -> None:
        """Go on with one that was paused, failed or cancelled.

        Raises KnownError `download.unknown`, `feature.hidden`.
        """
        self._models.require(FEATURE)
        job = self._known(id)
        if job.now.state in ENDS and job.now.state is not DownloadState.DONE:
            job.stop, job.remove = threading.Event(), False
            self._run(job)

    def cancel(self, id: str) -> None:
        """Stop, and delete what came.  Raises KnownError `download.unknown`."""
        job = self._known(id)
        if job.now.state is DownloadState.DONE:
            return
        job.remove = True
        job.stop.set()
        if job.now.state in ENDS:  # its thread has ended
            threading.Thread(target=self._remove, args=(job, job.now), name="download", daemon=True).start()

    def left_overs(self) -> list[LeftOver]:
        """Parts that nobody fetches here, and damaged files.  Looks at the disk."""
        running = {(one.now.repo, one.now.name) for one in self._all.values() if one.now.state not in ENDS}
        found = []
        for path, origin in parts_in(self._models.folder):
            is_bad = path.suffix == ".bad"
            if origin and not is_bad and (origin.repo, origin.name) in running:
                continue
            try:
                size = path.stat().st_size
            except OSError:
                continue  # it has just become whole
            repo, name, expected = (origin.repo, origin.name, origin.bytes) if origin else ("", path.name, size)
            found.append(LeftOver(path.name, repo, name, size, expected, is_bad))
        return found

    def discard(self, left_over: str) -> int:
        """Delete what was left over, by its id.  Returns the bytes freed.

        Raises KnownError `download.unknown` when it is gone or somebody fetches it just now, `file.unwritable`.
        """
        path = next((one for one, _origin in parts_in(self._models.folder) if one.name == left_over), None)
        claim = Claim.take(path.with_suffix(".lock")) if path else None
        if path is None or claim is None:
            raise KnownError("download.unknown", id=left_over)
        try:
            freed = path.stat().st_size
            path.unlink()
            if not any(path.with_suffix(suffix).exists() for suffix in (".part", ".bad", JOINED)):
                path.with_suffix(".journal").unlink(missing_ok=True)
        except OSError as err:
            raise problem_of(err, path) from err
        finally:
            claim.release()
        return freed

    def close(self) -> None:
        """Stop all; what came is kept."""
        for job in self._all.values():
            job.stop.set()

    # ---- inside

    def _known(self, id: str) -> _Download:
        if id not in self._all:
            raise KnownError("download.unknown", id=id)
        return self._all[id]

    def _run(self, job: _Download) -> None:
        begin = DownloadChanged(job.id, job.repo, job.now.name, DownloadState.ASKING)
        self._say(job, begin)
        job.fetch = fetch = Fetch(
            self._hub.hub,
            self._models,
            self._desk,
            begin=begin,
            tell=lambda change: self._desk.post(lambda: self._say(job, change)),
            stop=job.stop,
            context_tokens=self._hub.context_tokens,
            limits=self._limits,
        )
        threading.Thread(target=self._work, args=(job, fetch), name="download", daemon=True).start()

    def _work(self, job: _Download, fetch: Fetch) -> None:
        """On a thread of its own."""
        try:
            record = fetch.run(job.file, job.quantization)
            end = replace(fetch.at_end(), state=DownloadState.DONE, done_bytes=fetch.now.total_bytes, model=record)
        except Stopped:
            end = replace(fetch.at_end(), state=DownloadState.PAUSED)
        except SlmdeskError as err:
            end = replace(fetch.at_end(), state=DownloadState.FAILED, problem=problem_for(err))
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            end = replace(fetch.at_end(), state=DownloadState.FAILED, problem=problem_for(err))
        if job.remove and end.model is None:
            self._remove(job, end)
        else:
            self._desk.post(lambda: self._end(job, end))

    def _remove(self, job: _Download, end: DownloadChanged) -> None:
        """Delete the parts.  On a thread of its own."""
        try:
            if job.fetch:
                job.fetch.remove_parts()
            end = replace(end, state=DownloadState.CANCELLED, done_bytes=0, problem=None, note=None)
        except KnownError as err:
            end = replace(end, state=DownloadState.FAILED, problem=problem_for(err))
        self._desk.post(lambda: self._end(job, end))

    def _say(self, job: _Download, change: DownloadChanged) -> None:
        job.now = change
        self._tell(change)

    def _end(self, job: _Download, end: DownloadChanged) -> None:
        self._say(job, replace(end, bytes_per_s=0.0, eta_s=None))
        if end.model:
            self._tell(ModelsChanged())
        if job.ended:
            job.ended(job.now)
