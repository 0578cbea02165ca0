"""`slmdesk models search` and `models download`: find models on the Hub and download them into the library."""

from __future__ import annotations

import os
import queue
import sys

import click

from slmdesk.base.errors import KnownError
from slmdesk.base.labels import clean_label
from slmdesk.base.types import Json
from slmdesk.base.wire import picked
from slmdesk.command.console import Console, ReportedError, json_option, next_of, words_for
from slmdesk.hub.links import parse_link
from slmdesk.online.downloads import ENDS
from slmdesk.online.events import DownloadChanged
from slmdesk.online.hub import FoundFile, FoundRepo
from slmdesk.online.search import Filters, SearchPage
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.services import Services

TASKS = ("chat", "summaries", "translation", "code", "embedding")
SORTS = ("downloads", "updated", "likes")
LAST_WORD_S = 3.0
"""After Ctrl-C: for what came to be kept."""
_FITS = {"fits": "", "tight": "tight here", "too_large": "too large here", "unknown": ""}


@click.command()
@click.argument("words", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Repositories at most.")
@click.option("--author", default="", help="Only those of this person or organisation.")
@click.option("--language", default="", help="Only those said to know this language, such as pl.")
@click.option("--license", "license_name", default="", metavar="NAME", help="Such as mit; permissive: any free one.")
@click.option("--task", type=click.Choice(TASKS), default=None, help="What its publisher says it is for.")
@click.option("--fits", is_flag=True, help="Leave out what is too large for this PC.")
@click.option("--sort", type=click.Choice(SORTS), default="downloads", show_default=True, help="Order of the results.")
@json_option
@click.pass_obj
def search(
    console: Console,
    words: tuple[str, ...],
    limit: int,
    author: str,
    language: str,
    license_name: str,
    task: str | None,
    fits: bool,
    sort: str,
) -> None:
    """Search the Hugging Face Hub for GGUF models with WORDS in their names; a link or owner/name shows that one."""
    filters = Filters(task or "", language, license_name.lower(), author, fits, sort)
    if not words and not filters.narrows:
        raise click.UsageError("Give words to search for, or --author, --language, --license or --task.")
    with console.services() as services:
        page = _found(console, services, " ".join(words), filters, limit)
    if console.as_json:
        console.give([_shape(one) for one in page.found])
    else:
        for one in page.found:
            _show(console, one)
    if not page.found:
        console.notify("Nothing on the Hub has such a name. Try fewer words.")
    if page.too_large:
        console.notify(f"note: {page.too_large:,} more {_are(page.too_large)} too large for this PC and left out.")
    if page.other_licence:
        has = "has" if page.other_licence == 1 else "have"
        console.notify(f"note: {page.other_licence:,} {has} another licence and {_are(page.other_licence)} left out.")


def _found(console: Console, services: Services, words: str, filters: Filters, limit: int) -> SearchPage:
    link = services.offers.link_in(words)
    services.hub.require("hub.search")
    if link is not None:
        one = console.result_of(services, lambda: services.hub.repo(link.repo))
        return SearchPage((one,), may_be_more=False)
    asked = services.searching.begin(words, filters)
    return console.result_of(services, lambda: services.searching.read(asked, limit=limit, with_files=True))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


@click.command()
@click.argument("repo_or_file", metavar="REPO[/FILE | :QUANTIZATION]")
@click.option("--quantization", default="", help="Such as Q4_K_M; without it and FILE, the recommended one.")
@json_option
@click.pass_obj
def download(console: Console, repo_or_file: str, quantization: str) -> None:
    """Download a model from the Hub and verify it; an interrupted download is resumed."""
    link = parse_link(repo_or_file)
    with console.services() as services:
        notes = _Notes(console)
        ends: queue.SimpleQueue[DownloadChanged] = queue.SimpleQueue()

        def on_changed(event: DownloadChanged) -> None:
            notes.on_event(event)
            if event.state in ENDS:
                ends.put(event)

        services.on(DownloadChanged, on_changed)
        requested = quantization or link.quantization
        job = services.service_thread.call(lambda: services.downloads.start(link.repo, link.file, requested))
        end = _wait(console, services, job, ends)
        while _is_token_requested(console, end) and _ask_token(console, services, end):
            services.service_thread.call(lambda: services.downloads.resume(job))
            end = _wait(console, services, job, ends)
    console.end_progress()
    if end.problem:
        raise ReportedError(end.problem)
    model = end.model
    if model is None:
        raise KnownError("download.stopped", id=job)
    if console.as_json:
        console.give(
            {
                "id": model.id,
                "path": os.fsdecode(model.path),
                "bytes": model.bytes,
                "sha256": model.sha256,
                "resumed_from": end.resumed_from,
                "name": model.name,
                "source": model.source,
                "fit": end.fit,
            }
        )
    else:
        console.say(f"{model.id}  {clean_label(model.name, 60)}  {bytes_for_people(model.bytes)}, checked")


def _is_token_requested(console: Console, end: DownloadChanged) -> bool:
    is_requested = end.problem is not None and end.problem.code in ("hub.gated", "hub.token_refused")
    return is_requested and not console.as_json and sys.stdin.isatty() and sys.stderr.isatty()


def _ask_token(console: Console, services: Services, end: DownloadChanged) -> bool:
    """Ask for an access token for this run only; returns whether one was given.  It is not echoed."""
    console.end_progress()
    if end.problem:
        console.notify(f"note: {words_for(end.problem.code, end.problem.sentence, end.problem.args)}")
    words = "Access token (not shown, for this run alone; nothing to give up)"
    secret = click.prompt(words, hide_input=True, default="", show_default=False, err=True)
    if not secret.strip():
        return False
    console.result_of(services, lambda: services.tokens.keep(secret, "ask"))
    return True


def _wait(console: Console, services: Services, job: str, ends: queue.SimpleQueue[DownloadChanged]) -> DownloadChanged:
    """Wait for the end of the download.  Ctrl-C pauses it: the part so far is kept."""
    try:
        return next_of(ends)
    except KeyboardInterrupt:
        services.service_thread.call(lambda: services.downloads.pause(job), LAST_WORD_S)
        try:
            end = ends.get(timeout=LAST_WORD_S)
        except queue.Empty:
            raise KeyboardInterrupt from None
        console.end_progress()
        if end.model is None and end.done_bytes:
            console.notify(f"note: {bytes_for_people(end.done_bytes)} are kept; the same command goes on from there.")
        if end.model is None and end.problem is None:
            raise
        return end


class _Notes:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._last_note = self._last_fit = ""

    def on_event(self, event: DownloadChanged) -> None:
        """Receive an event, on the service thread."""
        note = event.note.sentence if event.note else ""
        if note and note != self._last_note:
            self._notify(note)
        self._last_note = note
        if event.fit != self._last_fit and event.fit in ("tight", "too_large"):
            words = "is tight on this PC" if event.fit == "tight" else "is too large for this PC"
            self._notify(f"this model {words}; smaller quantizations take less.")
        self._last_fit = event.fit
        speed = f", {bytes_for_people(event.bytes_per_s)}/s" if event.bytes_per_s else ""
        left = f", {_duration(event.eta_s)} left" if event.eta_s is not None else ""
        self._console.progress(
            f"{event.state.value} {clean_label(event.name, 60)}{speed}{left}", event.done_bytes, event.total_bytes
        )

    def _notify(self, sentence: str) -> None:
        self._console.end_progress()
        self._console.notify(f"note: {sentence}")


def _shape(found: FoundRepo) -> dict[str, Json]:
    repo = found.repo
    return {
        "repo": repo.id,
        **picked(repo, "downloads", "likes", "updated", "license", "gated"),
        "files": [_file_shape(one) for one in found.files],
    }


def _file_shape(found: FoundFile) -> dict[str, Json]:
    file = found.file
    return {
        **picked(file, "name", "bytes", "quantization"),
        "sha256": file.sha256 or None,
        "fit": found.fit,
        "parts": len(file.parts),
    }


def _show(console: Console, found: FoundRepo) -> None:
    repo = found.repo
    about = [f"{repo.downloads:,} downloads", f"{repo.likes:,} likes", repo.updated[:10], repo.license or "no license"]
    console.say(f"{repo.id}  ({', '.join([*about, *(['gated'] if repo.gated else [])])})")
    for one in found.files:
        size = bytes_for_people(one.file.bytes) if one.file.bytes else "size unknown"
        console.say(f"    {one.file.quantization:10} {size:>9}  {one.file.name}  {_FITS[one.fit]}".rstrip())


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
