"""One download on a thread of its own, until its record is in the library; and what downloads left."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from contextlib import ExitStack, closing, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import need_free, problem_of
from slmdesk.base.record import Record, changed
from slmdesk.base.records import ModelRecord
from slmdesk.gguf.header import GgufHeader
from slmdesk.gguf.read import read_header, require_chat_model
from slmdesk.hub.guard import SpeedLimit, because
from slmdesk.hub.search import Hub, RemoteFile, Repo
from slmdesk.hub.transfer import PASSING, SPARE_BYTES, Part, Progress, Transfer, TransferLimits, parts_in
from slmdesk.models.importer import join_into, require_usable, usable_header
from slmdesk.models.service import ModelService, Pc, available_bytes, fit_by_size, fit_header, name_for, weights_budget
from slmdesk.online.events import DownloadChanged, DownloadState
from slmdesk.runtime.file_io import Claim, HashedFile, file_name, mark_of
from slmdesk.runtime.messages import problem_for
from slmdesk.runtime.service import ServiceThread

TELL_S = 0.25
SPEED_S = 5.0
"""The speed shown is that of the last seconds."""
SILENT_S = 2.0
"""Without a byte: it is said to wait."""
LOOK_S = 0.3
FULL_TRIES = 2
"""Of a file that arrives damaged, before somebody is asked."""
JOINED = ".joined"
_PART_OF = re.compile(r"-\d{5}-of-\d{5}$")
_JUDGED_AT = tuple(1 << shift for shift in range(20, 27))
_STATES = {"checking": DownloadState.CHECKING, "fetching": DownloadState.FETCHING, "waiting": DownloadState.WAITING}
_REASONS = {
    "ignored": "the server cannot go on in the middle of a file",
    "changed": "it has changed on the server",
    "shifted": "the server went on at another place",
    "refused": "the server did not know how to go on",
    "damaged": "it was damaged on the way",
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
        speed: SpeedLimit | None = None,
        spare_bytes: int = SPARE_BYTES,
    ) -> None:
        self._hub, self._models, self._service_thread = hub, models, service_thread
        self._publish, self._stop, self._context_tokens = publish, stop, context_tokens
        self._limits, self._speed_limit, self._spare = limits, speed, spare_bytes
        self.now = begin
        self.parts: tuple[Part, ...] = ()
        self._before = 0  # bytes of the parts that are whole
        self._seen: deque[tuple[float, int]] = deque()
        self._reported = 0.0
        self._done = 0
        self._judge_at = list(_JUDGED_AT)

    def run(self, file: str, quantization: str) -> ModelRecord:
        """Until it is in the library.  Raises Stopped, and KnownError hub.*, download.*, network.*, disk.full …"""
        damaged, sums = 0, ""
        while True:
            remote = self._choose(file, quantization)
            new_sums = " ".join(part.sha256 for part in remote.parts)
            self._begin(remote)
            try:
                return self._bring(remote)
            except KnownError as err:
                damaged += err.code == "download.damaged"
                again = err.code == "download.damaged" and damaged < FULL_TRIES
                again = again or (err.code == "download.changed" and new_sums != sums)
                if not again:
                    raise
                sums = new_sums
                self._note_start(err.code.removeprefix("download."))

    def at_end(self) -> DownloadChanged:
        return changed(self.now, done_bytes=max(self.now.done_bytes, self._done), note=None)

    def remove_parts(self) -> None:
        """Somebody else's running download of the same file is left alone."""
        for part in self.parts:
            if claim := Claim.take(part.lock):
                try:
                    part.remove()
                finally:
                    claim.release()

    # ---- inside

    def _choose(self, file: str, quantization: str) -> RemoteFile:
        begun = {origin.sha256 for path, origin in parts_in(self._models.folder) if origin and path.suffix == ".part"}
        budget = weights_budget(available_bytes())
        return self._repo().choose(file, quantization, budget_bytes=budget, begun=begun)

    def _repo(self) -> Repo:
        tries = 0
        while True:
            try:
                return self._hub.repo(self.now.repo, stop=self._stop)
            except KnownError as err:
                tries += 1
                if err.code not in PASSING or tries >= self._limits.tries:
                    raise
                self._change(state=DownloadState.WAITING, note=problem_for(err))
                if self._stop.wait(self._limits.wait_after(err, tries)):
                    raise Stopped from None

    def _begin(self, remote: RemoteFile) -> None:
        if any(not part.sha256 or not part.bytes for part in remote.parts):
            raise KnownError("hub.unverifiable", name=remote.name)
        folder = self._models.folder
        self._done = 0
        self.parts = tuple(Part(folder, remote.repo, part, spare_bytes=self._spare) for part in remote.parts)
        self._change(
            name=remote.name, total_bytes=remote.bytes, fit=fit_by_size(remote.bytes, available_bytes()), done_bytes=0
        )

    def _bring(self, remote: RemoteFile) -> ModelRecord:
        if record := self._in_library(remote):
            return record
        with ExitStack() as claims:
            for part in self.parts:
                claims.callback(self._claim(part).release)
            if record := self._in_library(remote):  # somebody else has just brought it
                return record
            self._need_space()
            access = self._hub.token() if remote.gated else ""
            with self._hub.client() as client:
                self._before = 0
                for other_part, part in zip(remote.parts, self.parts, strict=True):
                    address = self._hub.address(remote, other_part)
                    transfer = Transfer(client, address, part, stop=self._stop, token=access, limits=self._limits)
                    self._transfer(transfer, part)
                    self._before += other_part.bytes
            return self._take_in(remote)

    def _claim(self, part: Part) -> Claim:
        """Raises Stopped.  While another process has it, its progress is told."""
        while True:
            if claim := Claim.take(part.lock):
                return claim
            with suppress(OSError):
                self._change(state=DownloadState.ELSEWHERE, done_bytes=self._before + part.path.stat().st_size)
            if self._stop.wait(LOOK_S):
                raise Stopped

    def _need_space(self) -> None:
        there = sum(part.path.stat().st_size for part in self.parts if part.path.exists())
        joined = self.now.total_bytes if len(self.parts) > 1 else 0  # beside its parts, for a while
        need_free(self._models.folder, max(0, self.now.total_bytes - there) + joined + self._spare)

    def _transfer(self, transfer: Transfer, part: Part) -> None:
        before = self.now.resumed_from  # of the parts before this one
        purpose = f"download of {self.now.repo}/{self.now.name}"[:200]
        why = because(purpose, stop=self._stop, on_wait=self._on_wait, limit=self._speed_limit)
        with why, closing(transfer.run()) as steps:
            for progress in steps:
                self._on_progress(progress, before + transfer.resumed_from, part)

    def _on_progress(self, progress: Progress, resumed: int, part: Part) -> None:
        done, now = self._before + progress.done, time.monotonic()
        self._done = done
        if progress.note:
            self._note_start(progress.note)
        if progress.error:
            self._seen.clear()
            self._change(state=DownloadState.WAITING, done_bytes=done, bytes_per_s=0.0, eta_s=None,
                         note=problem_for(progress.error))  # fmt: skip
            return
        if progress.state == "fetching":
            self._judge(progress.done, part)
        if now - self._reported < TELL_S and _STATES[progress.state] is self.now.state and done < self.now.total_bytes:
            return
        if progress.state == "fetching":
            self._seen.append((now, done))
        while len(self._seen) > 1 and now - self._seen[0][0] > SPEED_S:
            self._seen.popleft()
        speed, eta = self._speed(done)
        note = None if self.now.state is DownloadState.WAITING else self.now.note  # what it waited for is over
        state = _STATES[progress.state]
        self._change(state=state, done_bytes=done, resumed_from=resumed, bytes_per_s=speed, eta_s=eta, note=note)

    def _speed(self, done: int) -> tuple[float, float | None]:
        if len(self._seen) < 2:
            return 0.0, None
        (begin, before), (end, after) = self._seen[0], self._seen[-1]
        speed = max(0, after - before) / max(end - begin, 1e-6)
        return speed, (self.now.total_bytes - done) / speed if speed else None

    def _on_wait(self, seconds: float) -> None:
        if seconds >= SILENT_S and self.now.state is DownloadState.FETCHING:
            self._seen.clear()
            self._change(state=DownloadState.WAITING, done_bytes=self._done, bytes_per_s=0.0, eta_s=None)

    def _note_start(self, why: str) -> None:
        error = KnownError("download.started_over", name=self.now.name, reason=_REASONS[why])
        self._seen.clear()
        self._done = self._before
        self._change(state=DownloadState.FETCHING, done_bytes=self._before, resumed_from=0, note=problem_for(error))

    def _judge(self, done: int, part: Part) -> None:
        """As soon as the header has come, whether it is a model for chatting and fits this PC.  Raises model.*."""
        if self._before or not self._judge_at or done < self._judge_at[0]:
            return
        del self._judge_at[0]
        part.flush()
        try:
            header = read_header(part.path)
        except KnownError:
            return  # not all there yet, or damaged: the sum will tell
        self._judge_at.clear()
        if header.kind == "split":
            return
        try:
            require_usable(header)
        except KnownError:
            part.remove()
            raise
        if header.kind == "model":
            self._change(fit=fit_header(header, self._context_tokens, Pc(available_bytes())).verdict)

    def _in_library(self, remote: RemoteFile) -> ModelRecord | None:
        known = self._service_thread.call(self._models.list)
        sha256, source = remote.sha256, _source(remote)
        found = (model for model in known if (model.sha256 == sha256 if sha256 else model.source == source))
        for record in found:
            with suppress(KnownError):
                if mark_of(Path(os.fsdecode(record.path))).bytes == record.bytes:
                    self._change(done_bytes=remote.bytes, resumed_from=remote.bytes)
                    return record
        return None

    def _take_in(self, remote: RemoteFile) -> ModelRecord:
        """Give the checked file its place and its record.  What the library has no use for is removed."""
        if len(self.parts) > 1:
            return self._join(remote)
        part = self.parts[0]
        try:
            usable_header(part.path)
        except KnownError:
            part.remove()
            raise
        target = self._models.folder / file_name(_stem(remote), part.file.sha256)
        part.move_to(target)
        return self._register(HashedFile(target, part.file.sha256, mark_of(target)), read_header(target), remote)

    def _join(self, remote: RemoteFile) -> ModelRecord:
        paths, beside = [part.path for part in self.parts], self.parts[0].path.with_suffix(JOINED)
        size = self.now.total_bytes
        joined, header = join_into(
            beside, paths, lambda _: _stem(remote), self._on_joined, needed=size, require=require_chat_model
        )
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


def _stem(remote: RemoteFile) -> str:
    return _PART_OF.sub("", PurePosixPath(remote.name).name.removesuffix(".gguf"))


def _source(remote: RemoteFile) -> str:
    return f"huggingface:{remote.repo}/{remote.name}@{remote.revision}"


# ---- finds what downloads left in the models folder


_PART_OF_FILE = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)", re.IGNORECASE)


class LeftoverFile(Record):
    """A partial file whose download is not running here, or a damaged file."""

    id: str
    repo: str
    """Empty where its journal is lost."""
    name: str
    bytes: int
    expected: int
    is_bad: bool


def left_overs(folder: Path, *, but: Collection[tuple[str, str]] = ()) -> list[LeftoverFile]:
    """All there are, without the parts of (repository, name) in `but`.  Looks at the disk."""
    found = []
    for path, origin in parts_in(folder):
        is_bad = path.suffix == ".bad"
        if origin and not is_bad and (origin.repo, origin.name) in but:
            continue
        try:
            size = path.stat().st_size
        except OSError:
            continue  # it has just become whole
        repo, name, expected = (origin.repo, origin.name, origin.bytes) if origin else ("", path.name, size)
        found.append(LeftoverFile(path.name, repo, name, size, expected, is_bad))
    return found


def discard(folder: Path, left_over: str) -> int:
    """Delete one; returns the bytes freed.  Raises `download.unknown` (gone, or fetched), `file.unwritable`."""
    path = next((path for path, _origin in parts_in(folder) if path.name == left_over), None)
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


def remove_parts_of(folder: Path, repo: str, name: str) -> int:
    """Delete one file's parts but what somebody else fetches; returns the bytes freed.  Raises `file.unwritable`."""
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
