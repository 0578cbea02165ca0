"""Commands and options that there were before say what to do instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import split

import click
import pytest

from slmdesk.cli.gone import COMMANDS, OPTIONS
from slmdesk.cli.main import slmdesk_command

pytestmark = [pytest.mark.process, pytest.mark.quick]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_that_is_gone_says_what_to_do_instead(run, name) -> None:
    done = run("--passphrase-fd", "0", *name.split(), "x", "--to", "y")
    assert (done.status, done.out, done.err) == (2, "", f"Error: “slmdesk {name}” is gone. {COMMANDS[name]}\n")


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_an_option_that_is_gone_says_what_to_do_instead(run, option) -> None:
    done = run("chat", option, "hello")
    assert (done.status, done.out, done.err) == (2, "", f"Error: {option} is gone. {OPTIONS[option]}\n")


def test_what_is_there_is_not_called_gone(run) -> None:
    for arguments in (("models", "nothing"), ("chat", "--nothing"), ("nothing",), ("write", "x.txt")):
        done = run(*arguments)
        assert (done.status, "is gone" in done.err) == (2, False)
    assert not {name.split()[0] for name in COMMANDS if " " not in name} & set(slmdesk_command.list_commands(None))


def named(sentence: str) -> Iterator[tuple[click.Command | None, list[str]]]:
    """Each command that a sentence tells to use, and the options it names."""
    for told in re.findall("“(?:slmdesk )?([^”]+)”", sentence):
        context, words = click.Context(slmdesk_command), split(told)
        command: click.Command | None = slmdesk_command
        while isinstance(command, click.Group):
            command = command.get_command(context, words.pop(0))
        yield command, [word for word in words if word.startswith("-")]


@pytest.mark.parametrize("sentence", sorted({*COMMANDS.values(), *OPTIONS.values()}))
def test_what_is_to_be_done_instead_is_there(sentence) -> None:
    for command, options in named(sentence):
        assert command is not None, sentence
        assert set(options) <= {name for option in command.params for name in option.opts}
