"""Start the window, the command line or a child process, so that no child loads what it does not need."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

PR_SET_DUMPABLE = 4
TRANSLATE_CLIPBOARD = ["translate", "--clipboard"]
"""The only command of the window: whoever presses a key of the desktop sees the translation there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run slmdesk with `arguments` (default: those of the process).  Returns the exit status."""
    args = list(sys.argv[1:] if arguments is None else arguments)
    leave_no_core()
    if args[:1] == ["--worker"]:
        if os.environ.get("SLMDESK_LANGUAGE", "en") != "en":
            from slmdesk.base.language import use_language

            use_language(os.environ["SLMDESK_LANGUAGE"])
        from slmdesk.children.worker.main import run_worker

        return run_worker(args[1:])
    if getattr(sys, "frozen", False):
        from slmdesk.base.frozen import give_back_environment

        give_back_environment()
    if not args or args[0] == "--window" or args == TRANSLATE_CLIPBOARD:
        from slmdesk.app import choose_language, run_window
        from slmdesk.base.paths import find_paths

        paths = find_paths()
        choose_language(paths)
        from slmdesk.models.online.offline import wall_in

        wall_in(paths, is_window=True)
        return run_window(args[1:] if args[:1] == ["--window"] else args)
    os.environ.pop("SLMDESK_LANGUAGE", None)  # a window's: its children speak as it does, and a command's do not
    keep_memory_closed()
    _end_quietly_on_ctrl_c()  # nothing is open yet, and importing takes its time
    from slmdesk.cli.main import run_command_line

    return run_command_line(args, is_own_process=True)


def leave_no_core() -> None:
    """No crash, of this process or of a child, writes a person's words into a core file."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def keep_memory_closed() -> None:
    """No other program of this account reads our memory or environment (Linux, prctl(2)).

    The command line alone: the desktop's portals look into a window's process, to see whose it is.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _end_quietly_on_ctrl_c() -> None:
    """Until the command line hears it.  Who started us may have had it ignored: that stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda _number, _frame: os._exit(130))


if __name__ == "__main__":
    sys.exit(main())
