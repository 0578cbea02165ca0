"""`slmdesk doctor`: what this PC is, what works, what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from slmdesk.cli.console import Face, json_option, words_for

if TYPE_CHECKING:
    from slmdesk.core.types import Json


@click.command()
@click.option("--measure", is_flag=True, help="Measure anew how fast this PC reads its memory.")
@json_option
@click.pass_obj
def doctor(face: Face, measure: bool) -> None:
    """What this PC is, what works, and which optional parts are missing."""
    from slmdesk.core.errors import KnownError
    from slmdesk.paths import find_paths
    from slmdesk.services.base.messages import problem_for
    from slmdesk.services.doctor import Findings, examine, examine_computer

    try:
        with face.services() as services:
            if measure:
                face.wait_for(services, services.measuring.measure)
            found: Findings = face.wait_for(services, lambda told: examine(services, told))
    except KnownError as err:  # what is ill must not keep the doctor away
        found = examine_computer(find_paths(face.home))
        problem = problem_for(err)
        found.shape["history"] = {"problem": words_for(problem.code, problem.sentence, problem.args)}
    if face.as_json:
        face.give(found.shape)
    else:
        _show(face, found.shape, "")


def _show(face: Face, value: Mapping[str, Json], indent: str) -> None:
    for key, one in value.items():
        if isinstance(one, Mapping):
            face.say(f"{indent}{key}:")
            _show(face, one, indent + "  ")
        elif isinstance(one, Sequence) and not isinstance(one, str):
            face.say(f"{indent}{key}: {', '.join(map(str, one)) or '-'}")
        else:
            face.say(f"{indent}{key}: {'-' if one in (None, '') else one}")
