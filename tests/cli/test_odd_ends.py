"""Broken streams, odd names of files, early ends: one sentence and a status, never a trace, never a hang."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from fakes.commands import ROOT, SLMDESK

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="devices, pipes and signals of POSIX"),
]

TIMEOUT_S = 180
BUG = "inside slmdesk"
MEASURING = "note: measuring this PC, about a second, once.\n"
"""Said by the first command of a home that tells a speed."""


@pytest.fixture
def shell(environment):
    """Runs a line of sh; $S stands for the program."""

    def run(line: str) -> subprocess.CompletedProcess[str]:
        env = {**environment, "S": " ".join(SLMDESK)}
        done = subprocess.run(
            ["sh", "-c", line], capture_output=True, text=True, timeout=TIMEOUT_S, env=env, cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert BUG not in done.stderr, done.stderr
        return done

    return run


@pytest.mark.parametrize(
    "line",
    [
        "$S chat hi >/dev/full", "$S history list --json >&-", "$S chat --help >/dev/full", "$S chat </dev/zero",
    ],
)  # fmt: skip
def test_a_result_that_cannot_be_written_is_said(shell, with_model, line) -> None:
    done = shell(line)
    assert (done.returncode, done.stderr.count("error:")) == (1, 1), done.stderr


def test_closed_streams_are_no_files_of_ours(shell, with_model) -> None:
    assert shell("$S chat hi 2>&-").stdout == "You said: hi\n"
    assert shell("$S chat <&-").returncode == 2
    assert shell("$S history list <&- >&- 2>&-").returncode == 1
    assert len(json.loads(shell("$S history list --json 2>/dev/full").stdout)) == 1


def test_a_name_that_is_no_utf8(run, tiny, tmp_path) -> None:
    path = tiny.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.gguf"))
    done = run("models", "info", str(path))
    assert (done.status, done.err.replace(MEASURING, "")) == (0, "")


def test_an_export_replaces_no_special_file_and_refuses_a_long_name(run, with_model, tmp_path) -> None:
    chat = run("chat", "hello", "--json").lines[-1]["chat"]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (str(pipe), "x" * 300):
        done = run("history", "export", chat, "--format", "md", "-o", target, "--force", "--json")
        assert (done.status, done.json["error"]["code"]) == (1, "file.unwritable")
    assert run("backup", str(pipe), "--json").status == 1
    assert pipe.is_fifo()
    assert run("history", "export", chat, "--format", "md", "-o", str(tmp_path / ("y" * 250))).status == 0


@pytest.mark.parametrize(
    "args",
    [
        ["--home", "", "history", "list"],
        ["backup", "-"],
        ["restore", "-"],
        ["documents", "text", "-"],
        ["history", "rescue", "-"],
        ["models", "import", "-"],
        ["models", "import", ""],
    ],
)
def test_names_that_mean_no_file_are_wrong_usage(run, args) -> None:
    assert run(*args).status == 2


@pytest.mark.parametrize("name", ["gone", "folder"])
@pytest.mark.parametrize("command", [["models", "import"], ["documents", "text"], ["history", "rescue"]])
def test_a_file_that_is_not_there_or_no_file_is_a_failure(run, tmp_path, command, name) -> None:
    (tmp_path / "folder").mkdir()
    done = run(*command, str(tmp_path / name), "--json")
    assert done.status == 1
    problem = done.json["error"]
    if name == "gone":
        assert problem["code"] in ("model.missing", "file.missing")
    else:
        requested = "model.none_found" if command == ["models", "import"] else ".unreadable"  # it brings in folders
        assert problem["code"].endswith(requested)
    assert "kind" not in problem["message"]


def test_a_rescue_of_what_is_no_history_is_a_failure(run, with_model, tmp_path, home) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html>" * 2000)
    os.mkfifo(tmp_path / "pipe")
    for path in (page, tmp_path / "pipe"):
        done = run("history", "rescue", str(path), "--json")
        assert (done.status, done.json["error"]["code"]) == (1, "file.unreadable")
    (again,) = run("history", "rescue", str(home / "data" / "slmdesk.sqlite3"), "--json").json
    assert (again["items"], again["models"]) == (0, 0)


def test_words_on_stdin_go_below_the_prompt(run, with_model) -> None:
    assert run("chat", "Shorter:", stdin="long words\n").out == "You said: Shorter:\n\nlong words\n"


def test_a_silent_pipe_beside_a_prompt_blocks_nobody(environment, with_model) -> None:
    reads, writes = os.pipe()
    try:
        done = subprocess.run(
            [*SLMDESK, "chat", "hello"], stdin=reads, capture_output=True, text=True, timeout=TIMEOUT_S,
            env=environment, cwd=ROOT,
        )  # fmt: skip
    finally:
        os.close(reads)
        os.close(writes)
    assert (done.returncode, done.stdout) == (0, "You said: hello\n")
    assert "stdin" in done.stderr


WAITS_IN_AN_IMPORT = """
import os, sys
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "click":
            os.write(1, b"x")
            while True:
                pass
sys.meta_path.insert(0, Slow())
from slmdesk.__main__ import main
sys.exit(main(["history", "list"]))
"""


def test_ctrl_c_while_the_program_is_still_loading_is_quiet(environment) -> None:
    early = subprocess.Popen(
        [sys.executable, "-c", WAITS_IN_AN_IMPORT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        cwd=ROOT,
    )  # fmt: skip
    assert early.stdout is not None
    early.stdout.read(1)
    early.send_signal(signal.SIGINT)
    out, err = early.communicate(timeout=TIMEOUT_S)
    assert (early.returncode, out, err) == (130, b"", b"")


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (("chat", "hi"), "slmdesk.models.loader.model_loader.ModelLoader._serve"),
        (("chat", "hi"), "slmdesk.chat.answers.Answers._end"),
        (("models", "verify"), "slmdesk.base.runtime.events.Pending.end"),
    ],
)
def test_a_fault_on_the_service_thread_ends_the_wait_of_a_command(run, with_model, monkeypatch, command, place) -> None:
    def fail(*_args):
        raise RuntimeError("odd")

    monkeypatch.setattr(place, fail)
    done = run(*command)
    assert done.status == 1
    assert done.err.count(BUG) == 1
    assert "error:" in done.err
