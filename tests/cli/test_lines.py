"""A file's name cannot begin a line of its own, which would pass for one of ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slmdesk.cli.terminal import one_line

FORGED = "forged: all is well"
NAME = f"letter\n{FORGED}\u2028{FORGED}\r{FORGED}"

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.name == "nt", reason="no such names on Windows"),
]
COMMANDS = {
    "text": "documents text {file}",
    "text, not kept": "documents text --no-save {file}",
    "a file that is none": "documents text {missing}",
    "a file that is broken": "documents text {broken}",
    "add": "documents add {file}",
    "attachment": "documents text {file} --attachment 3",
    "folder": "documents watch {folder}",
    "list": "documents list",
    "questions": "ask {file} rent",
    "table": "extract {folder} --column rent -o {out}.xlsx",
    "searchable": "documents searchable {file} -o {out}.pdf",
    "redact": "redact {file}",
    "redact into a file": "redact {file} -o {out}.txt",
    "summary": "summarize {file} --own-words -o {out}.docx",
    "a wrong form": "summarize {file} --own-words -o {out}.xyz",
    "compare": "compare {file} {other} --no-model",
    "models import": "models import {file}",
    "models of a folder": "models import {folder}",
    "model info": "models info {broken}",
    "backup": "backup {out}.slmdesk",
    "backup that is none": "restore {file}",
    "history": "history import {file}",
    "glossary": "glossary import {file} --from en --to de",
    "log": "network --export {out}.csv",
    "no command": "documents {file}",
    "no option": "documents text {file} --{file}",
}


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / f"{NAME}.txt").write_text("Dear Anna Smith, the rent of 800 euros is due on 3 March 2026.")
    (folder / f"{NAME} 2.txt").write_text("Dear Anna Smith, the rent of 900 euros is due on 3 March 2026.")
    (folder / f"{NAME}.pdf").write_bytes(b"%PDF-1.4 nothing")
    return {
        "file": str(folder / f"{NAME}.txt"), "other": str(folder / f"{NAME} 2.txt"), "folder": str(folder),
        "broken": str(folder / f"{NAME}.pdf"), "missing": str(folder / f"{NAME}.gone"),
        "out": str(folder / f"{NAME} out"),
    }  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_prints_a_line_that_a_name_forges(run, places: dict[str, str], name: str) -> None:
    done = run(*(word.format_map(places) for word in COMMANDS[name].split()))
    lines = [*done.out.splitlines(), *done.err.splitlines()]
    assert lines
    assert [line for line in lines if line.lstrip().startswith(FORGED)] == []


@pytest.mark.pure
def test_a_line_stays_one() -> None:
    assert one_line("plain") == "plain"
    assert one_line("a\nb\tc\rd\x85e\u2028f") == "a\u240ab\u2409c\u240dd\ufffde\ufffdf"
    assert one_line("Übung\u00a0\u200d") == "Übung\u00a0\u200d"
