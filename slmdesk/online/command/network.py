"""`slmdesk network`: the network log, whether the program is offline, how the Hub is reached, and the access token."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from slmdesk.base.labels import clean_label
from slmdesk.base.policy import shown_proxy
from slmdesk.base.records import NetworkLogRow
from slmdesk.base.types import Json
from slmdesk.command.console import Console, NamedFile, json_option, table
from slmdesk.hub.guard import HUB
from slmdesk.online.export_log import json_of, time_of
from slmdesk.online.routes import ENDPOINT_VARIABLE, endpoint_of
from slmdesk.services import Services

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
@click.option(
    "--enforce",
    type=click.Choice(["on", "off"]),
    help="While offline, have the system itself refuse every connection; from the next command or start on.",
)
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
@click.option("--export", "target", type=NamedFile(), help="Write the ledger to a file, .csv or .json.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
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
    if is_given and (forget_token or token_place == "ask"):  # noqa: S105 (a place)
        raise click.UsageError("--token keeps a token, the other option keeps none: name one of them.")
    if token_place in ("keyring", "file") and not is_given:
        raise click.UsageError("--token-place says where the token of --token is kept: name that too.")
    secret = _read_token() if is_given else ""
    with console.services() as services:
        _change(console, services, changes, offline)
        if is_given:
            console.result_of(services, lambda: services.tokens.keep(secret, token_place or "keyring"))
        if forget_token or token_place == "ask":  # noqa: S105 (a place)
            console.result_of(services, services.tokens.forget)
        if target is not None:
            _export(console, services, target.absolute(), words)
        elif changes or offline is not None or is_given or forget_token or token_place or wants_settings:
            _say_settings(console, services)
        else:
            _show(console, services, services.service_thread.call(lambda: services.network.requests(limit, words)))


def _change(console: Console, services: Services, changes: dict[str, Any], offline: str | None) -> None:
    if changes:
        console.result_of(services, lambda: services.network.change(**changes))
    if offline is not None:
        services.service_thread.call(lambda: services.network.set_offline(offline == "on"))


def _read_token() -> str:
    """Read the token from stdin, without echo on a terminal."""
    if sys.stdin.isatty():
        return str(click.prompt("Access token (not shown)", hide_input=True, err=True))
    return sys.stdin.readline(MOST_STDIN)


def _export(console: Console, services: Services, target: Path, words: str) -> None:
    done = console.result_of(services, lambda: services.network.export(target, words))
    if console.as_json:
        console.give({"path": done.path, "rows": done.rows})
    else:
        console.say(f"{done.rows:,} rows written to {done.path}")


def _say_settings(console: Console, services: Services) -> None:
    """Print how the Hub is reached; of the token, only where it is kept."""
    now, place = services.settings.current, services.service_thread.call(services.tokens.state).place
    today = services.service_thread.call(services.network.today)
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
    rows = [
        ("hub", "the Hub itself" if hub == HUB else hub if now.hub_endpoint else f"{hub} ({ENDPOINT_VARIABLE})"),
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
    if console.as_json:
        console.give([json_of(one) for one in rows])
        return
    _say_count(console, services, services.service_thread.call(services.network.today))
    if rows:
        table(console, [(time_of(one), one.method, clean_label(f"{one.host}{one.path}"), one.purpose) for one in rows])
