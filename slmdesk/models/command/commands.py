"""`slmdesk models info`, `verify`, `remove` and `fit`: inspect, check and delete a model, judge whether one fits."""

from __future__ import annotations

import os

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.command.console import Console, ReportedError, json_option
from slmdesk.gguf.adapter import base_name
from slmdesk.gguf.speed import Speed, speed_in_words
from slmdesk.hub.links import HubLink, parse_link
from slmdesk.models.command.types import card_shape, pairs_shape, speed_shape
from slmdesk.models.defaults import lost_words
from slmdesk.models.fit import Fit
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services
from slmdesk.translation.pairs.exams import results_of
from slmdesk.translation.pairs.labels import pair_line


@click.command()
@click.argument("model_or_file")
@json_option
@click.pass_obj
def info(console: Console, model_or_file: str) -> None:
    """Show what a model's header says, without loading it."""
    with console.services() as services:
        found = console.result_of(services, lambda: services.models.info(model_or_file))
        path = services.service_thread.call(lambda: services.models.path_of(model_or_file)).absolute()
        records = services.service_thread.call(services.models.list)
        pace = services.service_thread.call(lambda: services.measuring.pace)
    record = next((one for one in records if _path(one) == str(path)), None)
    header = found.header
    speed = pace.of_header(header, sha256=record.sha256 if record else "") if header.kind == "model" else None
    shape: dict[str, Json] = {
        "id": record.id if record else None,
        "name": record.name if record else found.name,
        "path": str(path),
        "bytes": found.bytes,
        **picked(header, "architecture", "quantization", "parameters", "context_length", "has_chat_template"),
        "sha256": record.sha256 if record else None,
        "source": record.source if record else None,
        "license": header.license,
        "kind": header.kind,
        "base": base_name(header) or None,
        "behaves_like_a_language_model": record.behaves if record else None,
        **card_shape(record),
        **speed_shape(speed),
        **(pairs_shape(record) if record else {}),
        "metadata": found.metadata,
    }
    if console.as_json:
        console.give(shape)
        return
    for key, value in shape.items():
        if key not in ("metadata", "translates"):
            console.say(f"{key}: {clean_label(str(value), 300) if value not in (None, '') else '-'}")
    for one in results_of(record) if record else ():
        console.say(f"translates: {pair_line(one)}")
    for key, value in found.metadata.items():
        console.say(f"  {clean_label(key, 60)} = {clean_label(str(value), 60)}")


@click.command()
@click.argument("model", required=False)
@json_option
@click.pass_obj
def verify(console: Console, model: str | None) -> int:
    """Compare the file of MODEL, or of every model, with its checksum from the import."""
    requested = [] if model is None else [model]
    with console.services() as services:
        found = console.result_of(services, lambda: services.models.verify(requested))
    if console.as_json:
        rows: list[Json] = [
            {"id": one.id, "ok": one.ok, "reason": one.problem.sentence if one.problem else None} for one in found
        ]
        console.give(rows)
    for one in () if console.as_json else found:
        console.say(f"{one.id}  {'ok' if one.ok else one.problem.sentence if one.problem else 'changed'}")
    bad = sum(not one.ok for one in found)
    if bad:
        console.notify(f"error: {bad} of {len(found)} model files are not as they came in. Bring them in again.")
    return 1 if bad else 0


@click.command()
@click.argument("model")
@json_option
@click.pass_obj
def remove(console: Console, model: str) -> None:
    """Delete a model; the file of a linked one is not touched."""
    with console.services() as services:
        record = services.service_thread.call(lambda: services.models.choose(model))
        lost = services.service_thread.call(lambda: services.uses.uses_of(record.id))
        freed = services.service_thread.call(lambda: services.models.remove(record.id))
    if console.as_json:
        console.give({"id": record.id, "bytes_freed": freed})
    else:
        console.say(f"{record.id}  {clean_label(record.name, 60)} removed, {bytes_for_people(freed)} freed")
        if words := lost_words(lost):
            console.notify(f"note: {words}")


@click.command()
@click.argument("model_or_file", metavar="FILE_OR_REPO")
@click.option("--context", type=click.IntRange(256), help="Tokens the model shall see at once.")
@json_option
@click.pass_obj
def fit(console: Console, model_or_file: str, context: int | None) -> None:
    """Show whether a model fits this PC and how fast it will write, before it is loaded."""
    with console.services() as services:
        measure_pc(console, services)
        link = _on_the_hub(services, model_or_file)

        def begin() -> Pending[Fit]:
            if link is None:
                return services.models.fit(model_or_file, context)
            return services.hub.fit(link.repo, file=link.file, context_tokens=context)

        found = console.result_of(services, begin)
    if context and found.most_tokens and context > found.most_tokens:
        console.notify(f"note: the model sees at most {found.most_tokens:,} tokens.")
    if console.as_json:
        console.give(
            {
                "verdict": found.verdict,
                "memory_bytes": found.memory.total,
                "parts": picked(found.memory, "weights", "kv_cache", "compute"),
                "available_bytes": found.available_bytes,
                "context_tokens": found.context_tokens,
                "device": found.device or None,
                **speed_shape(found.speed),
            }
        )
        return
    words = {"fits": "fits this PC", "tight": "is tight on this PC", "too_large": "is too large for this PC"}
    console.say(
        f"It {words[found.verdict]}: {bytes_for_people(found.memory.total)} for a context of "
        f"{found.context_tokens:,} tokens, {bytes_for_people(found.available_bytes)} are "
        f"{f'on the {found.device}' if found.device else 'free'}."
    )
    if found.speed is not None:
        console.say(f"It writes {speed_in_words(found.speed)} ({_tokens(found.speed)}).")


def _on_the_hub(services: Services, requested: str) -> HubLink | None:
    """The Hub repository (perhaps with a file) that this may name; None for a model or file on this PC."""
    try:
        if services.service_thread.call(lambda: services.models.path_of(requested)).exists():
            return None
        link = parse_link(requested)
    except (KnownError, OSError, ValueError):
        return None
    return None if link.repo.endswith(".gguf") else link  # folder/file.gguf that does not exist


def measure_pc(console: Console, services: Services) -> None:
    """Measure this PC's speed once, which takes about a second; no speed can be estimated without it."""
    if services.service_thread.call(lambda: services.measuring.measured) is not None or services.read_only:
        return
    console.notify("note: measuring this PC, about a second, once.")
    try:
        console.result_of(services, services.measuring.measure)
    except ReportedError as err:
        console.notify(f"note: {err.problem.sentence}")


def _tokens(speed: Speed) -> str:
    low, high = (f"{one:,.0f}" if one >= 100 else f"{one:.3g}" for one in (speed.low, speed.high))
    return f"{low} to {high} tokens a second"


def _path(record: ModelRecord) -> str:
    return os.fsdecode(record.path)
