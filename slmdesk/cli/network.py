"""`slmdesk network`: what left this PC, and whether anything may."""

from __future__ import annotations

import click

from slmdesk.cli.face import Face, json_option, table


@click.command()
@click.option("--offline", type=click.Choice(["on", "off"]), help="Forbid or allow requests.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
@json_option
@click.pass_obj
def network(face: Face, offline: str | None, limit: int) -> None:
    """The network ledger, newest first, and today's count."""
    from slmdesk.core.labels import clean_label
    from slmdesk.exports.chats import iso_time

    with face.services() as services:
        if offline is not None:
            services.desk.call(lambda: services.network.set_offline(offline == "on"))
        today = services.desk.call(services.network.today)
        is_offline = services.network.is_offline
        rows = services.desk.call(lambda: services.network.requests(limit))
    if face.as_json and offline is not None:
        face.give({"offline": is_offline, "today": today})
    elif face.as_json:
        face.give(
            [
                {
                    "time": iso_time(one.time),
                    "host": one.host,
                    "method": one.method,
                    "path": one.path,
                    "bytes": one.bytes,
                    "purpose": one.purpose,
                }
                for one in rows
            ]
        )
    else:
        face.say(f"{'Offline' if is_offline else 'Online'}: {today} requests today.")
        if rows:
            lines = [
                (iso_time(one.time), one.method, clean_label(f"{one.host}{one.path}"), one.purpose) for one in rows
            ]
            table(face, lines)
