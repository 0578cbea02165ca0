"""The commands `slmdesk models exam`, `bench` and `tune`: measure models, and make smaller copies of them."""

from __future__ import annotations

import time

import click

from slmdesk.base.protocol import picked
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import FILE_TYPES, Json
from slmdesk.command.console import Console, json_option
from slmdesk.command.opening import named_model
from slmdesk.command.progress import follow
from slmdesk.evaluation.exams import THINKING_KEY, Part, result_of, shape_of_skill
from slmdesk.evaluation.formats import MOST_LEFT_OUT, FormatProgress, progress_words
from slmdesk.evaluation.model_cards import BenchProgress, lines_of, sentence_of, thinking_lines
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.services import Services
from slmdesk.translation.advice import pair_line, result_sentence, shape_of_pair

LEAST_KNOWN = 0.4
"""Least share of a measurement that must be done before the time left is estimated."""


@click.command()
@click.argument("model", required=False)
@click.option("--translate", "pair", metavar="FROM-TO", help="Can it translate this pair of languages, such as en-pl?")
@click.option(
    "--thinking",
    is_flag=True,
    help="Ask what is written once more with thinking, and show both side by side; for a model that thinks aloud.",
)
@json_option
@click.pass_obj
def exam(console: Console, model: str | None, pair: str | None, *, thinking: bool) -> None:
    """Give MODEL a short exam: which jobs can it be trusted with?

    With --translate, sentences are translated and translated back.  JSON: from, to, level (good, fair, weak) and skills
    (language, sense, tags, numbers, glossary, no_chatter), each with level, passed, total.
    """
    if pair is not None and thinking:
        raise click.UsageError("A pair of languages is examined without thinking.")
    if pair is not None:
        _exam_pair(console, model, pair)
        return
    with console.services() as services:
        named_model(services, model)
        job = services.call.exams.take(model)
        follow(console, services, job)
        if thinking:
            follow(console, services, services.call.exams.take(model, Part.THINKING))
        record = services.call.models.by_sha256(job.model_sha256)
        result = result_of(record) if record else None
        thought = result_of(record, THINKING_KEY) if record and thinking else None
    if record is None or result is None:
        raise click.ClickException("The exam has no result. Run it again.")
    sentence = sentence_of(record.name, result)
    if console.as_json:
        skills: list[Json] = [shape_of_skill(skill) for skill in result.skills]
        shape: dict[str, Json] = {
            "id": record.id, "name": record.name, "version": result.version, "skills": skills, "sentence": sentence,
        }  # fmt: skip
        if thought is not None:
            with_thoughts: list[Json] = [shape_of_skill(skill) for skill in thought.skills]
            shape["thinking"] = {"skills": with_thoughts, "thoughts": thought.thoughts}
        console.give(shape)
        return
    for line in lines_of(result):
        console.say(line)
    console.say(sentence)
    for line in thinking_lines(result, thought) if thought is not None else ():
        console.say(line)


def _exam_pair(console: Console, model: str | None, pair: str) -> None:
    source, parted, target = pair.replace(":", "-").partition("-")
    if not (source and parted and target):
        raise click.UsageError("Give two languages with a dash between them, such as --translate en-pl.")
    with console.services() as services:
        named_model(services, model)
        job = services.call.pair_exams.take(model, source, target)
        follow(console, services, job)
        record = services.call.models.by_sha256(job.model_sha256)
        done = str(job.settings["source"]), str(job.settings["target"])
        result = services.call.pair_exams.result(record, *done) if record else None
    if record is None or result is None:
        raise click.ClickException("The exam has no result. Run it again.")
    sentence = result_sentence(record.name, result)
    if console.as_json:
        console.give({"id": record.id, "name": record.name, **shape_of_pair(result), "sentence": sentence})
        return
    console.say(pair_line(result))
    console.say(sentence)


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
        bench_run = console.result_of(services, lambda: services.bench.run(record.id), progressed)
    assert bench_run is not None, "only a Ctrl-C cancels it here, and that is raised"
    if console.as_json:
        speed = picked(bench_run, "prompt_tokens_per_s", "output_tokens_per_s", "memory_bytes", "energy_j")
        source, tokens = bench_run.energy_source or None, picked(bench_run, "prompt_tokens", "output_tokens")
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
@click.option("--layers", type=click.IntRange(1, MOST_LEFT_OUT), help="Make a copy without so many layers and use it.")
@click.option("--use", "used", type=click.Choice(["copy", "published"]), help="Use the copy, or the published file.")
@json_option
@click.pass_obj
def tune(console: Console, model: str | None, name: str | None, layers: int | None, used: str | None) -> None:
    """Make a smaller copy of MODEL, or switch between its copy and the published file, which always stays.

    Of the formats, Q8_0 and Q6_K answer as well as a larger file, Q4_0 and Q3_K_M less exactly. Without the layers that
    it needs least, most models are much worse; that takes some minutes.
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
