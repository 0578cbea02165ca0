"""docs/commands.md, made from the commands themselves.

.venv/bin/python packaging/command_reference.py          write it
.venv/bin/python packaging/command_reference.py --check  end with 1 where it is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from slmdesk.cli.main import slmdesk_command

FILE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
WIDTH = 128
OF_ALL = ("  --help ", "  --json ")
"""How the lines about options of every command begin."""
HEAD = """# Commands

Made from the commands themselves by `packaging/command_reference.py`; do not edit by hand. Every command also takes
`--help`, and `--json`, with which it prints one JSON value (streaming ones: JSON lines). Exit status: 0 done, 1 a known
failure (one line `error: …` on stderr), 2 wrong usage, 130 interrupted. In a checkout, `.venv/bin/slmdesk` stands for
`slmdesk`.
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


def reference() -> str:
    """The whole page."""
    parts = [HEAD]
    for path, context in commands(slmdesk_command, None, "slmdesk"):
        assert "--json" in {name for option in context.command.params for name in option.opts}, path
        context.terminal_width = context.max_content_width = WIDTH
        formatter = click.HelpFormatter(width=WIDTH, max_width=WIDTH)
        context.command.format_help(context, formatter)
        lines = [line.rstrip() for line in formatter.getvalue().rstrip().splitlines()]
        text = "\n".join(line for line in lines if not line.startswith((*OF_ALL, "Options:"))).rstrip()
        parts.append(f"## {path}\n```\n{text}\n```\n")
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
