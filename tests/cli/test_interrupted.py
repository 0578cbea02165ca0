from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
from fakes.commands import ROOT, SLMDESK
from fakes.terminals import Terminal
from fakes.tiny_gguf import tiny_llama, write

from slmdesk.base.runtime.events import Pending
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.runtime.service import ServiceThread
from slmdesk.cli.console import Console, ReportedError
from slmdesk.cli.terminal import harmless

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX"),
]

WORDS = " ".join(f"word{number}" for number in range(300))


@pytest.fixture
def terminal(environment, with_model):
    def start(*args: str, **echo) -> Terminal:
        return Terminal(args, {**environment, "SLMDESK_ECHO": json.dumps({"words": True, **echo})})

    return start


def test_ctrl_c_keeps_the_partial_answer_and_ends_with_130(environment, with_model, run) -> None:
    env = {**environment, "SLMDESK_ECHO": json.dumps({"words": True, "slow": 0.02})}
    chat = subprocess.Popen(
        [*SLMDESK, "chat", WORDS, "--json"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env=env, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    assert chat.stdout is not None
    first = [chat.stdout.readline() for _ in range(10)]
    os.killpg(chat.pid, signal.SIGINT)  # as a terminal does: the child gets it too, and must not mind
    out, err = chat.communicate(timeout=60)
    lines = [json.loads(line) for line in [*first, *out.splitlines()]]
    assert (chat.returncode, err) == (130, b"")
    assert lines[-1]["type"] == "cancelled"
    (item,) = run("history", "list", "--json").json
    answer = run("history", "show", item["id"], "--json").json["messages"][-1]
    assert answer["status"] == "cancelled"
    printed = "".join(line["text"] for line in lines[:-1])
    assert printed
    assert answer["text"].startswith(printed)  # words that came after the key was pressed are kept, not printed


def test_a_conversation_until_ctrl_d_in_which_ctrl_c_stops_an_answer(terminal, run) -> None:
    talk = terminal("chat", slow=0.01)
    talk.wait_for(b"> ")
    talk.type(b"hello\n")
    talk.wait_for(b"You said: hello")
    talk.wait_for(b"tokens/s")
    talk.type(WORDS[:900].encode() + b"\n")
    talk.wait_for(b"You said: word0 word1")
    talk.type(b"\x03")
    talk.type(b"again\n")
    talk.wait_for(b"You said: again")
    talk.wait_for(b"tokens/s\x1b[0m\r\n> ")
    talk.type(b"\x04")
    assert talk.end() == 0
    assert b"Traceback" not in talk.shown
    (item,) = run("history", "list", "--json").json
    statuses = [message["status"] for message in run("history", "show", item["id"], "--json").json["messages"]]
    assert statuses == ["complete", "complete", "complete", "cancelled", "complete", "complete"]


def test_a_conversation_changes_over_to_a_better_model_that_comes_meanwhile(environment, run, tmp_path) -> None:
    starter = write(tmp_path / "smol.gguf", tiny_llama(change={"general.name": ("string", "SmolLM2 Tiny")}))
    run("models", "import", str(starter)).ok()
    talk = Terminal(["chat"], environment)
    talk.wait_for(b"> ")
    talk.type(b"hello\n")
    talk.wait_for(b"tokens/s\x1b[0m\r\n> ")
    run("models", "import", str(write(tmp_path / "better.gguf", tiny_llama())), "--name", "Better").ok()
    talk.type(b"again\n")
    talk.wait_for(b"note: Better answers from now on.")
    talk.wait_for(b"You said: again")
    talk.type(b"\x04")
    assert talk.end() == 0


def test_ctrl_c_without_an_answer_ends_with_130(terminal) -> None:
    talk = terminal("chat")
    talk.wait_for(b"> ")
    talk.press_until_end(b"\x03")  # one that falls between the prompt and the read waits for the next key
    status = talk.end()
    assert status == 130, talk.shown
    assert b"Traceback" not in talk.shown


ESCAPES = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202eevil \x08\x7f end"


def test_escape_sequences_of_a_model_are_harmless_on_a_terminal_and_whole_in_a_pipe(terminal, run) -> None:
    talk = terminal("chat", "hello", answer=ESCAPES)
    assert talk.end() == 0
    shown = talk.shown.replace(b"\r\x1b[K", b"")  # our own: the line that says how far the load is
    shown = shown.split(b" %")[-1]
    answer, grey, note = shown.partition(b"\x1b[90m")
    assert grey, "our own words cannot be imitated"
    assert note.rstrip().endswith(b"tokens/s\x1b[0m")
    shown = answer
    assert b"evil" in shown
    assert not [code for code in (b"\x1b", b"\x07", b"\x9b31", "\u202e".encode(), b"\x7f") if code in shown]
    assert run("chat", "hello", echo={"answer": ESCAPES}).out == ESCAPES + "\n"
    assert run("chat", "hello", "--json", echo={"answer": ESCAPES}).lines[-1]["text"] == ESCAPES


def test_harmless_keeps_words_of_all_scripts() -> None:
    for words in ("Grüße, 日本語 עברית ✓ 👩‍💻\n\tend", "می‌خواهم", "a\u00a0b\u2009c"):
        assert harmless(words) == words
    assert harmless("\x1b[0m\r\x00") == "␛[0m␍␀"


def test_the_line_of_progress_is_cleared_where_work_fails(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    console, work, thread = Console(), Pending(), ServiceThread(pytest.fail)

    def begin() -> Pending:
        thread.post(lambda: work.progress(7))
        thread.post(lambda: work.end(Problem("file.gone", {}, "It is gone.")))
        return work

    try:
        with pytest.raises(ReportedError):
            console.result_of(
                SimpleNamespace(service_thread=thread), begin, lambda done: console.progress("rows", done, 0)
            )
    finally:
        thread.close()
    assert capsys.readouterr().err == "\r\x1b[Krows 7\r\x1b[K"


def test_a_terminal_is_told_how_far_reading_is(terminal, tmp_path) -> None:
    long = tmp_path / "long.txt"
    long.write_text("".join(f"Sentence {at} is a line of its own here.\n\n" for at in range(4_000)))
    shown = terminal("documents", "text", str(long), "--no-save")
    shown.wait_for(b"reading long.txt, page ")
    assert shown.end() == 0
    made = terminal("translate", str(long), "--to", "de", "--from", "en", turned=True, slow=0.05)
    made.wait_for(b"reading long.txt, text ")
    made.wait_for(b"reading long.txt 5 %")
    made.wait_for(b"100 %\r\x1b[K")
    made.press_until_end(b"\x03")
    assert made.end() == 130
    assert b"Traceback" not in made.shown
