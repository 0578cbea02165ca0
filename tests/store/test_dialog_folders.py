"""What the window's file dialogs keep goes with what is deleted for good, on the command line too."""

from __future__ import annotations

import pytest
from store.conftest import say

pytestmark = pytest.mark.pure


def test_what_dialogs_kept_goes_with_what_is_deleted_for_good(store, paths) -> None:
    paths.config.mkdir()
    paths.dialogs_file.write_text("[FileDialog]\nhistory=file:///heron\n")
    item = store.items.add("chat", "one")
    say(store, item.id, "hello")
    store.items.trash(item.id)
    assert "heron" in paths.dialogs_file.read_text()
    store.delete_for_good(item.id)
    assert paths.dialogs_file.read_bytes() == b""
    assert paths.dialogs_file.stat().st_mode & 0o777 == 0o600
    other = store.items.add("chat", "two")
    paths.dialogs_file.unlink()
    store.delete_for_good(other.id)
    assert not paths.dialogs_file.exists()
