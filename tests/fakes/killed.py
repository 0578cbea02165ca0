"""Commands and engines that are killed in the midst of their work, and what is then on the disk."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from fakes.commands import ROOT, SLMDESK, run_here
from fakes.recorder import Recorder, add_model, open_echo

from slmdesk.base.records import JobStatus
from slmdesk.tasks.jobs.types import JobChanged


def kill(process: subprocess.Popen) -> None:
    """Kill a command and wait for its children as well: one that was just being started still holds its locks."""
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.kill()
    process.wait()
    psutil.wait_procs(children, timeout=60)


def home_with_model(folder: Path, monkeypatch, model: Path) -> None:
    """A home of its own, which is that of the test from now on."""
    monkeypatch.setenv("SLMDESK_HOME", str(folder))
    services = open_echo()
    try:
        add_model(services, model)
    finally:
        services.close()


def rows(home: Path, requested: str, *, patience_s: float = 10) -> list[tuple]:
    """What is on the disk, read beside whoever writes.

    One who was killed while writing leaves a journal that has to be rolled back before anything can be read.  That is
    done in a copy: how the program copes with it is what is tested.
    """
    database = home / "data" / "slmdesk.sqlite3"
    try:
        return _read(f"file:{database}?mode=ro", requested, patience_s)
    except sqlite3.OperationalError as err:
        if err.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":
            raise
    with TemporaryDirectory() as folder:
        copy = Path(folder, database.name)
        for end in ("-journal", ""):  # whoever rolls it back meanwhile empties it at the end
            shutil.copyfile(f"{database}{end}", f"{copy}{end}")
        return _read(f"file:{copy}?mode=rw", requested, patience_s)


def _read(address: str, requested: str, patience_s: float) -> list[tuple]:
    with closing(sqlite3.connect(address, uri=True, timeout=patience_s)) as db:
        return db.execute(requested).fetchall()


def stored(home: Path) -> dict[str, tuple]:
    """The steps that are done: where each stands in the table, and what came of it."""
    return {key: rest for key, *rest in rows(home, "select key, n, value from steps where status = 'done'")}


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of it."""

    steps: Mapping[str, tuple]
    """Those that were done."""
    deaths: int
    command: Sequence[str]
    """To go on."""
    is_done: bool
    """There is nothing left to do."""


def kill_again(home: Path, env: Mapping[str, str], command: Sequence[str], *, kills: int, ahead: int) -> Killed:
    """Run a command that makes one job, and kill it when at most so many steps more are on the disk; resume, and so on.

    Asserts that what was stored is neither lost nor done again.
    """
    chance, before, deaths, is_done = random.Random(kills), dict[str, tuple](), 0, False
    for _ in range(kills):
        due = len(before) + chance.randint(1, ahead)
        running = subprocess.Popen(
            [*SLMDESK, *command], env=env, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while running.poll() is None and not has_steps(home, due):
            time.sleep(0.003)
        deaths += running.poll() is None
        running.send_signal(signal.SIGKILL)
        running.wait()
        after = stored(home)
        assert before.items() <= after.items(), "what was stored is neither lost nor done again"
        before = after
        ((job, status),) = rows(home, "select id, status from jobs")
        if is_done := status == "done":
            break
        command = ["jobs", "resume", job]
    return Killed(before, deaths, command, is_done)


def go_on(home: Path, env: Mapping[str, str], killed: Killed) -> None:
    """Resume it a last time, and let it end."""
    status, _, err = run_here(killed.command, env)
    assert killed.is_done or status == 0, err
    assert killed.steps.items() <= stored(home).items()


def kill_engine(recorder: Recorder, job: str, start: int, *, kills: int, chance: random.Random) -> None:
    """Kill the engine so often while a job is made, each time a few steps on, and see the job to its end.

    `start`: how many facts were told before it was begun.
    """
    left, due, at, ends = kills, chance.randint(1, 3), start, (JobStatus.DONE, JobStatus.PAUSED)
    while True:
        news = recorder.wait(
            JobChanged,
            lambda event: event.id == job and (event.status in ends or event.done >= due),  # noqa: B023  asked at once
            at,
        )
        at = recorder.events.index(news, at) + 1
        if news.status is JobStatus.DONE:
            break
        if news.status is JobStatus.PAUSED:  # three deaths in a minute
            recorder.services.service_thread.call(lambda: recorder.services.jobs.resume(job))
        elif left and recorder.services.engine.pid is not None:
            with suppress(ProcessLookupError):  # it is dead, and the next one not there yet
                os.kill(recorder.services.engine.pid, signal.SIGKILL)
                left, due = left - 1, news.done + chance.randint(1, 3)
    assert left == 0


def has_steps(home: Path, steps: int, status: str = "done") -> bool:
    """Whether so many are done, or still open; not as long as that cannot be read at once.

    SQLite would wait longer and longer between its tries, and one who writes all the time would be through meanwhile.
    """
    try:
        ((count,),) = rows(home, f"select count(*) from steps where status = '{status}'", patience_s=0)
    except (sqlite3.Error, OSError):  # someone writes, or rolls a journal back
        return False
    return count >= steps
