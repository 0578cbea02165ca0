"""Makes statements for auditors: what left this PC in a period, what kept the rest from leaving, signed."""

from __future__ import annotations

import hashlib
import platform
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import slmdesk
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import is_there, write_atomically
from slmdesk.base.ledger import Kind, LedgerRow
from slmdesk.base.paper import Paper
from slmdesk.base.types import Json
from slmdesk.base.walls import walls_of
from slmdesk.hub import kernel
from slmdesk.hub.guard import GuardPolicy
from slmdesk.online.ledger_events import LedgerEvents, policy_shape
from slmdesk.online.statement.archive import (
    LEDGER,
    PDF,
    SIGNATURE,
    STATEMENT,
    SUMS,
    statement_bytes,
    sums_of,
    tar_of,
)
from slmdesk.online.statement.content import LedgerReport
from slmdesk.online.statement.installed import code_from_elsewhere, installed
from slmdesk.online.statement.paper import NOT_COVERED, paper_of
from slmdesk.online.statement.self_test import Control, SelfTest, run_self_test
from slmdesk.online.statement.signing import StatementKey, StatementKeys
from slmdesk.online.statement.types import StatementMade, StatementProgress, StatementRequest
from slmdesk.online.statement.verify import BY_SYSTEM, DESK, iso, level_of
from slmdesk.runtime.file_thread import FileWork, Report
from slmdesk.runtime.pending import Pending
from slmdesk.runtime.service import Runtime, Service
from slmdesk.runtime.slices import Slices, in_slices

FORMAT, VERSION = "slmdesk-statement", 1
NOWHERE = "self-test.invalid"
"""A name that nobody can own (RFC 2606): the program's check must refuse it."""
BATCH = 1000
WALLS = ("no_", "files_limited", "exec_limited", "landlock_", "dies_with_desk")
"""What of a child's `hello` is about walls; the rest names its jobs."""
MOST_NAME = 100


class StatementService(Service):
    """On the service thread; files, processes and the key on threads of their own."""

    def __init__(
        self,
        runtime: Runtime,
        ledger_events: LedgerEvents,
        guard: Callable[[], GuardPolicy],
        print_pdf: Callable[[Paper], Pending[bytes]],
        said: Callable[[], Mapping[str, Collection[str]]],
    ) -> None:
        """`said`: what each child said in its `hello` that took effect, by role."""
        super().__init__(runtime)
        self._ledger_events, self._guard, self._print, self._said = ledger_events, guard, print_pdf, said
        self.keys = StatementKeys(runtime.paths)
        self._work = FileWork(runtime.service_thread, "statement")

    def make(
        self, request: StatementRequest, examined: Mapping[str, Json], control: Control | None = None
    ) -> Pending[StatementMade]:
        """Make a statement.  `examined`: what `services.doctor.examine` found just now, which has started each child.
        `control`: begun earlier, by a process that may forbid itself the network; it is ended here.

        Reports StatementProgress.  Cancelled, no file is written.  Raises KnownError `file.exists`,
        `file.unwritable`, `request.invalid` for a period that ends before it begins, store.*.
        """
        self._store.require_writable()
        if request.since and request.until and request.since > request.until:
            raise KnownError("request.invalid", what="the period ends before it begins")
        if is_there(request.target) and not request.replace:
            raise KnownError("file.exists", path=str(request.target))
        self._ledger_events.require_start()
        return in_slices(self._service_thread, self._made(request, examined, control))

    def close(self) -> None:
        self._work.cancel()

    def _made(
        self, request: StatementRequest, examined: Mapping[str, Json], control: Control | None
    ) -> Slices[StatementMade]:
        statements = self._store.ledger.all_of(Kind.STATEMENT)
        was_in = str(statements[-1].said.get("key_place", "")) if statements else ""
        key: StatementKey = yield self._work.run(
            lambda _stop, _report: self.keys.open(was_in=was_in, is_new=request.is_new_key)
        )
        test: SelfTest = yield self._work.run(lambda _stop, report: self._tested(request, control, report))
        files: dict[str, Json] = yield self._work.run(_compared)
        first, last, n = self._bounds(request)
        statements = self._store.ledger.all_of(Kind.STATEMENT)  # with one that was made meanwhile
        report: LedgerReport = yield self._work.run(
            lambda stop, said: self._read(LedgerReport(first, last), n, stop, said)
        )
        statement: dict[str, Any] = {
            **_about(request, examined, files),
            **report.to_json(),
            "policy": policy_shape(self._settings.policy),
            "enforcement": self._enforcement(test),
            "self_test": test.to_json(),
            "not_covered": list(NOT_COVERED),
            "earlier": [_head_of(row) for row in statements],
            "key": _key_shape(key, statements),
        }
        pdf: bytes = yield _as_pages(self._print(paper_of(statement)))
        made: StatementMade = yield self._work.run(
            lambda stop, said: self._written(request, statement, report, key, pdf, stop, said)
        )
        return made

    def _tested(self, request: StatementRequest, control: Control | None, report: Report) -> SelfTest:
        report(StatementProgress("test"))
        with control or Control() as begun:
            return run_self_test(self._ask_guard, control=begun, desk_ways=request.desk_ways)

    def _ask_guard(self) -> None:
        self._guard().check("https", NOWHERE, None)

    def _bounds(self, request: StatementRequest) -> tuple[int, int, int]:
        """Numbers of the first and the last row of the period, and of the last one of all; the last one is before the
        first where the period is empty.
        """
        head = self._store.ledger.head()
        n = head.n if head else 0
        if request.since is None and request.until is None:
            return 1, n, n
        found = self._store.ledger.bounds(_begin_of(request.since), _begin_of(request.until, days=1))
        if found is None:
            return (1, 0, n) if request.since is None else (n + 1, n, n)
        return (1 if request.since is None else found[0]), (n if request.until is None else min(n, found[1])), n

    def _read(self, report: LedgerReport, total: int, stop: threading.Event, said: Report) -> LedgerReport:
        """Every row up to `total`, a batch at a time, so that the service thread does other things in between."""
        for begin in range(1, total + 1, BATCH):
            if stop.is_set():
                raise Stopped
            said(StatementProgress("ledger", begin, total))
            end = min(total, begin + BATCH - 1)
            report.feed(self._service_thread.call(lambda: self._store.ledger.rows(begin, end)))  # noqa: B023 (at once)
        return report

    def _enforcement(self, test: SelfTest) -> dict[str, Json]:
        """Who is kept from the network by what: from what took effect and from what was tried, never from a setting."""
        tried = {one.who: one for one in test.children}
        processes: dict[str, Json] = {}
        for role, facts in self._said().items():
            by_kernel = tried[role].is_refused and (not facts or "no_network" in facts)
            processes[role] = {
                "network": BY_SYSTEM if by_kernel else "its program alone",
                "walls": walls_of(facts).wall.value if facts else "not started in this session",
                "facts": sorted(one for one in facts if one.startswith(WALLS)),
            }
        desk: dict[str, Json] = {
            "network": BY_SYSTEM if test.desk.is_refused else "its own check alone",
            "walls": "only local sockets" if kernel.is_enforced() else "none",
            "facts": [],
        }
        processes = {DESK: desk, **processes}
        return {"level": level_of(processes, test.to_json()), "processes": processes}

    def _written(
        self,
        request: StatementRequest,
        statement: Mapping[str, Any],
        report: LedgerReport,
        key: StatementKey,
        pdf: bytes,
        stop: threading.Event,
        said: Report,
    ) -> StatementMade:
        said(StatementProgress("writing"))
        files = {STATEMENT: statement_bytes(statement), LEDGER: report.csv.getvalue().encode(), PDF: pdf}
        files[SUMS] = sums_of(files)
        files[SIGNATURE] = key.sign(files[SUMS])
        packed = tar_of(files)
        if stop.is_set():
            raise Stopped
        if is_there(request.target) and not request.replace:  # it has come meanwhile
            raise KnownError("file.exists", path=str(request.target))
        head: dict[str, Any] = statement["ledger"]["head"]
        # first the row, then the file: a statement that nobody was given harms nobody, one that no later one knows does
        row: dict[str, Json] = {
            "n": head["n"], "head": head["hash"], "sums_sha256": hashlib.sha256(files[SUMS]).hexdigest(),
            "key": key.fingerprint, "key_place": key.place,
        }  # fmt: skip
        self._service_thread.call(lambda: self._store.ledger.append(Kind.STATEMENT, row))
        write_atomically(request.target, packed)
        return StatementMade(
            request.target,
            hashlib.sha256(packed).hexdigest(),
            max(0, report.last - report.first + 1),
            sum(one["requests"] for one in statement["requests"]),
            sum(one["times"] for one in statement["refused"]),
            statement["enforcement"]["level"],
            key.fingerprint,
            key.place,
            statement["key"]["is_new"],
            head["hash"],
            tuple(_problems(statement)),
        )


def _about(request: StatementRequest, examined: Mapping[str, Json], files: dict[str, Json]) -> dict[str, Json]:
    versions = examined.get("versions")
    graphics = examined.get("graphics")
    backends = graphics.get("backends") if isinstance(graphics, Mapping) else None
    engine = versions.get("llama-cpp-python") if isinstance(versions, Mapping) else None
    built = f", for {', '.join(map(str, backends))}" if isinstance(backends, list) and backends else ""
    return {
        "format": FORMAT,
        "version": VERSION,
        "made": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "time_zone": datetime.now().astimezone().strftime("%z"),
        "period": {
            "from": request.since.isoformat() if request.since else None,
            "to": request.until.isoformat() if request.until else None,
        },
        "pc": {
            "name": platform.node()[:MOST_NAME] if request.with_host_name else None,
            "system": platform.platform(),
        },
        "program": {
            "version": slmdesk.__version__,
            "python": platform.python_version(),
            "engine": f"llama-cpp-python {engine or 'is not installed'}{built}",
            "installed": files,
            "code_from_elsewhere": [*code_from_elsewhere()],
        },
    }


def _compared(stop: threading.Event, report: Report) -> dict[str, Json]:
    def on_file(done: int, total: int) -> None:
        if stop.is_set():
            raise Stopped
        report(StatementProgress("files", done, total))

    return installed(on_file)


def _as_pages(printing: Pending[bytes]) -> Pending[bytes]:
    pages: Pending[bytes] = Pending(printing.cancel)
    printing.listen(lambda far: pages.progress(StatementProgress("pages", *far))).then(pages.end)
    return pages


def _begin_of(day: date | None, days: int = 0) -> int:
    """When a day begins by the clock of this PC, in microseconds, `days` later; None: before or after all."""
    if day is None:
        return 1 << 62 if days else -(1 << 62)
    begin = datetime.combine(day + timedelta(days=days), time()).astimezone()
    return round(begin.timestamp() * 1_000_000)


def _head_of(row: LedgerRow) -> dict[str, Json]:
    return {"n": row.said.get("n"), "hash": row.said.get("head"), "time": iso(row.time), "key": row.said.get("key")}


def _key_shape(key: StatementKey, statements: list[LedgerRow]) -> dict[str, Json]:
    used = list(dict.fromkeys(str(row.said.get("key")) for row in statements))
    earlier: list[Json] = [one for one in used if one != key.fingerprint]
    return {
        "fingerprint": key.fingerprint,
        "public": key.line,
        "place": key.place,
        "is_new": key.fingerprint not in used,
        "earlier": earlier,
    }


def _problems(statement: Mapping[str, Any]) -> list[str]:
    found = []
    if (n := statement["ledger"]["chain_broken_at"]) is not None:
        found.append(f"The ledger was changed by hand: its chain is broken at row {n}. The statement says so.")
    if not statement["self_test"]["control_reached_the_listener"]:
        found.append(
            "The self-test stands without a control, so it shows no level: where the system keeps a window offline, it "
            "does so with all that the window starts. The command “slmdesk statement” begins its control first."
        )
    return [*found, *statement["program"]["code_from_elsewhere"]]
