"""`slmdesk models compare` and `vote`: one prompt for several models, one after another, and which was best."""

from __future__ import annotations

import queue
import sys
from typing import TYPE_CHECKING

import click

from slmdesk.cli.console import Face, json_option, next_of

if TYPE_CHECKING:
    from slmdesk.core.types import Json
    from slmdesk.services.base.events import Event
    from slmdesk.services.container import Services
    from slmdesk.services.evaluation.model_comparison import Compared, Comparison


@click.command()
@click.argument("prompt", required=False)
@click.option("-m", "--model", "models", multiple=True, required=True, help="Two to four: -m A -m B.")
@click.option("--blind", is_flag=True, help="Hide names and figures until the vote, and mix the order.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The same for all; without it one is drawn.")
@click.option("--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="The longest answer.")
@json_option
@click.pass_obj
def compare(
    face: Face, prompt: str | None, models: tuple[str, ...], blind: bool, seed: int | None, max_tokens: int
) -> int:
    """Ask several models the same PROMPT (or what stands on stdin), one after another, and measure each.

    Each is loaded anew and answers alone, with the same seed and settings.  Ctrl-C stops; what came is kept.
    """
    from slmdesk.services.evaluation.model_comparison import CompareWish

    if prompt in (None, "-") and not sys.stdin.isatty():
        from slmdesk.cli.chat import read_stdin

        prompt = read_stdin()
    if not (prompt or "").strip():
        raise click.UsageError("There is nothing to ask: give a PROMPT, or words on stdin.")
    if not 2 <= len(models) <= 4:
        raise click.UsageError("Name two to four models: -m A -m B.")
    wish = CompareWish(prompt or "", models, is_blind=blind, seed=seed, max_tokens=max_tokens)
    with face.services() as services:
        return _Show(face, services).run(wish)


@click.command()
@click.argument("comparison")
@click.argument("best")
@click.option("--note", default="", help="Why.")
@json_option
@click.pass_obj
def vote(face: Face, comparison: str, best: str, note: str) -> None:
    """Keep which answer of COMPARISON was BEST: its number or letter, or “none”."""
    from slmdesk.services.evaluation.model_comparison import vote_words

    with face.services() as services:
        held = services.desk.call(lambda: services.comparing.open(comparison))
        chosen = _chosen(held, best)
        found = services.desk.call(lambda: services.comparing.vote(held.item.id, chosen, note))
    if face.as_json:
        face.give(shape_of(found))
    else:
        face.say(vote_words(found.vote, {one.message.id: one.name for one in found.answers}))


class _Show:
    """One run of `compare`."""

    def __init__(self, face: Face, services: Services) -> None:
        self._face, self._services = face, services
        self._facts: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._open_ids: list[str] = []
        services.add_listener(self._facts.put)

    def run(self, wish: object) -> int:
        """Print the answers as they come.  Returns the exit status."""
        from slmdesk.services.evaluation.model_comparison import CompareWish

        assert isinstance(wish, CompareWish)
        face, services = self._face, self._services
        held = services.desk.call(lambda: services.comparing.begin(wish))
        self._open_ids = [one.message.id for one in held.answers]
        try:
            self._follow(held)
        except KeyboardInterrupt:
            services.desk.call(services.comparing.stop, 5.0)
            self._follow(held, quiet=True)
            face.tell(f"Stopped. What came is kept: slmdesk history show {held.item.id}")
            return 130
        except BaseException:
            services.desk.call(services.comparing.stop, 5.0)
            raise
        found = services.desk.call(lambda: services.comparing.open(held.item.id))
        if face.as_json:
            face.give(shape_of(found))
        elif sys.stderr.isatty():
            face.tell(f"seed {found.seed}; vote with: slmdesk models vote {found.item.id} 1")
        return int(any(one.message.error_code for one in found.answers))

    def _follow(self, held: Comparison, *, quiet: bool = False) -> None:
        from slmdesk.services.base.events import MessageEnded, MessageGrew, PromptProgress
        from slmdesk.services.engine.events import ModelState, ModelStateChanged

        face = self._face
        open_ids, names = self._open_ids, self._names(held)
        shown = ""
        while open_ids:
            fact = next_of(self._facts)
            if isinstance(fact, ModelStateChanged) and fact.state is ModelState.LOADING and not quiet:
                face.progress(f"loading {names[open_ids[0]]}", fact.fraction, 1.0)
            elif isinstance(fact, PromptProgress) and fact.message in open_ids and not quiet:
                face.progress(f"{names[fact.message]} reads", fact.read, fact.total)
            elif isinstance(fact, MessageGrew) and fact.message in open_ids:
                shown = self._write(shown, fact.message, names[fact.message], fact.text)
            elif isinstance(fact, MessageEnded) and fact.message.id in open_ids:
                open_ids.remove(fact.message.id)
                face.end_progress()
                self._end(held, fact, names[fact.message.id], is_shown=shown == fact.message.id)

    def _names(self, held: Comparison) -> dict[str, str]:
        from slmdesk.services.evaluation.model_comparison import letter_of

        return {one.message.id: letter_of(at) if held.hides_names else one.name for at, one in enumerate(held.answers)}

    def _write(self, shown: str, message: str, name: str, text: str) -> str:
        face = self._face
        if not face.as_json:
            if shown != message:
                face.end_progress()
                face.say(f"--- {name}")
            face.write(text)
        return message

    def _end(self, held: Comparison, fact: object, name: str, *, is_shown: bool) -> None:
        from slmdesk.services.base.events import MessageEnded

        assert isinstance(fact, MessageEnded)
        face = self._face
        if fact.problem:
            face.tell(f"error: {name}: {fact.problem.sentence}")
        if face.as_json or not is_shown:
            return
        face.say("" if fact.message.text.endswith("\n") else "\n")
        if held.hides_names:
            return
        services = self._services
        found = services.desk.call(lambda: services.comparing.open(held.item.id))
        figures = next((one.figures for one in found.answers if one.message.id == fact.message.id), None)
        if figures:
            face.say(f"({', '.join(f'{what.lower()} {value}' for what, value in figures.lines())})\n")


def _chosen(held: Comparison, best: str) -> str | None:
    """The id of the answer that was named by number, letter or id."""
    if best.lower() == "none":
        return None
    ids = [one.message.id for one in held.answers]
    names = {str(at + 1): one for at, one in enumerate(ids)} | {chr(97 + at): one for at, one in enumerate(ids)}
    found = names.get(best.lower(), best)
    if found not in ids:
        raise click.UsageError(f"There is no answer “{best}”: name 1 to {len(ids)}, or none.")
    return found


def shape_of(held: Comparison) -> dict[str, Json]:
    """A comparison as JSON; names and figures are hidden while they are to be."""
    vote = held.vote
    return {
        "id": held.item.id,
        "prompt": held.prompt,
        "seed": held.seed,
        "blind": held.is_blind,
        "answers": [_answer(one, is_hidden=held.hides_names) for one in held.answers],
        "vote": {"best": vote.best, "note": vote.note} if vote else None,
    }


def _answer(one: Compared, *, is_hidden: bool) -> dict[str, Json]:
    from dataclasses import asdict

    figures: dict[str, Json] = dict(asdict(one.figures)) if one.figures and not is_hidden else {}
    return {
        "message": one.message.id,
        "model": None if is_hidden else one.name,
        "text": one.message.text,
        "status": str(one.message.status),
        "error": one.message.error_code,
        **figures,
    }
