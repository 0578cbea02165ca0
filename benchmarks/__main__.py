"""python -m benchmarks [NAME …] [--fresh] [--anyway]: measure, print the tables, and keep them in docs/performance.md.

Without names all that stands in the tables is measured: with the starter model, with the second one that
SLMDESK_BENCH_MODEL names, and with the starter's tuned copy that SLMDESK_BENCH_TUNED names.  What was measured on the
same day with the same code is not measured again (`--fresh`: it is).  On a busy machine nothing is measured; what was
disturbed is measured once more, and the docs stay as they are while anything is left that was disturbed (`--anyway`:
measured and written all the same, with a mark).  `python -m benchmarks --list` shows all names.

`python -m benchmarks drafts FOLDER` judges what the program makes of summaries written by hand (see benchmarks.drafts),
`python -m benchmarks real_answers FOLDER` what it makes of answers of real models (see benchmarks.real_answers),
`python -m benchmarks scans` how well it reads drawn scans (see benchmarks.scans),
`python -m benchmarks receipts FOLDER` real ones (see benchmarks.receipts),
`python -m benchmarks einvoices FOLDER` whether others read the same of e-invoices (see benchmarks.einvoices),
`python -m benchmarks forged FOLDER` whether forged ones are told (see benchmarks.forged),
`python -m benchmarks fields FOLDER` the fields of papers whose values others wrote down (see benchmarks.fields),
`python -m benchmarks names FOLDER` what redaction takes out of others' sentences (see benchmarks.names),
`python -m benchmarks stand_ins FOLDER` which names come back from ten kinds of change (see benchmarks.stand_ins),
`python -m benchmarks replies FOLDER` how well letters of others are answered (see benchmarks.replies),
`python -m benchmarks due FOLDER TRUTH.json` whether what is due is found in papers (see benchmarks.due).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import (
    chat_rows,
    document_rows,
    download_throughput,
    drafts,
    due,
    einvoices,
    encryption_rows,
    engine_rows,
    estimates,
    fields,
    forged,
    history_rows,
    names,
    program_rows,
    real_answers,
    receipts,
    replies,
    scans,
    search_results,
    stand_ins,
    translation_rows,
    window_rows,
)
from benchmarks.busy import LIMIT_CORES, OtherLoad, others_now
from benchmarks.common import table
from benchmarks.measured import Kept, Measured, report, write_page
from benchmarks.subject import Subject, second, starter

OPTIONS = frozenset({"--fresh", "--anyway", "--list"})
EXPECTED_S = {
    "one_stream": (90, 270), "first_token": (130, 280), "shared_requests": (60, 270), "summary_speed": (400, 1000),
    "translation_speed": (300, 1300), "turn_ten": (100, 240), "states": (110, 200), "read_ahead": (60, 200),
    "pause_beside": (180, 400), "beside_job": (60, 150), "threads": (80, 0), "window": (70, 0),
}  # fmt: skip
"""Seconds with the starter and with a second model of 1.5B on two cores; 0: not measured with it.  In this order."""
SETS = {
    "drafts": drafts.main, "real_answers": real_answers.main, "scans": scans.main, "receipts": receipts.main,
    "einvoices": einvoices.main, "forged": forged.main, "fields": fields.main, "names": names.main,
    "stand_ins": stand_ins.main,
    "replies": replies.main, "due": due.main,
}  # fmt: skip
"""What is measured on a folder of files by others."""
ROWS = {row.__name__: row for module in (engine_rows, chat_rows, document_rows, program_rows) for row in module.ROWS}
MORE = {
    row.__name__: row
    for module in (
        engine_rows, program_rows, download_throughput, estimates, search_results, window_rows, history_rows,
        translation_rows, encryption_rows,
    )
    for row in module.MORE
}  # fmt: skip
"""Measured by name only: they take long, or change seldom."""


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement to be made."""

    name: str
    subject: Subject

    @property
    def expected_s(self) -> int:
        """On two cores."""
        return EXPECTED_S[self.name][self.subject.is_second]

    @property
    def key(self) -> tuple[str, str]:
        """As it is kept."""
        return self.name, self.subject.version


def say(words: str) -> None:
    """Progress."""
    print(words, file=sys.stderr, flush=True)


def tasks_of(names: Sequence[str]) -> list[Task]:
    """In the order of the tables, the starter first."""
    subjects = [starter(), *([other] if (other := second()) else [])]
    tasks = [Task(name, subject) for subject in subjects for name in EXPECTED_S if not names or name in names]
    return [task for task in tasks if task.expected_s]


def measure(task: Task) -> Measured:
    """Measure once, and note what others used meanwhile or just before."""
    before = others_now()
    load, began = OtherLoad(), time.monotonic()
    rows, problem = [], ""
    try:
        for row in ROWS[task.name](task.subject):
            rows.append(row)
            say(f"  {row.what}: {row.value} ({row.goal}) {row.detail}")
    except Exception as err:  # whatever it is, the other rows are wanted
        problem = f"{type(err).__name__}: {err}"
        say(f"  failed: {problem}")
    seconds, others = time.monotonic() - began, max(before, load.cores)
    version, stolen = task.subject.version, load.stolen_cores
    record = Measured(task.name, version, time.time(), seconds, others, tuple(rows), problem, stolen)
    busy = f", busy machine: others used {others:.2f} cores, the host took {stolen:.2f}" if record.is_busy else ""
    say(f"  {seconds:.0f} s{busy}")
    return record


def measure_all(tasks: Sequence[Task], kept: Kept, known: dict[tuple[str, str], Measured]) -> list[Measured]:
    """Measure what is not known; what was disturbed is measured once more."""
    left = sum(task.expected_s for task in tasks if task.key not in known)
    records, pace = [], 1.0
    for number, task in enumerate(tasks, 1):
        if task.key in known:
            records.append(known[task.key])
            continue
        say(f"[{number} of {len(tasks)}] {task.name}, {task.subject.name}: about {left * pace / 60:.0f} minutes left")
        record = measure(task)
        if record.is_busy:
            say("  once more")
            record = min(record, measure(task), key=lambda each: (bool(each.problem), each.others))
        kept.add(record)
        records.append(record)
        left -= task.expected_s
        pace = record.seconds / task.expected_s if number == 1 else (pace + record.seconds / task.expected_s) / 2
    return records


def main(arguments: Sequence[str]) -> int:
    """See above.  Status 1 where docs/performance.md could not be written, 2 where the command is wrong."""
    if arguments and arguments[0] in SETS:
        return SETS[arguments[0]](arguments[1:])
    options = {argument for argument in arguments if argument.startswith("--")}
    wished = [argument for argument in arguments if argument not in options]
    if "--list" in options:
        print("\n".join([*ROWS, *MORE]))
        return 0
    unknown = [name for name in wished if name not in ROWS and name not in MORE] + sorted(options - OPTIONS)
    if unknown:
        say(f"unknown: {', '.join(unknown)}; there are: {', '.join([*ROWS, *MORE, *sorted(OPTIONS)])}")
        return 2
    missing = [subject.path for subject in (starter(), second()) if subject and not subject.path.is_file()]
    missing += [tuned] if (tuned := starter().tuned) and not tuned.is_file() else []
    if missing:
        say(f"no such file: {', '.join(map(str, missing))}")
        return 2
    for name in wished:
        if name in MORE:
            print(table(list(MORE[name]())))
    tasks = [] if wished and not set(wished) & set(ROWS) else tasks_of(wished)
    return measured_and_written(tasks, options, is_whole=not wished) if tasks else 0


def measured_and_written(tasks: Sequence[Task], options: set[str], *, is_whole: bool) -> int:
    """Measure, print the tables, and keep them where all was measured on a quiet machine."""
    others = others_now()
    if others > LIMIT_CORES and is_whole and "--anyway" not in options:
        say(f"busy machine: other programs use {others:.2f} cores; nothing is measured, docs/performance.md stays")
        return 1
    kept = Kept()
    measured = measure_all(tasks, kept, {} if "--fresh" in options else kept.known())
    subjects = [task.subject for task in tasks]
    text = report(list(zip(subjects, measured, strict=True)), has_second=second() is not None)
    print(text)
    again = [f"{task.name} ({'failed' if task.problem else 'busy machine'})" for task in measured if not task.is_whole]
    if again and "--anyway" not in options:
        say(f"docs/performance.md stays; the next run measures only {', '.join(again)}")
        return 1
    if is_whole:
        write_page(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
