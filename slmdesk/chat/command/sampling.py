"""The options of `slmdesk chat` that decide how the words of an answer are chosen."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from slmdesk.base.types import Sampling
from slmdesk.chat.answer_form import read_form
from slmdesk.chat.samplers import MOST_STOP, SETTINGS, STRONGEST_BIAS, Setting, is_bias, is_stop
from slmdesk.command.console import NamedFile
from slmdesk.command.numbers import FiniteRange

Command = Callable[..., Any]
MOST_TEMPERATURE = 5


def _stops(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    if not all(map(is_stop, values)):
        raise click.BadParameter(f"a stop text has 1 to {MOST_STOP} characters.")
    return values


def _biases(
    _context: click.Context, _option: click.Parameter, values: tuple[tuple[str, float], ...]
) -> tuple[tuple[str, float], ...]:
    if not all(is_bias(*one) for one in values):
        raise click.BadParameter("this is no word.")
    return values


def _option_of(setting: Setting) -> Callable[[Command], Command]:
    flag = f"--{setting.name.replace('_', '-')}"
    if setting.is_whole:
        return click.option(flag, type=click.IntRange(int(setting.least), int(setting.most)), help=setting.words)
    most = MOST_TEMPERATURE if setting.name == "temperature" else setting.most
    return click.option(flag, type=FiniteRange(setting.least, most), help=setting.words)


OPTIONS: tuple[Callable[[Command], Command], ...] = (
    *map(_option_of, SETTINGS),
    click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="The same seed gives the same answer."),
    click.option("--max-tokens", type=click.IntRange(1), help="The longest answer, in tokens."),
    click.option(
        "--stop", multiple=True, metavar="TEXT", callback=_stops, help="The answer ends before TEXT (can be repeated)."
    ),
    click.option(
        "--word-bias",
        multiple=True,
        type=(str, FiniteRange(-STRONGEST_BIAS, STRONGEST_BIAS)),
        metavar="WORD NUMBER",
        callback=_biases,
        help="5 makes WORD frequent, -5 rare, -100 forbids it (can be repeated).",
    ),
    click.option(
        "--schema", type=NamedFile(), metavar="FILE", help="The answer is JSON that keeps to the JSON schema in FILE."
    ),
    click.option("--grammar", type=NamedFile(), metavar="FILE", help="The answer keeps to the grammar (GBNF) in FILE."),
)
NAMES = (*(one.name for one in SETTINGS), "seed", "max_tokens", "stop", "word_bias")


def sampling_options(command: Command) -> Command:
    """Add the options; the command is given those that were used as `sampling`, a Sampling."""

    @wraps(command)
    def run(*args: Any, **given: Any) -> Any:
        values = {name: given.pop(name) for name in NAMES}
        schema, grammar = given.pop("schema"), given.pop("grammar")
        if schema and grammar:
            raise click.UsageError("An answer is bound to a schema or to a grammar, not to both.")
        json_schema, gbnf = (read_form(path) if path else None for path in (schema, grammar))
        sampling = Sampling(**values, json_schema=json_schema, grammar=gbnf)
        return command(*args, sampling=sampling, **given)

    made: Command = run
    for option in reversed(OPTIONS):
        made = option(made)
    return made
