"""Which walls a process of ours stands behind, by what it said itself: what took effect, never what was asked for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import NamedTuple

HELPER = "helper:"
"""In the capabilities of the engine: what took effect in the helper that tries chat templates, and in its trials."""
UNTRIED = "untried"
"""Among the facts: the walls were written for this system, and never tried on one."""
LANDLOCK = "landlock_"
"""With the version of the kernel's Landlock behind it."""
_HOLES = (
    (frozenset({"no_network"}), "reach the network"),
    (frozenset({"no_exec", "exec_limited"}), "start any program"),
    (frozenset({"files_limited"}), "open every file of this account"),
    (frozenset({"no_signals"}), "end the account's other programs"),
    (frozenset({"no_spying"}), "read and change the memory of the account's other programs"),
)
"""What must have taken effect, one of each set, and what could be done without it."""


class Wall(StrEnum):
    WALLED = "walled"
    PARTLY = "partly walled"
    NOT = "not walled"


class Walls(NamedTuple):
    wall: Wall
    could: tuple[str, ...] = ()
    """What it could do if somebody took it over ("reach the network")."""
    is_untried: bool = False

    @property
    def words(self) -> str:
        details = {
            Wall.WALLED: "no network, no other program, no file but those it needs",
            Wall.PARTLY: f"if taken over it could {' and '.join(self.could)}",
            Wall.NOT: "it has all rights of this account",
        }
        return f"{self.wall} ({details[self.wall]}{'; never tried on such a system' if self.is_untried else ''})"


def walls_of(facts: Collection[str]) -> Walls:
    could = tuple(words for needed, words in _HOLES if not needed & set(facts))
    wall = Wall.WALLED if not could else Wall.NOT if len(could) == len(_HOLES) else Wall.PARTLY
    return Walls(wall, could, UNTRIED in facts)


def walls_of_children(said: Mapping[str, Collection[str]]) -> dict[str, Walls | None]:
    """The walls of each kind of child, by its facts; None for one that said nothing yet.

    Beside them stand the engine's `helper` for chat templates and the `trial` it starts, which inherits its walls; None
    also where there is no helper.
    """
    helper = [one.removeprefix(HELPER) for one in said.get("engine", ()) if one.startswith(HELPER)]
    everybody = {**said, "helper": helper, "trial": helper}
    return {role: walls_of(facts) if facts else None for role, facts in everybody.items()}


def landlock_of(facts: Collection[str]) -> int:
    versions = [one.removeprefix(LANDLOCK) for one in facts if one.startswith(LANDLOCK)]
    return int(versions[0]) if versions and versions[0].isdecimal() else 0
