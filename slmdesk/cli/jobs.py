"""`slmdesk jobs`: long work, as it stands, and stopping and going on with it."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import click

from slmdesk.cli.face import Face, ToldError, json_option, next_of, table, words_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdesk.core.records import JobRecord
    from slmdesk.core.types import Json
    from slmdesk.services.facts import Fact, JobChanged
    from slmdesk.services.services import Services


MOST_REASONS = 5
"""Failures that are explained below the list."""


@click.group()
def jobs() -> None:
    """Long work: exams, downloads, and all that is done step by step."""


@jobs.command("list")
@json_option
@click.pass_obj
def list_jobs(face: Face) -> None:
    """The last jobs, newest first."""
    with face.services() as services:
        found = services.desk.call(lambda: [_as_it_is(services, one) for one in services.jobs.list()])
    if face.as_json:
        face.give([shape_of(one) for one in found])
        return
    if not found:
        face.tell("There are no jobs.")
        return
    rows = [("ID", "KIND", "STATUS", "STEPS", "FAILED", "TITLE")]
    rows += [(one.id, one.kind, one.status.value, _steps(one), str(one.failed), _line(one.title)) for one in found]
    table(face, rows)
    _say_how_to_go_on(face, found)


def _as_it_is(services: Services, job: JobRecord) -> JobRecord:
    """A job whose program ended in the middle is in the table as running, and waits."""
    from dataclasses import replace

    from slmdesk.core.records import JobStatus

    is_left = job.status is JobStatus.RUNNING and not services.store.is_elsewhere(job)
    return replace(job, status=JobStatus.OPEN) if is_left else job


def _say_how_to_go_on(face: Face, jobs: Sequence[JobRecord]) -> None:
    """Why the last ones failed, and what one can do about it and about those that stand still."""
    from slmdesk.core.records import JobStatus
    from slmdesk.services.sentences import problem_of

    for job in [one for one in jobs if one.status is JobStatus.FAILED and one.error_code][:MOST_REASONS]:
        problem = problem_of(job.error_code or "", job.error_args)
        face.tell(f"note: {job.id} failed: {words_for(problem.code, problem.sentence, problem.args)}")
    if any(one.status in (JobStatus.FAILED, JobStatus.PAUSED, JobStatus.OPEN) for one in jobs):
        face.tell(
            "note: what failed, is paused or open goes on, from where it was, with: slmdesk jobs resume ID, "
            "or in the window."
        )


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def pause(face: Face, job: str) -> None:
    """Stop a job for now, wherever it runs; what is done stays."""
    with face.services() as services:
        _show(face, services.desk.call(lambda: services.jobs.pause(job)))


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def cancel(face: Face, job: str) -> None:
    """End a job, wherever it runs; what is done stays."""
    with face.services() as services:
        _show(face, services.desk.call(lambda: services.jobs.cancel(job)))


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def resume(face: Face, job: str) -> None:
    """Go on with a job, here, until it is done.  Ctrl-C pauses it."""
    with face.services() as services:
        begun = services.desk.call(lambda: services.jobs.resume(job))
        follow(face, services, begun)
        _show(face, services.desk.call(lambda: services.store.job(begun.id)))


def follow(face: Face, services: Services, job: JobRecord) -> None:
    """Show the progress of a job until it ends.  Raises what it was paused or failed for; Ctrl-C pauses it."""
    from slmdesk.core.records import JobStatus
    from slmdesk.services.facts import JobChanged
    from slmdesk.services.sentences import problem_of

    told: queue.SimpleQueue[JobChanged] = queue.SimpleQueue()

    def on_fact(fact: Fact) -> None:
        if isinstance(fact, JobChanged) and fact.id == job.id:
            told.put(fact)

    services.add_listener(on_fact)
    status = services.desk.call(lambda: services.store.job(job.id)).status  # it may have ended before we listened
    try:
        while status in (JobStatus.OPEN, JobStatus.RUNNING):
            news = next_of(told)
            status = news.status
            left = "" if news.eta_s is None else f", about {news.eta_s:.0f} s left,"
            done = _amount(news.kind, news.done, news.total)
            face.progress(f"{_line(news.title)}: {done}{left}", news.done, news.total)
            if news.problem:
                raise ToldError(news.problem)
    except KeyboardInterrupt:
        services.desk.call(lambda: services.jobs.pause(job.id), 5.0)
        face.end_progress()
        face.tell(f"Paused. It goes on with: slmdesk jobs resume {job.id}")
        raise
    finally:
        face.end_progress()
    ended = services.desk.call(lambda: services.store.job(job.id))
    if ended.error_code:  # told before we listened
        raise ToldError(problem_of(ended.error_code, ended.error_args))


def shape_of(job: JobRecord) -> dict[str, Json]:
    """A job as cli.md has it; `steps_done` counts those that failed too.  A download is one step, and tells its bytes.

    `eta_s` is that of a download that runs, by what its desk noted in the last seconds.
    """
    from slmdesk.core.records import JobStatus
    from slmdesk.services.download_jobs import KIND, bytes_of, eta_of
    from slmdesk.services.sentences import problem_of

    shape: dict[str, Json] = {
        "id": job.id,
        "kind": job.kind,
        "status": job.status.value,
        "steps_done": job.done + job.failed,
        "steps_total": job.total,
        "eta_s": None,
        "steps_failed": job.failed,
        "title": job.title,
        "reason": problem_of(job.error_code, job.error_args).sentence if job.error_code else None,
    }
    if job.kind == KIND:
        done, total = bytes_of(job)
        shape |= {"steps_done": int(job.status is JobStatus.DONE), "steps_total": 1, "eta_s": eta_of(job)}
        shape |= {"bytes_done": done, "bytes_total": total}
    return shape


def _steps(job: JobRecord) -> str:
    from slmdesk.services.download_jobs import KIND, bytes_of

    return _amount(KIND, *bytes_of(job)) if job.kind == KIND else f"{job.done + job.failed}/{job.total}"


def _amount(kind: str, done: int, total: int) -> str:
    from slmdesk.services.download_jobs import KIND
    from slmdesk.services.sentences import bytes_for_people

    return f"{bytes_for_people(done)} of {bytes_for_people(total)}" if kind == KIND else f"{done} of {total}"


def _show(face: Face, job: JobRecord) -> None:
    if face.as_json:
        face.give(shape_of(job))
    else:
        steps = _steps(job)
        face.say(f"{job.id}  {job.status.value}  {steps}{' steps' if '/' in steps else ''}")


def _line(text: str) -> str:
    from slmdesk.core.labels import clean_label

    return clean_label(text, 60)
