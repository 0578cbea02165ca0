"""`slmdesk backup`: everything but the models, as one checked file."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.cli.face import Face, json_option


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@json_option
@click.pass_obj
def backup(face: Face, file: Path) -> None:
    """Copy the history to FILE, checked.  The window must be closed."""
    from slmdesk.store import BackupResult

    with face.services() as services:
        made: BackupResult = face.wait_for(
            services,
            lambda told: services.backups.make(
                file.absolute(), told, lambda done, total: face.progress("backup", done, total)
            ),
        )
        face.end_progress()
    if face.as_json:
        face.give({"bytes": made.bytes, "sha256": made.sha256})
    else:
        face.say(f"{file}  {made.bytes:,} bytes  sha256 {made.sha256}")
