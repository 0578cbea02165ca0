"""What tests read of a database is there also where its writer was killed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from fakes.killed import rows

pytestmark = pytest.mark.process

DIES = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("pragma journal_mode = truncate")
db.execute("create table t (x)")
db.execute("insert into t values ('kept')")
db.execute("pragma cache_size = 1")
db.execute("begin")
for _ in range(100):
    db.execute("insert into t values (zeroblob(9000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_committed_is_read_and_the_journal_is_left_to_the_program(tmp_path):
    database = tmp_path / "data" / "slmdesk.sqlite3"
    database.parent.mkdir()
    subprocess.run([sys.executable, "-c", DIES, str(database)], check=False)
    journal = database.with_name(f"{database.name}-journal")
    left = database.read_bytes(), journal.read_bytes()
    assert left[1]
    assert rows(tmp_path, "select x from t") == [("kept",)]
    assert (database.read_bytes(), journal.read_bytes()) == left
