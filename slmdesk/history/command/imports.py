"""`slmdesk history import`: chats of other programs, and of slmdesk itself."""

from __future__ import annotations

from pathlib import Path

import click

from slmdesk.command.console import Console, NamedFile, json_option
from slmdesk.history.imports import ImportProgress


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=NamedFile(), metavar="FILE...")
@json_option
@click.pass_obj
def import_chats(console: Console, files: tuple[Path, ...]) -> int:
    """Import the chats in FILE..., files or folders.

    Exports of ChatGPT (the zip file, or conversations.json), Open WebUI (JSON), LM Studio (its folder of conversations,
    or one file of it), Jan (its folder of threads), Cherry Studio (a backup up to version 5, or topics exported as
    Markdown), and JSON exports of slmdesk. A chat that is here already is not added again; what cannot be kept, such as
    pictures, is counted.
    """

    def progressed(progress: ImportProgress) -> None:
        console.progress(f"{progress.file}: chats", progress.added + progress.known, 0)

    with console.services() as services:
        paths = [one.absolute() for one in files]
        report = console.result_of(services, lambda: services.imports.import_files(paths), progressed)
    for _name, problem in report.problems:
        console.notify(f"error: {problem.sentence}")
    if console.as_json:
        console.give(
            {
                "imported": list(report.added),
                "already_here": report.known,
                "left_out": dict(report.left_out or {}),
                "unknown": report.unknown,
                "too_large": report.too_large,
                "empty": report.empty,
                "problems": [
                    {"file": name, "code": problem.code, "message": problem.sentence}
                    for name, problem in report.problems
                ],
            }
        )
    else:
        for line in report.counts:
            console.say(line)
    return int(bool(report.problems))
