"""The commands `slmdesk network`, `models search` and `models download`: those that use the network."""

from __future__ import annotations

import os
import queue
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import click

from slmdesk.base.error_sentences import KINDS
from slmdesk.base.errors import KnownError
from slmdesk.base.policy import shown_proxy
from slmdesk.base.protocol import picked
from slmdesk.base.records import NetworkLogRow
from slmdesk.base.runtime.events import DownloadChanged
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.types import Json
from slmdesk.base.untrusted import clean_label
from slmdesk.cli.console import (
    Console,
    NamedFile,
    ReportedError,
    answer,
    json_option,
    list_out,
    refuse,
    sentence_of,
    table,
)
from slmdesk.cli.terminal import one_line
from slmdesk.exports.papers import iso_time
from slmdesk.models.hub.guard import HUB
from slmdesk.models.hub.search import parse_link
from slmdesk.models.online.downloads import ENDS
from slmdesk.models.online.hub import Filters, FoundFile, FoundRepo, SearchPage
from slmdesk.models.online.network import ENDPOINT_VARIABLE, endpoint_of, json_of
from slmdesk.services import Services

ENFORCE = "While offline, the system itself refuses every connection, from the next start on."
MOST_STDIN = 10_000
PLACES = ("keyring", "file", "ask")
PLACE_WORDS = {
    "": "none",
    "environment": "of the environment (HF_TOKEN)",
    "keyring": "in the system's keyring",
    "file": "in a file that only you can read",
    "ask": "for this run only",
}


@click.command()
@click.option("--offline", type=click.Choice(["on", "off"]), help="Forbid or allow requests.")
@click.option("--enforce", type=click.Choice(["on", "off"]), help=ENFORCE)
@click.option("--endpoint", "hub_endpoint", help="A mirror of the Hub, https://…; '' for the Hub itself.")
@click.option("--hosts", "hub_hosts", help="Further hosts files may come from, by spaces; '.a.example': all below it.")
@click.option("--proxy", help="system, none, or http://host:port.")
@click.option("--ca-file", help="Certificates to trust instead of the system's; '' for the system's.")
@click.option("--speed-limit", "speed_limit_kib", type=int, help="Of all downloads together, KiB a second; 0 for none.")
@click.option("--token", "is_given", is_flag=True, help="Keep an access token, read from stdin; never shown.")
@click.option("--token-place", type=click.Choice(PLACES), help="Where: the keyring unless named. ask: keep none.")
@click.option("--forget-token", is_flag=True, help="Forget the access token, wherever it is kept.")
@click.option("--settings", "wants_settings", is_flag=True, help="How the Hub is reached now, instead of the ledger.")
@click.option("--search", "words", default="", help="Only requests with these words in host, path or purpose.")
@click.option("--export", "target", type=NamedFile(), help="Write the ledger to a file, .csv, .json or .pdf.")
@click.option("--limit", type=click.IntRange(1, 100_000), metavar="N", default=100, show_default=True)
@json_option
@click.pass_obj
def network(
    console: Console,
    /,
    offline: str | None,
    enforce: str | None,
    is_given: bool,
    token_place: str | None,
    forget_token: bool,
    wants_settings: bool,
    words: str,
    target: Path | None,
    limit: int,
    **requests: Any,
) -> None:
    """Show the network log, newest first, and today's count.  With options: set how the Hub is reached from now on."""
    changes: dict[str, Any] = {key: value for key, value in requests.items() if value is not None}
    if enforce is not None:
        changes["offline_enforced"] = enforce == "on"
    if changes.get("ca_file"):
        changes["ca_file"] = str(Path(changes["ca_file"]).absolute())
    forgets = forget_token or token_place == "ask"  # noqa: S105 (a place)
    refuse(is_given and forgets, "--token keeps a token, the other option keeps none: name one of them.")
    is_unsaid = token_place in ("keyring", "file") and not is_given
    refuse(is_unsaid, "--token-place says where the token of --token is kept: name that too.")
    secret = _read_token() if is_given else ""
    with console.services() as services:
        if changes:
            console.result_of(services, lambda: services.network.change(**changes))
        if offline is not None:
            services.call.network.set_offline(offline == "on")
        if is_given:
            console.result_of(services, lambda: services.tokens.keep(secret, token_place or "keyring"))
        if forgets:
            console.result_of(services, services.tokens.forget)
        if target is not None:
            _export(console, services, target.absolute(), words)
        elif any((changes, offline, is_given, forget_token, token_place, wants_settings)):
            _say_settings(console, services)
        else:
            _show(console, services, services.call.network.requests(limit, words))


def _read_token() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Access token (not shown)", hide_input=True, err=True))
    return sys.stdin.readline(MOST_STDIN)


def _export(console: Console, services: Services, target: Path, words: str) -> None:
    if target.suffix.lower() == ".pdf":
        from slmdesk.doctor import examine

        console.result_of(services, lambda: examine(services))  # starts each child process, to say what restricts it
        done = console.result_of(services, lambda: services.log_pages.write(target, words, headings=console.headings))
    else:
        done = console.result_of(services, lambda: services.network.export(target, words))
    answer(console, picked(done, "path", "rows"), one_line(f"{done.rows:,} rows written to {done.path}"))


def _say_settings(console: Console, services: Services) -> None:
    """Print how the Hub is reached. Of the access token, only print where it is stored."""
    now, place = services.settings.current, services.call.tokens.state().place
    today = services.call.network.today()
    reported: dict[str, Json] = {
        "offline": services.network.is_offline,
        "enforced": services.network.enforcement.by_system,
        "today": today,
        "endpoint": now.hub_endpoint,
        "hub": endpoint_of(now),
        "hosts": now.hub_hosts,
        "proxy": shown_proxy(now.proxy),
        "proxy_password": now.proxy_password_place or None,
        "ca_file": now.ca_file,
        "speed_limit_kib": now.speed_limit_kib,
        "token": place or None,
    }
    if console.as_json:
        console.give(reported)
        return
    _say_count(console, services, today)
    hub = endpoint_of(now)
    if hub == HUB:
        told = "the Hub itself"
    elif now.hub_endpoint:
        told = hub
    else:
        told = f"{hub} ({ENDPOINT_VARIABLE})"
    rows = [
        ("hub", told),
        ("enforced", services.network.enforcement.words),
        ("further hosts", now.hub_hosts or "none"),
        ("proxy", shown_proxy(now.proxy)),
        *([("its password", PLACE_WORDS[now.proxy_password_place])] if now.proxy_password_place else []),
        ("certificates", now.ca_file or "the system's"),
        ("speed limit", f"{now.speed_limit_kib} KiB/s" if now.speed_limit_kib else "none"),
        ("access token", PLACE_WORDS[place]),
    ]
    table(console, rows)


def _say_count(console: Console, services: Services, today: int) -> None:
    console.say(f"{'Offline' if services.network.is_offline else 'Online'}: {today} requests today.")


def _show(console: Console, services: Services, rows: Sequence[NetworkLogRow]) -> None:
    if not console.as_json:
        _say_count(console, services, services.call.network.today())
    shown = [(iso_time(row.time), row.method, clean_label(f"{row.host}{row.path}"), row.purpose) for row in rows]
    list_out(console, list(map(json_of, rows)), shown)


TASKS = ("chat", "summaries", "translation", "code", "embedding")
SORTS = ("downloads", "updated", "likes")
LAST_WORD_S = 3.0
"""Seconds to wait after Ctrl-C until the download says how many bytes are kept."""
_FITS = {"fits": "", "tight": "tight here", "too_large": "too large here", "unknown": ""}


@click.command()
@click.argument("words", nargs=-1)
@click.option("--limit", type=click.IntRange(1, 100), metavar="N", default=10, show_default=True, help="Repositories at most.")
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
    is_open = not words and not filters.narrows
    refuse(is_open, "Give words to search for, or --author, --language, --license or --task.")
    with console.services() as services:
        page = _found(console, services, " ".join(words), filters, limit)
    answer(console, list(map(_shape, page.found)), *chain.from_iterable(map(_lines_of, page.found)))
    if not page.found:
        console.notify("Nothing on the Hub has such a name. Try fewer words.")
    if page.too_large:
        console.notify(f"note: {page.too_large:,} more {_are(page.too_large)} too large for this PC and left out.")
    if page.other_licence:
        has = "has" if page.other_licence == 1 else "have"
        console.notify(f"note: {page.other_licence:,} {has} another licence and {_are(page.other_licence)} left out.")


def _found(console: Console, services: Services, words: str, filters: Filters, limit: int) -> SearchPage:
    link = services.hub.link_in(words)
    services.hub.require("hub.search")
    if link is not None:
        repo = console.result_of(services, lambda: services.hub.repo(link.repo))
        return SearchPage((repo,), may_be_more=False)
    asked = services.hub.begin_search(words, filters)
    return console.result_of(services, lambda: services.hub.read_search(asked, limit=limit, with_files=True))


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


@click.command()
@click.argument("repo_or_file", metavar="REPO[/FILE | :QUANTIZATION]")
@click.option("--quantization", default="", help="Such as Q4_K_M; without it and FILE, the recommended one.")
@click.option("--once", is_flag=True, help="Allow the network for this download alone.")
@json_option
@click.pass_obj
def download(console: Console, repo_or_file: str, quantization: str, once: bool) -> None:
    """Download a model from the Hub and verify it; an interrupted download is resumed."""
    link = parse_link(repo_or_file)
    with console.services() as services:
        if once:
            services.call.network.allow_once()
        notes = _Notes(console)
        ends: queue.SimpleQueue[DownloadChanged] = queue.SimpleQueue()

        def on_changed(event: DownloadChanged) -> None:
            notes.on_event(event)
            if event.state in ENDS:
                ends.put(event)

        services.on(DownloadChanged, on_changed)
        requested = quantization or link.quantization
        job = services.call.downloads.start(link.repo, link.file, requested)
        end = _wait(console, services, job, ends)
        while _is_token_requested(console, end) and _ask_token(console, services, end):
            services.call.downloads.resume(job)
            end = _wait(console, services, job, ends)
    console.end_progress()
    if end.problem:
        raise ReportedError(end.problem)
    model = end.model
    if model is None:
        raise KnownError("download.stopped", id=job)
    shape = picked(model, "id", "bytes", "sha256", "name", "source") | picked(end, "resumed_from", "fit")
    words = f"{model.id}  {clean_label(model.name, 60)}  {bytes_for_people(model.bytes)}, checked"
    answer(console, {**shape, "path": os.fsdecode(model.path)}, words)
    if model.kind in KINDS and not console.as_json:
        console.notify(f"note: this is {KINDS[model.kind]}.")


def _is_token_requested(console: Console, end: DownloadChanged) -> bool:
    is_requested = end.problem is not None and end.problem.code in ("hub.gated", "hub.token_refused")
    return is_requested and not console.as_json and sys.stdin.isatty() and sys.stderr.isatty()


def _ask_token(console: Console, services: Services, end: DownloadChanged) -> bool:
    console.end_progress()
    if end.problem:
        console.notify(f"note: {sentence_of(end.problem)}")
    words = "Access token (not shown, for this run alone; nothing to give up)"
    secret = click.prompt(words, hide_input=True, default="", show_default=False, err=True)
    if not secret.strip():
        return False
    console.result_of(services, lambda: services.tokens.keep(secret, "ask"))
    return True


def _wait(console: Console, services: Services, job: str, ends: queue.SimpleQueue[DownloadChanged]) -> DownloadChanged:
    try:
        return console.next_of(ends)
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


def _shape(hit: FoundRepo) -> dict[str, Json]:
    repo = hit.repo
    return {
        "repo": repo.id,
        **picked(repo, "downloads", "likes", "updated", "license", "gated"),
        "files": [_file_shape(file) for file in hit.files],
    }


def _file_shape(hit: FoundFile) -> dict[str, Json]:
    of_file, eyes = picked(hit.file, "name", "bytes", "quantization"), hit.file.projector
    of_file["projector"] = picked(eyes, "name", "bytes") if eyes else None
    return {**of_file, "sha256": hit.file.sha256 or None, "fit": hit.fit, "parts": len(hit.file.parts)}


def _lines_of(hit: FoundRepo) -> Iterator[str]:
    repo = hit.repo
    about = [f"{repo.downloads:,} downloads", f"{repo.likes:,} likes", repo.updated[:10], repo.license or "no license"]
    if repo.gated:
        about.append("gated")
    yield f"{repo.id}  ({', '.join(about)})"
    for file in hit.files:
        size = bytes_for_people(file.file.bytes) if file.file.bytes else "size unknown"
        what = KINDS[file.file.beside] if file.file.beside else _FITS[file.fit]
        eyes = f"  and {bytes_for_people(file.file.eyes_bytes)} to see or hear" if file.file.eyes_bytes else ""
        yield f"    {file.file.quantization:10} {size:>9}  {file.file.name}{eyes}  {what}".rstrip()


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
