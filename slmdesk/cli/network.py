"""`slmdesk network`: what left this PC, whether anything may, and how the Hub is reached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slmdesk.cli.face import Face, json_option, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdesk.core.records import LedgerRow


@click.command()
@click.option("--offline", type=click.Choice(["on", "off"]), help="Forbid or allow requests.")
@click.option("--endpoint", "hub_endpoint", help="A mirror of the Hub, https://…; '' for the Hub itself.")
@click.option("--hosts", "hub_hosts", help="Further hosts files may come from, by spaces; '.a.example': all below it.")
@click.option("--proxy", help="system, none, or http://host:port.")
@click.option("--ca-file", help="Certificates to trust instead of the system's; '' for the system's.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@json_option
@click.pass_obj
def network(face: Face, /, offline: str | None, limit: int, **wishes: str | None) -> None:
    """The network ledger, newest first, and today's count.  With options: how the Hub is reached from now on."""
    changes: dict[str, Any] = {key: value for key, value in wishes.items() if value is not None}
    if changes.get("ca_file"):
        changes["ca_file"] = str(Path(changes["ca_file"]).absolute())
    with face.services() as services:
        if changes:
            services.desk.call(lambda: services.settings.change(**changes))
        if offline is not None:
            services.desk.call(lambda: services.network.set_offline(offline == "on"))
        today = services.desk.call(services.network.today)
        is_offline = services.network.is_offline
        rows = services.desk.call(lambda: services.network.requests(limit))
        now = services.settings.current
    if face.as_json and (changes or offline is not None):
        told = {"endpoint": now.hub_endpoint, "hosts": now.hub_hosts, "proxy": now.proxy, "ca_file": now.ca_file}
        face.give({"offline": is_offline, "today": today, **told})
        return
    if not face.as_json:
        face.say(f"{'Offline' if is_offline else 'Online'}: {today} requests today.")
    _show(face, rows)


def _show(face: Face, rows: Sequence[LedgerRow]) -> None:
    from slmdesk.core.labels import clean_label
    from slmdesk.exports.chats import iso_time

    if face.as_json:
        keys = ("host", "method", "path", "bytes", "purpose")
        face.give([{"time": iso_time(one.time), **{key: getattr(one, key) for key in keys}} for one in rows])
    elif rows:
        table(
            face, [(iso_time(one.time), one.method, clean_label(f"{one.host}{one.path}"), one.purpose) for one in rows]
        )
