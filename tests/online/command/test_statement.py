"""`slmdesk statement` and `statement verify`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fakes.in_turn import run_in_turn
from online.statement.test_statement import quick  # noqa: F401  a fixture

from slmdesk.online.statement import verify
from slmdesk.online.statement.service import sums_of, tar_of

pytestmark = pytest.mark.process


@pytest.mark.usefixtures("quick")
def test_a_statement_is_made_and_checked(run, tmp_path) -> None:
    first, second = tmp_path / "first.tar", tmp_path / "second.tar"
    done = run("statement", "-o", str(first), "--json")
    assert done.status == 0, done.err
    assert (done.json["path"], done.json["requests"], done.json["key_place"]) == (str(first), 0, "file")
    assert done.json["is_key_new"] is True
    again = run("statement", "-o", str(second), "--from", "2020-01-01", "--host-name")
    assert again.status == 0, again.err
    assert "Requests: 0; refused: 0" in again.out
    assert "in a file that only you can read" in again.out
    checked = run("statement", "verify", str(second), "--earlier", str(first), "--key", done.json["key"], "--json")
    assert checked.status == 0, checked.err
    assert checked.json["ok"] is True
    assert [one.partition(" ")[0] for one in checked.json["not_checked"]] == ["statement.pdf:", "the"]
    assert (checked.json["figures"]["requests"], checked.json["figures"]["starts"]) == (0, 2)
    alone = run("statement", "verify", str(first))
    assert "Not checked: earlier statements" in alone.out
    assert "  starts: 1" in alone.out
    script = [sys.executable, "-I", verify.__file__, str(second), str(first)]
    assert subprocess.run(script, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's filter is for Linux")
def test_a_command_that_the_system_keeps_offline_has_begun_its_control_before(environment, home, tmp_path) -> None:
    policy, target = home / "config" / "policy.toml", tmp_path / "one.tar"
    policy.parent.mkdir(parents=True)
    policy.write_text("version = 1\n[network]\noffline = true\n")
    done, verified = run_in_turn(
        [["statement", "-o", str(target), "--json"], ["statement", "verify", str(target)]], environment
    )
    assert done.status == 0, done.err
    assert done.json["level"] == "kernel"
    assert [one for one in done.json["problems"] if not one.startswith("PYTHONPATH")] == [], "a measured run sets that"
    said = verify.read(str(target))["said"]
    assert set(said["self_test"]["control"].values()) == {"allowed"}
    for tried in (said["self_test"]["this_program"], *said["self_test"]["children"].values()):
        assert set(tried.values()) == {"refused by the system"}
    assert said["policy"]["sets"] == {"offline": True}
    assert verified.status == 0, "it needs no network"


@pytest.mark.usefixtures("quick")
def test_what_is_wrong_is_said_in_a_sentence(run, tmp_path) -> None:
    first = tmp_path / "first.tar"
    assert run("statement", "-o", str(first)).status == 0
    other = run("statement", "-o", str(first))
    assert other.status == 1
    assert "error:" in other.err
    data = bytearray(first.read_bytes())
    at = data.index(b'"format"')
    data[at + 2] ^= 1
    (tmp_path / "bad.tar").write_bytes(data)
    wrong = run("statement", "verify", str(tmp_path / "bad.tar"), "--json")
    assert (wrong.status, wrong.json["error"]["code"]) == (1, "statement.wrong")
    files = verify.read(str(first))["files"]
    files["statement.json"] = files["statement.json"].replace(b'"starts":1', b'"starts":0')
    (tmp_path / "bad.tar").write_bytes(tar_of(files | {"SHA256SUMS": sums_of(files)}))
    forged = run("statement", "verify", str(tmp_path / "bad.tar"))
    assert (forged.status, "“starts” is not what its rows say" in forged.err) == (1, True)
    key = run("statement", "verify", str(first), "--key", "SHA256:other", "--json")
    assert (key.status, key.json["error"]["code"]) == (1, "statement.wrong")
    assert run("statement", "verify", str(tmp_path / "missing.tar")).status == 1
    assert run("statement").status == 2
    assert run("statement", "-o", str(tmp_path / "x.tar"), "--from", "yesterday").status == 2
    assert run("statement", "-o", str(tmp_path / "no" / "x.tar"), "--json").json["error"]["code"] == "file.unwritable"
    assert not Path(tmp_path / "no").exists()
