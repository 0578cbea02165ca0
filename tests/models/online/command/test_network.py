"""`slmdesk network`: the token, the ledger in a file, what is refused."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import stat
import subprocess

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.fake_hub import FakeHub, online
from fakes.tiny_gguf import tiny_llama

from slmdesk.base.runtime.events import Pending
from slmdesk.models.online.log_page import LogPageService
from slmdesk.models.online.network import Exported

pytestmark = pytest.mark.process
REPO, NAME = "some/gated-GGUF", "tiny.Q4_K_M.gguf"
MARKER = "hf_cliMarker8642"


@pytest.fixture
def hub(home):
    with FakeHub() as it:
        it.token = MARKER
        it.add(REPO, {NAME: tiny_llama().data}, gated=True)
        online(home, it)
        yield it


def test_a_token_comes_from_stdin_and_is_shown_nowhere(run, hub, home) -> None:
    before = run("models", "download", REPO, "--json")
    assert before.json["error"]["code"] == "hub.gated"
    assert "slmdesk network --token" in before.err
    kept = run("network", "--token", "--token-place", "file", "--json", stdin=f"{MARKER}\n")
    assert kept.json["token"] == "file"
    file = home / "config" / "access-token.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = run("models", "download", REPO, "--json")
    assert done.status == 0, done.err
    ledger = run("network", "--json")
    assert {"time", "host", "method", "path", "bytes", "purpose"} <= ledger.json[0].keys()
    reported = [kept, done, ledger, run("network", "--settings"), run("network", "--settings", "--json"), run("doctor")]
    assert all(MARKER not in report.out + report.err for report in reported)
    assert "in a file that only you can read" in reported[3].out
    doctor = run("doctor", "--json").json
    assert doctor["network"]["token"] == "file"
    assert doctor["keyring"]
    holds = [path for path in home.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()]
    assert holds == [file], "there alone: not in the ledger, not in a log"
    assert run("network", "--forget-token", "--json").json["token"] is None
    assert not file.exists()
    assert MARKER.encode() not in (home / "config" / "settings.json").read_bytes()


def test_what_is_no_token_is_refused(run, hub) -> None:
    refused = run("network", "--token", "--token-place", "file", "--json", stdin="two words\n")
    assert refused.json["error"] == {
        "code": "token.invalid", "args": {"reason": "it must be one word of letters, digits and signs"},
        "message": "This is no access token: it must be one word of letters, digits and signs. Nothing was changed.",
    }  # fmt: skip
    for args in (("--token", "--forget-token"), ("--token", "--token-place", "ask"), ("--token-place", "file")):
        assert run("network", *args).status == 2


def test_the_ledger_goes_to_a_file(run, hub, tmp_path, monkeypatch) -> None:
    run("models", "search", "gated")
    rows = run("network", "--json").json
    assert rows
    target = tmp_path / "requests.json"
    assert run("network", "--export", str(target), "--json").json == {"path": str(target), "rows": len(rows)}
    assert json.loads(target.read_bytes()) == rows
    table = tmp_path / "requests.csv"
    assert run("network", "--export", str(table), "--search", "files of").status == 0
    assert len(table.read_text("utf-8-sig").splitlines()) == 2
    page, printed = tmp_path / "requests.PDF", Pending()
    printed.end(Exported(str(page), len(rows)))
    monkeypatch.setattr(LogPageService, "write", lambda _service, _target, _words, headings: printed)
    assert run("network", "--export", str(page), "--json").json == {"path": str(page), "rows": len(rows)}
    refused = run("network", "--export", str(tmp_path / "requests.txt"), "--json")
    assert refused.json["error"]["code"] == "request.invalid"
    assert run("network", "--search", "no such words", "--json").json == []


def test_what_the_organisation_hides_is_refused(run, hub, home) -> None:
    hidden = '[features]\nhidden = ["settings.network", "token", "hub.search", "hub.download"]\n'
    (home / "config" / "policy.toml").write_text(hidden)
    refused = run("network", "--proxy", "none", "--json")
    assert refused.json["error"]["code"] == "feature.hidden"
    assert "switched off by your organisation" in refused.err
    assert run("network", "--token", "--json", stdin=MARKER).json["error"]["code"] == "feature.hidden"
    for args in (("models", "search", "tiny"), ("models", "search", REPO), ("models", "download", REPO)):
        assert run(*args, "--json").json["error"]["code"] == "feature.hidden"
    assert not hub.seen
    assert run("network", "--json").json == [], "the ledger is never hidden"


def test_on_a_terminal_a_gated_download_asks_for_the_token_of_this_run(hub, home, environment) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*SLMDESK, "models", "download", REPO], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True,
        env=environment, cwd=ROOT,
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    for answer in (b"hf_wrong", MARKER.encode()):
        asked = shown.count(b"Access token")
        while shown.count(b"Access token") == asked or not shown.rstrip().endswith(b":"):
            shown += os.read(ours, 1 << 16)
        os.write(ours, answer + b"\n")
    out, _ = process.communicate(timeout=60)
    with contextlib.suppress(OSError):  # the end of a terminal
        while piece := os.read(ours, 1 << 16):
            shown += piece
    os.close(ours)
    assert process.returncode == 0, shown
    assert "checked" in out
    assert b"did not accept the access token" in shown
    assert MARKER.encode() not in shown, "no echo"
    assert not [path for path in home.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()]


def test_a_proxys_password_is_shown_nowhere(run, home) -> None:
    args = ("network", "--proxy", "http://me:heron-marker@proxy.example:3128")
    reported = [run(*args), run(*args, "--json"), run("network", "--settings"), run("network", "--settings", "--json")]
    reported += [run("network", "--json"), run("doctor", "--json")]
    assert not [report for report in reported if report.status or "heron" in report.out + report.err]
    assert (reported[3].json["proxy"], reported[3].json["proxy_password"]) == ("http://me@proxy.example:3128", "file")
    (home / "config" / "policy.toml").write_text('[network]\nproxy = "http://you:heron-marker@proxy.example"\n')
    reported = [run("doctor"), run("doctor", "--json"), run("network", "--settings", "--json")]
    assert not [report for report in reported if "heron" in report.out + report.err]
    assert reported[1].json["policy"]["sets"]["proxy"] == "http://you:…@proxy.example"
    files = [path.name for path in home.rglob("*") if path.is_file() and b"heron" in path.read_bytes()]
    assert sorted(files) == ["policy.toml", "proxy-password.json"]
