"""The commands `slmdesk models list` and `default`."""

from __future__ import annotations

import os

import click

from slmdesk.base.protocol import picked
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.messages import bytes_for_people, sentence_for
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.cli.console import Console, ReportedError, answer, json_option, list_out, refuse
from slmdesk.cli.main import LazyGroup
from slmdesk.models.gguf.memory import Speed, offload_of, offload_words
from slmdesk.models.service import DefaultUse

PLACES = {
    "bench": "cli.evaluation:bench",
    "download": "cli.online:download",
    "import": "cli.model_files:import_models",
    "info": "cli.model_files:info",
    "recommend": "cli.model_files:recommend",
    "remove": "cli.model_files:remove",
    "search": "cli.online:search",
    "tune": "cli.evaluation:tune",
    "verify": "cli.model_files:verify",
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
            console.give([{**shape_of_model(model), **speed} for model, speed in shapes])
            return
    nothing = "There is no model yet. Add one with: slmdesk models import FILE, or: slmdesk models download REPO"
    list_out(console, (), list(map(_row, records)), ("ID", "NAME", "SIZE", "KIND", "FILE"), nothing)
    for record in records:
        if record.behaves is False:
            console.notify(f"note: {sentence_for('model.noise', {'name': record.name})}")


@models.command()
@click.argument("job", required=False, type=click.Choice(["chat", "summarize", "translate", "embed", "transcribe"]))
@click.argument("model", required=False)
@click.option("--none", "is_none", is_flag=True, help="No default any more: the last used model.")
@json_option
@click.pass_obj
def default(console: Console, job: str | None, model: str | None, is_none: bool) -> None:
    """Show the default model for JOB; with MODEL, set it.  Without JOB: for all jobs."""
    sets = bool(model) or is_none
    has_two = bool(model) and is_none
    refuse(has_two or (sets and job is None), "Name a JOB, and either a MODEL or --none.")
    with console.services() as services:
        if job and sets:
            services.call.uses.set_default(DefaultUse(job), model)
        uses = [DefaultUse(job)] if job else list(DefaultUse)
        defaults = services.service_thread.call(lambda: [(use, services.uses.default(use)) for use in uses])
    rows: list[Json] = []
    lines: list[str] = []
    for use, chosen in defaults:
        named: dict[str, Json] = {"id": None, "name": None}
        words = "-  (by size)" if use is DefaultUse.TRANSCRIBE else "-  (the last used)"
        if chosen:
            named = picked(chosen, "id", "name")
            words = f"{chosen.id}  {clean_label(chosen.name, 60)}"
        rows.append({"job": use.value, **named})
        lines.append(f"{use.value}  {words}")
    answer(console, rows[0] if job else rows, *lines)


def _row(record: ModelRecord) -> tuple[str, ...]:
    path = clean_label(os.fsdecode(record.path), 200)
    return record.id, clean_label(record.name, 60), bytes_for_people(record.bytes), _kind(record), path


def _kind(record: ModelRecord) -> str:
    about = record.header
    kinds = {
        "projector": f"projector for {about.get('projector')}",
        "adapter": f"adapter for {about.get('base') or about.get('architecture')}",
    }
    known = filter(None, (about.get("architecture"), about.get("quantization")))
    return clean_label(kinds.get(record.kind, " ".join(map(str, known))), 30)


HEADER_KEYS = ["architecture", "quantization", "parameters", "context_length", "has_chat_template", "license", "base"]


def shape_of_model(record: ModelRecord) -> dict[str, Json]:
    return {
        **picked(record, "id", "name", "bytes", "sha256", "source", "linked", "kind"),
        **{key: record.header.get(key) for key in HEADER_KEYS},
        "path": os.fsdecode(record.path),
        "behaves_like_a_language_model": record.behaves,
        **card_shape(record),
        **may_shape(record),
    }


def may_shape(record: ModelRecord) -> dict[str, Json]:
    """Return as JSON what the model may do, and whether somebody measured it."""
    from slmdesk.models.abilities import Ability, may, measured_of  # imported late: only JSON needs it

    return {"may": [work.value for work in Ability if may(record, work)], "is_tried": measured_of(record) is not None}


def card_shape(record: ModelRecord | None) -> dict[str, Json]:
    """Return as JSON what part of the model was on a graphics card when it was last loaded, or null."""
    offload = offload_of(record.info) if record else None
    return {"on_graphics_card": offload_words(offload) if offload else None}


def speed_shape(speed: Speed | None) -> dict[str, Json]:
    """Return as JSON the expected speed in tokens per second, or null where it is unknown."""
    names = ("tokens_per_s", "tokens_per_s_low", "tokens_per_s_high")
    figures = (speed.tokens_per_s, speed.low, speed.high) if speed else (None, None, None)
    return {name: None if figure is None else round(figure, 2) for name, figure in zip(names, figures, strict=True)}
