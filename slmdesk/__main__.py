"""Pick, lazily, one of window, command line and child process, so that no child loads what it does not need."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run slmdesk with `arguments` (default: those of the process).  Returns the exit status."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    if args[:1] == ["--worker"]:
        from slmdesk.worker.main import run_worker

        return run_worker(args[1:])
    if not args or args[:1] == ["--window"]:
        from slmdesk.app import run_window

        return run_window(args[1:])
    from slmdesk.cli.main import run_command_line

    return run_command_line(args)


if __name__ == "__main__":
    sys.exit(main())
