"""`slmdesk models tune` and `prune`: another format of a model, measured and made on this PC."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import click

from slmdesk.base.model_formats import FILE_TYPES
from slmdesk.base.records import ModelRecord
from slmdesk.base.types import Json
from slmdesk.command.console import Console, json_option
from slmdesk.evaluation.formats.labels import RULE, advice_of, progress_words, sentence_of
from slmdesk.evaluation.formats.service import LAYERS_KEY
from slmdesk.evaluation.formats.trials import FormatProgress
from slmdesk.evaluation.formats.types import FormatReport, FormatResult
from slmdesk.models.command.library import named_model
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.runtime.pending import Pending
from slmdesk.services import Services

FORMAT = click.Choice(list(FILE_TYPES), case_sensitive=False)


@click.command()
@click.argument("model", required=False)
@click.option("--make", "name", type=FORMAT, help="Make a copy in this format and use it.")
@click.option("--use", "used", type=click.Choice(["copy", "published"]), help="Use the copy, or the published file.")
@click.option("--again", is_flag=True, help="Measure anew what was measured before.")
@json_option
@click.pass_obj
def tune(console: Console, model: str | None, name: str | None, used: str | None, again: bool) -> None:
    """Find the best format of MODEL for this PC: how fast each is, and what it costs.

    Nothing is made unless --make asks for it; the published file always stays. Some minutes; Ctrl-C stops it, and the
    next run goes on. JSON: id, name, bytes, recommended, smallest, formats (format, bytes, answer_gain, long_work_gain,
    likeness, divergence, perplexity_change, same_answers, questions, reason).
    """
    if sum((name is not None, used is not None, again)) > 1:
        raise click.UsageError("Use one of --make, --use and --again.")
    with console.services() as services:
        named_model(services, model)
        record = services.service_thread.call(lambda: services.formats.published(model))
        if name is not None:
            _make(console, services, record, name.upper())
        elif used is not None:
            _use(console, services, record, copy=used == "copy")
        else:
            _measure(console, services, record, again=again)


@click.command()
@click.argument("model", required=False)
@click.option("--make", "count", type=click.IntRange(1, 4), help="Make a copy without so many layers and use it.")
@json_option
@click.pass_obj
def prune(console: Console, model: str | None, count: int | None) -> None:
    """Leave out the layers that MODEL needs least: smaller and faster, and for most models much worse.

    Shows what one, two and four layers less cost; nothing is made unless --make asks for it.  JSON: as for tune.
    """
    with console.services() as services:
        named_model(services, model)
        record = services.service_thread.call(lambda: services.formats.published(model))
        report = services.service_thread.call(lambda: services.formats.report(record.id, LAYERS_KEY))
        wanted = None
        if report is None or count is None:
            begin = lambda: services.formats.measure_without_layers(record.id)  # noqa: E731
            report = _followed(console, services, begin)
        if count is not None:
            wanted = next((one for one in report.tried if len(one.left_out) == count), None)
            if wanted is None:
                raise click.ClickException("Only 1, 2 or 4 layers were tried. Give one of these numbers.")
            _make(console, services, record, "", wanted.left_out)
            return
    _show(console, record, report)


def _measure(console: Console, services: Services, record: ModelRecord, *, again: bool) -> None:
    report = _followed(console, services, lambda: services.formats.measure(record.id, again=again))
    _show(console, record, report)


def _followed(console: Console, services: Services, begin: Callable[[], Pending[FormatReport | None]]) -> FormatReport:
    shown = _Shown(console)
    report = console.result_of(services, begin, shown.progressed)
    shown.step("")
    assert report is not None, "only a Ctrl-C cancels it here, and that is raised"
    return report


def _show(console: Console, record: ModelRecord, report: FormatReport) -> None:
    best, smallest = report.fastest(), report.smallest()
    if console.as_json:
        console.give(
            {
                "id": record.id,
                "name": record.name,
                "bytes": report.bytes,
                "recommended": best.format if best else None,
                "smallest": smallest.format if smallest else None,
                "formats": [_shape(one) for one in report.results.values()],
            }
        )
        return
    console.say(f"{record.name}: {bytes_for_people(report.bytes)} as published")
    width = max((len(one.format) for one in report.tried), default=0)
    for one in report.tried:
        console.say(f"  {one.format:{width}}  {sentence_of(one, report)}")
    console.say(advice_of(report))
    console.notify(RULE)
    if best and not best.left_out:
        console.notify(f"Make it with: slmdesk models tune {record.id} --make {best.format}")


def _make(console: Console, services: Services, record: ModelRecord, name: str, left_out: Sequence[int] = ()) -> None:
    shown = _Shown(console)
    made = console.result_of(services, lambda: services.formats.make(record.id, name, left_out), shown.progressed)
    shown.step("")
    assert made is not None, "only a Ctrl-C cancels it here, and that is raised"
    if console.as_json:
        console.give({"id": made.id, "name": made.name, "bytes": made.bytes, "published": record.id})
        return
    console.say(f"{made.id}  {made.name}, {bytes_for_people(made.bytes)}")
    console.notify("It is used from now on. The published file is still here: --use published goes back.")


def _use(console: Console, services: Services, record: ModelRecord, *, copy: bool) -> None:
    new = services.service_thread.call(lambda: services.formats.use(record.id, copy=copy))
    if console.as_json:
        console.give({"id": new.id, "name": new.name})
    else:
        console.say(f"{new.id}  {new.name} is used from now on")


class _Shown:
    """Shows the progress with the time left; without a terminal, the begin and the end of each step."""

    def __init__(self, console: Console) -> None:
        self._console, self._began = console, time.monotonic()
        self._what, self._since = "", self._began

    def step(self, what: str) -> None:
        """Say that another step begins; none: that the last one has ended."""
        if what == self._what:
            return
        now = time.monotonic()
        if self._what:
            self._console.step(f"{self._what}: done in {now - self._since:.0f} s")
        if what:
            self._console.step(f"{what}…")
        self._what, self._since = what, now

    def progressed(self, news: FormatProgress | FormatResult) -> None:
        if isinstance(news, FormatResult):
            self.step("")
            if news.reason:
                self._console.step(f"{news.format}: {news.reason}")
            return
        self.step(news.what)
        words = progress_words(news.what, news.fraction, time.monotonic() - self._began)
        self._console.progress(words, news.fraction, 1.0)


def _shape(one: FormatResult) -> Json:
    return {
        "format": one.format,
        "bytes": one.bytes,
        "answer_gain": round(one.answer_gain, 3),
        "long_work_gain": round(one.long_work_gain, 3),
        "likeness": one.likeness.value,
        "divergence": round(one.quality.divergence, 5) if one.quality else None,
        "perplexity_change": round(one.perplexity_change, 4) if one.quality else None,
        "same_answers": one.same_answers,
        "questions": one.questions,
        "reason": one.reason or None,
    }
