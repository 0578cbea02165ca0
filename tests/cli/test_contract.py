"""Commands, their arguments and options, what they print as JSON and how they end: a contract with whoever calls them.

`data/commands.json` is what they were when it was written. Delete it, and the tests write it anew and fail once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from slmdesk.cli.main import slmdesk_command

pytestmark = pytest.mark.process

CONTRACT = Path(__file__).parent / "data" / "commands.json"
LEASE = "The rent is 900 euros a month.\n\nThe rent is due on 3 May 2027.\n\nPets need the consent of the owner.\n"
OTHER = LEASE.replace("900", "950").replace("Pets need", "No pets without")
REVIEWS = "Day,Shop,Review\n2026-01-03,Leeds,The staff was friendly.\n2026-02-02,York,The kettle broke.\n"
FILES = {
    "lease.md": LEASE, "folder/lease.md": LEASE, "other.md": OTHER, "reviews.csv": REVIEWS,
    "note.txt": "This is a smal note, from anna@example.org.",
}  # fmt: skip
ECHO = {"answer": "The rent is 900 euros a month."}
CELL = {"answer": json.dumps({"Rent": "900 euros"})}
RUNS: dict[str, tuple[list[str], dict[str, Any]]] = {
    "ask": (["ask", "lease.md", "What is the rent?", "--json"], ECHO),
    "ask, one unreadable": (["ask", "lease.md", "absent.md", "What is the rent?", "--json"], ECHO),
    "ask, unreadable": (["ask", "absent.md", "What is the rent?", "--json"], ECHO),
    "ask, no question": (["ask", "lease.md", " "], ECHO),
    "ask, nothing kept": (["ask", "lease.md", "What is the rent?", "--json", "--no-save"], ECHO),
    "backup": (["backup", "copy.db", "--json"], {}),
    "backup --list": (["backup", "--list", "--json"], {}),
    "chat": (["chat", "hello", "--json"], {}),
    "chat, unknown model": (["chat", "hello", "-m", "nobody", "--json"], {}),
    "chat --attach": (["chat", "What is the rent?", "--attach", "lease.md", "--json"], ECHO),
    "compare": (["compare", "lease.md", "other.md", "--json"], {}),
    "compare, worded": (["compare", "lease.md", "other.md", "-m", "tiny", "--json"], ECHO),
    "compare, nothing kept": (["compare", "lease.md", "other.md", "--no-save", "--json"], {}),
    "compare, unreadable": (["compare", "lease.md", "absent.md", "--json"], {}),
    "compare, two wishes": (["compare", "lease.md", "other.md", "--no-model", "-m", "x"], {}),
    "compare to a file": (["compare", "lease.md", "other.md", "-o", "changes.docx", "--json"], {}),
    "compare to a file that is there": (["compare", "lease.md", "other.md", "-o", "changes.docx", "--json"], {}),
    "documents add": (["documents", "add", "lease.md", "absent.md", "--json"], {}),
    "documents list": (["documents", "list", "--json"], {}),
    "documents text": (["documents", "text", "lease.md", "--json", "--blocks"], {}),
    "documents watch": (["documents", "watch", "folder", "--json"], {}),
    "documents list --folders": (["documents", "list", "--folders", "--json"], {}),
    "documents unwatch": (["documents", "unwatch", "folder", "--json"], {}),
    "extract": (["extract", "lease.md", "--columns", "Rent:amount", "--json"], CELL),
    "extract --preset": (["extract", "lease.md", "--preset", "contract", "--json"], {}),
    "extract --label": (["extract", "reviews.csv", "--label", "sentiment", "--json"], {"choice": "2"}),
    "extract, one unreadable": (["extract", "lease.md", "absent.md", "--columns", "Rent", "--json"], CELL),
    "extract, nothing kept": (["extract", "lease.md", "--columns", "Rent", "--no-save", "--json"], CELL),
    "extract, no columns": (["extract", "lease.md"], {}),
    "extract to a file": (["extract", "lease.md", "--columns", "Rent", "-o", "table.xlsx", "--json"], CELL),
    "extract to a file that is there": (["extract", "lease.md", "--columns", "Rent", "-o", "table.xlsx"], CELL),
    "extract to no form": (["extract", "lease.md", "--columns", "Rent", "-o", "table.exe"], CELL),
    "glossary list": (["glossary", "list", "--json"], {}),
    "history list": (["history", "list", "--json"], {}),
    "history search": (["history", "search", "rent", "--json"], {}),
    "history show, unknown": (["history", "show", "nothing", "--json"], {}),
    "jobs list": (["jobs", "list", "--json"], {}),
    "models list": (["models", "list", "--json"], {}),
    "models default": (["models", "default", "--json"], {}),
    "models verify": (["models", "verify", "--json"], {}),
    "models info": (["models", "info", "tiny", "--json"], {}),
    "network": (["network", "--json"], {}),
    "presets": (["presets", "--json"], {}),
    "redact --preview": (["redact", "note.txt", "--preview", "--json"], {}),
    "redact": (["redact", "note.txt", "-o", "redacted.txt", "--yes", "--json"], {}),
    "summarize": (["summarize", "lease.md", "--json"], {}),
    "summarize several": (["summarize", "lease.md", "other.md", "absent.md", "--json"], {}),
    "summarize, own words": (["summarize", "lease.md", "--own-words", "--json", "--no-save"], {}),
    "summarize, own words and a model": (["summarize", "lease.md", "--own-words", "-m", "tiny"], {}),
    "summarize, unreadable": (["summarize", "absent.md", "--json"], {}),
    "summarize into a folder": (["summarize", "lease.md", "other.md", "-o", "out", "--json"], {}),
    "summarize into a folder that is full": (["summarize", "lease.md", "other.md", "-o", "out", "--json"], {}),
    "summarize several into a file": (["summarize", "lease.md", "other.md", "-o", "out.docx"], {}),
    "summarize as a calendar": (["summarize", "lease.md", "-o", "due.ics", "--json"], {}),
    "translate": (["translate", "lease.md", "--to", "de", "--from", "en", "--json"], {"turned": True}),
    "write": (["write", "note.txt", "--as", "correct", "--json"], {"answer": "This is a small note."}),
    "write, shorter": (["write", "note.txt", "--as", "shorten", "--json"], {"answer": "A note."}),
    "history show": (["history", "show", "ITEM", "--json"], {}),
    "history delete": (["history", "delete", "ITEM", "--json"], {}),
    "nothing": (["nothing"], {}),
}  # fmt: skip
"""What is run one after the other in one home: the name in the contract, the words, and what the echo engine does."""


def signatures() -> dict[str, Any]:
    """Every command, with all that its help says and all that it takes."""
    return {name: of_command(command) for name, command in commands(slmdesk_command, "slmdesk")}


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            below = command.get_command(context, child)
            assert below is not None
            yield from commands(below, f"{name} {child}")


def of_command(command: click.Command) -> dict[str, Any]:
    # the order of options is no part of it: nobody can tell it from outside but in the help
    parameters = sorted(map(of_parameter, command.params), key=lambda parameter: json.dumps(parameter["spellings"]))
    paragraphs = (command.help or "").split("\n\n")  # whose lines are as long as a terminal is wide
    return {"help": [" ".join(words.split()) for words in paragraphs], "parameters": parameters}


def of_parameter(parameter: click.Parameter) -> dict[str, Any]:
    """What is not as with any other is left out."""
    told = parameter.to_info_dict()
    kind = told["type"]
    about = {
        "sort": told["param_type_name"],
        "spellings": [*told["opts"], *told["secondary_opts"]],
        "required": told["required"],
        "is_many": told["nargs"] != 1 or told["multiple"],
        "is_flag": told.get("is_flag"),
        "usual": json.loads(json.dumps(told.get("default"), default=str)),
        "choices": list(map(str, kind.get("choices", ()))),
        "least": kind.get("min"),
        "most": kind.get("max"),
        "help": told.get("help"),
        "metavar": parameter.make_metavar(click.Context(click.Command("x"))),
    }
    return {name: value for name, value in about.items() if value not in (None, False, "", [])}


def keys_of(value: Any, name: str = "") -> set[str]:
    """Every key of a JSON value, with those above it: "rows[].cells.Rent.value"."""
    if isinstance(value, dict):
        return {found for key, below in value.items() for found in {f"{name}.{key}", *keys_of(below, f"{name}.{key}")}}
    if isinstance(value, list):
        return {found for below in value for found in keys_of(below, f"{name}[]")}
    return set()


def contract() -> dict[str, Any]:
    return json.loads(CONTRACT.read_text("utf-8")) if CONTRACT.exists() else {}


def compare(part: str, now: dict[str, Any]) -> None:
    before = contract()
    if part not in before:
        CONTRACT.write_text(json.dumps({**before, part: now}, ensure_ascii=False, indent=1) + "\n", "utf-8")
        pytest.fail(f"{part}: written anew")
    assert list(now) == list(before[part])
    for name, told in now.items():
        assert told == before[part][name], name


def test_every_command_takes_what_it_took() -> None:
    compare("commands", signatures())


def test_every_command_prints_and_ends_as_it_did(run, with_model, tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    ended: dict[str, Any] = {}
    for name, (words, echo) in RUNS.items():
        done = run(*in_folder(words, tmp_path, ended), echo=echo)
        values = [json.loads(line) for line in done.out.splitlines()] if words[0] == "chat" else []
        if "--json" in words and not values:
            assert done.out, (name, done.err)
            values = [done.json]
        items = [value["item"] for value in values if isinstance(value, dict) and value.get("item")]
        ended[name] = {"status": done.status, "keys": sorted(keys_of(values)), "items": items}
    compare("results", {name: {key: it[key] for key in ("status", "keys")} for name, it in ended.items()})


def in_folder(words: list[str], folder: Path, ended: dict[str, Any]) -> Iterator[str]:
    """The words, with the names of files in the folder, and with an item that was made before."""
    for word in words:
        if word == "ITEM":
            yield ended["summarize"]["items"][0]
        elif "." in word or word in ("folder", "out"):
            yield str(folder / word)
        else:
            yield word
