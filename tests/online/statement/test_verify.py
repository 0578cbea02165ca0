"""Checking a statement, by the program that an auditor runs alone: what was tampered with is found."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from store.test_ledger import WAYS, some_chain, tampered

from slmdesk.base.record import changed
from slmdesk.base.records import BEGINNING, LedgerRow, canonical, chain_hash
from slmdesk.online.statement import verify
from slmdesk.online.statement.proofs import StatementKey
from slmdesk.online.statement.service import LedgerReport, statement_bytes, sums_of, tar_of

pytestmark = pytest.mark.pure
KEY = StatementKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "file")
PROGRAM = Path(verify.__file__)


def statement(rows, *, first=1, last=None, earlier=(), key=KEY, csv_rows=None, forge=lambda _about: None) -> bytes:
    """A statement of these rows; `csv_rows`: what ledger.csv holds instead; `forge`: changes what is said above."""
    report = LedgerReport(first, len(rows) if last is None else last)
    report.feed(rows)
    open_ways, no_way = {"connection": "allowed"}, {"connection": "refused by the system"}
    about = {
        **report.to_json(),
        "made": "2026-11-30T12:00:00Z",
        "period": {"from": "2026-11-01" if first > 1 else None, "to": None},
        "earlier": [
            *({"n": one.n, "hash": one.hash, "key": None} for one in earlier),
            *(
                {"n": statement.get("n"), "hash": statement.get("head"), "key": statement.get("key")}
                for statement in report.counts.statements
            ),
        ],
        "self_test": {
            "control": open_ways,
            "control_reached_the_listener": True,
            "this_program": open_ways,
            "children": {"reader": no_way, "engine": no_way},
        },
        "enforcement": {
            "level": "children only",
            "processes": {
                "this program": {"network": "its own check alone"},
                "reader": {"network": "the system"},
                "engine": {"network": "the system"},
            },
        },
    }
    forge(about)
    if csv_rows is not None:
        other = LedgerReport(1, 1 << 60)
        other.feed(csv_rows)
        report.csv = other.csv
    files = {
        "statement.json": statement_bytes(about),
        "ledger.csv": report.csv.getvalue().encode(),
        "statement.pdf": b"%PDF",
    }
    files["SHA256SUMS"] = sums_of(files)
    return tar_of(files | {"SHA256SUMS.sig": key.sign(files["SHA256SUMS"])})


def recomputed(rows) -> list[LedgerRow]:
    """What the owner of a PC can do: every hash anew."""
    made, before = [], BEGINNING
    for n, row in enumerate(rows, 1):
        before = chain_hash(before, n, row.time, row.monotonic, row.boot, row.kind, row.data)
        made.append(changed(row, n=n, hash=before))
    return made


@pytest.fixture
def read(tmp_path):
    """Checks the bytes of a statement."""
    count = iter(range(10**6))

    def one(data: bytes) -> dict:
        file = tmp_path / f"{next(count)}.tar"
        file.write_bytes(data)
        return verify.read(str(file))

    return one


def test_the_program_is_short_and_needs_the_standard_library_alone():
    text = PROGRAM.read_text("utf-8")
    assert len(text.splitlines()) <= 300
    imported = {
        line.split()[1].partition(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))
    }
    assert imported <= set(sys.stdlib_module_names)


def test_a_hundred_chains_tampered_with_in_every_way_are_found(read):
    for seed in range(100):
        rng = random.Random(seed)
        rows = some_chain(rng, rng.randrange(3, 30))
        read(statement(rows))
        how = WAYS[seed % len(WAYS)]
        with pytest.raises(verify.Wrong):
            read(statement(rows, csv_rows=tampered(rng, rows, how)))
        with pytest.raises(verify.Wrong):
            read(statement(tampered(rng, rows, how)))


def test_a_chain_computed_anew_is_found_with_an_earlier_statement(read):
    for seed in range(100):
        rng = random.Random(seed)
        rows = some_chain(rng, 20)
        old = read(statement(rows[:10]))
        assert "ends at row 10" in verify.compare(read(statement(rows, earlier=[rows[9]])), old)
        how = ("drop", "reorder", "insert and number anew", "data", "time")[seed % 5]
        other = recomputed(tampered(random.Random(seed), rows[:9], how) + rows[9:])
        for listed in (other[9], rows[9]):  # an honest list of ends, or one that is kept up
            new = read(statement(other, earlier=[listed]))
            with pytest.raises(verify.Wrong, match=r"\.tar"):
                verify.compare(new, old)


def test_a_ledger_begun_anew_is_found_with_an_earlier_statement(read):
    old = read(statement(some_chain(random.Random(1), 10)))
    with pytest.raises(verify.Wrong, match="begun anew"):
        verify.compare(read(statement(some_chain(random.Random(2), 30))), old)


def test_periods_that_follow_each_other_fit_and_a_gap_is_named(read):
    rows = some_chain(random.Random(3), 30)
    old = read(statement(rows[:10]))
    assert verify.compare(read(statement(rows, first=11, earlier=[rows[9]])), old).endswith("row 10.")
    assert "rows 11 to 19 are in neither" in verify.compare(read(statement(rows, first=20, earlier=[rows[9]])), old)
    empty = read(statement(rows, first=31, last=30, earlier=[rows[9]]))
    assert list(empty["rows"]) == ["n"]


def test_an_empty_ledger_is_a_statement_too(read):
    empty = read(statement([]))
    assert (empty["said"]["ledger"]["last"], empty["said"]["requests"]) == (0, [])
    rows = some_chain(random.Random(7), 3)
    nothing = SimpleNamespace(n=0, hash=BEGINNING)
    assert "row 0" in verify.compare(read(statement(rows, earlier=[nothing])), empty)


@pytest.mark.parametrize("by_s", [365 * 86_400, -365 * 86_400])
def test_a_clock_that_was_set_stands_in_the_statement(read, by_s):
    times = [(1_700_000_000, 10), (1_700_000_060, 70), (1_700_000_120 + by_s, 130)]
    rows = recomputed(
        LedgerRow(n, second * 1_000_000, monotonic * 1_000_000, "boot", "start", "{}", "")
        for n, (second, monotonic) in enumerate(times, 1)
    )
    (jump,) = read(statement(rows))["said"]["clock_jumps"]
    assert (jump["n"], jump["seconds"]) == (3, by_s)


EVENTS = [
    ("start", {}),
    ("request", {"host": "a.example", "purpose": "search"}),
    ("end", {"of": 2, "bytes": 10}),
    ("request", {"host": "b.example", "purpose": "download"}),
    ("refused", {"host": "c.example", "purpose": "search", "code": "network.offline"}),
    ("start", {"unclean": [1]}),
    ("offline", {"offline": False, "by": "person"}),
    ("policy", {"file": "/etc/policy.toml"}),
    ("restore", {"from": "a backup"}),
    ("link", {}),
    ("statement", {"n": 4, "head": "ab" * 32, "key": "SHA256:x"}),
    ("request", {"host": "old.example", "imported": True}),
    ("stop", {"of": 6}),
]


def some_events() -> list[LedgerRow]:
    """A row of each kind, and a clock that was set between the first two."""
    return recomputed(
        LedgerRow(n, (1_700_000_000 + n + 999 * (n > 1)) * 1_000_000, n * 1_000_000, "boot", kind, canonical(data), "")
        for n, (kind, data) in enumerate(EVENTS, 1)
    )


def put(value, *names):
    """Changes what stands at these names; `value` may be worked out of what stood there."""

    def forge(about) -> None:
        *way, last = names
        for name in way:
            about = about[name]
        about[last] = value(about[last]) if callable(value) else value

    return forge


FORGED = {
    "no requests": put([], "requests"),
    "fewer requests": put(lambda found: found[1:], "requests"),
    "another host": put("good.example", "requests", 0, "host"),
    "fewer bytes": put(0, "requests", 0, "bytes"),
    "all answered": put(0, "requests", 1, "without_an_answer"),
    "no refusals": put([], "refused"),
    "fewer refusals": put(0, "refused", 0, "times"),
    "fewer starts": put(1, "starts", "starts"),
    "more ends in order": put(2, "starts", "ends_in_order"),
    "no end without a word": put([], "starts", "ends_without_a_word"),
    "a later beginning": put("2026-01-01T00:00:00Z", "starts", "ends_without_a_word", 0, "began"),
    "no switch": put([], "network_allowed_or_forbidden"),
    "another switch": put(True, "network_allowed_or_forbidden", 0, "offline"),
    "no policy": put([], "policies"),
    "no restore": put([], "restores"),
    "no jump": put([], "clock_jumps"),
    "no link": put(0, "links_opened_in_the_browser"),
    "nothing imported": put(0, "ledger", "from_before_the_chain"),
    "no earlier statement": put([], "earlier"),
    "a period without its first rows": put(2, "ledger", "first"),
    "a head further on": put({"n": 99, "hash": "ab" * 32}, "ledger", "head"),
    "a higher level": put("kernel", "enforcement", "level"),
    "a higher level of each process": lambda about: (
        put("kernel", "enforcement", "level")(about),
        put("the system", "enforcement", "processes", "this program", "network")(about),
    ),
    "a refusal that was none": put({"connection": "allowed"}, "self_test", "children", "reader"),
    "a control that reached nothing": put({"connection": "failed"}, "self_test", "control"),
    "no control": lambda about: (
        put({"connection": "failed"}, "self_test", "control")(about),
        put(False, "self_test", "control_reached_the_listener")(about),
    ),
    "jumps counted from a second on": put(1, "smallest_clock_jump_s"),
    "no day": put("\x1b[2J", "made"),
    "no day of the period": put("\x1b[2J", "period", "from"),
}
"""What the owner of a PC can say above honest rows, and sign."""


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_what_is_said_above_honest_rows_must_fit_them(read, forge):
    with pytest.raises(verify.Wrong):
        read(statement(some_events(), forge=forge))


def test_the_figures_to_read_are_counted_from_the_rows(read):
    found = verify.figures(read(statement(some_events())))
    assert found == {
        "made": "2026-11-30T12:00:00Z", "from": "the beginning", "to": "then", "level": "children only", "rows": 13,
        "first row": "2023-11-14T22:13:21Z", "last row": "2023-11-14T22:30:12Z", "requests": 3, "refused": 1,
        "starts": 2, "ends without a word": 1, "network allowed or forbidden": 1, "changes of the policy": 1,
        "restored backups": 1, "jumps of the clock": 1, "links opened": 1,
    }  # fmt: skip


def test_a_start_before_the_period_is_taken_as_it_is_said(read):
    (one,) = read(statement(some_events(), first=2))["said"]["starts"]["ends_without_a_word"]
    assert one == {"start": 1, "began": "2023-11-14T22:13:21Z", "seen": "2023-11-14T22:30:05Z"}


def test_an_earlier_statement_is_the_file_that_the_ledger_has_a_checksum_of(read):
    rows = some_chain(random.Random(8), 6)
    honest, other = read(statement(rows)), read(statement(rows, forge=put("2020-01-01T00:00:00Z", "made")))
    sums = hashlib.sha256(honest["files"]["SHA256SUMS"]).hexdigest()
    row = LedgerRow(7, 1, 1, "b", "statement", canonical({"n": 6, "head": rows[5].hash, "sums_sha256": sums}), "")
    later = read(statement(recomputed([*rows, row])))
    assert "goes on" in verify.compare(later, honest)
    with pytest.raises(verify.Wrong, match="checksum"):
        verify.compare(later, other)


@pytest.mark.parametrize(
    ("rows", "jumps"),
    [
        ([(5, 0, "", True), (1000, 10, "a", False), (90_000, 89_010, "a", False), (190_000, 5, "b", False)], []),
        ([(190_000, 5, "b", False), (100_000, 5, "c", False)], [-90_000]),
    ],
    ids=["sleep, and another boot", "another boot, and back"],
)
def test_sleep_and_another_boot_are_no_jump_but_going_back_is(rows, jumps):
    counts = verify.Counts()
    for n, (second, ticks, boot, is_imported) in enumerate(rows, 1):
        counts.add([n, second * 10**6, ticks * 10**6, boot, "start", canonical({"imported": is_imported}), ""])
    assert [one["seconds"] for one in counts.lists["jump"]] == jumps


def test_files_that_do_not_fit_are_found(read):
    good = statement(some_chain(random.Random(4), 5))
    for other in (
        b"",
        b"no tar" * 200,
        good[:700],
        good.replace(b"%PDF", b"%PDG"),
        good.replace(b"ledger.csv", b"ledger.cs_"),
    ):
        with pytest.raises(verify.Wrong):
            read(other)


def run_alone(*paths, path: str | None = None) -> subprocess.CompletedProcess:
    environment = {"PATH": path} if path is not None else None
    command = [sys.executable, "-I", str(PROGRAM), *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.process
def test_it_runs_alone_and_says_what_it_did_not_check(tmp_path):
    rows = some_chain(random.Random(5), 12)
    old, new, wrong = tmp_path / "old.tar", tmp_path / "new.tar", tmp_path / "wrong.tar"
    old.write_bytes(statement(rows[:6]))
    new.write_bytes(statement(rows, earlier=[rows[5]]))
    wrong.write_bytes(statement(recomputed(rows[1:])))
    forged = tmp_path / "forged.tar"
    forged.write_bytes(statement(some_events(), forge=FORGED["no requests"]))
    assert "“requests” is not what its rows say" in run_alone(forged).stderr
    without = run_alone(new, path=str(tmp_path))
    assert without.returncode == 0, without.stderr
    assert "NOT CHECKED: the signature" in without.stdout
    assert "NOT CHECKED: earlier statements" in without.stdout
    assert "NOT CHECKED: statement.pdf" in without.stdout
    assert "  level: children only" in without.stdout
    assert KEY.fingerprint in without.stdout
    assert "It goes on from" in run_alone(new, old).stdout
    done = run_alone(wrong, old)
    assert (done.returncode, "WRONG" in done.stderr) == (1, True)


@pytest.mark.process
@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not here")
def test_alone_it_has_ssh_keygen_check_the_signature(tmp_path):
    rows = some_chain(random.Random(6), 5)
    file = tmp_path / "one.tar"
    file.write_bytes(statement(rows))
    assert "The signature is good" in run_alone(file).stdout
    other = statement(rows)
    at = other.index(b"BEGIN SSH SIGNATURE") + 250
    file.write_bytes(other[:at] + (b"AAAA" if other[at : at + 4] != b"AAAA" else b"BBBB") + other[at + 4 :])
    done = run_alone(file)
    assert done.returncode == 1
    assert "signature" in done.stderr
