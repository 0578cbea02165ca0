"""`slmdesk jobs`: list, pause, cancel and resume long work."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

import click

from slmdesk.cli.console import Console, ReportedError, json_option, next_of, table, words_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slmdesk.core.records import JobRecord
    from slmdesk.core.types import Json
    from slmdesk.services.base.events import Event
    from slmdesk.services.container import Services
    from slmdesk.services.jobs.events import JobChanged
    from slmdesk.services.jobs.time_left import Left


MOST_REASONS = 5
"""Failures that are explained below the list."""
SECONDS_UNDER_S = 90
"""A shorter time is said in seconds."""


@click.group()
def jobs() -> None:
    """Manage long work: exams, downloads, and everything that is done step by step."""


@jobs.command("list")
@json_option
@click.pass_obj
def list_jobs(console: Console) -> None:
    """List the last jobs, newest first."""
    with console.services() as services:
        found = services.service_thread.call(lambda: [_as_it_is(services, one) for one in services.jobs.list()])
    if console.as_json:
        console.give([shape_of(one) for one in found])
        return
    if not found:
        console.notify("There are no jobs.")
        return
    rows = [("ID", "KIND", "STATUS", "STEPS", "FAILED", "LEFT", "TITLE")]
    rows += [_row(one) for one in found]
    table(console, rows)
    _say_how_to_go_on(console, found)


def _row(job: JobRecord) -> tuple[str, str, str, str, str, str, str]:
    from slmdesk.services.jobs.labels import kind_words, left_words

    left = left_words(_left(job)).removesuffix(" left")
    failed = str(job.failed)
    return job.id, kind_words(job.kind), job.status.value, _steps(job), failed, left or "-", _line(job.title)


def _left(job: JobRecord) -> Left | None:
    """The remaining time of a running job, from what its instance last saved."""
    from slmdesk.services.jobs.bytes_done import eta_of
    from slmdesk.services.jobs.time_left import Left
    from slmdesk.services.jobs.timings import noted_of
    from slmdesk.services.online.download_jobs import KIND

    if job.kind != KIND:
        return noted_of(job).left
    eta = eta_of(job)
    return None if eta is None else Left(eta, eta, eta)


def _as_it_is(services: Services, job: JobRecord) -> JobRecord:
    """A job whose instance crashed is stored as running; show it as waiting."""
    from dataclasses import replace

    from slmdesk.core.records import JobStatus

    is_left = job.status is JobStatus.RUNNING and not services.store.is_elsewhere(job)
    return replace(job, status=JobStatus.OPEN) if is_left else job


def _say_how_to_go_on(console: Console, jobs: Sequence[JobRecord]) -> None:
    """Print why the last jobs failed, and what to do about them and about those that are paused."""
    from slmdesk.core.records import JobStatus
    from slmdesk.services.base.messages import problem_of

    for job in [one for one in jobs if one.status is JobStatus.FAILED and one.error_code][:MOST_REASONS]:
        problem = problem_of(job.error_code or "", job.error_args)
        console.notify(f"note: {job.id} failed: {words_for(problem.code, problem.sentence, problem.args)}")
    if any(one.status in (JobStatus.FAILED, JobStatus.PAUSED, JobStatus.OPEN) for one in jobs):
        console.notify(
            "note: what failed, is paused or open goes on, from where it was, with: slmdesk jobs resume ID, "
            "or in the window."
        )


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def pause(console: Console, job: str) -> None:
    """Pause a job, wherever it runs; finished steps are kept."""
    with console.services() as services:
        _show(console, services.service_thread.call(lambda: services.jobs.pause(job)))


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def cancel(console: Console, job: str) -> None:
    """Cancel a job, wherever it runs; finished steps are kept."""
    with console.services() as services:
        _show(console, services.service_thread.call(lambda: services.jobs.cancel(job)))


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def resume(console: Console, job: str) -> None:
    """Resume a job here until it is done, and write the file it was started for.  Ctrl-C pauses it."""
    from slmdesk.cli.job_output import requested, write_output
    from slmdesk.cli.output_files import say_unwritten
    from slmdesk.core.records import JobStatus

    with console.services() as services:
        begun = services.service_thread.call(lambda: _resumed(services, job))
        request = services.service_thread.call(lambda: requested(services, begun.item or ""))
        try:
            follow(console, services, begun)
        except KeyboardInterrupt:
            say_unwritten(console, request.path if request else None)
            raise
        ended = services.service_thread.call(lambda: services.store.job(begun.id))
        written = write_output(console, services, ended.item or "") if ended.status is JobStatus.DONE else None
        _show(console, ended, written)
    if written is not None:
        console.notify(f"Written to {written}.")
    if ended.item:
        console.notify(f"note: what came of it is kept: slmdesk history show {ended.item}")


def _resumed(services: Services, id: str) -> JobRecord:
    """Resume a job; a finished one only needs its file, where that was not written."""
    from slmdesk.cli.job_output import requested
    from slmdesk.core.records import JobStatus

    job = services.store.job(id)
    if job.status is JobStatus.DONE and requested(services, job.item or "") is not None:
        return job
    return services.jobs.resume(job.id)


def follow(console: Console, services: Services, job: JobRecord, *, is_kept: bool = True) -> None:
    """Show the progress of a job until it ends.  Raises the error that paused or failed it; Ctrl-C pauses it.

    `is_kept`: the job can be resumed, and a note says how.
    """
    from slmdesk.core.records import JobStatus
    from slmdesk.services.base.messages import problem_of
    from slmdesk.services.jobs.events import JobChanged

    reported: queue.SimpleQueue[JobChanged] = queue.SimpleQueue()

    def on_event(event: Event) -> None:
        if isinstance(event, JobChanged) and event.id == job.id:
            reported.put(event)

    services.add_listener(on_event)
    status = services.service_thread.call(
        lambda: services.store.job(job.id)
    ).status  # it may have ended before we subscribed
    try:
        while status in (JobStatus.OPEN, JobStatus.RUNNING):
            news = next_of(reported)
            status = news.status
            if news.total or news.share is not None:
                console.progress(f"{_line(news.title)}: {_progress(news)}", *_shares(news))
            if news.problem:
                if is_kept and status is JobStatus.PAUSED:
                    console.end_progress()
                    console.notify(f"Paused. It goes on with: slmdesk jobs resume {job.id}")
                raise ReportedError(news.problem)
    except KeyboardInterrupt:
        services.service_thread.call(lambda: services.jobs.pause(job.id), 5.0)
        console.end_progress()
        console.notify(
            f"Paused. It goes on with: slmdesk jobs resume {job.id}" if is_kept else "Stopped, and not kept."
        )
        raise
    finally:
        console.end_progress()
    ended = services.service_thread.call(lambda: services.store.job(job.id))
    if ended.error_code:  # published before we subscribed
        raise ReportedError(problem_of(ended.error_code, ended.error_args))


def _progress(news: JobChanged) -> str:
    """Describe how far a job is, and how long it still takes."""
    from slmdesk.services.jobs.labels import left_words
    from slmdesk.services.jobs.time_left import Left

    done = _amount(news.kind, news.done, news.total + news.steps_ahead)
    if news.eta_s is None:
        return done
    low = news.eta_s if news.eta_low_s is None else news.eta_low_s
    high = news.eta_s if news.eta_high_s is None else news.eta_high_s
    left = Left(news.eta_s, low, high)
    if left.is_sure and left.best < SECONDS_UNDER_S:
        return f"{done}, {max(1, round(left.best))} s left"
    return f"{done}, {left_words(left)}"


def _shares(news: JobChanged) -> tuple[float, float]:
    """The done and total values of the progress bar."""
    return (news.done, news.total) if news.share is None else (news.share, 1.0)


def shape_of(job: JobRecord) -> dict[str, Json]:
    """A job as JSON (see cli.md); `steps_done` includes failed steps.  A download is one step and counts bytes.

    `eta_s` is that of a running job, as its instance saved in the last seconds, and lies between `eta_low_s` and
    `eta_high_s`; `share` is the part of all its work, 0 to 1, including likely later steps (`steps_ahead`).
    """
    from slmdesk.core.records import JobStatus
    from slmdesk.services.base.messages import problem_of
    from slmdesk.services.jobs.bytes_done import bytes_of
    from slmdesk.services.jobs.labels import kind_words
    from slmdesk.services.jobs.timings import noted_of
    from slmdesk.services.online.download_jobs import KIND

    is_done, noted, left = job.status is JobStatus.DONE, noted_of(job), _left(job)
    shape: dict[str, Json] = {
        "id": job.id,
        "kind": job.kind,
        "kind_name": kind_words(job.kind),
        "status": job.status.value,
        "steps_done": job.done + job.failed,
        "steps_total": job.total,
        "steps_ahead": 0 if is_done else noted.steps_ahead,
        "share": 1.0 if is_done else noted.share,
        "eta_s": round(left.best, 1) if left else None,
        "eta_low_s": round(left.low, 1) if left else None,
        "eta_high_s": round(left.high, 1) if left else None,
        "steps_failed": job.failed,
        "title": job.title,
        "item": job.item,
        "reason": problem_of(job.error_code, job.error_args).sentence if job.error_code else None,
    }
    if job.kind == KIND:
        done, total = bytes_of(job)
        shape |= {"steps_done": int(is_done), "steps_total": 1, "share": done / total if total else None}
        shape |= {"bytes_done": done, "bytes_total": total}
    return shape


def _steps(job: JobRecord) -> str:
    from slmdesk.services.jobs.bytes_done import bytes_of
    from slmdesk.services.online.download_jobs import KIND

    return _amount(KIND, *bytes_of(job)) if job.kind == KIND else f"{job.done + job.failed}/{job.total}"


def _amount(kind: str, done: int, total: int) -> str:
    from slmdesk.services.base.messages import bytes_for_people
    from slmdesk.services.online.download_jobs import KIND

    return f"{bytes_for_people(done)} of {bytes_for_people(total)}" if kind == KIND else f"{done} of {total}"


def _show(console: Console, job: JobRecord, written: Path | None = None) -> None:
    if console.as_json:
        console.give(shape_of(job) | ({"output": str(written)} if written is not None else {}))
    else:
        steps = _steps(job)
        console.say(f"{job.id}  {job.status.value}  {steps}{' steps' if '/' in steps else ''}")


def _line(text: str) -> str:
    from slmdesk.core.labels import clean_label

    return clean_label(text, 60)
