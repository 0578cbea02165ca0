"""Pick, lazily, one of window, command line and child process, so that no child loads what it does not need."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run slmdesk with `arguments` (default: those of the process).  Returns the exit status."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    if args[:1] == ["--worker"]:
        from slmdesk.worker.main import run_worker

        return run_worker(args[1:])
    if not args or args[0] in ("--window", "--translate-clipboard"):
        from slmdesk.app import run_window

        return run_window(args[1:] if args[:1] == ["--window"] else args)
    _end_quietly_on_ctrl_c()  # nothing is open yet, and importing takes its time
    from slmdesk.cli.main import run_command_line

    return run_command_line(args)


def _end_quietly_on_ctrl_c() -> None:
    """Until the command line hears it.  Who started us may have had it ignored: that stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))


if __name__ == "__main__":
    sys.exit(main())
