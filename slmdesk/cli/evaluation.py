"""The commands `slmdesk models bench` and `tune`: measure models, and make smaller copies of them."""

from __future__ import annotations

import time

import click

from slmdesk.base.protocol import picked
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.types import FILE_TYPES
from slmdesk.cli.console import Console, json_option
from slmdesk.cli.opening import named_model
from slmdesk.models.evaluation.formats import MOST_LEFT_OUT, FormatProgress, progress_words
from slmdesk.models.evaluation.model_cards import BenchProgress
from slmdesk.services import Services

LEAST_KNOWN = 0.4
"""Least share of a measurement that must be done before the time left is estimated."""


@click.command()
@click.argument("model", required=False)
@json_option
@click.pass_obj
def bench(console: Console, model: str | None) -> None:
    """Measure the speed and memory of MODEL on this PC.  Takes some seconds; Ctrl-C stops it."""
    began = time.monotonic()

    def progressed(now: BenchProgress) -> None:
        left = (time.monotonic() - began) * (1 - now.fraction) / max(now.fraction, 0.01)
        about = f" about {left:.0f} s left," if now.fraction >= LEAST_KNOWN else ""
        console.progress(f"measuring {name}: {now.what},{about}", now.fraction, 1.0)

    with console.services() as services:
        record = services.call.models.choose(model)
        name = record.name
        bench_run = console.result_of(services, lambda: services.cards.measure(record.id), progressed)
    assert bench_run is not None, "only a Ctrl-C cancels it here, and that is raised"
    if console.as_json:
        speed = picked(bench_run, "prompt_tokens_per_s", "output_tokens_per_s", "memory_bytes", "energy_j")
        source = bench_run.energy_source or None
        tokens = picked(bench_run, "prompt_tokens", "output_tokens")
        console.give({**picked(record, "id", "name"), **speed, "energy_source": source, **tokens})
        return
    console.say(f"{record.name} on this PC")
    console.say(f"reads   {bench_run.prompt_tokens_per_s:.1f} tokens a second ({bench_run.prompt_tokens} read)")
    console.say(f"writes  {bench_run.output_tokens_per_s:.1f} tokens a second ({bench_run.output_tokens} written)")
    console.say(f"memory  {bytes_for_people(bench_run.memory_bytes)}")
    console.say(f"energy  {bench_run.energy_words()}")


FORMAT = click.Choice(list(FILE_TYPES), case_sensitive=False)


@click.command()
@click.argument("model", required=False)
@click.option("--make", "name", type=FORMAT, help="Make a copy in this format and use it.")
@click.option("--layers", type=click.IntRange(1, MOST_LEFT_OUT), metavar="N", help="Make a copy without so many layers and use it.")
@click.option("--use", "used", type=click.Choice(["copy", "published"]), help="Use the copy, or the published file.")
@json_option
@click.pass_obj
def tune(console: Console, model: str | None, name: str | None, layers: int | None, used: str | None) -> None:
    """Make a smaller copy of MODEL, or switch between its copy and the published file, which always stays.

    Q8_0 and Q6_K answer as well as a larger file, Q4_0 and Q3_K_M less exactly. Without
    some layers most models are much worse.
    """
    if sum(choice is not None for choice in (name, layers, used)) != 1:
        raise click.UsageError("Use one of --make, --layers and --use.")
    with console.services() as services:
        named_model(services, model)
        record = services.call.formats.published(model)
        if used is None:
            _make(console, services, record, (name or "").upper(), layers or 0)
        else:
            _use(console, services, record, copy=used == "copy")


def _make(console: Console, services: Services, record: ModelRecord, name: str, layers: int) -> None:
    began = time.monotonic()
    said = ""

    def progressed(now: FormatProgress) -> None:
        nonlocal said
        if now.what != said:
            console.step(f"{now.what}…")
        said = now.what
        console.progress(progress_words(now.what, now.fraction, time.monotonic() - began), now.fraction, 1.0)

    made = console.result_of(services, lambda: services.formats.make(record.id, name, layers), progressed)
    assert made is not None, "only a Ctrl-C cancels it here, and that is raised"
    if console.as_json:
        console.give({"id": made.id, "name": made.name, "bytes": made.bytes, "published": record.id})
        return
    console.say(f"{made.id}  {made.name}, {bytes_for_people(made.bytes)}")
    console.notify("It is used from now on. The published file is still here: models tune --use published goes back.")


def _use(console: Console, services: Services, record: ModelRecord, *, copy: bool) -> None:
    new = services.call.formats.use(record.id, copy=copy)
    if console.as_json:
        console.give({"id": new.id, "name": new.name})
    else:
        console.say(f"{new.id}  {new.name} is used from now on")
