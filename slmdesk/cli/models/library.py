"""`slmdesk models rename` and `default`; and linking the organisation's models where a command needs one."""

from __future__ import annotations

import click

from slmdesk.cli.console import Console, json_option
from slmdesk.core.labels import clean_label
from slmdesk.core.records import ModelRecord
from slmdesk.core.types import Json
from slmdesk.services.container import Services
from slmdesk.services.models.defaults import DefaultUse


def named_model(services: Services, model: str | None) -> None:
    """Check that a named model exists, and allow it although it crashed before.  Raises KnownError `model.unknown`."""
    if model is not None:
        services.service_thread.call(lambda: services.models.try_again(model))


@click.command()
@click.argument("model")
@click.argument("name")
@json_option
@click.pass_obj
def rename(console: Console, model: str, name: str) -> None:
    """Show MODEL under the name NAME; its file keeps its own."""
    with console.services() as services:
        record: ModelRecord = services.service_thread.call(lambda: services.names.rename(model, name))
    if console.as_json:
        console.give({"id": record.id, "name": record.name})
    else:
        console.say(f"{record.id}  {record.name}")


@click.command()
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
            services.service_thread.call(lambda: services.uses.set_default(DefaultUse(job), model))
        uses = [DefaultUse(job)] if job else list(DefaultUse)
        found = services.service_thread.call(lambda: [(use, services.uses.default(use)) for use in uses])
    if console.as_json:
        rows: list[Json] = [
            {"job": use.value, "id": one.id if one else None, "name": one.name if one else None} for use, one in found
        ]
        console.give(rows[0] if job else rows)
        return
    for use, one in found:
        console.say(f"{use.value}  {f'{one.id}  {clean_label(one.name, 60)}' if one else '-  (the last used)'}")


def link_shared(console: Console, services: Services) -> None:
    """Where there is no model yet, link those of the organisation's folder; this computes their checksums."""
    models = services.models
    if services.settings.policy.models_folder and not services.service_thread.call(models.list):
        console.result_of(services, lambda: models.adopt(only_shared=True))
