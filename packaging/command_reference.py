"""docs/commands.md, made from the commands themselves.

.venv/bin/python packaging/command_reference.py          write it
.venv/bin/python packaging/command_reference.py --check  end with 1 where it is out of date
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import click

from slmdesk.cli.main import slmdesk_command

FILE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
WIDTH = 128
SHARED_BY = 3
"""So many commands that have an option in the same words share it: it is told once."""
HEAD = """# Commands

Made from the commands by `packaging/command_reference.py`; do not edit by hand. Exit status: 0 done, 1 a known failure
(one line `error: …` on stderr), 2 wrong usage, 130 interrupted.

Every command takes `--help`, and `--json`, with which it prints one JSON value (streaming ones: JSON lines). *Also*
names options that several commands share:
"""


def commands(command: click.Command, parent: click.Context | None, name: str) -> Iterator[tuple[str, click.Context]]:
    """Every command below one, in the order of its help: its whole name and its context."""
    context = click.Context(command, info_name=name, parent=parent)
    if not isinstance(command, click.Group):
        yield context.command_path, context
        return
    if command.invoke_without_command:
        yield context.command_path, context
    for child in command.list_commands(context):
        subcommand = command.get_command(context, child)
        if subcommand is not None and not subcommand.hidden:
            yield from commands(subcommand, context, child)


def options(context: click.Context) -> list[tuple[str, str]]:
    """The options of a command but for those of every command: each with what it does."""
    taken = (option for option in context.command.params if isinstance(option, click.Option))
    records = (option.get_help_record(context) for option in taken if "--json" not in option.opts)
    return [record for record in records if record is not None]


def block(text: str) -> str:
    """What was written, as it stands on a terminal."""
    lines = [line.rstrip() for line in text.strip("\n").splitlines()]
    return "```\n" + "\n".join(lines) + "\n```\n"


def section(path: str, context: click.Context, shared: list[tuple[str, str]]) -> str:
    """What the help of one command says."""
    assert "--json" in {name for option in context.command.params for name in option.opts}, path
    formatter = click.HelpFormatter(width=WIDTH)
    arguments = [piece for piece in context.command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    formatter.write_text(" ".join([path, *arguments]))
    context.command.format_help_text(context, formatter)
    own = [record for record in options(context) if record not in shared]
    if own:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_dl(own)
    also = [record[0].split()[0].rstrip(",") for record in options(context) if record in shared]
    if also:
        formatter.write_paragraph()
        formatter.write_text("  Also: " + ", ".join(also))
    return formatter.getvalue()


def reference() -> str:
    """The whole page: a block for each command, with those below it."""
    contexts = dict(commands(slmdesk_command, None, "slmdesk"))
    counts = Counter(record for context in contexts.values() for record in options(context))
    shared = [record for record, count in counts.items() if count >= SHARED_BY]
    formatter = click.HelpFormatter(width=WIDTH)
    formatter.write_dl(shared)
    parts = [HEAD, block(formatter.getvalue())]
    for top, paths in groupby(contexts, lambda path: " ".join(path.split()[:2])):
        text = "\n\n".join(section(path, contexts[path], shared) for path in paths)
        parts.append(f"## {top}\n{block(text)}")
    return "\n".join(parts)


def main() -> int:
    """Write the page, or check it."""
    made = reference()
    if "--check" in sys.argv[1:]:
        return 0 if FILE.is_file() and FILE.read_text("utf-8") == made else 1
    FILE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
