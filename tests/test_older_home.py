"""A home of the version before format 1 opens whole, once, and says what ended: see fakes.older_homes."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from fakes.older_homes import unpack
from fakes.recorder import open_echo
from test_release_home import assert_whole, printed

from slmdesk.base.paths import find_paths
from slmdesk.base.policy import Policy
from slmdesk.base.settings import GONE, SettingsFile
from slmdesk.history.store import former
from slmdesk.history.store.opening import STEPS, schema_after, schema_of

pytestmark = pytest.mark.process

KINDS = {
    "chat", "question", "summary", "extraction", "versions", "translation", "writing", "comparison", "space",
}  # fmt: skip


def test_every_item_of_the_former_home_is_there_and_its_format_is_number_1(home: Path, tmp_path: Path) -> None:
    items = unpack(tmp_path)
    assert {item["kind"] for item in items} >= KINDS, "the control: one of each kind was kept"
    database = home / "data" / "slmdesk.sqlite3"
    with closing(sqlite3.connect(database)) as conn:
        assert former.is_former(conn), "the control"
    assert_whole(items)
    assert len(json.loads(printed("history", "list", "--deleted", "--json"))) == 1
    assert len(json.loads(printed("glossary", "list", "--json"))) == 3
    assert json.loads(printed("documents", "list", "--folders", "--json"))
    assert "Guten Morgen." in printed("memory", "export")
    with closing(sqlite3.connect(database)) as conn:
        assert schema_of(conn) == schema_after(STEPS)
        assert conn.execute("pragma user_version").fetchone() == (len(STEPS),)
    assert [copy.name for copy in (home / "data" / "backups").iterdir()], "a copy was kept before"


def test_its_settings_hold_and_what_is_gone_leaves_no_trace(home: Path, tmp_path: Path) -> None:
    unpack(tmp_path)
    before = json.loads((home / "config" / "settings.json").read_text("utf-8"))
    assert before.keys() >= GONE, "the control"
    settings = SettingsFile(find_paths().settings_file, Policy())
    assert settings.problems == []
    assert {key: getattr(settings.current, key) for key in before.keys() & set(settings.current.__struct_fields__)} == {
        key: value for key, value in before.items() if key in settings.current.__struct_fields__
    }
    settings.change(context_tokens=4096)
    after = json.loads((home / "config" / "settings.json").read_text("utf-8"))
    assert not after.keys() & GONE
    assert after["a_key_of_a_newer_version"] == 1


def test_its_rules_and_holds_end_with_one_notice(home: Path, tmp_path: Path) -> None:
    unpack(tmp_path)
    for expected in ((2, 2, 0), (0, 0, 0)):
        services = open_echo()
        try:
            assert services.service_thread.call(services.store.retention.rules_of_before) == expected
            services.service_thread.call(services.retention.start)
        finally:
            services.close()


def test_its_backup_is_restored_whole(home: Path, tmp_path: Path) -> None:
    items = unpack(tmp_path)
    shutil.copy(home / "data" / "slmdesk.sqlite3", tmp_path / "backup.sqlite3")
    shutil.rmtree(home / "data")
    printed("restore", str(tmp_path / "backup.sqlite3"))
    assert_whole(items)
