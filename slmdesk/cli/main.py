"""Entry point of the command line. Imports the requested command and turns each way it
can end into an exit status.
"""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import click

import slmdesk
from slmdesk.base.errors import KnownError
from slmdesk.cli.console import Console, problem_in
from slmdesk.cli.terminal import (
    OutputBroken,
    PipeClosed,
    one_line,
    open_missing_streams,
    show_elsewhere,
)

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

COMMANDS = {
    "ask": (
        "cli.questions:ask",
        "Ask documents, or all documents of a folder, the QUESTION.",
    ),
    "backup": (
        "cli.history:backup",
        "Copy the history to FILE and verify the copy.",
    ),
    "chat": (
        "cli.chat:chat",
        "Ask PROMPT, or the text on stdin; without either, talk.",
    ),
    "compare": (
        "tasks.compare:TASK",
        "Show what changed from OLD to NEW, in any two formats.",
    ),
    "delete-everything": (
        "cli.history:delete_everything",
        "Delete the history, settings, logs and secrets for good.",
    ),
    "doctor": (
        "cli.doctor:doctor",
        "Show what this PC has, what works, and which parts are missing.",
    ),
    "documents": (
        "cli.documents:documents",
        "Show documents as the program reads them; manage folders.",
    ),
    "due": (
        "cli.due:due",
        "List what is due in the papers that were read.",
    ),
    "encrypt": (
        "cli.privacy:encrypt",
        "Encrypt the history, and manage what opens it.",
    ),
    "extract": (
        "tasks.extract:TASK",
        "Make a table of FILE…: a row for each, a cell for each column.",
    ),
    "glossary": (
        "cli.glossary:glossary",
        "Manage lists of terms that translations keep to.",
    ),
    "history": (
        "cli.history:history",
        "Manage what is kept: chats, summaries, questions, tables …",
    ),
    "jobs": (
        "cli.jobs:jobs",
        "Manage long work: downloads, all that is done in steps.",
    ),
    "lock": (
        "cli.privacy:lock",
        "Hide the open window and lock its history, at once.",
    ),
    "memory": (
        "cli.glossary:memory",
        "Manage earlier translations, which are used again.",
    ),
    "models": (
        "cli.models:models",
        "Manage the models on this PC, and find more on the Hub.",
    ),
    "network": (
        "cli.online:network",
        "Show the network log, newest first, and today's count.",
    ),
    "presets": (
        "cli.chat:presets",
        "List presets; add and try examples that teach one a task.",
    ),
    "redact": (
        "cli.redact:redact",
        "Write a copy of FILE without names and numbers, for others.",
    ),
    "reply": (
        "tasks.reply:TASK",
        "Answer the letter FILE: its points, and a letter ready to sign.",
    ),
    "restore": (
        "cli.history:restore_history",
        "Replace the history by the backup FILE; the old one is kept.",
    ),
    "summarize": (
        "tasks.summarize:TASK",
        "Summarize each FILE, and several also together.",
    ),
    "translate": (
        "cli.translate:translate",
        "Translate FILE into a file of the same format, or a text.",
    ),
    "write": (
        "cli.writing:write",
        "Correct a text, or write it shorter, longer or in another tone.",
    ),
}
"""For each command: where its function or its task is, and its line in the list of
commands. Each is imported only when used. A task that is not listed here is found by
its module.
"""


class LazyGroup(click.Group):
    """Click group that imports a command when the command is used."""

    def __init__(self, places: Mapping[str, str], **more: Any) -> None:
        """`places` maps the name of a command to its module below `slmdesk`, a colon
        and the name of its function.
        """
        super().__init__(**more)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted((*self.commands, *self._places))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._places:
            return super().get_command(ctx, cmd_name)
        module, _, name = self._places[cmd_name].partition(":")
        found: Any = getattr(importlib.import_module(f"slmdesk.{module}"), name)
        if isinstance(found, click.Command):
            return found
        return made_of(found)


def made_of(task: Any) -> click.Command:
    """Return the command of a task."""
    command: click.Command = importlib.import_module(
        "slmdesk.cli.tasks.maker"
    ).command_of(task)
    return command


class MainGroup(LazyGroup):
    """The group of all commands. It lists them without importing them, but for tasks
    that are in no list.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted((*COMMANDS, *unlisted_tasks()))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in COMMANDS:
            return super().get_command(ctx, cmd_name)
        task = unlisted_tasks().get(cmd_name)
        if task is None:
            return None
        return made_of(task)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        lines = {name: words for name, (_place, words) in COMMANDS.items()}
        lines |= {name: task.help for name, task in unlisted_tasks().items()}
        with formatter.section("Commands"):
            formatter.write_dl(sorted(lines.items()))


@cache
def unlisted_tasks() -> dict[str, Any]:
    """Return the tasks whose commands are not listed here, by the names of their
    commands.
    """
    from slmdesk import tasks

    listed = {
        place.partition(":")[0].removeprefix("tasks.")
        for place, _words in COMMANDS.values()
    }
    names = (
        set(tasks.names()) - listed - COMMANDS.keys()
    )  # a listed command may be made in a way of its own
    found = [
        importlib.import_module(f"slmdesk.tasks.{name}").TASK for name in sorted(names)
    ]
    return {task.command or task.kind: task for task in found}


@click.group(
    cls=MainGroup,
    places={name: place for name, (place, _words) in COMMANDS.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(slmdesk.__version__, prog_name="slmdesk")
@click.option(
    "--home",
    type=click.Path(file_okay=False),
    help="Keep everything under this folder.",
)
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
@click.option(
    "--passphrase-fd",
    type=click.IntRange(min=0),
    metavar="N",
    help="Read the passphrase, or the recovery key, from the open file N: a line.",
)
@click.pass_obj
def slmdesk_command(
    console: Console, home: str | None, debug: bool, passphrase_fd: int | None
) -> None:
    """Chat with small language models on this computer. Without arguments, a window
    opens.
    """
    if home == "":
        raise click.BadParameter(
            "the name of the folder is empty.", param_hint="--home"
        )
    if home:
        console.home = Path(home)
    console.debug = debug
    console.passphrase_fd = passphrase_fd
    console.shut_in()


def run_command_line(args: Sequence[str], *, is_own_process: bool = False) -> int:
    """Run a command and return its exit status: 0 done, 1 known failure, 2 wrong usage,
    130 interrupted.

    `is_own_process` is True if nothing else runs in this process. The command may then
    give up rights for good.
    """
    open_missing_streams()
    console = Console()
    console.is_own_process = is_own_process
    try:
        handle_ctrl_c()
        return _run(console, list(args))
    except PipeClosed:
        show_elsewhere(sys.stderr)  # whoever stopped reading needs no message about it
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def handle_ctrl_c() -> None:
    """Make Ctrl-C raise KeyboardInterrupt from now on; see __main__. If Ctrl-C was
    ignored before, it stays ignored.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(console: Console, args: list[str]) -> int:
    try:
        result = slmdesk_command.main(
            args, prog_name="slmdesk", standalone_mode=False, obj=console
        )
        if isinstance(result, int):
            return result
        return 0
    except click.UsageError as err:
        from slmdesk.cli.gone import instead

        err = instead(err, args) or err
        try:
            click.UsageError(one_line(err.format_message()), err.ctx).show()
        except OSError:
            show_elsewhere(sys.stderr)
        return WRONG_USAGE
    except click.ClickException as err:
        console.fail("request.invalid", err.format_message())
        return err.exit_code
    except (click.Abort, KeyboardInterrupt):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command is ending already
        return INTERRUPTED
    except PipeClosed:
        raise
    except OutputBroken as err:
        return _fail_to_write(console, err.reason)
    except Exception as err:  # noqa: BLE001  the outermost frame: no traceback ever reaches a user
        return _fail(console, err)


def _fail_to_write(console: Console, reason: str) -> int:
    console.fail(
        "file.unwritable",
        f"The output cannot be written ({reason}).",
        {"path": "-", "reason": reason},
    )
    return FAILED


def _is_of_click(error: OSError) -> bool:
    """Return whether the error was raised by click while it wrote its own output, such
    as the help.
    """
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return (
        trace is not None and trace.tb_frame.f_globals.get("__name__") == "click.utils"
    )


def _fail(console: Console, error: Exception) -> int:
    if isinstance(error, OSError) and _is_of_click(error):
        show_elsewhere(sys.stdout)
        return _fail_to_write(console, error.strerror or type(error).__name__)
    problem = problem_in(error)
    console.fail(problem.code, problem.sentence, problem.args)
    if console.debug:
        for line in "".join(traceback.format_exception(error)).splitlines():
            console.notify(line)
    elif not isinstance(error, KnownError):
        console.notify(
            "Run it again with --debug before the command to see the details."
        )
    return FAILED
