"""`slmdesk models compare`: one prompt for several models in turn."""

from __future__ import annotations

import queue
import sys

import click

from slmdesk.base.record import to_json
from slmdesk.base.types import Json
from slmdesk.chat.command.chat import read_stdin
from slmdesk.command.console import Console, json_option, next_of
from slmdesk.evaluation.comparison_types import ComparedAnswer, CompareRequest, Comparison
from slmdesk.loader.events import ModelState, ModelStateChanged
from slmdesk.runtime.events import Event, MessageEnded, MessageGrew, PromptProgress
from slmdesk.services import Services

GONE = "Voting and blind comparison are gone since version 0.1.0; earlier votes are in: slmdesk history show ID"


@click.command()
@click.argument("prompt", required=False)
@click.option("-m", "--model", "models", multiple=True, required=True, help="Two to four: -m A -m B.")
@click.option("--blind", is_flag=True, hidden=True)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The same for all; without it one is drawn.")
@click.option("--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="The longest answer.")
@json_option
@click.pass_obj
def compare(
    console: Console, prompt: str | None, models: tuple[str, ...], blind: bool, seed: int | None, max_tokens: int
) -> int:
    """Ask several models the same PROMPT (or the text on stdin), one after another, and measure each.

    Each is loaded freshly and answers alone, with the same seed and settings.  Ctrl-C stops; the answers so far are
    kept.
    """
    if blind:
        raise click.UsageError(GONE)
    if prompt in (None, "-") and not sys.stdin.isatty():
        prompt = read_stdin()
    if not (prompt or "").strip():
        raise click.UsageError("There is nothing to ask: give a PROMPT, or words on stdin.")
    if not 2 <= len(models) <= 4:
        raise click.UsageError("Name two to four models: -m A -m B.")
    request = CompareRequest(prompt or "", models, seed=seed, max_tokens=max_tokens)
    with console.services() as services:
        return _ComparisonRun(console, services).run(request)


@click.command(hidden=True, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def vote(arguments: tuple[str, ...]) -> None:
    raise click.UsageError(GONE)


class _ComparisonRun:
    def __init__(self, console: Console, services: Services) -> None:
        self._console, self._services = console, services
        self._info: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._open_ids: list[str] = []
        services.on(Event, self._info.put)

    def run(self, request: object) -> int:
        assert isinstance(request, CompareRequest)
        console, services = self._console, self._services
        held = services.service_thread.call(lambda: services.comparing.begin(request))
        self._open_ids = [one.message.id for one in held.answers]
        try:
            self._follow(held)
        except KeyboardInterrupt:
            services.service_thread.call(services.comparing.stop, 5.0)
            self._follow(held, quiet=True)
            console.notify(f"Stopped. What came is kept: slmdesk history show {held.item.id}")
            return 130
        except BaseException:
            services.service_thread.call(services.comparing.stop, 5.0)
            raise
        found = services.service_thread.call(lambda: services.comparing.open(held.item.id))
        if console.as_json:
            console.give(json_of(found))
        elif sys.stderr.isatty():
            console.notify(f"seed {found.seed}")
        return int(any(one.message.error_code for one in found.answers))

    def _follow(self, held: Comparison, *, quiet: bool = False) -> None:
        console = self._console
        open_ids, names = self._open_ids, self._names(held)
        shown = ""
        while open_ids:
            event = next_of(self._info)
            if isinstance(event, ModelStateChanged) and event.state is ModelState.LOADING and not quiet:
                console.progress(f"loading {names[open_ids[0]]}", event.fraction, 1.0)
            elif isinstance(event, PromptProgress) and event.message in open_ids and not quiet:
                console.progress(f"{names[event.message]} reads", event.read, event.total)
            elif isinstance(event, MessageGrew) and event.message in open_ids:
                shown = self._write(shown, event.message, names[event.message], event.text)
            elif isinstance(event, MessageEnded) and event.message.id in open_ids:
                open_ids.remove(event.message.id)
                console.end_progress()
                self._end(held, event, names[event.message.id], is_shown=shown == event.message.id)

    def _names(self, held: Comparison) -> dict[str, str]:
        return {one.message.id: one.name for one in held.answers}

    def _write(self, shown: str, message: str, name: str, text: str) -> str:
        console = self._console
        if not console.as_json:
            if shown != message:
                console.end_progress()
                console.say(f"--- {name}")
            console.write(text)
        return message

    def _end(self, held: Comparison, event: object, name: str, *, is_shown: bool) -> None:
        assert isinstance(event, MessageEnded)
        console = self._console
        if event.problem:
            console.notify(f"error: {name}: {event.problem.sentence}")
        if console.as_json or not is_shown:
            return
        console.say("" if event.message.text.endswith("\n") else "\n")
        services = self._services
        found = services.service_thread.call(lambda: services.comparing.open(held.item.id))
        figures = next((one.figures for one in found.answers if one.message.id == event.message.id), None)
        if figures:
            console.say(f"({', '.join(f'{what.lower()} {value}' for what, value in figures.lines())})\n")


def json_of(held: Comparison) -> dict[str, Json]:
    return {
        "id": held.item.id,
        "prompt": held.prompt,
        "seed": held.seed,
        "answers": [_answer(one) for one in held.answers],
    }


def _answer(one: ComparedAnswer) -> dict[str, Json]:
    figures: dict[str, Json] = dict(to_json(one.figures)) if one.figures else {}
    return {
        "message": one.message.id,
        "model": one.name,
        "text": one.message.text,
        "status": str(one.message.status),
        "error": one.message.error_code,
        **figures,
    }
