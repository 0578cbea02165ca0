"""Commands and options that there were before say what to do instead."""

from __future__ import annotations

import pytest

from slmdesk.command.gone import COMMANDS, OPTIONS
from slmdesk.command.main import slmdesk_command

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
