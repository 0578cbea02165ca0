"""Checking a statement, by the program that an auditor runs alone: what was tampered with is found."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from store.test_ledger import WAYS, some_chain, tampered

from slmdesk.core.ledger import BEGINNING, LedgerRow, chain_hash
from slmdesk.services.online.statement import verify
from slmdesk.services.online.statement.archive import statement_bytes, sums_of, tar_of
from slmdesk.services.online.statement.content import LedgerReport
from slmdesk.services.online.statement.signing import StatementKey

pytestmark = pytest.mark.pure
KEY = StatementKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "file")
PROGRAM = Path(verify.__file__)


def statement(rows, *, first=1, last=None, earlier=(), key=KEY, csv_rows=None) -> bytes:
    """A statement of these rows; `csv_rows`: what ledger.csv holds instead."""
    report = LedgerReport(first, len(rows) if last is None else last)
    report.feed(rows)
    about = {**report.to_json(), "earlier": [{"n": one.n, "hash": one.hash} for one in earlier]}
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
        made.append(replace(row, n=n, hash=before))
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
    assert len(text.splitlines()) <= 100
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
    without = run_alone(new, path=str(tmp_path))
    assert without.returncode == 0, without.stderr
    assert "NOT CHECKED: the signature" in without.stdout
    assert "NOT CHECKED: earlier statements" in without.stdout
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
