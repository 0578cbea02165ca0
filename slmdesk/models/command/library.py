"""The commands `slmdesk models list` and `default`."""

from __future__ import annotations

import os

import click

from slmdesk.base.protocol import picked
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.command.console import Console, ReportedError, json_option, table
from slmdesk.command.main import LazyGroup
from slmdesk.gguf.memory import Speed, offload_of, offload_words
from slmdesk.models.service import DefaultUse
from slmdesk.runtime.messages import bytes_for_people, sentence_for

PLACES = {
    "bench": "evaluation.command:bench",
    "download": "online.command:download",
    "exam": "evaluation.command:exam",
    "import": "models.command.files:import_models",
    "info": "models.command.files:info",
    "recommend": "models.command.files:recommend",
    "remove": "models.command.files:remove",
    "search": "online.command:search",
    "tune": "evaluation.command:tune",
    "verify": "models.command.files:verify",
}


@click.group(cls=LazyGroup, places=PLACES)
def models() -> None:
    """Manage the models on this PC, and find more on the Hub."""


@models.command("list")
@json_option
@click.pass_obj
def list_models(console: Console) -> None:
    """List the models on this PC."""
    with console.services() as services:
        try:  # models in the folder but not in the library, for instance after a damaged history
            console.result_of(services, services.models.adopt)
        except ReportedError as err:
            console.notify(f"note: {err.problem.sentence}")
        records = services.call.models.list()
        if console.as_json:
            expected = services.service_thread.call(lambda: [services.measuring.expected(record) for record in records])
            shapes = zip(records, map(speed_shape, expected), strict=True)
            console.give([{**shape_of_model(model), **speed, **pairs_shape(model)} for model, speed in shapes])
            return
    if not records:
        ways = "slmdesk models import FILE, or: slmdesk models download REPO"
        console.notify(f"There is no model yet. Add one with: {ways}")
        return
    rows = [("ID", "NAME", "SIZE", "KIND", "FILE")]
    for record in records:
        name, path = clean_label(record.name, 60), clean_label(os.fsdecode(record.path), 200)
        rows.append((record.id, name, bytes_for_people(record.bytes), _kind(record), path))
    table(console, rows)
    for record in records:
        if record.behaves is False:
            console.notify(f"note: {sentence_for('model.noise', {'name': record.name})}")


@models.command()
@click.argument("job", required=False, type=click.Choice(["chat", "summarize", "translate", "embed"]))
@click.argument("model", required=False)
@click.option("--none", "is_none", is_flag=True, help="No default any more: the last used model.")
@json_option
@click.pass_obj
def default(console: Console, job: str | None, model: str | None, is_none: bool) -> None:
    """Show the default model for JOB; with MODEL, set it.  Without JOB: for all jobs."""
    if ((model or is_none) and not job) or (model and is_none):
        raise click.UsageError("Name a JOB, and either a MODEL or --none.")
    with console.services() as services:
        if job and (model or is_none):
            services.call.uses.set_default(DefaultUse(job), model)
        uses = [DefaultUse(job)] if job else list(DefaultUse)
        defaults = services.service_thread.call(lambda: [(use, services.uses.default(use)) for use in uses])
    if console.as_json:
        rows: list[Json] = [
            {"job": use.value, "id": model.id if model else None, "name": model.name if model else None}
            for use, model in defaults
        ]
        console.give(rows[0] if job else rows)
        return
    for use, chosen in defaults:
        console.say(
            f"{use.value}  {f'{chosen.id}  {clean_label(chosen.name, 60)}' if chosen else '-  (the last used)'}"
        )


def _kind(record: ModelRecord) -> str:
    if record.kind == "projector":
        return clean_label(f"projector for {record.header.get('projector')}", 30)
    if record.kind == "adapter":
        return clean_label(f"adapter for {record.header.get('base') or record.header.get('architecture')}", 30)
    known = (record.header.get("architecture"), record.header.get("quantization"))
    return clean_label(" ".join(str(fact) for fact in known if fact), 30)


HEADER_KEYS = ["architecture", "quantization", "parameters", "context_length", "has_chat_template", "license", "base"]


def shape_of_model(record: ModelRecord) -> dict[str, Json]:
    return {
        **picked(record, "id", "name", "bytes", "sha256", "source", "linked", "kind"),
        **{key: record.header.get(key) for key in HEADER_KEYS},
        "path": os.fsdecode(record.path),
        "behaves_like_a_language_model": record.behaves,
        **card_shape(record),
    }


def card_shape(record: ModelRecord | None) -> dict[str, Json]:
    """Return as JSON what part of the model was on a graphics card when it was last loaded, or null."""
    offload = offload_of(record.info) if record else None
    return {"on_graphics_card": offload_words(offload) if offload else None}


def speed_shape(speed: Speed | None) -> dict[str, Json]:
    """Return as JSON the expected speed in tokens per second, or null where it is unknown."""
    names = ("tokens_per_s", "tokens_per_s_low", "tokens_per_s_high")
    figures = (speed.tokens_per_s, speed.low, speed.high) if speed else (None, None, None)
    return {name: None if figure is None else round(figure, 2) for name, figure in zip(names, figures, strict=True)}


def pairs_shape(record: ModelRecord) -> dict[str, Json]:
    from slmdesk.translation.advice import shape_of_pair
    from slmdesk.translation.pairs import results_of

    return {"translates": [shape_of_pair(result) for result in results_of(record)]}
