"""python -m benchmarks.time_left DOCUMENT [--model GGUF] [--as-it-is] [--twice]: how right is a summary's time left?

The document is summarized in everyday words, in a home of its own; each prediction is kept with its moment, and at the
end compared with what was really left: after 10, 25, 50 and 75 % of the whole time, from the job's first step on.  The
starter model is too weak to word a summary, which would leave little to predict: it is noted as able first, unless
`--as-it-is`.  `--twice`: a second summary, of another length, once the prices of the first are known.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import MODEL

if TYPE_CHECKING:
    from slmdesk.services import Services
    from slmdesk.tasks.jobs.types import JobChanged

SHARES = (0.1, 0.25, 0.5, 0.75)
GOAL = 0.2
PATIENCE_S = 3600.0
ABLE = 1_500_000_000
"""Parameters of a model that words lines and writes no summary."""


@dataclass(frozen=True, slots=True)
class SummaryPoint:
    """One prediction."""

    at: float
    best: float | None
    low: float | None
    high: float | None
    share: float | None


def summarize(services: Services, document: str, length: int) -> list[SummaryPoint]:
    """All predictions of one summary, the last one at its end."""
    from slmdesk.base.records import JobStatus
    from slmdesk.tasks.jobs.types import JobChanged
    from slmdesk.tasks.summaries.types import Kind, SummaryRequest

    said: list[SummaryPoint] = []
    over = threading.Event()

    def receive(event: JobChanged) -> None:
        if event.kind == "summary" and not over.is_set():
            said.append(_said(event))
            if event.status not in (JobStatus.OPEN, JobStatus.RUNNING):
                print(f"ended: {event.status.value}, {event.done} of {event.total} steps, {event.failed} failed")
                over.set()

    services.on(JobChanged, receive)
    services.service_thread.call(
        lambda: services.tasks.begin("summary", SummaryRequest((document,), Kind.SIMPLE, length))
    )
    if not over.wait(PATIENCE_S):
        raise TimeoutError("the summary did not end")
    return said


def errors(said: list[SummaryPoint]) -> list[tuple[float, float | None, bool]]:
    """After each of SHARES: how far off the prediction was (0.1: 10 % too long), and whether its range held."""
    first = next((point.at for point in said if point.best is not None), said[0].at)
    end, misses = said[-1].at, []
    for share in SHARES:
        moment = first + share * (end - first)
        last = [point for point in said if point.at <= moment and point.best is not None]
        if not last:
            misses.append((share, None, False))
            continue
        sample, really = last[-1], end - moment
        passed = moment - sample.at
        low, high = (max(0.0, (each or 0.0) - passed) for each in (sample.low, sample.high))
        misses.append((share, ((sample.best or 0.0) - passed) / really - 1, low <= really <= high or low == high))
    return misses


def main(arguments: list[str]) -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("document", type=Path)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--as-it-is", action="store_true")
    parser.add_argument("--twice", action="store_true")
    requested = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        os.environ["SLMDESK_HOME"] = home
        services = opened()
        try:
            document = _read(services, requested.document)
            add_model(services, requested.model, is_able=not requested.as_it_is)
            for length in (150, 300) if requested.twice else (150,):
                said = summarize(services, document, length)
                _notify(said, length)
        finally:
            services.close()
    return 0


def _said(event: JobChanged) -> SummaryPoint:
    return SummaryPoint(time.monotonic(), event.eta_s, event.eta_low_s, event.eta_high_s, event.share)


def _notify(said: list[SummaryPoint], length: int) -> None:
    known = [point for point in said if point.best is not None]
    print(f"{length} words: {said[-1].at - said[0].at:.0f} s, first prediction after {known[0].at - said[0].at:.1f} s")
    jumps = [abs((b.at + (b.best or 0)) - (a.at + (a.best or 0))) for a, b in pairwise(known)]
    print(f"largest jump of the end between two predictions: {max(jumps, default=0.0):.1f} s")
    print("| after | error of the prediction | within a fifth |\n|---|---|---|")
    for share, error, _holds in errors(said):
        words = "none yet" if error is None else f"{error:+.0%}"
        print(f"| {share:.0%} | {words} | {'yes' if error is not None and abs(error) <= GOAL else 'no'} |")


def opened() -> Services:
    """The program over the home of this process."""
    from slmdesk.base.paths import find_paths
    from slmdesk.services import open_services

    return open_services(find_paths())


def _read(services: Services, path: Path) -> str:
    from slmdesk.base.records import DocumentRecord

    got: list[object] = []
    over = threading.Event()

    def ended(result: object) -> None:
        got.append(result)
        over.set()

    services.service_thread.call(lambda: services.documents.open(path.absolute()).then(ended))
    over.wait(PATIENCE_S)
    if not isinstance(got[0], DocumentRecord):
        raise SystemExit(str(got[0]))
    print(f"{path.name}: {got[0].pages} pages")
    return got[0].id


def add_model(services: Services, path: Path, *, is_able: bool) -> None:
    """Link a model, and wait; with `is_able` it counts as one that words lines."""
    over = threading.Event()
    link = lambda: services.models.import_file(path.absolute(), link=True).then(lambda _end: over.set())  # noqa: E731
    services.service_thread.call(link)
    over.wait(PATIENCE_S)
    if is_able:
        record = services.service_thread.call(services.models.list)[0]
        header = {**record.header, "parameters": ABLE}
        services.service_thread.call(lambda: services.store.models.change(record.id, header=header))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
