"""Settings forgive: row U1, and what is kept, refused and told."""

from __future__ import annotations

import json
import os
import random
import time

import pytest

from slmdesk.base.errors import KnownError
from slmdesk.base.policy import Policy
from slmdesk.base.settings import Settings, SettingsFile
from slmdesk.base.untrusted import MAX_FILE_BYTES

pytestmark = pytest.mark.pure


@pytest.fixture
def path(tmp_path):
    folder = tmp_path / "config"
    folder.mkdir()
    return folder / "settings.json"


def test_settings_come_back_and_unknown_keys_are_kept(path):
    path.write_text(json.dumps({"theme": "dark", "from_the_future": {"a": [1, None]}}))
    file = SettingsFile(path)
    assert (file.current.theme, file.problems) == ("dark", [])
    file.change(font_scale=120)
    again = SettingsFile(path)
    assert again.current == file.current
    assert again.current.extra == {"from_the_future": {"a": [1, None]}}
    assert json.loads(path.read_text())["from_the_future"] == {"a": [1, None]}
    assert path.stat().st_mode & 0o777 == 0o600


def test_listeners_hear_of_real_changes_alone(path):
    file = SettingsFile(path)
    received = []
    file.listeners.append(received.append)
    file.change(theme="light")
    file.change(theme="light")
    assert [each.theme for each in received] == ["light"]


def test_two_desks_keep_each_others_changes(path):
    window, cli = SettingsFile(path), SettingsFile(path)
    received = []
    window.listeners.append(received.append)
    cli.change(offline=False)
    assert window.current.offline is True
    window.refresh()
    window.refresh()
    assert window.current.offline is False, "a switch thrown elsewhere holds here too"
    assert len(received) == 1
    cli.change(font_scale=150)
    window.change(theme="dark")
    cli.refresh()
    assert window.current == cli.current == Settings(offline=False, font_scale=150, theme="dark")
    path.write_text("{ broken")
    window.refresh()
    assert window.current.theme == "dark", "a file that breaks under a running program resets nothing"
    path.unlink(missing_ok=True)
    window.refresh()
    assert window.current.theme == "dark"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("theme", "purple"),
        ("context_tokens", 10),
        ("context_tokens", "4096"),
        ("context_tokens", True),
        ("offline", 1),
        ("font_scale", 10**9),
        ("idle_unload_minutes", -1),
        ("models_folder", "relative/folder"),
        ("model_for_chat", "\0"),
        ("default_preset", "x" * 100_000),
        ("nonsense", 1),
    ],
)
def test_a_wrong_value_is_refused_by_name(path, key, value):
    file = SettingsFile(path)
    with pytest.raises(KnownError) as caught:
        file.change(**{key: value})
    assert (caught.value.code, caught.value.args_for_people["key"]) == ("setting.invalid", key)
    assert file.current == Settings()
    assert not path.exists()


def test_a_wrong_value_in_the_file_is_named_and_the_file_kept(path):
    text = json.dumps({"theme": 5, "context_tokens": 8192, "font_scale": "large"})
    path.write_text(text)
    file = SettingsFile(path)
    assert file.current == Settings(context_tokens=8192)
    assert [problem.args_for_people["key"] for problem in file.problems] == ["theme", "font_scale"]
    assert path.read_text() == text, "reading changes nothing"
    file.change(theme="dark")
    (old,) = path.parent.glob("settings.old-*.json")
    assert old.read_text() == text


def broken_files(chance: random.Random) -> list[bytes]:
    """30 ways to be no settings file."""
    good = json.dumps({"theme": "dark", "context_tokens": 8192}).encode()
    return [
        b"", b"\0" * 500, b"\xff\xfe" + good, good[:-1], good[:7], b"[]", b"null", b"5", b'"text"', b"{",
        b"{'theme': 'dark'}", b"[" * 100_000, b'{"a":' * 100_000, b"\x80\x81", b"<html>", b"PK\x03\x04" + bytes(100),
        good + b"}", b'{"theme": NaN', b'{"theme": "\xed\xa0\x80"}', b"{" + b" " * MAX_FILE_BYTES + b"}",
        *(chance.randbytes(chance.randrange(1, 5000)) for _ in range(10)),
    ]  # fmt: skip


def test_u1_30_damaged_files_start_with_defaults_and_are_kept(path):
    files = broken_files(random.Random(1))
    assert len(files) == 30
    for number, data in enumerate(files):
        for old in path.parent.iterdir():
            old.unlink()
        path.write_bytes(data)
        file = SettingsFile(path)
        assert file.current == Settings(), number
        assert [problem.code for problem in file.problems] == ["setting.invalid"], number
        file.change(theme="dark")
        kept = [each for each in path.parent.iterdir() if each != path]
        assert [each.read_bytes() for each in kept] == [data], number
        assert SettingsFile(path).current.theme == "dark"


def test_u1_what_is_no_file_blocks_nothing(path):
    os.mkfifo(path)
    file = SettingsFile(path)
    assert file.problems
    assert file.current == Settings()
    file.change(theme="dark")
    assert SettingsFile(path).current.theme == "dark"
    path.unlink()
    path.mkdir()
    file = SettingsFile(path)
    file.change(theme="light")
    assert SettingsFile(path).current.theme == "light"


def test_a_file_of_a_newer_format_is_said_used_and_kept(path):
    text = json.dumps({"format": 2, "sequences": 4, "theme": "twilight", "plugins": ["x"]})
    path.write_text(text)
    file = SettingsFile(path)
    assert [(problem.code, problem.args_for_people.get("version")) for problem in file.problems] == [
        ("setting.newer", 2), ("setting.invalid", None),
    ]  # fmt: skip
    assert file.current.sequences == 4
    assert path.read_text() == text, "nothing is written unasked"
    file.change(theme="dark")
    (kept,) = path.parent.glob("settings.old-*.json")
    assert kept.read_text() == text
    assert json.loads(path.read_text()).items() >= {"format": 1, "theme": "dark", "sequences": 4}.items()
    assert SettingsFile(path).problems == []


def test_a_newer_format_that_comes_while_the_window_is_open_is_kept(path):
    file = SettingsFile(path)
    file.change(theme="dark")
    path.write_text(json.dumps({"format": 2, "theme": "light"}))
    file.change(sequences=4)
    (kept,) = path.parent.glob("settings.old-*.json")
    assert json.loads(kept.read_text())["format"] == 2


def test_a_folder_that_is_not_there_is_said(tmp_path):
    file = SettingsFile(tmp_path / "nowhere" / "settings.json")
    with pytest.raises(KnownError, match=r"file\.unwritable"):
        file.change(theme="dark")
    assert file.current.theme == "system"


def test_a_file_that_is_just_being_written_by_hand_is_left_alone_and_read_when_it_is_whole(path):
    window = SettingsFile(path)
    window.change(offline=False, font_scale=120)
    path.write_text('{"offline": tr')
    window.refresh()
    assert (window.current.offline, path.read_text()) == (False, '{"offline": tr')
    path.write_text('{"offline": true, "font_scale": 9000}')
    window.refresh()
    assert window.current.offline is True, "a wrong value beside it does not hide it"
    assert window.current.font_scale == 120
    assert window.problems == []
    window.change(theme="dark")
    (kept,) = path.parent.glob("settings.old-*.json")
    assert "9000" in kept.read_text()


def test_the_network_allowed_only_once_is_saved_nowhere_and_offline_said_elsewhere_ends_it(path):
    file, received = SettingsFile(path), []
    file.change(theme="dark")
    file.listeners.append(received.append)
    file.allow_once()
    assert (file.current.offline, file.is_once, received[-1].offline) == (False, True, False)
    file.change(font_scale=120)
    assert json.loads(path.read_text())["offline"] is True
    assert not file.current.offline
    time.sleep(0.01)
    SettingsFile(path).change(offline=True)
    file.refresh()
    assert (file.current.offline, file.is_once, received[-1].offline) == (True, False, True)


def test_only_once_ends_where_a_person_says_so_and_becomes_lasting_where_a_person_says_that(path):
    file = SettingsFile(path)
    file.allow_once()
    file.change(offline=True)
    assert (file.current.offline, file.is_once) == (True, False)
    file.allow_once()
    file.change(offline=False)
    assert (file.current.offline, file.is_once, SettingsFile(path).current.offline) == (False, False, False)


def test_what_the_organisation_set_offline_cannot_be_allowed_once(path):
    file = SettingsFile(path, Policy(forced={"offline": True}))
    with pytest.raises(KnownError, match=r"^setting\.managed "):
        file.allow_once()
    assert (file.current.offline, file.is_once) == (True, False)


KEY = bytes(range(32))
NAMED = {
    "models_folder": "/srv/Zebrafishxq", "ca_file": "/srv/Zebrafishxq.pem",
    "hub_endpoint": "https://zebrafishxq.example", "hub_hosts": "files.zebrafishxq.example",
    "proxy": "http://zebrafishxq@proxy:3128", "token_host": "zebrafishxq.example",
}  # fmt: skip


def test_with_a_key_no_name_of_a_folder_or_host_is_readable_and_all_else_is(path):
    file = SettingsFile(path)
    file.change(theme="dark", **NAMED)
    aside = path.with_name("settings.old-20260101-000000.json")
    aside.write_bytes(path.read_bytes())
    assert b"ebrafishxq" in path.read_bytes()  # the control
    file.use_key(KEY)
    assert [other_path.name for other_path in path.parent.iterdir()] == ["settings.json"]
    written = path.read_bytes()
    assert b"ebrafishxq" not in written
    assert json.loads(written)["theme"] == "dark"

    locked = SettingsFile(path)
    assert (locked.current.theme, locked.current.models_folder, locked.problems) == ("dark", "", [])
    locked.change(font_scale=120)  # without the key what is sealed stays
    again = SettingsFile(path)
    heard = []
    again.listeners.append(heard.append)
    again.use_key(KEY)
    assert {name: getattr(again.current, name) for name in NAMED} == NAMED
    assert (again.current.font_scale, heard) == (120, [again.current])
    assert b"ebrafishxq" not in path.read_bytes()
    again.change(theme="light")
    file.refresh()
    assert (file.current.theme, file.current.models_folder) == ("light", NAMED["models_folder"])

    again.use_key(b"")
    assert {name: getattr(SettingsFile(path).current, name) for name in NAMED} == NAMED
    assert "sealed" not in json.loads(path.read_text())


def test_names_sealed_with_a_key_of_before_are_sealed_with_the_one_of_now_or_none(path):
    file = SettingsFile(path)
    file.change(**NAMED)
    file.use_key(KEY)
    for now in (bytes(32), b""):
        opened = SettingsFile(path)
        opened.use_key(now, b"another key of before".ljust(32), KEY if now else bytes(32))
        assert {name: getattr(opened.current, name) for name in NAMED} == NAMED
        assert opened.problems == []
        again = SettingsFile(path)
        again.use_key(now)
        assert {name: getattr(again.current, name) for name in NAMED} == NAMED
        assert (b"ebrafishxq" in path.read_bytes()) == (not now)


def test_names_sealed_with_another_key_are_said_and_kept_in_a_copy(path):
    file = SettingsFile(path)
    file.change(**NAMED)
    file.use_key(KEY)
    sealed = json.loads(path.read_text())["sealed"]
    other = SettingsFile(path)
    other.use_key(bytes(32))
    assert [problem.args_for_people["key"] for problem in other.problems] == ["sealed"]
    assert other.current.models_folder == ""
    other.change(theme="dark")
    (copy,) = path.parent.glob("settings.old-*.json")
    assert json.loads(copy.read_text())["sealed"] == sealed
    right = SettingsFile(path)
    right.use_key(bytes(32))
    assert right.problems == []
