"""`slmdesk models exam` and `bench`: which jobs a model can be trusted with, and how fast it is on this PC."""

from __future__ import annotations

import time

import click

from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.command.console import Console, json_option
from slmdesk.command.job_progress import follow
from slmdesk.evaluation.benchmark import BenchProgress
from slmdesk.evaluation.exam_labels import lines_of, sentence_of, thinking_lines
from slmdesk.evaluation.exams import shape_of_skill
from slmdesk.models.command.library import named_model
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.translation.pairs.labels import pair_line, result_sentence, shape_of_pair

LEAST_KNOWN = 0.4
"""Of a measurement: before that, nothing tells how long the rest will take."""


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
        job = services.service_thread.call(lambda: services.exams.take(model))
        follow(console, services, job)
        if thinking:
            follow(console, services, services.service_thread.call(lambda: services.exams.take(model, thinking=True)))
        record = services.service_thread.call(lambda: services.models.by_sha256(job.model_sha256))
        result = services.exams.result(record) if record else None
        thought = services.exams.thinking_result(record) if record and thinking else None
    if record is None or result is None:
        raise click.ClickException("The exam has no result. Run it again.")
    sentence = sentence_of(record.name, result)
    if console.as_json:
        skills: list[Json] = [shape_of_skill(one) for one in result.skills]
        shape: dict[str, Json] = {
            "id": record.id, "name": record.name, "version": result.version, "skills": skills, "sentence": sentence,
        }  # fmt: skip
        if thought is not None:
            with_thoughts: list[Json] = [shape_of_skill(one) for one in thought.skills]
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
        job = services.service_thread.call(lambda: services.pair_exams.take(model, source, target))
        follow(console, services, job)
        record = services.service_thread.call(lambda: services.models.by_sha256(job.model_sha256))
        done = str(job.settings["source"]), str(job.settings["target"])
        result = services.service_thread.call(lambda: services.pair_exams.result(record, *done)) if record else None
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
        record = services.service_thread.call(lambda: services.models.choose(model))
        name = record.name
        found = console.result_of(services, lambda: services.bench.run(record.id), progressed)
    assert found is not None, "only a Ctrl-C cancels it here, and that is raised"
    if console.as_json:
        console.give(
            {
                "id": record.id,
                "name": record.name,
                **picked(found, "prompt_tokens_per_s", "output_tokens_per_s", "memory_bytes", "energy_j"),
                "energy_source": found.energy_source or None,
                **picked(found, "prompt_tokens", "output_tokens"),
            }
        )
        return
    console.say(f"{record.name} on this PC")
    console.say(f"reads   {found.prompt_tokens_per_s:.1f} tokens a second ({found.prompt_tokens} read)")
    console.say(f"writes  {found.output_tokens_per_s:.1f} tokens a second ({found.output_tokens} written)")
    console.say(f"memory  {bytes_for_people(found.memory_bytes)}")
    console.say(f"energy  {found.energy_words()}")
