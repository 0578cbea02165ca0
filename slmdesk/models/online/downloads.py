"""Downloads of models: the queue, the work on each download until its model is in the library, and leftover files.

The service is called on the service thread, which also publishes its events. Each running download has a thread of its
own. The jobs table stores requests and their order, so a download whose window was closed or killed is resumed at the
next start. Any instance can pause or cancel a download: the instance that runs it reads the table once a second.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import need_free, writing_to
from slmdesk.base.record import Record, changed
from slmdesk.base.records import JobRecord, JobStatus, ModelRecord
from slmdesk.base.runtime.events import DownloadChanged, DownloadState, ModelsChanged
from slmdesk.base.runtime.file_io import Claim, HashedFile, file_name, mark_of
from slmdesk.base.runtime.messages import Problem, problem_for, problem_of
from slmdesk.base.runtime.service import Runtime, Service, ServiceThread
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.history.store import Store
from slmdesk.models.gguf.header import ASR, GgufHeader
from slmdesk.models.gguf.projectors import BESIDE, PROJECTOR, takes_projector
from slmdesk.models.gguf.read import read_header, require_chat_model
from slmdesk.models.hub.guard import SpeedLimit
from slmdesk.models.hub.search import Hub, RemoteFile, Repo
from slmdesk.models.hub.transfer import PASSING, SPARE_BYTES, Part, Progress, Transfer, TransferLimits, parts_in
from slmdesk.models.importer import join_into, require_no_projector, require_usable, usable_header
from slmdesk.models.online.hub import HubService
from slmdesk.models.service import ModelService, Pc, available_bytes, fit_by_size, fit_header, name_for, weights_budget
from slmdesk.tasks.jobs.service import moved, place_of, put_in_order
from slmdesk.tasks.jobs.types import DOWNLOAD, JobChanged, eta_of, number_in

TELL_S = 0.25
SPEED_S = 5.0
"""The speed shown follows the line within about this many seconds."""
SILENT_S = 2.0
"""Seconds without a byte after which a download is shown as waiting."""
ASK_S = 0.3
MOST_REFUSED = 3
"""Most files of a repository that may turn out to be no models before the download fails."""
FULL_TRIES = 2
"""Most times that a file is downloaded if it arrives damaged or changes meanwhile. After that the download fails."""
JOINED = ".joined"
_PART_OF = re.compile(r"-\d{5}-of-\d{5}$")
_JUDGED_AT = tuple(1 << shift for shift in range(20, 27))
_STATE_OF = {"checking": DownloadState.CHECKING, "fetching": DownloadState.FETCHING, "waiting": DownloadState.WAITING}
_REASONS = {
    "ignored": _("the server cannot go on in the middle of a file"),
    "changed": _("it has changed on the server"),
    "shifted": _("the server went on at another place"),
    "damaged": _("it was damaged on the way"),
}


class ModelDownload:
    def __init__(
        self,
        hub: Hub,
        models: ModelService,
        service_thread: ServiceThread,
        *,
        begin: DownloadChanged,
        publish: Callable[[DownloadChanged], None],
        stop: threading.Event,
        context_tokens: int,
        limits: TransferLimits,
        speed: SpeedLimit,
    ) -> None:
        self._hub, self._models, self._service_thread = hub, models, service_thread
        self._publish, self._stop, self._context_tokens = publish, stop, context_tokens
        self._limits, self._speed_limit = limits, speed
        self.now = begin
        self.parts: tuple[Part, ...] = ()
        self._before = 0  # bytes of the parts that are whole
        self._reported = 0.0
        self._done = 0
        self._judge_at: list[int] = []
        """Bytes of the file after which it is looked at, next first. None once it has been judged."""
        self._require = self._require_model = require_no_projector
        self._is_refused = False
        self._first = self._more = 0
        """Bytes of the model while its projector is fetched, and of the projector that comes after the model."""

    def run(self, file: str, quantization: str) -> ModelRecord:
        """Download a model into the library. Raises Stopped, or KnownError hub.*, download.*, network.*, disk.full …"""
        tries = 0
        refused: dict[str, str] = {}
        while True:
            repo = self._repo(refused)
            remote = self._choose(repo, file, quantization)
            self._require_model = require_no_projector if file else partial(_require_of, repo)
            eyes = self._missing_projector(remote)
            self._begin(remote, more=eyes.bytes if eyes else 0)
            try:
                return self._bring_all(remote, eyes)
            except KnownError as err:
                if err.code == "model.wrong_kind" and not file and len(refused) < MOST_REFUSED:
                    refused[remote.name] = str(err.args_for_people["kind"])
                    instead = KnownError("download.instead", name=remote.name, **err.args_for_people)
                    self._change(note=problem_for(instead))
                    continue
                tries += 1
                if err.code not in ("download.damaged", "download.changed") or tries == FULL_TRIES:
                    raise
                self._note_start(err.code.removeprefix("download."))

    def _missing_projector(self, remote: RemoteFile) -> RemoteFile | None:
        """Return the projector that comes with a model, unless the library has it, as from another of its files."""
        if remote.projector is None:
            return None
        eyes = changed(remote, parts=(remote.projector,), beside=PROJECTOR, projector=None)
        return None if self._found(eyes) else eyes

    def _bring_all(self, remote: RemoteFile, eyes: RemoteFile | None) -> ModelRecord:
        record = self._bring(remote)
        if eyes:
            total = remote.bytes
            if record.kind in ("model", ASR) and takes_projector(str(record.header.get("architecture"))):
                self._begin(eyes, first=total)
                self._bring(eyes)
                total += eyes.bytes
            self._change(name=remote.name, total_bytes=total, done_bytes=total)
        return record

    def at_end(self) -> DownloadChanged:
        return changed(self.now, done_bytes=max(self.now.done_bytes, self._done), note=None)

    def remove_parts(self) -> None:
        """Delete the partial files. A part that another instance is downloading is left alone."""
        for part in self.parts:
            if claim := Claim.take(part.lock):
                try:
                    part.remove()
                finally:
                    claim.release()

    def _choose(self, repo: Repo, file: str, quantization: str) -> RemoteFile:
        begun = {origin.sha256 for path, origin in parts_in(self._models.folder) if origin and path.suffix == ".part"}
        budget = weights_budget(available_bytes()) - repo.eyes_bytes
        chosen = repo.choose(file, quantization, budget_bytes=budget, begun=begun)
        if len(chosen.parts) > 1 and not file and not repo.chats:  # only a language model is joined from parts
            raise repo.problem("hub.no_chat")
        return chosen

    def _repo(self, refused: Mapping[str, str]) -> Repo:
        """Ask the Hub for the repository. `refused` has the kinds of files that have turned out to be no models."""
        tries, begin = 0, time.monotonic()
        while True:
            try:
                repo = self._hub.repo(self.now.repo, stop=self._stop)
                files = (changed(file, beside=refused.get(file.name, file.beside)) for file in repo.files)
                return changed(repo, files=tuple(files))
            except KnownError as err:
                tries += 1
                if err.code not in PASSING or tries >= self._limits.tries:
                    raise
                wait_s = self._limits.wait_after(err, tries)
                if err.code == "network.failed" and time.monotonic() - begin + wait_s > self._limits.ask_s:
                    raise
                self._change(state=DownloadState.WAITING, note=problem_for(err))
                if self._stop.wait(wait_s):
                    raise Stopped from None

    def _begin(self, remote: RemoteFile, *, first: int = 0, more: int = 0) -> None:
        self._is_refused = False
        self._judge_at = list(_JUDGED_AT)
        self._require = require_usable if remote.beside == PROJECTOR else self._require_model
        if any(not part.sha256 or not part.bytes for part in remote.parts):
            raise KnownError("hub.unverifiable", name=remote.name)
        self._done, self._first, self._more = first, first, more
        # by the name that was asked for, by which they are looked for: the Hub may know the repository by another now
        self.parts = tuple(Part(self._models.folder, self.now.repo, part) for part in remote.parts)
        total = first + remote.bytes + more
        fit = self.now.fit if first else fit_by_size(total, available_bytes())
        self._change(name=remote.name, total_bytes=total, fit=fit, done_bytes=first)

    def _bring(self, remote: RemoteFile) -> ModelRecord:
        if record := self._in_library(remote):  # nothing is written, perhaps nothing could be
            return record
        with ExitStack() as claims:
            for part in self.parts:
                claims.callback(self._claim(part).release)
            if record := self._in_library(remote):  # another instance has just added it
                return record
            self._need_space()
            token = self._hub.token() if remote.gated else ""
            self._before = self._first
            for part in self.parts:
                self._transfer(remote, part, token)
                self._before += part.file.bytes
            return self._take_in(remote)

    def _claim(self, part: Part) -> Claim:
        """Wait until this process may write the part. While another has it, report its progress. Raises Stopped."""
        while True:
            if claim := Claim.take(part.lock):
                return claim
            with suppress(OSError):  # it has just ended
                self._change(state=DownloadState.ELSEWHERE, done_bytes=self._before + part.size)
            if self._stop.wait(ASK_S):
                raise Stopped

    def _need_space(self) -> None:
        there = sum(part.size for part in self.parts)
        joined = self._own_bytes if len(self.parts) > 1 else 0  # parts and joined file exist together for a while
        need_free(self._models.folder, max(0, self._own_bytes - there) + joined + self._more + SPARE_BYTES)

    @property
    def _own_bytes(self) -> int:
        return sum(part.file.bytes for part in self.parts)

    def _transfer(self, remote: RemoteFile, part: Part, token: str) -> None:
        before = self.now.resumed_from  # bytes of the parts before this one
        transfer = Transfer(
            self._hub, remote, part, token=token, limits=self._limits, speed=self._speed_limit, stop=self._stop,
            report=lambda progress: self._on_progress(progress, before + transfer.resumed_from, part),
            on_wait=self._on_wait,
        )  # fmt: skip
        try:
            transfer.run()
        finally:
            if self._is_refused:
                part.remove()

    def _on_progress(self, progress: Progress, resumed: int, part: Part) -> None:
        self._done = done = self._before + progress.done
        if progress.note:
            self._note_start(progress.note)
        if progress.error:
            self._say_waiting(problem_for(progress.error))
            return
        self._judge(progress.done, part)
        state, now = _STATE_OF[progress.state], time.monotonic()
        passed_s = now - self._reported
        if passed_s < TELL_S and state is self.now.state and done < self.now.total_bytes:
            return
        speed = max(0, done - self.now.done_bytes) / max(passed_s, 1e-6)
        if self.now.bytes_per_s:
            speed = self.now.bytes_per_s + (speed - self.now.bytes_per_s) * min(1.0, passed_s / SPEED_S)
        if state is not self.now.state:
            speed = 0.0
        eta = (self.now.total_bytes - done) / speed if speed else None
        note = None if self.now.state is DownloadState.WAITING else self.now.note  # the reason for waiting is over
        self._change(state=state, done_bytes=done, resumed_from=resumed, bytes_per_s=speed, eta_s=eta, note=note)

    def _on_wait(self, seconds: float) -> None:
        if seconds >= SILENT_S and self.now.state is DownloadState.FETCHING:
            self._say_waiting(self.now.note)

    def _say_waiting(self, note: Problem | None) -> None:
        self._change(state=DownloadState.WAITING, done_bytes=self._done, bytes_per_s=0.0, eta_s=None, note=note)

    def _note_start(self, why: str) -> None:
        error = KnownError("download.started_over", name=self.now.name, reason=_REASONS[why])
        self._done = self._before
        self._change(
            state=DownloadState.FETCHING, done_bytes=self._before, resumed_from=0, bytes_per_s=0.0, eta_s=None,
            note=problem_for(error),
        )  # fmt: skip

    def _judge(self, done: int, part: Part) -> None:
        """Once the header arrives, check that the library can use the model and if it fits this PC. Raises model.*."""
        if self._before or not self._judge_at or done < self._judge_at[0]:
            return
        del self._judge_at[0]
        try:
            header = read_header(part.path, cut=True)
        except KnownError:
            return  # the header is incomplete or damaged: the checksum will tell
        if header.is_cut and header.kind in ("model", ASR, *BESIDE):
            return
        self._judge_at.clear()
        if header.kind == "split":
            return
        try:
            self._require(header)
        except KnownError:
            self._is_refused = True
            raise
        if header.kind == "model":
            self._change(fit=fit_header(header, self._context_tokens, Pc(available_bytes() - self._more)).verdict)

    def _in_library(self, remote: RemoteFile) -> ModelRecord | None:
        if record := self._found(remote):
            done = self._first + remote.bytes
            self._change(done_bytes=done, resumed_from=done)
        return record

    def _found(self, remote: RemoteFile) -> ModelRecord | None:
        known = self._service_thread.call(self._models.list)
        sha256, source = remote.sha256, _source(remote)
        records = (model for model in known if (model.sha256 == sha256 if sha256 else model.source == source))
        for record in records:
            with suppress(KnownError):
                if mark_of(Path(os.fsdecode(record.path))).bytes == record.bytes:
                    return record
        return None

    def _take_in(self, remote: RemoteFile) -> ModelRecord:
        """Move the checked file into the models folder and add it to the library. A file it cannot use is deleted."""
        if len(self.parts) > 1:
            return self._join(remote)
        part = self.parts[0]
        try:
            usable_header(part.path, self._require)
        except KnownError:
            part.remove()
            raise
        target = self._models.folder / file_name(_stem(remote), part.file.sha256)
        part.move_to(target)
        return self._register(HashedFile(target, part.file.sha256, mark_of(target)), read_header(target), remote)

    def _join(self, remote: RemoteFile) -> ModelRecord:
        joined, header = join_into(
            self.parts[0].path.with_suffix(JOINED), [part.path for part in self.parts], lambda __: _stem(remote),
            self._on_joined, needed=self._own_bytes, require=require_chat_model,
        )  # fmt: skip
        record = self._register(joined, header, remote)
        for part in self.parts:
            part.remove()
        return record

    def _on_joined(self, written: int) -> None:
        if self._stop.is_set():
            raise Stopped
        if time.monotonic() - self._reported >= TELL_S:
            done = min(written, self.now.total_bytes)
            self._change(state=DownloadState.CHECKING, done_bytes=done, bytes_per_s=0.0, eta_s=None)

    def _register(self, file: HashedFile, header: GgufHeader, remote: RemoteFile) -> ModelRecord:
        name = name_for(header, _stem(remote))

        def register() -> ModelRecord:
            return self._models.register(file, header, name, source=_source(remote), license=remote.license)

        return self._service_thread.call(register)

    def _change(self, **values: Any) -> None:
        self.now = changed(self.now, **values)
        self._reported = time.monotonic()
        self._publish(self.now)


def _require_of(repo: Repo, header: GgufHeader) -> None:
    """Check a file that nobody named. Of a repository that is not made for chatting no language model is taken."""
    require_no_projector(header)
    if header.kind == "model" and not repo.chats:
        raise repo.problem("hub.no_chat")


def _stem(remote: RemoteFile) -> str:
    return _PART_OF.sub("", PurePosixPath(remote.name).name.removesuffix(".gguf").removesuffix(".bin"))


def _source(remote: RemoteFile) -> str:
    return f"huggingface:{remote.repo}/{remote.name}@{remote.revision}"


_PART_OF_FILE = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)", re.IGNORECASE)


class LeftoverFile(Record):
    """A damaged file, or a partial file whose download is not running here."""

    id: str
    repo: str
    """Repository of the file; empty if its journal is lost."""
    name: str
    bytes: int
    expected: int
    is_bad: bool


def left_overs(folder: Path, *, but: Collection[tuple[str, str]]) -> list[LeftoverFile]:
    """Return the folder's leftover files, except partial files whose (repository, name) is in `but`. Reads the disk."""
    leftovers = []
    for path, origin in parts_in(folder):
        is_bad = path.suffix == ".bad"
        if origin and not is_bad and (origin.repo, origin.name) in but:
            continue
        with suppress(OSError):  # the download has just ended
            size = path.stat().st_size
            repo, name, expected = (origin.repo, origin.name, origin.bytes) if origin else ("", path.name, size)
            leftovers.append(LeftoverFile(path.name, repo, name, size, expected, is_bad))
    return leftovers


def discard(folder: Path, left_over: str) -> int:
    """Delete a leftover file and return the bytes freed. Raises `download.unknown`, `file.unwritable`."""
    path = next((path for path, _origin in parts_in(folder) if path.name == left_over), None)
    claim = Claim.take(path.with_suffix(".lock")) if path else None
    if path is None or claim is None:
        raise KnownError("download.unknown", id=left_over)
    try:
        with writing_to(path):
            freed = path.stat().st_size
            path.unlink()
            if not any(path.with_suffix(suffix).exists() for suffix in (".part", ".bad", JOINED)):
                path.with_suffix(".journal").unlink(missing_ok=True)
    finally:
        claim.release()
    return freed


def remove_parts_of(folder: Path, repo: str, name: str) -> int:
    """Delete the partial files of a model, except those that another instance is downloading. Return the bytes freed.
    Raises `file.unwritable`.
    """
    freed = 0
    for path, origin in parts_in(folder) if name else ():
        if origin is None or path.suffix == ".bad" or origin.repo != repo or _whole(origin.name) != _whole(name):
            continue
        try:
            freed += discard(folder, path.name)
        except KnownError as err:
            if err.code != "download.unknown":
                raise
    return freed


def _whole(name: str) -> str:
    return _PART_OF_FILE.sub("", name)


FEATURE = "hub.download"
ENDS = frozenset({DownloadState.PAUSED, DownloadState.DONE, DownloadState.FAILED, DownloadState.CANCELLED})
NOTE_S = 2.0
LOOK_S = 1.0
"""Seconds between two checks whether another instance has paused, cancelled, taken or left a download."""
REMOVE_S = 0.5


@dataclass(slots=True, eq=False)
class _Download:
    id: str
    repo: str
    file: str
    quantization: str
    now: DownloadChanged
    title: str = ""
    place: tuple[int, ...] = ()
    waits: bool = True
    """True if it waits for its turn in the queue and for the network. Otherwise it starts at once or fails."""
    stop: threading.Event = field(default_factory=threading.Event)
    is_on: bool = False
    goal: DownloadState | None = None
    """State that it gets when its thread has ended; None if nothing was requested."""
    fetch: ModelDownload | None = None
    thread: threading.Thread | None = None
    noted: float = 0.0


class DownloadService(Service):
    def __init__(self, runtime: Runtime, hub: HubService, models: ModelService) -> None:
        super().__init__(runtime)
        self._hub, self._models = hub, models
        self._jobs = DownloadJobs(runtime.store)
        self.limits = TransferLimits()
        """Limits for every download that starts from now on."""
        self._speed = SpeedLimit()
        self._speed.set(runtime.settings.current.speed_limit_kib << 10)
        self._all: dict[str, _Download] = {}
        self._removing: list[threading.Thread] = []
        self._is_looking = self._closed = False
        runtime.settings.listeners.append(self._on_settings)

    def all(self) -> list[DownloadChanged]:
        return [download.now for download in self._all.values()]

    def start(self, repo: str, file: str = "", quantization: str = "", *, waits: bool = False) -> str:
        """Download `file` of `repo`, else a file of `quantization`, else the recommended file. Return the id of the
        job.

        With `waits`, the download waits for its turn and for the network. DownloadChanged is published, with a state of
        ENDS when the download ends or pauses. Raises KnownError store.*, `feature.hidden`.
        """
        self._settings.policy.require(FEATURE)
        job = self._known_by(self._jobs.begin(repo, file, quantization))
        job.waits = waits
        self._go(job, waits=waits)
        return job.id

    def take_up(self) -> None:
        """Resume the downloads that wait or whose instance has ended, unless downloads are hidden. Also list those that
        are paused or run in other instances.
        """
        try:
            self._settings.policy.require(FEATURE)
        except KnownError:
            return
        for record in self._jobs.unfinished():
            if record.id not in self._all:
                job = self._known_by(record)
                self._say(job, job.now)
        self._advance()
        self._look_later()

    def start_over(self) -> None:
        """Forget the downloads of a history that another one has replaced. None of them runs."""
        self._all.clear()

    def pause(self, id: str) -> None:
        """Pause a download of any instance and keep its partial file. Raises KnownError `download.unknown`."""
        job = self._known(id)
        if job.now.state not in ENDS:
            self._put_down(job, DownloadState.PAUSED)

    def resume(self, id: str) -> None:
        """Resume a download when it is its turn. Raises KnownError `download.unknown`, `feature.hidden`, job.ended,
        job.elsewhere.
        """
        self._settings.policy.require(FEATURE)
        job = self._known(id)
        is_ending = job.is_on and job.goal is not None
        if is_ending or job.now.state in ENDS - {DownloadState.DONE}:
            self._store.jobs.change(id, JobStatus.OPEN)
            self._go(job, waits=job.waits or self._settings.current.offline)

    def cancel(self, id: str) -> None:
        """Cancel a download of any instance and delete its partial file. Raises KnownError `download.unknown`."""
        job = self._known(id)
        if job.now.state not in (DownloadState.DONE, DownloadState.CANCELLED):
            self._put_down(job, DownloadState.CANCELLED)

    def move(self, id: str, where: str) -> None:
        """Move a waiting download `up`, `down` or `first` in the queue. Raises `download.unknown`, store.*."""
        self._known(id)
        waiting = [download.id for download in self._waiting()]
        if id not in waiting:
            return
        put_in_order(self._store, self._jobs.unfinished(), moved(waiting, id, where))
        self._read_order()
        self._say_places()

    def left_overs(self) -> list[LeftoverFile]:
        running = {(now.repo, now.name) for now in self.all() if now.state not in ENDS}
        return left_overs(self._models.folder, but=running)

    def discard(self, left_over: str) -> int:
        """Delete a leftover file. Return the bytes freed. Raises KnownError `download.unknown`, `file.unwritable`."""
        return discard(self._models.folder, left_over)

    def close(self) -> None:
        """Stop all downloads. Partial files stay, and running downloads are resumed at the next start."""
        self._closed = True
        for job in self._all.values():
            if job.is_on:
                job.stop.set()
                if job.goal is None:
                    self._jobs.note(changed(job.now, bytes_per_s=0.0))
                    self._jobs.leave(job.now, JobStatus.OPEN)
        for thread in self._removing:
            thread.join(REMOVE_S)
        for job in self._all.values():
            if job.thread is not None and job.is_on and job.goal is DownloadState.CANCELLED:
                job.thread.join(REMOVE_S)
                with suppress(KnownError):  # it is listed as a leftover file then
                    self._remove_parts(job, job.now)

    # As `jobs` runs them (tasks/jobs/runner.py).

    def resume_job(self, record: JobRecord) -> JobRecord:
        self._settings.policy.require(FEATURE)
        record = self._store.jobs.change(record.id, JobStatus.OPEN)
        job = self._known_by(record)
        job.waits = False
        self._go(job, waits=False)
        return self._store.jobs.get(record.id)

    def change_job(self, record: JobRecord, status: JobStatus) -> JobRecord:
        job = self._known_by(record)
        job.now = changed(self._jobs.read(record), state=job.now.state) if job.is_on else self._jobs.read(record)
        self._put_down(job, DownloadState.PAUSED if status is JobStatus.PAUSED else DownloadState.CANCELLED)
        return self._store.jobs.get(record.id)

    def _known(self, id: str) -> _Download:
        if id not in self._all:
            raise KnownError("download.unknown", id=id)
        return self._all[id]

    def _known_by(self, record: JobRecord) -> _Download:
        if record.id not in self._all:
            now = self._jobs.read(record)
            self._all[record.id] = _Download(record.id, *request_of(record), now, record.title, place_of(record))
        return self._all[record.id]

    def _waiting(self) -> list[_Download]:
        waiting = [job for job in self._all.values() if job.now.state is DownloadState.QUEUED and not job.is_on]
        return sorted(waiting, key=lambda job: job.place)

    def _go(self, job: _Download, *, waits: bool) -> None:
        if job.is_on:
            job.goal = job.goal and DownloadState.QUEUED  # its thread is ending; after that it starts again
        elif waits:
            self._wait(job)
        else:
            self._run(job)

    def _wait(self, job: _Download) -> None:
        self._read_order()
        self._say(job, as_waiting(job.now, 0, None))
        self._advance()

    def _read_order(self) -> None:
        for record in self._jobs.unfinished():
            if record.id in self._all:
                self._all[record.id].place = place_of(record)

    def _advance(self) -> None:
        running = sum(download.is_on for download in self._all.values())
        for job in [] if self._closed or self._settings.current.offline else self._waiting():
            if running >= self._settings.current.downloads_at_once:
                break
            try:
                running += self._run(job)
            except KnownError:  # the store is busy, or has a problem that is reported elsewhere
                self._look_later()
                break
        self._say_places()

    def _say_places(self) -> None:
        is_offline = self._settings.current.offline
        note = problem_for(KnownError("download.offline")) if is_offline else None
        for place, job in enumerate(self._waiting(), 1):
            requested = as_waiting(job.now, 0 if is_offline else place, note)
            if requested != job.now:
                self._say(job, requested)

    def _on_settings(self, settings: Settings) -> None:
        self._speed.set(settings.speed_limit_kib << 10)
        if settings.offline:
            for job in self._all.values():
                if job.is_on and job.goal is None:
                    job.goal = DownloadState.QUEUED if job.waits else DownloadState.FAILED
                    job.stop.set()
        self._advance()

    def _put_down(self, job: _Download, goal: DownloadState) -> None:
        """Pause or cancel a download. The jobs table changes first, so this holds even if this instance is killed."""
        if job.now.state is DownloadState.FAILED:
            self._store.jobs.change(job.id, JobStatus.OPEN)
        self._store.jobs.change(job.id, STATUSES[goal])
        if job.is_on:
            job.goal = goal
            job.stop.set()
        elif goal is DownloadState.CANCELLED:
            job.goal = goal
            self._begin_removal(job, job.now)
        else:
            self._end(job, changed(job.now, state=goal, note=None, place=0))

    def _look_later(self) -> None:
        if not self._is_looking and not self._closed:
            self._is_looking = True
            self._service_thread.call_later(LOOK_S, self.look_again)

    def look_again(self) -> None:
        self._is_looking = False
        self._settings.refresh()  # another instance may have switched to offline
        ended = ENDS - {DownloadState.PAUSED}
        unfinished = [job for job in self._all.values() if job.is_on or job.now.state not in ended]
        with suppress(KnownError):  # a problem of the store is reported elsewhere
            for job in unfinished:
                self._look(job, self._store.jobs.get(job.id))
            self._advance()
        if unfinished:
            self._look_later()

    def _look(self, job: _Download, record: JobRecord) -> None:
        if job.goal is not None:
            return  # its thread reports the end
        seen = self._jobs.read(record)
        if job.is_on:
            if not self._store.jobs.is_mine(record):
                job.goal = seen.state if seen.state is DownloadState.CANCELLED else DownloadState.PAUSED
                job.stop.set()
            return
        if seen.state is DownloadState.QUEUED and job.now.state is not DownloadState.QUEUED:
            self._wait(job)  # another instance resumed it, or the instance that ran it has ended
        elif seen.state in ENDS and seen.state is not job.now.state:
            self._end(job, seen)
        elif seen.state is DownloadState.ELSEWHERE and seen != job.now:
            self._say(job, seen)

    def _run(self, job: _Download) -> bool:
        job.goal, job.stop = None, threading.Event()
        if self._store.jobs.claim(job.id) is None:
            self._say(job, self._jobs.read(self._store.jobs.get(job.id)))
            self._look_later()
            return False
        job.is_on = True
        begin = DownloadChanged(job.id, job.repo, job.now.name, DownloadState.ASKING)
        self._say(job, begin)
        job.fetch = fetch = ModelDownload(
            self._hub.hub, self._models, self._service_thread, begin=begin,
            publish=lambda change: self._service_thread.post(lambda: self._say_progress(job, fetch, change)),
            stop=job.stop, context_tokens=self._hub.context_tokens, limits=self.limits, speed=self._speed,
        )  # fmt: skip
        job.thread = threading.Thread(target=self._work, args=(job, fetch), name="download", daemon=True)
        job.thread.start()
        self._look_later()
        return True

    def _work(self, job: _Download, fetch: ModelDownload) -> None:
        """Run a download to its end. Thread of the download."""
        try:
            record = fetch.run(job.file, job.quantization)
            end = changed(fetch.at_end(), state=DownloadState.DONE, done_bytes=fetch.now.total_bytes, model=record)
        except Stopped:
            end = changed(fetch.at_end(), state=DownloadState.PAUSED)
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            end = changed(fetch.at_end(), state=DownloadState.FAILED, problem=problem_for(err))
        self._service_thread.post(lambda: self._on_worked(job, end))

    def _on_worked(self, job: _Download, end: DownloadChanged) -> None:
        """End a download whose thread has ended. It may have been cancelled after that."""
        if job.goal is DownloadState.CANCELLED and end.model is None:
            self._begin_removal(job, end)
        else:
            self._end(job, end)

    def _begin_removal(self, job: _Download, end: DownloadChanged) -> None:
        removing = threading.Thread(target=self._remove, args=(job, end), name="download", daemon=True)
        removing.start()
        self._removing.append(removing)

    def _remove(self, job: _Download, end: DownloadChanged) -> None:
        """Delete the partial files of a cancelled download. Thread of its own."""
        try:
            self._remove_parts(job, end)
            end = changed(end, state=DownloadState.CANCELLED, done_bytes=0, problem=None, note=None, place=0)
        except Exception as err:  # noqa: BLE001  a thread's outermost frame: the asker is told, never nobody
            end = changed(end, state=DownloadState.FAILED, problem=problem_for(err))
        self._service_thread.post(lambda: self._end(job, end))

    def _remove_parts(self, job: _Download, end: DownloadChanged) -> None:
        if job.fetch and job.fetch.parts:
            job.fetch.remove_parts()
        else:
            remove_parts_of(self._models.folder, end.repo, end.name)

    def _say_progress(self, job: _Download, fetch: ModelDownload, change: DownloadChanged) -> None:
        if job.is_on and job.fetch is fetch:
            is_other = change.state is not job.now.state
            self._say(job, change)
            if is_other or time.monotonic() - job.noted >= NOTE_S:
                job.noted = time.monotonic()
                self._jobs.note(change)

    def _say(self, job: _Download, change: DownloadChanged) -> None:
        job.now = change
        self._publish(change)
        self._publish(job_change(change, job.title))

    def _end(self, job: _Download, end: DownloadChanged) -> None:
        was_on, job.is_on = job.is_on, False
        end = changed(end, bytes_per_s=0.0, eta_s=None)
        end, job.goal = as_requested(end, job.goal, waits=job.waits) if was_on else end, None
        if was_on and not (self._closed and end.state is DownloadState.PAUSED):  # `close` has already given it up
            self._jobs.note(end)
            self._jobs.leave(end, STATUSES[end.state])
        self._say(job, end)
        if end.model:
            self._publish(ModelsChanged())
        self._advance()


KIND = DOWNLOAD
_STATES = {
    JobStatus.OPEN: DownloadState.QUEUED,
    JobStatus.RUNNING: DownloadState.QUEUED,  # if its instance still runs, `read` says ELSEWHERE instead
    JobStatus.PAUSED: DownloadState.PAUSED,
    JobStatus.DONE: DownloadState.DONE,
    JobStatus.FAILED: DownloadState.FAILED,
    JobStatus.CANCELLED: DownloadState.CANCELLED,
}
STATUSES = {
    DownloadState.QUEUED: JobStatus.OPEN,
    DownloadState.PAUSED: JobStatus.PAUSED,
    DownloadState.DONE: JobStatus.DONE,
    DownloadState.FAILED: JobStatus.FAILED,
    DownloadState.CANCELLED: JobStatus.CANCELLED,
}


class DownloadJobs:
    """The jobs of kind `download`. A job's settings hold the request, its place in the queue and the last progress."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, repo: str, file: str, quantization: str) -> JobRecord:
        """Return an unfinished job with the same request, else a new job. Raises KnownError store.*."""
        for job in self._store.jobs.page(kind=KIND):
            is_over = job.status in (JobStatus.DONE, JobStatus.CANCELLED) or self._store.jobs.is_run(job)
            if request_of(job) == (repo, file, quantization) and not is_over:
                return self._store.jobs.change(job.id, JobStatus.OPEN)
        request: dict[str, Json] = {"repo": repo, "file": file, "quantization": quantization}
        title = clean_label(f"{repo}/{file or quantization}".rstrip("/"))
        return self._store.jobs.add(KIND, title, model_sha256="", steps=(), settings=request)

    def unfinished(self) -> list[JobRecord]:
        return sorted(self._store.jobs.unfinished(KIND), key=place_of)

    def leave(self, change: DownloadChanged, status: JobStatus) -> None:
        """Give up this instance's right to the download. Errors such as a full disk are ignored, since the right ends
        with this instance anyway.
        """
        problem = change.problem
        code, args = (problem.code, dict(problem.args)) if problem else (None, {})
        with suppress(KnownError):
            self._store.jobs.leave(change.id, status, error_code=code, error_args=args)

    def note(self, change: DownloadChanged) -> None:
        seen: dict[str, Json] = {
            "name": change.name, "bytes": change.done_bytes, "total": change.total_bytes,
            "speed": round(change.bytes_per_s), "fit": change.fit, "model": change.model.id if change.model else None,
        }  # fmt: skip
        with suppress(KnownError):
            self._store.jobs.note(change.id, seen)

    def read(self, job: JobRecord) -> DownloadChanged:
        about = job.settings
        state = DownloadState.ELSEWHERE if self._store.jobs.is_elsewhere(job) else _STATES[job.status]
        model = next((model for model in self._store.models.all() if model.id == about.get("model")), None)
        speed, total, done = number_in(about, "speed"), number_in(about, "total"), number_in(about, "bytes")
        is_running = state is DownloadState.ELSEWHERE and speed > 0
        return DownloadChanged(
            job.id, request_of(job)[0], str(about.get("name") or request_of(job)[1]), state,
            done_bytes=done, total_bytes=total, bytes_per_s=float(speed) if is_running else 0.0,
            eta_s=eta_of(job) if is_running else None, fit=str(about.get("fit") or "unknown"),
            problem=problem_of(job.error_code, job.error_args) if job.error_code else None,
            model=model if state is DownloadState.DONE else None,
        )  # fmt: skip


def request_of(job: JobRecord) -> tuple[str, str, str]:
    repo, file, quantization = (str(job.settings.get(key) or "") for key in ("repo", "file", "quantization"))
    return repo, file, quantization


def job_change(job: DownloadChanged, title: str) -> JobChanged:
    share = job.done_bytes / job.total_bytes if job.total_bytes else None
    return JobChanged(
        job.id, KIND, STATUSES.get(job.state, JobStatus.RUNNING), job.done_bytes, job.total_bytes, job.eta_s,
        title=title, problem=job.problem, share=share, eta_low_s=job.eta_s, eta_high_s=job.eta_s,
    )  # fmt: skip


def as_waiting(change: DownloadChanged, place: int, note: Problem | None) -> DownloadChanged:
    begin = DownloadState.QUEUED
    return changed(change, state=begin, place=place, note=note, bytes_per_s=0.0, eta_s=None, problem=None)


def as_requested(end: DownloadChanged, goal: DownloadState | None, *, waits: bool) -> DownloadChanged:
    """Return the end of a download as the person requested it. The download's thread only knows that it was stopped.

    `goal` is the requested state. With `waits`, a download that cannot reach the network goes back into the queue.
    """
    is_offline = end.problem is not None and end.problem.code == "network.offline"
    was_stopped = end.state is DownloadState.PAUSED
    if (was_stopped and goal is DownloadState.QUEUED) or (is_offline and waits):
        return as_waiting(end, 0, None)
    if was_stopped and goal is DownloadState.FAILED:  # offline, and it does not wait
        problem = problem_for(KnownError("network.offline", host=end.repo))
        return changed(end, state=DownloadState.FAILED, problem=problem)
    return end
