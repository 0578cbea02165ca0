"""Makes signed statements for auditors: what left this PC in a period, and what kept everything else from leaving."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import slmdesk
from slmdesk.base.documents import Paper, Piece, heading, item, paragraph, small, table
from slmdesk.base.errors import KnownError, Stopped
from slmdesk.base.files import is_there, write_out
from slmdesk.base.record import Record, field
from slmdesk.base.records import BEGINNING, Kind, LedgerRow, chain_hash
from slmdesk.base.texts import _, in_english
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.base.walls import system_name, walls_of
from slmdesk.hub import barriers
from slmdesk.hub.guard import GuardPolicy
from slmdesk.online.offline import LedgerEvents, policy_shape
from slmdesk.online.statement.proofs import (
    Control,
    SelfTest,
    StatementKey,
    StatementKeys,
    code_from_elsewhere,
    installed,
    run_self_test,
)
from slmdesk.online.statement.verify import BY_SYSTEM, COLUMNS, DESK, NAMES, Counts, iso, level_of
from slmdesk.runtime.events import Pending
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.runtime.service import FileWork, Report, Runtime, Service, Slices, in_slices

FORMAT, VERSION = "slmdesk-statement", 1
NOWHERE = "self-test.invalid"
"""Host name that nobody can own (RFC 2606). The guard must refuse it."""
BATCH = 1000
WALLS = ("no_", "files_limited", "exec_limited", "landlock_", "dies_with_desk")
"""Start of those facts in a child's `hello` that are about its restrictions. The other facts name its jobs."""
MOST_NAME = 100


class StatementService(Service):
    """Makes statements. Call it on the service thread; files, processes and the key are used on other threads."""

    def __init__(
        self,
        runtime: Runtime,
        ledger_events: LedgerEvents,
        guard: Callable[[], GuardPolicy],
        print_pdf: Callable[[Paper], Pending[bytes]],
        said: Callable[[], Mapping[str, Collection[str]]],
    ) -> None:
        """`said` returns, for each kind of child process, which restrictions took effect according to its `hello`."""
        super().__init__(runtime)
        self._ledger_events, self._guard, self._print, self._said = ledger_events, guard, print_pdf, said
        self.keys = StatementKeys(runtime.paths)
        self._work = FileWork(runtime.service_thread, "statement")

    def make(
        self, request: StatementRequest, examined: Mapping[str, Json], control: Control | None = None
    ) -> Pending[StatementMade]:
        """Make a statement and write it to a file. Reports StatementProgress.

        `examined` is a fresh result of `system.doctor.examine`, which starts each child process. `control` was started
        before this process blocked its own network, and is ended here. Raises KnownError `file.exists`,
        `file.unwritable`, `request.invalid`, store.*.
        """
        self._store.require_writable()
        if request.since and request.until and request.since > request.until:
            raise KnownError("request.invalid", what=_("the period ends before it begins"))
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
        statements = self._store.ledger.all_of(
            Kind.STATEMENT
        )  # read again: another statement may have been made meanwhile
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
            "earlier": [
                {"n": said.get("n"), "hash": said.get("head"), "time": time, "key": said.get("key")}
                for time, said in ((iso(row.time), row.said) for row in statements)
            ],
            "key": _key_shape(key, statements),
        }
        pdf: bytes = yield _as_pages(self._print(in_english(paper_of, statement)))
        made: StatementMade = yield self._work.run(
            lambda stop, said: self._written(request, statement, report, key, pdf, stop, said)
        )
        return made

    def _tested(self, request: StatementRequest, control: Control | None, report: Report) -> SelfTest:
        def ask_guard() -> None:
            self._guard().check("https", NOWHERE, None)

        report(StatementProgress("test"))
        with control or Control() as begun:
            return run_self_test(ask_guard, control=begun, desk_ways=request.desk_ways)

    def _bounds(self, request: StatementRequest) -> tuple[int, int, int]:
        """Return the numbers of the first and last row of the period, and of the last row of the ledger. If the period
        has no rows, the last is smaller than the first.
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
        for begin in range(1, total + 1, BATCH):
            if stop.is_set():
                raise Stopped
            said(StatementProgress("ledger", begin, total))
            end = min(total, begin + BATCH - 1)
            report.feed(self._service_thread.call(lambda: self._store.ledger.rows(begin, end)))  # noqa: B023 (at once)
        return report

    def _enforcement(self, test: SelfTest) -> dict[str, Json]:
        """Return what keeps each process from the network, by what took effect and was tested, never by a setting."""
        tried = {child.who: child for child in test.children}
        processes: dict[str, Json] = {}
        for role, facts in self._said().items():
            by_kernel = tried[role].is_refused and (not facts or "no_network" in facts)
            processes[role] = {
                "network": BY_SYSTEM if by_kernel else "its program alone",
                "walls": walls_of(facts).wall.value if facts else "not started in this session",
                "facts": sorted(fact for fact in facts if fact.startswith(WALLS)),
            }
        desk: dict[str, Json] = {
            "network": BY_SYSTEM if test.desk.is_refused else "its own check alone",
            "walls": "only local sockets" if barriers.is_enforced() else "none",
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
        if is_there(request.target) and not request.replace:  # the file was created meanwhile
            raise KnownError("file.exists", path=str(request.target))
        head: dict[str, Any] = statement["ledger"]["head"]
        # the row comes before the file: a row without a file does no harm, a file without a row does
        row: dict[str, Json] = {
            "n": head["n"], "head": head["hash"], "sums_sha256": hashlib.sha256(files[SUMS]).hexdigest(),
            "key": key.fingerprint, "key_place": key.place,
        }  # fmt: skip
        self._service_thread.call(lambda: self._store.ledger.append(Kind.STATEMENT, row))
        write_out(request.target, packed)
        rows = max(0, report.last - report.first + 1)
        sent = sum(row["requests"] for row in statement["requests"])
        refused = sum(row["times"] for row in statement["refused"])
        return StatementMade(
            request.target, hashlib.sha256(packed).hexdigest(), rows, sent, refused,
            statement["enforcement"]["level"], key.fingerprint, key.place, statement["key"]["is_new"], head["hash"],
            tuple(_problems(statement)),
        )  # fmt: skip


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
        "pc": {"name": platform.node()[:MOST_NAME] if request.with_host_name else None, "system": system_name()},
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
    """Return the day's local start plus `days`, in microseconds since the epoch. None: before or after all times."""
    if day is None:
        return 1 << 62 if days else -(1 << 62)
    begin = datetime.combine(day + timedelta(days=days), time()).astimezone()
    return round(begin.timestamp() * 1_000_000)


def _key_shape(key: StatementKey, statements: list[LedgerRow]) -> dict[str, Json]:
    used = list(dict.fromkeys(str(row.said.get("key")) for row in statements))
    earlier: list[Json] = [old for old in used if old != key.fingerprint]
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


# ---- what a statement is asked for by, and what comes of it


class StatementRequest(Record):
    target: Path
    since: date | None = None
    """First day, in this PC's time zone. None: from the beginning of the ledger."""
    until: date | None = None
    with_host_name: bool = False
    replace: bool = False
    is_new_key: bool = False
    desk_ways: Mapping[str, Callable[[int], None]] = field(default_factory=dict)


class StatementMade(Record):
    path: Path
    sha256: str
    rows: int
    requests: int
    refused: int
    level: str
    """A key of LEVELS."""
    fingerprint: str
    key_place: str
    is_key_new: bool
    head: str
    problems: tuple[str, ...] = ()
    """Sentences with what a reader of the statement should know first."""


class StatementProgress(Record):
    """Progress of making a statement. `total` is 0 if it is unknown."""

    stage: str
    """A key of STAGES."""
    done: int = 0
    total: int = 0


STAGES = {
    "test": _("Trying who can reach the network"),
    "files": _("Comparing the installed files"),
    "ledger": _("Reading the ledger"),
    "pages": _("Laying out the pages"),
    "writing": _("Signing and writing"),
}

# ---- counts what the ledger says of a period, row by row


BOM = "\ufeff"


@dataclass(slots=True)
class LedgerReport:
    """Counts what a statement says of the ledger. It is fed every row, and counts the rows from `first` to `last`."""

    first: int
    last: int
    before: str = BEGINNING
    hash: str = BEGINNING
    broken_at: int | None = None
    """Number of the first row in the whole ledger whose hash does not follow from the row before, or None."""
    counts: Counts = dataclass_field(default_factory=Counts)
    head: LedgerRow | None = None
    csv: io.StringIO = dataclass_field(default_factory=lambda: io.StringIO(BOM, newline=""))

    def __post_init__(self) -> None:
        self.csv.seek(0, io.SEEK_END)
        csv.writer(self.csv).writerow(COLUMNS)

    def feed(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            self._check(row)
            if row.n < self.first:
                self.before = self.hash = row.hash
            elif row.n <= self.last:
                self.hash = row.hash
                cells = [getattr(row, name) for name in COLUMNS]
                csv.writer(self.csv).writerow(cells)
                self.counts.add(cells)
            if row.kind == Kind.START:
                self.counts.begun[row.n] = iso(row.time)
            self.head = row

    def _check(self, row: LedgerRow) -> None:
        n, before = (self.head.n + 1, self.head.hash) if self.head else (1, BEGINNING)
        right = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        if (row.n, row.hash) != (n, right) and self.broken_at is None:
            self.broken_at = n

    def to_json(self) -> dict[str, Json]:
        head = self.head
        return {
            "ledger": {
                "first": self.first,
                "last": self.last,
                "before": self.before,
                "hash": self.hash,
                "head": {"n": head.n if head else 0, "hash": head.hash if head else BEGINNING},
                "chain_broken_at": self.broken_at,
                "from_before_the_chain": self.counts.imported,
            },
            **self.counts.said(),
        }


# ---- the file of a statement


STATEMENT, LEDGER, PDF, SUMS, SIGNATURE = NAMES


def statement_bytes(statement: Mapping[str, Json]) -> bytes:
    text = json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace") + b"\n"


def sums_of(files: Mapping[str, bytes]) -> bytes:
    """Return the list of checksums that is signed, in the format of `sha256sum -c`."""
    return "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in (STATEMENT, LEDGER, PDF)).encode()


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """Return all five files as a tar. The same files always give the same bytes."""
    parts = [b"".join((tar_header(name, len(files[name])), files[name], padding(len(files[name])))) for name in NAMES]
    return b"".join((*parts, END))


BLOCK = 512
END = bytes(2 * BLOCK)


def tar_header(name: str, size: int) -> bytes:
    """Return the 512 bytes of tar that precede a regular file of this name and size."""
    length = b"%011o\0" % size if size < 8 << 30 else b"\x80" + size.to_bytes(11, "big")
    owner = b"0000000\0" * 2
    before = name.encode("ascii").ljust(100, b"\0") + b"0000644\0" + owner + length + b"00000000000\0"
    behind = b"0" + bytes(100) + b"ustar\x0000"
    block = (before + b" " * 8 + behind).ljust(BLOCK, b"\0")
    return before + b"%06o\0 " % sum(block) + block[156:]


def padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


# ---- the statement as an auditor reads it


MOST_ROWS = 300
"""Most rows of a table in the PDF. statement.json has all rows."""
MOST_LETTERS = 90
MOST_FILES = 5
NOT_COVERED = (
    "Other programs on this PC, among them the browser and everything that is opened in it.",
    "Folders that another program keeps in step with a cloud or another PC, and files on network drives.",
    "The clipboard, where the system or another program passes it on.",
    "Paper, screens and people.",
    "An administrator of this PC, and whoever can change programs on it: they can change this one too.",
    "What the system sends by itself, such as updates, and what a driver or the firmware does.",
    "The time before the ledger was begun, and rows marked as imported: they were chained afterwards.",
)
LEVELS = {
    "kernel": "The system itself refuses the network to this program and to all of its processes.",
    "children only": (
        "The system refuses the network to the processes that open models and documents. This program itself is kept "
        "from it by its own check alone, which writes every request down first."
    ),
    "program only": (
        "The system refuses the network to none, or not to all, of the processes, or that could not be shown. What "
        "keeps them from it is how this program is written, not the system."
    ),
}


def paper_of(statement: Mapping[str, Any]) -> Paper:
    pieces = [
        *_in_short(statement), *_program(statement), *_walls(statement), *_self_test(statement), *_traffic(statement),
        *_happened(statement), heading("What this statement does not cover"), *map(item, statement["not_covered"]),
        *_to_check(statement),
    ]  # fmt: skip
    period = statement["period"]
    begin, end = period["from"] or "the beginning", period["to"] or "now"
    return Paper(
        "Statement about the network", tuple(pieces), f"From {begin} to {end}. Made {statement['made']}.", "en"
    )


def _in_short(statement: Mapping[str, Any]) -> Iterator[Piece]:
    ledger = statement["ledger"]
    sent = sum(row["requests"] for row in statement["requests"])
    hosts = len({row["host"] for row in statement["requests"]})
    refused = sum(row["times"] for row in statement["refused"])
    yield heading("In short")
    if ledger["chain_broken_at"] is not None:
        yield item(
            f"The ledger was changed by hand: its chain is broken at row {ledger['chain_broken_at']}. "
            "Nothing that it says from there on can be relied on."
        )
    if sent:
        to = f"to {hosts} host{'s' * (hosts != 1)}"
        yield item(f"The ledger holds {sent:,} request{'s' * (sent != 1)} {to} in this period, listed below.")
    else:
        yield item("The ledger holds no request of this program over the network in this period.")
    yield item(f"Requests that were refused and not sent: {refused:,}.")
    yield item(LEVELS[statement["enforcement"]["level"]])
    yield item(f"Ledger: rows {ledger['first']:,} to {ledger['last']:,} of {ledger['head']['n']:,}.")


def _program(statement: Mapping[str, Any]) -> Iterator[Piece]:
    pc, program, policy = statement["pc"], statement["program"], statement["policy"]
    libraries: Mapping[str, Any] = program["installed"]["libraries"]
    package = program["installed"]["package"]
    odd = {name: library for name, library in libraries.items() if library["changed"] or library["missing"]}
    yield heading("This PC and the program")
    rows = [
        ("PC", pc["name"] or "not named in this statement"),
        ("System", pc["system"]),
        ("slmdesk", f"{package['version']}, {package['files']} files, checksum {package['sha256']}"),
        ("Python", program["python"]),
        ("Engine", program["engine"]),
        ("Policy file", _policy_words(policy)),
        ("It sets", ", ".join(f"{key} = {value}" for key, value in policy["sets"].items()) or "nothing"),
    ]
    yield table(("What", "Is"), tuple((name, _cut(value, 300)) for name, value in rows))
    for file in program["code_from_elsewhere"]:
        yield item(file)
    checked = sum(library["files_as_built"] for library in libraries.values())
    yield paragraph(
        f"Compared with the lists made when they were built: {len(libraries)} libraries; {checked:,} files are as "
        f"listed{'.' if not odd else ', others are not:'}"
    )
    for name, about in sorted(odd.items()):
        files = [*about["changed"], *about["missing"]]
        more = f" and {len(files) - MOST_FILES:,} more, in statement.json" if len(files) > MOST_FILES else ""
        counts = f"{len(about['changed'])} changed, {len(about['missing'])} missing"
        yield item(f"{name} {about['version']}: {counts} ({_cut(', '.join(files[:MOST_FILES]), 600)}{more})")
    left = sum(library["without_a_checksum"] for library in libraries.values())
    yield small(f"{left:,} files have no checksum there or were compiled by Python itself, and were not compared.")


def _policy_words(policy: Mapping[str, Any]) -> str:
    if not policy["file"]:
        return "none"
    owner = f", owned by {policy['owner']}" if policy.get("owner") else ""
    return f"{policy['file']}{owner}, checksum {policy['sha256'] or 'not known: it cannot be read'}"


def _walls(statement: Mapping[str, Any]) -> Iterator[Piece]:
    processes = statement["enforcement"]["processes"].items()
    yield heading("What keeps the network away")
    rows = tuple((name, row["network"], row["walls"], ", ".join(row["facts"]) or "-") for name, row in processes)
    yield table(("Process", "Kept from the network by", "Walls", "What took effect, as it said itself"), rows)
    yield small("Only what was seen to take effect is listed, never what was asked for.")


def _self_test(statement: Mapping[str, Any]) -> Iterator[Piece]:
    test = statement["self_test"]
    yield heading("Self-test, made with this statement")
    yield paragraph(
        "A process without walls listened on this PC (127.0.0.1), and each process tried to reach it. Nothing left the "
        "PC. The control shows that the listener can be reached where nothing forbids it."
    )
    ways = list(dict.fromkeys(way for other_test in _tests(test).values() for way in other_test))
    rows = tuple((who, *(tries.get(way, "-") for way in ways)) for who, tries in _tests(test).items())
    yield table(("Process", *ways), rows)
    if not test["control_reached_the_listener"]:
        yield paragraph(
            "The control did not reach the listener either. Where the system forbids this program the network, it "
            "forbids it to every process that this one starts. So the refusals above show nothing."
        )
    said = test["check_of_the_program"]
    yield small(f"The program's own check was asked for a request to another PC as well: {said}.")


def _tests(test: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    return {"control (no walls)": test["control"], "this program": test["this_program"], **test["children"]}


def _traffic(statement: Mapping[str, Any]) -> Iterator[Piece]:
    yield heading("Requests by day, host and purpose")
    requests = [
        (row["day"], row["host"], row["purpose"] or "-", f"{row['requests']:,}", bytes_for_people(row["bytes"]))
        for row in statement["requests"]
    ]
    yield from _table(("Day (UTC)", "Host", "Purpose", "Requests", "Received"), requests)
    yield heading("Refused, not sent")
    refused = [
        (row["day"], row["host"], row["purpose"] or "-", row["reason"], f"{row['times']:,}")
        for row in statement["refused"]
    ]
    yield from _table(("Day (UTC)", "Host", "Purpose", "Reason", "Times"), refused)


def _happened(statement: Mapping[str, Any]) -> Iterator[Piece]:
    starts = statement["starts"]
    unclean = starts["ends_without_a_word"]
    yield heading("Starts, ends, changes")
    yield item(
        f"Starts of a window or a command: {starts['starts']:,}. Ends in order: {starts['ends_in_order']:,}. "
        f"Ends without a word (killed, crashed, or the PC was switched off): {len(unclean):,}."
    )
    yield item(f"Addresses that a person opened in the browser: {statement['links_opened_in_the_browser']:,}.")
    for run in unclean[:MOST_ROWS]:
        yield item(f"Ended without a word: begun {run['began'] or 'before'}, seen {run['seen']}", level=2)
    rows = [
        *((row["time"], _switch_words(row)) for row in statement["network_allowed_or_forbidden"]),
        *((row["time"], _change_words(row)) for row in statement["policies"]),
        *((row["time"], "The history was replaced by a backup; the ledger goes on") for row in statement["restores"]),
        *((row["time"], f"The clock was set by {row['seconds']:+,} s") for row in statement["clock_jumps"]),
    ]
    if rows:
        yield from _table(("When", "What"), sorted(rows))
    else:
        yield item("No change of the policy, of who may use the network, of the history by a backup, or of the clock.")


def _switch_words(row: Mapping[str, Any]) -> str:
    what = "forbidden" if row.get("offline") else "allowed"
    once = ", until slmdesk is closed" if row.get("once") else ""
    return f"The network was {what}{once}, by {'the policy' if row.get('by') == 'policy' else 'a person'}"


def _change_words(row: Mapping[str, Any]) -> str:
    if problem := row.get("problem"):
        return f"The head of the ledger could not be left in the folder of the policy: {problem}"
    return f"Another policy: {row.get('file') or 'none'}, checksum {row.get('sha256') or 'none'}"


def _to_check(statement: Mapping[str, Any]) -> Iterator[Piece]:
    key, ledger = statement["key"], statement["ledger"]
    yield heading("How to check it")
    yield paragraph(
        "The ledger is a chain: whoever changes a row must compute all later ones anew, and then its end is another. "
        "The owner of a PC can do that. Two statements show it: keep each one, and compare the next with it."
    )
    yield item("slmdesk statement verify FILE --earlier EARLIER-FILE", mark="1.")
    yield item(
        "or verify.py from the source of slmdesk, not from this PC: python3 -I verify.py FILE EARLIER-FILE", mark="2."
    )
    yield item(
        "The firewall's log of this PC and period must show no connection of this program that the ledger lacks.",
        mark="3.",
    )
    place = {"keyring": "the system's keyring", "file": "a file that only this account can read"}[key["place"]]
    yield paragraph(f"Signed with the key {key['fingerprint']}, kept in {place}. Note it at the first statement.")
    if key["earlier"]:
        yield paragraph(f"Earlier statements were signed with other keys: {', '.join(key['earlier'])}.")
    yield paragraph(f"End of the ledger: row {ledger['head']['n']:,}, {ledger['head']['hash']}")
    earlier = [(f"{row['n']:,}", row["time"], row["hash"]) for row in statement["earlier"]]
    yield heading("Ends of the ledger in earlier statements", 3)
    yield from _table(("Row", "Made", "Hash"), earlier, letters=64)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, letters: int = MOST_LETTERS) -> Iterator[Piece]:
    if not rows:
        yield paragraph("None.")
        return
    yield table(head, tuple(tuple(_cut(cell, letters) for cell in row) for row in rows[:MOST_ROWS]))
    if len(rows) > MOST_ROWS:
        yield small(f"{len(rows) - MOST_ROWS:,} more are in statement.json, and every row is in ledger.csv.")


def _cut(words: str, letters: int) -> str:
    return clean_label(words, letters)
