from __future__ import annotations

import json
import subprocess
from base64 import b64decode
from pathlib import Path

import pypdfium2
import pytest
from fakes.commands import ROOT, SLMDESK

from slmdesk.children.worker import sandbox
from slmdesk.models.online.program import FilesCompared

pytestmark = [pytest.mark.process, pytest.mark.quick]

MODEL_KEYS = {
    "id", "name", "path", "bytes", "architecture", "quantization", "parameters", "context_length", "has_chat_template",
    "sha256", "source", "license",
}  # fmt: skip


def test_models_as_cli_md_has_them(run, tiny, with_model, home) -> None:
    assert set(with_model) >= MODEL_KEYS
    (listed,) = run("models", "list", "--json").json
    speeds = {"tokens_per_s", "tokens_per_s_low", "tokens_per_s_high"}
    about = {"file": str(tiny), "is_new": True, "is_checked": False, "not_checked": None, "reason": None}
    assert {key: value for key, value in listed.items() if key not in speeds} | about == with_model
    assert {listed[key] for key in speeds} == {None}  # a PC that nobody measured yet
    assert listed["path"].startswith(str(home / "models"))
    info = run("models", "info", listed["id"][:5], "--json").json
    assert set(info) >= MODEL_KEYS | {"metadata"}
    assert info["sha256"] == listed["sha256"]
    of_file = run("models", "info", str(tiny), "--json").json
    assert (of_file["id"], of_file["architecture"]) == (None, "llama")
    assert run("models", "verify", "--json").json == [{"id": listed["id"], "ok": True, "reason": None}]
    place = Path(listed["path"])
    place.rename(place.with_suffix(".away"))
    gone = run("models", "verify", listed["id"], "--json")
    assert (gone.status, gone.json[0]["ok"], gone.err.count("error:")) == (1, False, 1)
    assert "not there" in gone.json[0]["reason"]
    place.with_suffix(".away").rename(place)
    removed = run("models", "remove", listed["name"], "--json").json
    assert removed == {"id": listed["id"], "bytes_freed": tiny.stat().st_size}
    assert run("models", "list", "--json").json == []


def test_chat_streams_json_lines_and_goes_on_with_cached_tokens(run, with_model) -> None:
    first = run("chat", "hello there", "--json", "--temperature", "0", "--seed", "3")
    *tokens, done = first.lines
    assert first.status == 0
    assert {token["type"] for token in tokens} == {"token"}
    assert "".join(token["text"] for token in tokens) == done["text"] == "You said: hello there"
    assert set(done) >= {"type", "chat", "message", "text", "finish_reason", "usage", "timing"}
    assert set(done["usage"]) == {"prompt_tokens", "output_tokens", "cached_tokens", "context_size"}
    assert set(done["timing"]) == {"first_token_s", "tokens_per_s"}
    again = run("chat", "and now", "-c", done["chat"][:6], "--json").lines[-1]
    assert again["chat"] == done["chat"]
    shown = run("history", "show", done["chat"], "--json").json
    assert [message["text"] for message in shown["messages"]] == [
        "hello there", "You said: hello there", "and now", "You said: and now",
    ]  # fmt: skip
    assert set(shown["messages"][0]) >= {"id", "parent", "role", "text", "status", "created", "model"}
    assert shown["messages"][1]["id"] == done["message"]
    assert [message["status"] for message in shown["messages"]] == ["complete"] * 4


def test_chat_takes_its_words_from_stdin(run, with_model) -> None:
    done = run("chat", stdin="from a pipe\n")
    assert (done.status, done.out, done.err) == (0, "You said: from a pipe\n", "")
    assert run("chat", "-", stdin="dash").out == "You said: dash\n"


def test_what_a_model_thinks_aloud_is_not_printed_and_can_be_switched_off(run, with_model) -> None:
    echo = {"thought": "She greets me."}
    done = run("chat", "hello", echo=echo)
    assert (done.status, done.out) == (0, "You said: hello\n")
    assert "thinking…" in done.err
    *tokens, last = run("chat", "hello", "--json", echo=echo).lines
    assert "".join(token["text"] for token in tokens) == last["text"] == "You said: hello"
    off = run("chat", "hello", "--thinking", "off", echo=echo)
    assert (off.out, off.err) == ("You said: hello\n", "")
    assert "greets" not in run("history", "export", last["chat"], "--format", "md").out
    assert run("chat", "hello", "--thinking", "much").status == 2


def test_chat_options(run, with_model, home) -> None:
    done = run("chat", "one two three four", "--max-tokens", "2", "--json").lines[-1]
    assert (done["text"], done["finish_reason"]) == ("You said:", "length")
    given = (
        "--top-k", "5", "--min-p", "0.1", "--repeat-penalty", "1.3", "--stop", "three",
    )  # fmt: skip
    done = run("chat", "one two three four", *given, "--json").lines[-1]
    assert (done["text"], done["finish_reason"]) == ("You said: one two ", "stop_string")
    exported = json.loads(run("history", "export", done["chat"], "--format", "json").out)
    sampling = exported["messages"][-1]["sampling"]
    wanted = {"top_k": 5, "min_p": 0.1, "repeat_penalty": 1.3}
    assert {name: sampling[name] for name in wanted} == wanted
    assert "min_p" not in exported["settings"]  # for this answer alone
    kept = run("chat", "hidden-marker", "--no-save", "--json").lines[-1]
    assert (kept["chat"], kept["message"]) == (None, None)
    assert len(run("history", "list", "--json").json) == 2
    run("chat", "hello", "-s", "Be short.", "-m", with_model["name"])
    newest = run("history", "list", "--json").json[0]
    assert set(newest) >= {"id", "kind", "title", "created", "updated"}
    exported = json.loads(run("history", "export", newest["id"], "--format", "json").out)
    assert exported["settings"]["system"] == "Be short."


def test_history_is_found_and_exported_under_a_name_of_its_form(run, with_model, tmp_path) -> None:
    chat = run("chat", "The Straße of Łódź", "--json").lines[-1]["chat"]
    (hit, *_more) = run("history", "search", "strasse", "lodz", "--json").json
    assert set(hit) == {"chat", "message", "title", "snippet"}
    assert hit["chat"] == chat
    assert "Straße" in hit["snippet"]
    other = run("history", "export", chat, "--format", "pdf", "-o", str(tmp_path / "x.docx"))
    assert (other.status, list(tmp_path.glob("x.*"))) == (2, [])


def test_h4_a_damaged_history_is_set_aside_and_rescued(run, with_model, home) -> None:
    chat = run("chat", "kept words", "--json").lines[-1]["chat"]
    database = home / "data" / "slmdesk.sqlite3"
    data = bytes(100) + database.read_bytes()[100:].replace(b"table", b"tabel")
    database.write_bytes(data)
    listed = run("history", "list", "--json")
    assert (listed.status, [item["id"] for item in listed.json]) == (0, [chat])
    (aside,) = (home / "data").glob("*.damaged-*.sqlite3")
    assert str(aside) in listed.err
    assert aside.read_bytes() == data
    (rescued,) = run("history", "rescue", "--json").json
    assert (rescued["items"], rescued["messages"], rescued["models"]) == (0, 0, 0)
    assert rescued["uncounted"]
    assert run("history", "show", chat, "--json").json["messages"][0]["text"] == "kept words"
    said = run("history", "rescue").out
    lost = "How much more is missing cannot be told."
    assert said == f"{aside}: Rescued: 0 chats with 0 messages. {lost} The damaged file is kept.\n"


def test_failures_are_one_line_and_a_code(run, tmp_path) -> None:
    none = run("chat", "hello", "--json")
    assert none.status == 1
    assert none.err.startswith("error: ")
    assert none.err.count("\n") == 1
    (line,) = none.lines
    assert (line["type"], line["code"]) == ("failed", "model.none")
    assert line["message"] in none.err
    unknown = run("history", "show", "nothing", "--json")
    assert unknown.status == 1
    assert unknown.json["error"]["code"] == "item.unknown"
    page = tmp_path / "page.gguf"
    page.write_text("<html>")
    wrong = run("models", "import", str(page), "--json")
    assert (wrong.status, wrong.json["error"]["code"]) == (1, "model.not_gguf")
    assert run("models", "info", str(tmp_path / "gone.gguf"), "--json").json["error"]["code"] == "model.missing"


def test_an_export_in_every_form(run, with_model, tmp_path, run_bytes) -> None:
    chat = run("chat", "a **bold** word", "--json").lines[-1]["chat"]
    for form, begin in (("html", "<!DOCTYPE html>"), ("md", "# ")):
        text = run("history", "export", chat, "--format", form).out
        assert text.startswith(begin)
        target = tmp_path / f"chat.{form}"
        written = run("history", "export", chat, "--format", form, "-o", str(target))
        assert (written.out, written.err) == ("", f"Written to {target}.\n")
        assert target.read_text("utf-8") == text
    for form, begin in (("docx", b"PK"), ("pdf", b"%PDF")):
        assert run_bytes("history", "export", chat, "--format", form).startswith(begin)
        target = tmp_path / f"chat.{form}"
        done = run("history", "export", chat, "--format", form, "-o", str(target), "--json").json
        assert (done["path"], done["bytes"]) == (str(target), target.stat().st_size)
        assert b64decode(run("history", "export", chat, "--format", form, "--json").json["base64"]).startswith(begin)
        refused = run("history", "export", chat, "--format", form, "-o", str(target), "--json")
        assert (refused.status, refused.json["error"]["code"]) == (1, "file.exists")
    pdf = pypdfium2.PdfDocument(tmp_path / "chat.pdf")
    words = pdf[0].get_textpage().get_text_range()
    assert "a **bold** word" in words  # a person's words as they were written
    assert "You said: a bold word" in words  # a model's are Markdown


def test_a_model_that_is_unknown_is_answered_with_those_there_are(run, with_model) -> None:
    done = run("chat", "hello", "-m", "nobody", "--json")
    assert (done.status, done.lines[-1]["code"]) == (1, "model.unknown")
    assert with_model["name"] in done.err


@pytest.mark.parametrize(
    "args",
    [
        ["nonsense"],
        ["chat", "a", "b"],
        ["history", "export", "x", "--format", "odt"],
        ["chat", "--temperature", "hot"],
        ["chat", "x", "--temperature", "nan"],
        ["chat", "x", "--temperature", "inf"],
        ["chat", "x", "--min-p", "1.1"],
        ["chat", "x", "--stop", ""],
        ["write", "--as", "shorten", "--tone", "formal"],
        ["write", "--as", "expand", "--changes"],
        ["chat"],
        ["history"],
        ["chat", "x", "-c", "y", "--no-save"],
    ],
)
def test_wrong_usage_is_2(run, args) -> None:
    assert run(*args).status == 2


@pytest.mark.real_child
def test_documents_network_doctor_backup(run, with_model, tmp_path) -> None:
    text = tmp_path / "note.md"
    text.write_text("# Title\n\nWords ü\n", encoding="utf-8")
    read = run("documents", "text", str(text), "--json").json
    assert set(read["pages"][0]) == {"number", "label", "text", "status", "reason"}
    assert "Words ü" in "".join(page["text"] for page in read["pages"])
    assert (read["format"], read["facts"]["page_kind"], read["notes"]) == ("md", "section", [])
    again = run("documents", "text", str(text), "--json", "--blocks").json
    assert [block["kind"] for block in again["pages"][0]["blocks"]] == ["heading", "paragraph"]
    assert run("documents", "text", str(text), "--json", "--no-save").json == read
    odd = tmp_path / "note.xyz"
    odd.write_text("x")
    assert run("documents", "text", str(odd), "--json").json["error"]["code"] == "document.unknown_format"
    assert run("network", "--json").json == []
    assert "0 requests today" in run("network").out
    assert run("network", "--offline", "on", "--json").json["offline"] is True
    doctor = run("doctor", "--json").json
    assert doctor["children"] == dict.fromkeys(("engine", "reader", "printer", "listener"), "works")
    walls = doctor["walls"]
    assert walls["landlock"] == (sandbox.version() or None)
    assert {walls[name].split(" (")[0] for name in doctor["children"]} == {
        "walled" if sandbox.version() else "partly walled"
    }
    assert walls["helper"] is walls["trial"] is None, "the echo engine has none"
    assert doctor["computer"]["memory_bytes"] > 0
    target = tmp_path / "copy.db"
    made = run("backup", str(target), "--json").json
    assert made["bytes"] == target.stat().st_size
    assert len(made["sha256"]) == 64


def test_files_that_are_not_as_they_were_built_are_told_with_status_1(run, monkeypatch) -> None:
    compared = FilesCompared("MANIFEST", "ab12", 3)
    monkeypatch.setattr("slmdesk.cli.doctor.compare_files", lambda: compared)
    done = run("doctor", "--files")
    assert (done.status, "ab12" in done.out, done.err) == (0, True, "")
    compared = FilesCompared("MANIFEST", "ab12", 3, extra=("_internal/hook.so",))
    done = run("doctor", "--files")
    assert (done.status, "_internal/hook.so" in done.out, "1 too many" in done.err) == (1, True, True)
    done = run("doctor", "--files", "--json")
    assert (done.status, done.json["extra"]) == (1, ["_internal/hook.so"])


def test_the_doctor_comes_also_when_the_history_cannot_be_opened(run, home) -> None:
    run("history", "list")
    database = home / "data" / "slmdesk.sqlite3"
    data = bytearray(database.read_bytes())
    data[60:64] = (99).to_bytes(4, "big")
    database.write_bytes(data)
    done = run("doctor", "--json")
    assert done.status == 0
    assert "newer" in done.json["history"]["problem"]
    assert "  cores: " in run("doctor").out
    refused = run("chat", "hello", "--json")
    assert (refused.status, refused.lines[-1]["code"]) == (1, "store.newer")
    assert database.read_bytes() == data


def test_home_and_version(run, tmp_path, home) -> None:
    assert run("--version").out.startswith("slmdesk")
    assert run("--home", str(tmp_path / "elsewhere"), "history", "list", "--json").json == []
    assert (tmp_path / "elsewhere" / "data").is_dir()
    assert not home.exists()
    for name in ("chat", "models", "history", "doctor", "documents", "network", "backup"):
        assert run(name, "--help").status == 0


def test_a_reader_that_has_gone_is_no_error(environment, with_model) -> None:
    pipe = subprocess.Popen(
        [*SLMDESK, "chat", "word " * 200, "--json"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert pipe.stdout is not None
    assert pipe.stderr is not None
    pipe.stdout.readline()
    pipe.stdout.close()
    assert pipe.wait(60) == 0
    assert pipe.stderr.read() == b""
    pipe.stderr.close()


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["chat", "hello", "--json"], 0),
        (["nothing"], 2),
    ],
)
def test_a_process_ends_with_the_status_of_its_command(run, run_apart, with_model, args, status) -> None:
    apart, here = run_apart(*args), run(*args)
    assert apart.status == here.status == status
    assert (bool(apart.out), bool(apart.err)) == (bool(here.out), bool(here.err))


def test_debug_shows_the_trace_and_nothing_else_does(environment) -> None:
    args = [*SLMDESK, "--debug", "history", "show", "nothing"]
    done = subprocess.run(args, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_m5_a_model_too_large_is_loaded_when_a_person_says_so(run, with_model) -> None:
    large = {"at": -1, "fail": "model.out_of_memory"}
    refused = run("chat", "hello", echo=large)
    assert refused.status == 1
    assert "--anyway" in refused.err
    assert "hello" in run("chat", "hello", "--anyway", echo=large).out


def test_a_model_that_makes_no_sense_is_marked_and_answers_all_the_same(run, with_model) -> None:
    first = run("chat", "hello there", "--json", echo={"is_noise": True})
    assert (first.status, first.lines[-1]["type"]) == (0, "done")
    assert first.err.count("does not behave like a language model") == 1
    listed = run("models", "list", "--json")
    assert listed.json[0]["behaves_like_a_language_model"] is False
    assert "does not behave like a language model" in run("models", "list").err
    assert run("models", "info", with_model["id"], "--json").json["behaves_like_a_language_model"] is False
