"""Long work: a job is claimed, its steps are fed to the engine, each result is kept the moment it comes.

One job runs at a time; everything on the desk thread.  A crash or a pause costs at most the steps in hand.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from slmdesk.client import JobHandle
from slmdesk.core.errors import KnownError
from slmdesk.core.protocol import Cancelled, Failed, FromChild, Partial
from slmdesk.core.records import JobRecord, JobStatus, JobStep, ModelRecord, StepStatus
from slmdesk.core.types import ChatMessage, Json, LoadedModel, Sampling
from slmdesk.core.wire import answer_from, messages_to_json, to_json
from slmdesk.services.desk import Desk, Later
from slmdesk.services.facts import Fact, JobChanged, Problem
from slmdesk.services.growing import Growth, Planner
from slmdesk.services.loading import EngineRoom, Waiter
from slmdesk.services.sentences import problem_for, problem_of
from slmdesk.store import Store

WIDTHS = 4
"""Batch widths of steps in hand at most: back-pressure, pause and cheap resume in one (design.md)."""
ALONE_AFTER = 2
"""A step in hand at so many deaths is run once more by itself, after all others."""
MOST_LOSSES = 3
"""So many steps in a row that kill the child, and nothing done between: the job pauses."""
LOOK_S = 1.0
"""How often is looked whether another desk paused the job, or somebody waits for another model."""
STAND_BACK_S = 30.0
"""For how long a job lets another model be."""
PASSING = ("store.", "disk.", "child.")
"""Families of problems after which a plan may go on later as if nothing had been."""
DEATHS = ("child.died", "child.hung", "child.protocol")

OnEnd = Callable[[JobRecord], None]


class Runner(Protocol):
    """Who runs the jobs of a kind that need no engine, such as downloads."""

    def take_up(self) -> None:
        """Go on with what waits or lost its desk."""

    def resume_job(self, record: JobRecord) -> JobRecord:
        """Go on with one now.  Raises KnownError job.*."""

    def change_job(self, record: JobRecord, status: JobStatus) -> JobRecord:
        """Pause or cancel one, wherever it runs.  Raises KnownError job.*."""


@dataclass(slots=True, eq=False)
class _Run:
    """The job this desk runs."""

    job: JobRecord
    record: ModelRecord
    done: int
    failed: int
    is_explicit: bool = False
    turn: int = 0
    """Counts engine jobs: words of an old one are late."""
    width: int = 1
    in_hand: dict[str, JobStep] = field(default_factory=dict)
    waiter: Waiter | None = None
    handle: JobHandle | None = None
    generation: int = 0
    later: Later | None = None
    saved: int = 0
    """Results since `began`."""
    began: float = 0.0
    losses: int = 0
    growth: Growth | None = None
    """Of a job whose steps are found while it runs."""
    spent: float = 0.0
    """The cost of what was saved since `began`."""

    @property
    def is_through(self) -> bool:
        """Whether every step so far has ended."""
        return self.done + self.failed == self.job.total


def step_key(model_sha256: str, prompt_version: str, step: Mapping[str, Json]) -> str:
    """The name under which the result of a step is known: the same model, prompt and input give the same."""
    text = json.dumps([model_sha256, prompt_version, step], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def step_of(messages: Sequence[ChatMessage], sampling: Sampling, *, choices: Sequence[str] = ()) -> dict[str, Json]:
    """A step as the engine's `batch` wants it: an answer, or with `choices` how likely each is as one."""
    step: dict[str, Json] = {"messages": messages_to_json(messages), "sampling": to_json(sampling)}
    return step | {"choices": list(choices)} if choices else step


class JobService:
    """The jobs of the store, and the one this desk runs."""

    def __init__(self, desk: Desk, store: Store, room: EngineRoom, tell: Callable[[Fact], None]) -> None:
        self._desk, self._store, self._room, self._tell = desk, store, room, tell
        self._queue: deque[tuple[str, bool]] = deque()
        self._run: _Run | None = None
        self._on_end: dict[str, OnEnd] = {}
        self._runners: dict[str, Runner] = {}
        self._planners: dict[str, Planner] = {}
        self._holds = 0
        self._closed = False

    # ---- wishes

    def when_done(self, kind: str, handler: OnEnd) -> None:
        """Call `handler` when a job of this kind is done, whichever desk began it."""
        self._on_end[kind] = handler

    def run_by(self, kind: str, runner: Runner) -> None:
        """Leave the jobs of this kind to `runner`; they are listed, paused, cancelled and resumed here like all."""
        self._runners[kind] = runner

    def plan_by(self, kind: str, planner: Planner) -> None:
        """Have the jobs of this kind grow: whenever all their steps have ended, `planner` is asked for more."""
        self._planners[kind] = planner

    def add(
        self,
        kind: str,
        title: str,
        record: ModelRecord,
        steps: Sequence[Mapping[str, Json]],
        *,
        prompt_version: str,
        settings: Mapping[str, Json] | None = None,
        item: str | None = None,
    ) -> JobRecord:
        """Keep a new job of these steps (see `step_of`) and run it when its turn comes.  Raises KnownError store.*.

        `item`: what it works for, with which it goes for good.
        """
        keyed = {step_key(record.sha256, prompt_version, step): step for step in steps}
        job = self._store.add_job(
            kind, title, model_sha256=record.sha256, steps=list(keyed.items()), settings=settings, item=item
        )
        self._say(job)
        self._enqueue(job.id, explicit=False)
        return job

    def list(self, limit: int = 100) -> list[JobRecord]:
        """The last jobs, newest first; those of other desks too."""
        return self._store.jobs(limit)

    def failed_steps(self, job: str) -> Sequence[JobStep]:
        """What could not be done, with codes."""
        return [step for step in self._store.steps(self._store.job(job).id) if step.status is StepStatus.FAILED]

    def take_up(self) -> None:
        """Go on with open jobs, and with those whose desk is gone."""
        for job in reversed(self._store.jobs()):
            if job.status in (JobStatus.OPEN, JobStatus.RUNNING) and job.kind not in self._runners:
                self._enqueue(job.id, explicit=False)
        for runner in self._runners.values():
            runner.take_up()

    def pause(self, id: str) -> JobRecord:
        """Stop a job, here or elsewhere; what is in hand is given again later.  Raises KnownError job.*."""
        return self._change(id, JobStatus.PAUSED)

    def cancel(self, id: str) -> JobRecord:
        """End a job, here or elsewhere; its results so far are kept.  Raises KnownError job.*."""
        return self._change(id, JobStatus.CANCELLED)

    def resume(self, id: str) -> JobRecord:
        """Go on with a paused or failed job, or with one whose desk is gone, because a person asked.

        Its failed steps are tried anew.  Raises KnownError job.unknown, job.ended, job.elsewhere.
        """
        job = self._store.job(id)
        if job.kind in self._runners:
            return self._runners[job.kind].resume_job(job)
        if self._run is None or self._run.job.id != job.id:
            job = self._change(job.id, JobStatus.OPEN)
            self._enqueue(job.id, explicit=True)
        return job

    def hold(self) -> None:
        """Let the engine be until `let_go`: somebody measures, and nothing may run beside it."""
        self._holds += 1
        if self._run:
            self._put_down(self._run)

    @property
    def is_held(self) -> bool:
        """Whether somebody measures."""
        return self._holds > 0

    def let_go(self) -> None:
        """The end of one `hold`: the job in hand goes on."""
        self._holds -= 1
        run = self._run
        if run and not (run.handle or run.waiter or run.later):
            self._want(run)

    def close(self) -> None:
        """The desk ends: the job is open again, for the next desk."""
        self._closed = True
        self._queue.clear()
        if self._run:
            run = self._drop()
            with suppress(KnownError):  # then its owner is gone, which says the same
                self._store.leave_job(run.job.id, JobStatus.OPEN)

    # ---- one after the other

    def _change(self, id: str, status: JobStatus) -> JobRecord:
        job = self._store.job(id)
        if job.kind in self._runners:
            return self._runners[job.kind].change_job(job, status)
        job = self._store.change_job(job.id, status)
        self._queue = deque(one for one in self._queue if one[0] != job.id)
        if self._run and self._run.job.id == job.id:
            self._drop()
        self._say(job)
        self._desk.post(self._advance)
        return job

    def _enqueue(self, id: str, *, explicit: bool) -> None:
        if all(id != known for known, _ in self._queue) and not (self._run and self._run.job.id == id):
            self._queue.append((id, explicit))
        self._desk.post(self._advance)

    def _advance(self) -> None:
        while self._run is None and self._queue and not self._closed:
            id, explicit = self._queue.popleft()
            job = self._store.claim_job(id)
            if job is not None:
                self._begin(job, explicit=explicit)

    def _begin(self, job: JobRecord, *, explicit: bool) -> None:
        models = self._store.models()
        record = next((one for one in models if one.sha256 == job.model_sha256), None)
        if record is None:
            known = ", ".join(one.name for one in models[:20]) or "none"
            missing = KnownError("model.unknown", wanted=job.title, known=known)
            self._say(self._left(job.id, JobStatus.PAUSED, problem_for(missing)), problem=problem_for(missing))
            return
        self._run = _Run(job, record, job.done, job.failed, is_explicit=explicit)
        self._say(job)
        if self._run.is_through:
            self._through(self._run)
        else:
            self._want(self._run)
        if self._run:
            self._look()

    def _look(self) -> None:
        """Once a second: is the job still ours, and does nobody wait for another model?"""
        run = self._run
        if run is None:
            return
        try:
            job = self._store.job(run.job.id)
        except KnownError:  # deleted for good, with what it worked for
            self._drop()
            return
        if job.status is not JobStatus.RUNNING or job.owner != run.job.owner:
            self._lost(job)
            return
        if run.handle and self._room.others_wait(run.record):
            self._put_down(run)
            run.later = self._desk.call_later(STAND_BACK_S, lambda: self._want_again(run))
        self._desk.call_later(LOOK_S, lambda: self._look() if self._run is run else None)

    # ---- the model, then the steps

    def _want_again(self, run: _Run) -> None:
        run.later = None
        if self._run is run:
            self._want(run)

    def _want(self, run: _Run) -> None:
        def ready(model: LoadedModel) -> None:
            run.waiter = None
            if self._run is run and run.handle is None:
                self._start(run, model)

        def failed(problem: Problem | None) -> None:
            run.waiter = None
            if self._run is run:
                self._pause(problem)

        if self._holds or (run.growth and run.growth.is_thinking):
            return  # `let_go` comes back here, and so does `_grown`
        waiter = self._room.want(run.record, ready, failed, explicit=run.is_explicit)
        run.is_explicit = False
        if run.handle is None and self._run is run:
            run.waiter = waiter

    def _start(self, run: _Run, model: LoadedModel) -> None:
        run.turn += 1
        turn, run.width = run.turn, max(1, model.sequences)
        run.generation, run.began, run.saved, run.spent = self._room.generation, time.monotonic(), 0, 0.0
        self._room.begin()
        run.handle = self._room.client.start(
            "batch",
            {"handle": model.handle},
            lambda event: self._desk.post(lambda: self._on_event(run, turn, event)),
            priority="background",
        )
        self._feed(run)

    def _feed(self, run: _Run) -> None:
        """Give steps until four widths are in hand; one under suspicion only by itself."""
        if run.handle is None or len(run.in_hand) > run.width * WIDTHS // 2 or _is_alone(run):
            return
        steps = self._store.open_steps(run.job.id, run.width * WIDTHS - len(run.in_hand), but=run.in_hand)
        if not steps and not run.in_hand:
            self._through(run)
            return
        trusted = [step for step in steps if step.deaths < ALONE_AFTER]
        for step in trusted or ([] if run.in_hand else steps[:1]):
            run.in_hand[step.key] = step
            run.handle.step(step.key, step.input)

    def _on_event(self, run: _Run, turn: int, event: FromChild) -> None:
        if self._run is not run or run.turn != turn or run.handle is None:
            return
        if isinstance(event, Partial):
            try:
                self._on_partial(run, event)
            except KnownError as err:  # the disk is full, or the history busy: nothing but time is lost
                self._pause(problem_for(err))
        elif isinstance(event, Failed):
            self._on_failed(run, event)
        elif isinstance(event, Cancelled):  # nobody here asked: the children are being closed
            self._pause(None)

    def _on_partial(self, run: _Run, event: Partial) -> None:
        step = run.in_hand.pop(event.key, None)
        if step is None:
            return
        value, problem = _checked(event.value)
        if problem is not None and problem.code == "model.not_loaded":
            self._put_down(run)
            self._pause(None)
            return
        if problem is None:
            kept = self._store.save_step(run.job.id, step.key, value)
            run.done, run.losses = run.done + kept, 0
            if kept and run.job.kind in self._planners:
                self._planners[run.job.kind].on_step(run.job.id, step.key, value)
        else:
            kept = self._store.fail_step(run.job.id, step.key, problem.code, dict(problem.args))
            run.failed += kept
        if not kept:
            self._lost(self._store.job(run.job.id))
            return
        run.saved += 1
        run.spent += run.growth.cost if run.growth else 1.0
        self._say_run(run)
        self._feed(run)

    def _on_failed(self, run: _Run, event: Failed) -> None:
        """The engine's job is gone: with its child, or because the model was there no more."""
        problem = problem_of(event.code, event.args)
        was_replaced = run.handle is not None and run.handle.generation != run.generation
        keys, alone = list(run.in_hand), _is_alone(run)
        self._put_down(run)
        if event.code not in DEATHS and not (event.code == "model.not_loaded" and was_replaced):
            self._pause(None if event.code == "model.not_loaded" else problem)
            return
        if event.code in DEATHS and alone:
            run.failed += self._store.fail_step(run.job.id, keys[0], problem.code, dict(problem.args))
            run.losses += 1
            self._room.forgive(run.record)  # the cause is this step, and it is not given again
            self._say_run(run)
        elif event.code in DEATHS:
            self._store.note_deaths(run.job.id, keys)
        if run.losses >= MOST_LOSSES:
            self._pause(problem)
        elif run.is_through:
            self._through(run)
        else:
            self._want(run)

    # ---- when all steps have ended

    def _through(self, run: _Run) -> None:
        """Is that all, or does the job grow?"""
        planner = self._planners.get(run.job.kind)
        if planner is None:
            self._finish(run)
            return
        if run.growth is None:
            run.growth = Growth(
                self._desk,
                self._store,
                planner.plan(run.job),
                job=run.job,
                grown=lambda: self._grown(run),
                ended=lambda problem: self._planned(run, problem),
            )
        run.growth.go_on(step_key)

    def _grown(self, run: _Run) -> None:
        if self._run is not run:
            return
        run.job = self._store.job(run.job.id)
        run.done, run.failed = run.job.done, run.job.failed
        self._say_run(run)
        if run.is_through:  # all of it was done before
            self._desk.post(lambda: self._through(run) if self._run is run else None)
        elif run.handle:
            self._feed(run)
        elif run.waiter is None and run.later is None:
            self._want(run)

    def _planned(self, run: _Run, problem: Problem | None) -> None:
        """The plan has ended: its result is kept, or there can be none, or none just now."""
        if self._run is not run:
            return
        if problem and problem.code.startswith(PASSING):
            self._pause(problem)
        else:
            self._finish(run, problem)

    # ---- ends

    def _put_down(self, run: _Run) -> None:
        """Leave the engine; what is in hand is given again."""
        run.in_hand.clear()
        if run.waiter:
            self._room.forget(run.waiter)
            run.waiter = None
        if run.later:
            run.later.cancel()
            run.later = None
        handle, run.handle = run.handle, None
        if handle:
            handle.cancel()
            self._room.end()

    def _drop(self) -> _Run:
        run = self._run
        assert run is not None
        self._run = None
        self._put_down(run)
        if run.growth:
            run.growth.close()
        self._desk.post(self._advance)
        return run

    def _finish(self, run: _Run, problem: Problem | None = None) -> None:
        if run.handle:
            run.handle.end_of_steps()
        self._drop()
        if run.growth is None and run.failed and run.failed == run.job.total:  # all of them: most likely for one reason
            first = self.failed_steps(run.job.id)[0]
            problem = problem_of(first.error_code or "", first.error_args)
        job = self._left(run.job.id, JobStatus.FAILED if problem else JobStatus.DONE, problem)
        if job.status is JobStatus.DONE and run.job.kind in self._on_end:
            self._on_end[run.job.kind](job)
        self._say(job, problem=problem)

    def _pause(self, problem: Problem | None) -> None:
        run = self._drop()
        job = replace(run.job, status=JobStatus.PAUSED, done=run.done, failed=run.failed)
        with suppress(KnownError):  # a full disk: told as paused, and any desk takes it up once this one has ended
            job = self._left(run.job.id, JobStatus.PAUSED, problem)
        self._say(job, problem=problem)

    def _lost(self, job: JobRecord) -> None:
        """Somebody else paused or cancelled it, or took it."""
        self._drop()
        self._say(job)

    def _left(self, id: str, status: JobStatus, problem: Problem | None = None) -> JobRecord:
        code, args = (problem.code, dict(problem.args)) if problem else (None, {})
        return self._store.leave_job(id, status, error_code=code, error_args=args)

    def _say(self, job: JobRecord, *, problem: Problem | None = None) -> None:
        done = job.done + job.failed
        self._tell(JobChanged(job.id, job.kind, job.status, done, job.total, None, job.failed, job.title, problem))

    def _say_run(self, run: _Run) -> None:
        job, done = run.job, run.done + run.failed
        left = float(job.total - done)
        if run.growth:
            left = left * run.growth.cost + run.growth.later
        eta = (time.monotonic() - run.began) / run.spent * left if run.spent else None
        self._tell(JobChanged(job.id, job.kind, JobStatus.RUNNING, done, job.total, eta, run.failed, job.title))


def _is_alone(run: _Run) -> bool:
    """Whether what is in hand is one step under suspicion."""
    return any(step.deaths >= ALONE_AFTER for step in run.in_hand.values())


def _checked(untrusted: Mapping[str, Json]) -> tuple[dict[str, Json], Problem | None]:
    """What is kept of a step's answer, or why there is none."""
    if "answer" not in untrusted:
        args = untrusted.get("args")
        return {}, problem_of(str(untrusted.get("code", ""))[:80], args if isinstance(args, Mapping) else {})
    scores = untrusted.get("scores", [])
    try:
        answer = answer_from(untrusted["answer"])
        if not isinstance(scores, list | tuple) or not all(isinstance(one, int | float) for one in scores):
            raise KnownError("request.invalid", what="scores")
    except KnownError as err:
        return {}, problem_for(err)
    return {"text": answer.text, "finish_reason": str(answer.finish_reason), "scores": list(scores)}, None
