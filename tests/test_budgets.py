"""What a start loads, and how many settings and commands there are: the figures of budgets.toml only go down.

A figure that has become more than a twentieth lower is to be lowered there too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from fakes.echo.program import TAKE_ECHO
from fakes.recorder import add_model, open_echo

from slmdesk.base.settings import Settings
from slmdesk.cli.main import slmdesk_command

BUDGETS = tomllib.loads(Path(__file__).with_name("budgets.toml").read_text())
COUNT = """
import json, os, sys
def count(**more):
    ours = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "slmdesk"]
    print("@" + json.dumps({"modules": len(ours), **more}), flush=True)
"""
COMMAND = COUNT + "from slmdesk.__main__ import main\nmain(sys.argv[1:])\ncount()"
STARTS = {
    "help": (COMMAND, ["--help"]),
    "models_list": (COMMAND, ["models", "list"]),
    "chat": (
        TAKE_ECHO + COUNT + "from slmdesk.children.client import ChildClient\n"
        "ChildClient.start = lambda *_a, **_k: count() or os._exit(0)\n"
        "from slmdesk.__main__ import main\nmain(sys.argv[1:])",
        ["chat", "hello"],
    ),
    "window": (
        COUNT + "from types import SimpleNamespace\nfrom PySide6.QtWidgets import QApplication\n"
        "from slmdesk import app\nclass Counted(app.WindowRun):\n    def start(self):\n"
        "        start = lambda: count(widgets=len(QApplication.allWidgets())) or os._exit(0)\n"
        "        self._opening = SimpleNamespace(start=start)\n        super().start()\n"
        "app.WindowRun = Counted\napp.run_window()",
        [],
    ),
}


def kept(name: str, counted: dict[str, int]) -> None:
    for what, most in BUDGETS[name].items():
        assert most * 0.95 <= counted[what] <= most, f"{name}.{what} is {counted[what]}; budgets.toml has {most}"


@pytest.mark.quick
@pytest.mark.process
@pytest.mark.parametrize("name", STARTS)
def test_a_start_loads_no_more(name, home, tmp_path):
    services = open_echo()
    add_model(services, tmp_path / "echo.gguf")
    services.close()
    code, arguments = STARTS[name]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment, timeout=60
    )
    kept(name, json.loads(done.stdout.rpartition("@")[2] or done.stderr))


@pytest.mark.quick
@pytest.mark.pure
def test_settings_and_commands_grow_no_more():
    settings = len(Settings.__struct_fields__) - 1  # without the one for what a later version has written
    kept("program", {"settings": settings, "commands": len(list(commands(slmdesk_command)))})


def commands(command: click.Command) -> Iterator[click.Command]:
    """Yield a command, or those of a group."""
    if not isinstance(command, click.Group):
        yield command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from commands(command.get_command(context, name))
