"""Settings on what is kept of what was read: shown and deleted."""

from __future__ import annotations

import pytest

from slmdesk.base.saved_states import StateHead, states_in, write_state

pytestmark = pytest.mark.gui


def keep_one(paths, key: str = "a") -> None:
    head = StateHead(key, "m", "e", ("d",), 1, 3_000_000)
    write_state(paths.states, head, b"1234", bytes(3_000_000), most_bytes=1 << 30)


def test_the_size_is_shown_and_all_is_deleted(start, paths) -> None:
    program = start()
    program.ask(lambda services: services.models.list())
    keep_one(paths)
    delete = program.setting("delete_saved_states")
    program.says("delete_saved_states_sentence", "3 MB of one text")
    program.click(delete)
    program.says("delete_saved_states_sentence", "Nothing")
    assert states_in(paths.states) == []
    assert not program.find("setting_delete_saved_states").isEnabled()
