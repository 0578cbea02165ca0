"""What is said of the walls around a child: by the facts it reported, never more than those."""

from __future__ import annotations

from itertools import chain, combinations

import pytest

from slmdesk.base.walls import Wall, landlock_of, walls_of, walls_of_children

pytestmark = pytest.mark.pure
ALL = ("no_network", "no_exec", "no_signals", "files_limited", "no_spying")


def test_only_all_of_it_is_walled() -> None:
    for facts in chain.from_iterable(combinations(ALL, count) for count in range(len(ALL) + 1)):
        walls = walls_of(("chat", "dies_with_desk", *facts))
        assert walls.wall is (Wall.WALLED if facts == ALL else Wall.PARTLY if facts else Wall.NOT)
        assert len(walls.could) == len(ALL) - len(facts)
        assert walls.words.startswith(walls.wall)


def test_what_a_child_could_do_is_said_where_something_is_missing() -> None:
    walls = walls_of(("no_network", "no_exec", "no_signals"))
    assert walls.words == (
        "partly walled (if taken over it could open every file of this account "
        "and read and change the memory of the account's other programs)"
    )
    assert walls_of(()).words == "not walled (it has all rights of this account)"


def test_the_helper_and_its_trials_have_their_own_facts() -> None:
    helper = ("helper:no_network", "helper:exec_limited", "helper:files_limited", "helper:no_spying")
    walls = walls_of_children({"engine": (*ALL, *helper, "landlock_5"), "reader": ()})
    assert walls["reader"] is None, "not started yet"
    assert walls["engine"] is not None
    assert walls["engine"].wall is Wall.WALLED
    assert walls["helper"] == walls["trial"]
    assert walls["helper"] is not None
    assert walls["helper"].could == ("end the account's other programs",)
    without = walls_of_children({"engine": helper})
    assert without["engine"] is not None
    assert without["engine"].wall is Wall.NOT, "facts of the helper are none of the engine"
    assert walls_of_children({"engine": ALL})["helper"] is None


def test_the_version_of_landlock_is_a_number_or_nothing() -> None:
    assert [landlock_of(facts) for facts in (("landlock_7",), (), ("landlock_x",))] == [7, 0, 0]
