"""Homes that releases made, with one of everything; their documents and models are not there.

`python tests/fakes/release_homes.py` makes one with this version, by commands and services over the echo engine, into
tests/golden/homes. One that was released is never made anew: what it holds must open for ever.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
FOLDER = TESTS / "golden" / "homes"
LETTER = """# Lease

The lessor lets the flat at 4 Mill Lane, London, to Ada Byron from 1 March 2026 on.

The rent is £850.00 a month. It must be paid by the third working day of each month.

Notice is three months.
"""
TERMS = "source,target\nrent,Miete\nlessor,Vermieter\n"


def unpack(folder: Path, version: str = "0.2.0") -> list[dict[str, Any]]:
    """Unpack the home of a release as `folder`/home, and exports/ID.json of its items beside it. Returns the items as
    `history list` printed them.
    """
    with tarfile.open(FOLDER / f"{version}.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # not before Python 3.11.4
        archive.extractall(folder)
    items: list[dict[str, Any]] = json.loads((folder / "said.json").read_text("utf-8"))
    return items


def _run(*words: str, given: str = "") -> str:
    program = [sys.executable, str(TESTS / "fakes" / "echo" / "program.py"), *words]
    done = subprocess.run(program, input=given, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    return done.stdout


def _chat(words: str) -> str:
    return str(json.loads(_run("chat", words, "--json").splitlines()[-1])["chat"])


def make(folder: Path) -> None:
    """Fill SLMDESK_HOME, which is `folder`/home, and write said.json and exports/ID.json beside it."""
    from fakes.recorder import Calls, open_echo
    from fakes.tiny_gguf import tiny_llama, write

    from slmdesk.chat.spaces import Space
    from slmdesk.chat.types import ChatOptions

    papers = folder / "papers"
    papers.mkdir()
    lease, later, terms = papers / "lease.md", papers / "lease-2027.md", papers / "terms.csv"
    lease.write_text(LETTER, "utf-8")
    later.write_text(LETTER.replace("850", "900").replace("three", "six"), "utf-8")
    terms.write_text(TERMS, "utf-8")
    services = open_echo()
    ask = Calls(services)
    ask.settings.change(theme="dark", font_scale=120, notify=False, delete_after_days=0, context_tokens=2048)
    preset = ask.chats.presets.add("Exact", ChatOptions(system="Be exact."))
    ask.chats.spaces.add(Space("", "Flats", system="Answer as a lessor would.", preset=preset.id))
    ask.writing.keep("I has a dream. It are good.")
    services.close()
    _run("models", "import", str(write(papers / "tiny.gguf", tiny_llama())), "--name", "Tiny")
    chat = _chat("Good morning, Zanzibar.")
    _run("chat", "And a second question.", "--chat", chat)
    _run("chat", "In the space.", "--space", "Flats")
    _run("chat", "What is the rent?", "--attach", str(lease))
    _run("history", "delete", _chat("To be deleted."))
    _run("documents", "watch", str(papers))
    _run("summarize", str(lease), "--own-words")
    _run("ask", str(lease), "What is the rent a month?")
    _run("extract", str(lease), str(later), "--columns", "Rent:amount,Begin:date")
    _run("compare", str(lease), str(later), "--no-model")
    _run("glossary", "import", str(terms), "--from", "en", "--to", "de")
    _run("translate", str(lease), "--from", "en", "--to", "de", "-o", str(folder / "lease.de.md"))
    _run("translate", "-", "--from", "en", "--to", "de", given="Good night.")
    listed = _run("history", "list", "--json")
    (folder / "said.json").write_text(listed, "utf-8")
    (folder / "exports").mkdir()
    for item in json.loads(listed):
        if item["kind"] != "space":
            text = _run("history", "export", item["id"], "--format", "json")
            (folder / "exports" / f"{item['id']}.json").write_text(text, "utf-8")


def main() -> None:
    from slmdesk import __version__

    with TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["SLMDESK_HOME"] = str(folder / "home")
        make(folder)
        with tarfile.open(FOLDER / f"{__version__}.tar.xz", "x:xz", preset=9) as archive:
            for part in ("said.json", "exports", "home/config", "home/data"):
                archive.add(folder / part, part)


if __name__ == "__main__":
    sys.path[:1] = [str(TESTS.parent), str(TESTS)]
    main()
