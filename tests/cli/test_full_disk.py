"""Commands on a disk that is full: the exit status and what is said are true."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from fakes.commands import ROOT, SLMDESK
from history.store.test_disk import can_unshare

pytestmark = [pytest.mark.process, pytest.mark.skipif(not can_unshare(), reason="no mounts of one's own here")]

FULL = "The disk is full, so nothing can be saved."


@pytest.fixture
def on_full_disk(environment, with_model, home, tmp_path):
    """Runs a command on a copy of the home in a small file system with some bytes free; status, output, errors."""

    def run(*args: str, free: int, answer: str = "") -> tuple[int, str, str]:
        used = sum(-(-file.stat().st_size // 4096) * 4096 for file in home.rglob("*") if file.is_file())
        size = used + free + 64 * 4096
        copy = tmp_path / "copy"
        shutil.copytree(home, copy, dirs_exist_ok=True)
        script = (
            f'mount -t tmpfs -o size={size} none "$0" && cp -r {copy}/. "$0" && '
            f'left=$(stat -f -c %a "$0") && head -c $(( left * 4096 - {free} )) /dev/zero > "$0/filler" && exec "$@"'
        )
        env = environment | {"SLMDESK_ECHO": json.dumps({"words": True, **({"answer": answer} if answer else {})})}
        done = subprocess.run(
            ["unshare", "-rm", "sh", "-c", script, str(home), *SLMDESK, *args],
            env=env, cwd=ROOT, capture_output=True, text=True, timeout=180, input="",
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr

    return run


def test_an_answer_that_could_not_be_saved_is_no_success(on_full_disk) -> None:
    answer = "".join(f"w{number:04} " for number in range(18_000))
    status, out, errors = on_full_disk("chat", "hello", "--json", free=80_000, answer=answer)
    lines = [json.loads(line) for line in out.splitlines()]
    assert status == 1, errors
    assert "done" not in [line["type"] for line in lines]
    assert (lines[-1]["type"], lines[-1]["code"]) == ("failed", "store.full")
    assert lines[-1]["text"] == "".join(line["text"] for line in lines[:-1]), "all of it is given"
    assert "does not have all of it" in errors
    assert FULL in errors


def test_what_fits_is_saved_on_a_nearly_full_disk(on_full_disk) -> None:
    status, out, errors = on_full_disk("chat", "hello", "--json", free=300_000)
    assert (status, json.loads(out.splitlines()[-1])["type"]) == (0, "done"), errors


def test_a_document_is_read_though_nothing_can_be_kept(on_full_disk, tmp_path) -> None:
    document = tmp_path / "long.txt"
    document.write_text("The boiler of flat seven was repaired.\n\n" * 2000)
    status, out, errors = on_full_disk("documents", "text", str(document), free=20_000)
    assert out.count("boiler") == 2000
    assert (status, "nothing of the document is kept" in errors) == (0, True), errors
    status, out, errors = on_full_disk("history", "list", free=0)
    assert (status, "printed" in errors) == (0, False)


def test_an_answer_that_is_not_to_be_kept_needs_no_disk(on_full_disk) -> None:
    status, out, errors = on_full_disk("chat", "hello", "--no-save", free=0)
    assert (status, out) == (0, "You said: hello\n"), errors
