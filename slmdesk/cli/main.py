"""Entry point of the command line: imports the command that was asked for, and maps every ending to an exit status."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

import slmdesk
from slmdesk.cli.console import Console, OutputBroken, PipeClosed, ReportedError, open_missing_streams, show_elsewhere
from slmdesk.core.errors import KnownError

FAILED, WRONG_USAGE, INTERRUPTED = 1, 2, 130

COMMANDS = {
    "ask": "slmdesk.cli.questions.ask:ask",
    "backup": "slmdesk.cli.backup:backup",
    "chat": "slmdesk.cli.chat:chat",
    "compare": "slmdesk.cli.versions.compare:compare",
    "doctor": "slmdesk.cli.doctor:doctor",
    "documents": "slmdesk.cli.documents.commands:documents",
    "extract": "slmdesk.cli.tables.extract:extract",
    "history": "slmdesk.cli.history:history",
    "jobs": "slmdesk.cli.jobs:jobs",
    "models": "slmdesk.cli.models.commands:models",
    "network": "slmdesk.cli.network:network",
    "restore": "slmdesk.cli.backup:restore",
    "summarize": "slmdesk.cli.summaries.summarize:summarize",
    "translate": "slmdesk.cli.translation.translate:translate",
    "glossary": "slmdesk.cli.translation.glossary:glossary",
    "memory": "slmdesk.cli.translation.glossary:memory",
}
"""Imported only when asked for: `slmdesk --version` loads none."""


class LazyGroup(click.Group):
    """A click group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, sorted."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        command: Any = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(slmdesk.__version__, prog_name="slmdesk")
@click.option("--home", type=click.Path(file_okay=False), help="Keep everything under this folder.")
@click.option("--debug", is_flag=True, help="Show the trace of an error.")
@click.pass_obj
def slmdesk_command(console: Console, home: str | None, debug: bool) -> None:
    """Chat with small language models on this computer.  Without arguments, a window opens."""
    if home == "":
        raise click.BadParameter("the name of the folder is empty.", param_hint="--home")
    console.home, console.debug = Path(home) if home else None, debug


def run_command_line(args: Sequence[str]) -> int:
    """Run one command.  Returns the exit status: 0 done, 1 known failure, 2 wrong usage, 130 interrupted."""
    open_missing_streams()
    console = Console()
    try:
        hear_ctrl_c()
        return _run(console, list(args))
    except PipeClosed:
        show_elsewhere(sys.stderr)  # whoever stopped reading needs no message about it
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED


def hear_ctrl_c() -> None:
    """Raise KeyboardInterrupt on Ctrl-C from here on; see __main__.  If it was ignored, it stays so."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(console: Console, args: list[str]) -> int:
    try:
        result = slmdesk_command.main(args, prog_name="slmdesk", standalone_mode=False, obj=console)
        return result if isinstance(result, int) else 0
    except click.UsageError as err:
        try:
            err.show()
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
    console.fail("file.unwritable", f"The output cannot be written ({reason}).", {"path": "-", "reason": reason})
    return FAILED


def _is_of_click(error: OSError) -> bool:
    """Whether click failed to write its own output, such as the help."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "click.utils"


def _fail(console: Console, error: Exception) -> int:
    if isinstance(error, OSError) and _is_of_click(error):
        show_elsewhere(sys.stdout)
        return _fail_to_write(console, error.strerror or type(error).__name__)
    from slmdesk.services.base.messages import problem_for

    problem = error.problem if isinstance(error, ReportedError) else problem_for(error)
    console.fail(problem.code, problem.sentence, problem.args)
    if console.debug:
        import traceback

        console.notify("".join(traceback.format_exception(error)))
    elif not isinstance(error, KnownError):
        console.notify("Run it again with --debug before the command to see the details.")
    return FAILED
