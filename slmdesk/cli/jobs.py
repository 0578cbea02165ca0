"""The command `slmdesk jobs`: list, pause, cancel and resume jobs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from slmdesk.base.record import changed
from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.runtime.messages import problem_of
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.cli import output
from slmdesk.cli.console import Console, answer, json_option, list_out, sentence_of
from slmdesk.cli.progress import amount
from slmdesk.services import Services
from slmdesk.tasks.jobs.runner import noted_of
from slmdesk.tasks.jobs.types import DOWNLOAD, Remaining, bytes_of, eta_of, kind_words, left_words

MOST_REASONS = 5


@click.group()
def jobs() -> None:
    """Manage long work: downloads, and everything that is done step by step."""


@jobs.command("list")
@json_option
@click.pass_obj
def list_jobs(console: Console) -> None:
    """List the last jobs, newest first."""
    with console.services() as services:
        records = services.service_thread.call(lambda: [_as_it_is(services, job) for job in services.jobs.list()])
    head = ("ID", "KIND", "STATUS", "STEPS", "FAILED", "LEFT", "TITLE")
    list_out(console, list(map(json_of, records)), list(map(_row, records)), head, "There are no jobs.")
    if not console.as_json:
        _say_how_to_go_on(console, records)


def _row(job: JobRecord) -> tuple[str, str, str, str, str, str, str]:
    left = left_words(_left(job)).removesuffix(" left")
    failed = str(job.failed)
    return job.id, kind_words(job.kind), job.status.value, _steps(job), failed, left or "-", clean_label(job.title, 60)


def _left(job: JobRecord) -> Remaining | None:
    if job.kind != DOWNLOAD:
        return noted_of(job).left
    eta = eta_of(job)
    return None if eta is None else Remaining(eta, eta, eta)


def _as_it_is(services: Services, job: JobRecord) -> JobRecord:
    """Return the job with the status waiting if it is stored as running but its instance has crashed."""
    is_left = job.status is JobStatus.RUNNING and not services.jobs.is_elsewhere(job)
    return changed(job, status=JobStatus.OPEN) if is_left else job


def _say_how_to_go_on(console: Console, jobs: Sequence[JobRecord]) -> None:
    failed = [job for job in jobs if job.status is JobStatus.FAILED and job.error_code]
    for job in failed[:MOST_REASONS]:
        console.notify(f"note: {job.id} failed: {sentence_of(problem_of(job.error_code or '', job.error_args))}")
    if {job.status for job in jobs} & {JobStatus.FAILED, JobStatus.PAUSED, JobStatus.OPEN}:
        console.notify(
            "note: what failed, is paused or open goes on, from where it was, with: slmdesk jobs resume ID, "
            "or in the window."
        )


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def cancel(console: Console, job: str) -> None:
    """Cancel a job, wherever it runs; finished steps are kept."""
    with console.services() as services:
        _show(console, services.call.jobs.cancel(job))


@jobs.command()
@click.argument("job")
@json_option
@click.pass_obj
def resume(console: Console, job: str) -> None:
    """Resume a job here until it is done, and write the file it was started for.  Ctrl-C pauses it."""
    with console.services() as services:
        ended, written = output.resume(console, services, job)
        _show(console, ended, written)
    if written is not None:
        console.notify(f"Written to {written}.")
    if ended.item:
        console.notify(f"note: what came of it is kept: slmdesk history show {ended.item}")


def json_of(job: JobRecord) -> dict[str, Json]:
    """Return a job as JSON, see docs/commands.md. `steps_done` includes failed steps. A download is a single step and
    counts bytes.

    `eta_s` is given for a running job only. It was saved by the job's instance within the last seconds and lies between
    `eta_low_s` and `eta_high_s`. `share` is the finished part of all work, 0 to 1, including likely later steps
    (`steps_ahead`).
    """
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
    if job.kind == DOWNLOAD:
        done, total = bytes_of(job)
        shape |= {"steps_done": int(is_done), "steps_total": 1, "share": done / total if total else None}
        shape |= {"bytes_done": done, "bytes_total": total}
    return shape


def _steps(job: JobRecord) -> str:
    return amount(DOWNLOAD, *bytes_of(job)) if job.kind == DOWNLOAD else f"{job.done + job.failed}/{job.total}"


def _show(console: Console, job: JobRecord, written: Path | None = None) -> None:
    shape = json_of(job)
    if written is not None:
        shape["output"] = str(written)
    steps = _steps(job)
    answer(console, shape, f"{job.id}  {job.status.value}  {steps}{' steps' if '/' in steps else ''}")
