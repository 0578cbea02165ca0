"""A home that a release made opens whole for ever, and its exports read as then: see fakes.release_homes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes.commands import run_here
from fakes.release_homes import unpack

from slmdesk.base.documents import OWN_FORMAT, OWN_VERSION
from slmdesk.base.paths import find_paths
from slmdesk.base.policy import Policy
from slmdesk.base.settings import FORMAT, GONE, Settings, SettingsFile
from slmdesk.documents import redaction_key
from slmdesk.history.store import keys
from slmdesk.history.store.opening import STEPS, schema_after, schema_of

pytestmark = pytest.mark.process

KINDS = {"chat", "question", "summary", "extraction", "versions", "translation", "writing", "space"}


def printed(*words: str) -> str:
    """What a command prints; it must end well."""
    status, out, err = run_here(words, os.environ)
    assert status == 0, (words, err.decode())
    return out.decode()


def holds(now: Any, then: Any) -> bool:
    """Whether all that an export said is still said, where it was; more may have come."""
    match then:
        case dict():
            return isinstance(now, dict) and all(key in now and holds(now[key], then[key]) for key in then)
        case list():
            return isinstance(now, list) and len(now) == len(then) and all(map(holds, now, then))
    return bool(now == then)


def assert_whole(items: list[dict], exports: Path | None = None) -> None:
    """Every item is listed, shown and exported, as it was in `exports`."""
    listed = json.loads(printed("history", "list", "--json"))
    assert [(item["id"], item["kind"], item["title"]) for item in listed] == [
        (item["id"], item["kind"], item["title"]) for item in items
    ]
    for item in items:
        if item["kind"] != "space":
            assert printed("history", "show", item["id"]), item
            now = json.loads(printed("history", "export", item["id"], "--format", "json"))
            if exports:
                then = json.loads((exports / f"{item['id']}.json").read_text("utf-8"))
                assert then["version"] == 1
                assert holds(now, then), item


def test_every_item_of_the_release_is_there_and_exported_as_it_was(home: Path, tmp_path: Path) -> None:
    items = unpack(tmp_path)
    assert {item["kind"] for item in items} >= KINDS, "the control: one of each kind was kept"
    assert_whole(items, tmp_path / "exports")
    assert len(json.loads(printed("history", "list", "--deleted", "--json"))) == 1
    assert len(json.loads(printed("glossary", "list", "--json"))) == 1
    assert len(json.loads(printed("documents", "list", "--json"))) == 2
    assert json.loads(printed("documents", "list", "--folders", "--json"))
    assert [model["name"] for model in json.loads(printed("models", "list", "--json"))] == ["Tiny"]
    with closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as conn:
        assert schema_of(conn) == schema_after(STEPS)


def test_its_settings_hold(home: Path, tmp_path: Path) -> None:
    unpack(tmp_path)
    before = json.loads((home / "config" / "settings.json").read_text("utf-8"))
    assert before.pop("format") == 1
    settings = SettingsFile(find_paths().settings_file, Policy())
    assert settings.problems == []
    assert {key: getattr(settings.current, key) for key in before.keys() - GONE} == {
        key: before[key] for key in before.keys() - GONE
    }
    assert (settings.current.theme, settings.current.font_scale) == ("dark", 120), "the control"


def test_its_backup_is_restored_whole(home: Path, tmp_path: Path) -> None:
    items = unpack(tmp_path)
    shutil.copy(home / "data" / "slmdesk.sqlite3", tmp_path / "backup.sqlite3")
    shutil.rmtree(home / "data")
    printed("restore", str(tmp_path / "backup.sqlite3"))
    assert_whole(items, tmp_path / "exports")


def test_its_exported_chats_are_imported(home: Path, tmp_path: Path) -> None:
    items = unpack(tmp_path)
    shutil.rmtree(home / "data")
    chats = {
        item["title"]: str(tmp_path / "exports" / f"{item['id']}.json") for item in items if item["kind"] == "chat"
    }
    printed("history", "import", *chats.values())
    assert {item["title"] for item in json.loads(printed("history", "list", "--json"))} == chats.keys()


def test_the_numbers_of_the_formats(home: Path, tmp_path: Path) -> None:
    """A released step is never edited; a number rises with a reader of the former one, and a home beside 0.2.0's."""
    assert FORMAT == OWN_VERSION == redaction_key.VERSION == keys.VERSION == 1
    assert OWN_FORMAT == "slmdesk-chat"
    unpack(tmp_path)
    with closing(sqlite3.connect(home / "data" / "slmdesk.sqlite3")) as conn:
        assert conn.execute("pragma user_version").fetchone() == (1,)
        assert schema_of(conn) == schema_after(STEPS[:1])
    names = json.loads((home / "config" / "settings.json").read_text("utf-8")).keys() - {"format"}
    assert names <= {*Settings.__struct_fields__, *GONE}
