"""Shows the progress of a job on the terminal until it ends."""

from __future__ import annotations

import queue

from slmdesk.base.records import JobRecord, JobStatus
from slmdesk.base.runtime.messages import bytes_for_people, problem_of
from slmdesk.base.untrusted import clean_label
from slmdesk.cli.console import Console, ReportedError
from slmdesk.services import Services
from slmdesk.tasks.jobs.types import DOWNLOAD, JobChanged, left_words

SECONDS_UNDER_S = 90


def follow(console: Console, services: Services, job: JobRecord) -> None:
    """Show a job's progress until the job ends. Ctrl-C pauses it. Raises the error that
    paused or failed the job.
    """
    is_kept = services.store.is_kept
    reported: queue.SimpleQueue[JobChanged] = queue.SimpleQueue()
    how_to_resume = f"Paused. It goes on with: slmdesk jobs resume {job.id}"

    services.on(
        JobChanged, lambda event: reported.put(event) if event.id == job.id else None
    )
    now = services.call.jobs.get(job.id)  # the job may have ended before we subscribed
    status = now.status
    try:
        while status in (JobStatus.OPEN, JobStatus.RUNNING):
            news = console.next_of(reported)
            status = news.status
            if news.total + news.steps_ahead:
                console.progress(
                    f"{clean_label(news.title, 60)}: {_progress(news)}", *_shares(news)
                )
            if news.problem:
                if is_kept and status is JobStatus.PAUSED:
                    console.end_progress()
                    console.notify(how_to_resume)
                raise ReportedError(news.problem)
    except KeyboardInterrupt:
        services.service_thread.call(lambda: services.jobs.pause(job.id), 5.0)
        console.end_progress()
        console.notify(how_to_resume if is_kept else "Stopped, and not kept.")
        raise
    finally:
        console.end_progress()
    ended = services.call.jobs.get(job.id)
    if ended.error_code:  # the failure was published before we subscribed
        raise ReportedError(problem_of(ended.error_code, ended.error_args))


def amount(kind: str, done: int, total: int) -> str:
    if kind == DOWNLOAD:
        return f"{bytes_for_people(done)} of {bytes_for_people(total)}"
    return f"{done} of {total}"


def _progress(news: JobChanged) -> str:
    done = amount(news.kind, news.done, news.total + news.steps_ahead)
    left = news.left
    if left is None:
        return done
    if left.is_sure and left.best < SECONDS_UNDER_S:
        return f"{done}, {max(1, round(left.best))} s left"
    return f"{done}, {left_words(left)}"


def _shares(news: JobChanged) -> tuple[float, float]:
    if news.share is None:
        return news.done, news.total
    return news.share, 1.0
