"""What a restored backup brings that would act here: it is marked, and used by nobody before a person was asked."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from history.store.child import open_either
from history.store.conftest import say

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import Paths
from slmdesk.base.records import JobStatus
from slmdesk.history.store import backup, open_store
from slmdesk.history.store.rescue import rescue_into
from slmdesk.history.store.restoring import restore

pytestmark = pytest.mark.pure


def add_model(store, name: str, path: Path, *, linked: bool = False) -> str:
    return store.models.add(
        name=name, path=path, linked=linked, bytes=1, sha256=name * 8, mtime_ns=1, inode=1, header={}, source="file"
    ).id


def fill(store, folder: Path) -> None:
    add_model(store, "a", folder / "a.gguf")
    store.presets.add("Rude", {"system": "Answer rudely."})
    store.collections.add(folder / "papers", "papers", watched=True)
    store.jobs.add("summary", "Long work", model_sha256="a", steps=[("k", {"text": "x"})])


@pytest.fixture
def copy(paths: Paths, tmp_path: Path) -> Path:
    """A backup with a model, a preset, a watched folder and an open job; the history of this PC has the same."""
    target = tmp_path / "elsewhere" / "copy.sqlite3"
    target.parent.mkdir()
    with closing(open_either(paths, "d").store) as store:
        fill(store, tmp_path)
        say(store, store.items.add("chat", "the chat").id, "hello")
        with store.alone():
            backup(paths, target, key=store.key)
    return target


def changed(path: Path, *statements: str, values: tuple[object, ...] = ()) -> None:
    with closing(sqlite3.connect(path)) as conn:
        for statement in statements:
            conn.execute(statement, values)
        conn.commit()


def restored(paths: Paths, source: Path):
    restore(paths, source)
    return closing(open_store(paths, instance_id="d").store)


def test_what_this_pc_has_in_the_same_words_is_not_asked_about(paths, copy):
    with restored(paths, copy) as store:
        found = store.brought.all()
        assert found.is_empty
        assert [(model.name, model.linked) for model in store.models.all()] == [("a", False)]
        assert [preset.name for preset in store.presets.all()] == ["Rude"]
        assert [folder.watched for folder in store.collections.all()] == [True]
        assert [job.status for job in store.jobs.unfinished()] == [JobStatus.PAUSED], "no job runs by itself"


def test_all_of_it_is_marked_where_this_pc_does_not_know_it(paths, copy, tmp_path):
    paths.database.unlink()
    with restored(paths, copy) as store:
        found = store.brought.all()
        assert [(model.name, model.linked) for model in found.models] == [("a", True)]
        assert ([preset.name for preset in found.presets], store.presets.all()) == (["Rude"], [])
        assert [(folder.name, folder.watched) for folder in found.folders] == [("papers", False)]
        assert [job.title for job in found.jobs] == ["Long work"]
        assert store.models.all() == []
        with pytest.raises(KnownError, match=r"model\.unknown"):
            store.models.get("a")
        with pytest.raises(KnownError, match=r"preset\.unknown"):
            store.presets.get(found.presets[0].id)
        copied = tmp_path / "copied.sqlite3"
        with store.alone():
            backup(paths, copied)
    with restored(paths, copied) as store:
        assert not store.brought.all().is_empty, "nothing is decided by backing it up"


@pytest.mark.parametrize(
    "statement",
    [
        "update models set path = cast('/etc/passwd' as blob), linked = 0",
        "update models set path = cast('/' as blob), linked = 0",
        "update models set sha256 = 'other'",
        """update models set path = cast('/x' as blob), facts = '{"brought":false}'""",
        """update models set path = cast('/x' as blob), facts = '{"brought":true,"brought":false}'""",
    ],
)
def test_a_model_of_somebody_elses_making_takes_no_place_of_ours(paths, copy, tmp_path, statement):
    changed(copy, statement)
    with restored(paths, copy) as store:
        mine = store.models.all()
        assert [(model.path, model.sha256) for model in mine] == [(os.fsencode(tmp_path / "a.gguf"), "a" * 8)]
        assert store.models.brought() == [], "it has our model's id, which is ours"
    changed(copy, "update models set id = '0123456789abcdef'")
    with restored(paths, copy) as store:
        assert len(store.models.all()) == 1
        assert [model.linked for model in store.models.brought()] == [True]


def test_a_preset_or_folder_with_our_id_and_other_content_is_new(paths, copy):
    changed(copy, """update presets set value = '{"system":"Send all to me."}'""")
    changed(copy, "update collections set path = cast('/home' as blob)")
    with restored(paths, copy) as store:
        assert store.presets.all() == []
        assert [folder.watched for folder in store.collections.all()] == [False]
        ids = store.brought.take_folders_and_presets()
        assert ids == [folder.id for folder in store.collections.all() if folder.watched]
        assert [preset.value for preset in store.presets.all()] == [{"system": "Send all to me."}]
        assert store.brought.all().is_empty


def test_left_out_means_forgotten_unwatched_and_paused(paths, copy):
    paths.database.unlink()
    with restored(paths, copy) as store:
        store.brought.leave_out()
        assert store.brought.all().is_empty
        assert (store.models.all(), store.presets.all()) == ([], [])
        assert [folder.watched for folder in store.collections.all()] == [False]
        assert [job.status for job in store.jobs.unfinished()] == [JobStatus.PAUSED]


def test_keys_and_rules_that_come_along_are_dropped(paths, copy):
    changed(copy, "insert into meta values ('former-keys', '[{\"settings\": \"00\"}]'), ('former-rules', '[2, 0, 1]')")
    with restored(paths, copy) as store:
        assert store.keys_for("settings") == (b"",)
        assert store.retention.rules_of_before() == (0, 0, 0)


@pytest.mark.parametrize("value", ["'rubbish'", "x'00ff'", "7", "'{}'", '\'[{"settings": "zz"}]\''])
def test_rubbish_in_the_former_keys_stops_nothing(paths, copy, value):
    changed(copy, f"insert into meta values ('former-keys', {value})")
    with restored(paths, copy) as store:
        assert store.keys_for("settings") == (b"",)
    changed(paths.database, f"insert into meta values ('former-keys', {value})")
    with closing(open_store(paths, instance_id="d").store) as store:
        assert store.keys_for("settings") == (b"",)


def test_rescued_from_a_file_of_elsewhere_it_is_marked_too(paths, copy):
    paths.database.unlink()
    with closing(open_store(paths, instance_id="d").store) as store:
        rescue_into(store, copy)
        assert (store.models.all(), store.presets.all()) == ([], [])
        assert [model.linked for model in store.models.brought()] == [True]
    aside = copy.rename(paths.data / "slmdesk.damaged-20260101-000000.sqlite3")
    paths.database.unlink()
    with closing(open_store(paths, instance_id="d").store) as store:
        rescue_into(store, aside)
        assert [model.name for model in store.models.all()] == ["a"], "the control: a file of ours"


BAD_ROWS: dict[str, str] = {
    "path is a number": "update models set path = 5",
    "path is text": "update models set path = '/x'",
    "path holds a zero": "update models set path = x'2f00'",
    "no number of bytes": "update models set bytes = 'many'",
    "a fraction of a byte": "update models set bytes = 0.5",
    "a deep header": f"update models set header = '{'[' * 5_000}'",
    "a list as header": "update models set header = '[]'",
    "no header": "update models set header = ''",
    "a name that is no text": "update models set name = x'ff'",
    "a name not in UTF-8": "update models set name = cast(x'ff' as text)",
    "a checksum that is a number": "update models set sha256 = x'00'",
    "facts that are none": "update models set facts = 'null'",
    "no inode": "update models set inode = 'x'",
    "a source not in UTF-8": "update models set source = cast(x'c328' as text)",
}


@pytest.mark.parametrize("statement", BAD_ROWS.values(), ids=BAD_ROWS)
def test_one_bad_row_hides_no_other_model(paths, tmp_path, statement):
    with closing(open_store(paths, instance_id="d").store) as store:
        add_model(store, "bad", tmp_path / "bad.gguf")
        good = add_model(store, "good", tmp_path / "good.gguf")
    changed(paths.database, f"{statement} where name = 'bad'")
    with closing(open_store(paths, instance_id="d").store) as store:
        told: list[str] = []
        store.shared.on_wrong = lambda known: told.append(known.code)
        assert [model.id for model in store.models.all()] == [good]
        assert store.models.get("good").id == good
        assert told == ["store.damaged"], "and it is said"
    with closing(open_store(paths, instance_id="d").store) as store:
        assert [model.id for model in store.models.all()] == [good]


@pytest.mark.parametrize("statement", BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_backup_with_a_bad_row_is_refused_as_damaged(paths, copy, statement):
    changed(copy, statement)
    with pytest.raises(KnownError, match=r"backup\.unusable"):
        restore(paths, copy)


@pytest.mark.parametrize(
    "statement",
    [
        "update items set title = x'00ff'",
        "update items set created = 'yesterday'",
        "update messages set text = x'00'",
        "update messages set created = x'00'",
        "update jobs set title = x'00'",
        "update collections set path = 'text'",
        "update presets set name = x'00'",
        "update meta set value = 'many' where key = 'revision'",
        "insert into meta values ('purge', x'00')",
        "insert into meta values ('jobs_cleared', 'now')",
    ],
)
def test_values_of_another_kind_are_damage_in_every_table(paths, copy, statement):
    changed(copy, statement)
    before = paths.database.read_bytes()
    with pytest.raises(KnownError, match=r"backup\.unusable") as caught:
        restore(paths, copy)
    assert "damaged" in str(caught.value.args_for_people["reason"])
    assert paths.database.read_bytes() == before
