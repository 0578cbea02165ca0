"""The program with the echo engine in its children: `python program.py chat hello`.

It is main.py itself with SLMDESK_TEST_ENGINE=real.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
VARIABLE = "SLMDESK_TEST_ENGINE"
ECHO = [sys.executable, str(TESTS / "fakes" / "echo" / "child.py"), "engine"]
"""The command line of an engine child."""
TAKE_ECHO = f"import sys; sys.path.append({str(TESTS)!r})\nfrom fakes.echo.program import take_echo; take_echo()\n"
"""What a program of a test begins with."""


def is_echo(environment: Mapping[str, str] = os.environ) -> bool:
    return environment.get(VARIABLE) != "real"


def take_echo() -> None:
    """Engines of this process are the echo engine from now on, and are given nothing to do unasked."""
    from slmdesk import services as container

    container.COMMANDS["engine"] = ECHO
    container.Services.unasked_work = lambda _self: ()


if __name__ == "__main__":
    sys.path[:1] = [str(TESTS.parent), str(TESTS)]
    from slmdesk.__main__ import main

    if is_echo():
        take_echo()
    sys.exit(main())
