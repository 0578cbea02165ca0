from __future__ import annotations

import os
from pathlib import Path

import pytest

from slmdesk.core.errors import KnownError
from slmdesk.core.policy import Policy, load_policy
from slmdesk.paths import find_paths, system_policy_file
from slmdesk.settings import SettingsFile

pytestmark = pytest.mark.pure

ALL = """
[network]
offline = true
endpoints = ["https://mirror.example.org/", "https://huggingface.co"]
hosts = [".storage.example.org"]

[models]
folder = "/srv/models"
"""


@pytest.fixture
def written(tmp_path):
    def one(text: str | bytes) -> Policy:
        path = tmp_path / "policy.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_policy([path])

    return one


def codes(policy: Policy) -> list[str]:
    return [one.code for one in policy.problems]


def test_no_file_sets_nothing(tmp_path) -> None:
    policy = load_policy([tmp_path / "none.toml", tmp_path / "no" / "folder.toml"])
    assert (policy.path, dict(policy.forced), dict(policy.choices), policy.problems) == ("", {}, {}, ())
    assert policy.managed == frozenset()


def test_everything_that_can_be_set(written, tmp_path) -> None:
    policy = written(ALL)
    assert policy.problems == ()
    assert dict(policy.forced) == {"offline": True, "hub_hosts": ".storage.example.org"}
    assert dict(policy.choices) == {"hub_endpoint": ("https://mirror.example.org", "https://huggingface.co")}
    assert policy.models_folder == "/srv/models"
    assert policy.managed == {"offline", "hub_hosts"}
    assert policy.path == str(tmp_path / "policy.toml")


def test_the_first_file_that_is_there_counts_alone(tmp_path) -> None:
    first, second = tmp_path / "a.toml", tmp_path / "b.toml"
    second.write_text("[network]\noffline = true\n")
    assert load_policy([first, second]).path == str(second)
    first.write_text("[network]\noffline = false\n")
    assert dict(load_policy([first, second]).forced) == {}
    places = find_paths(tmp_path).policy_files
    assert places == (system_policy_file(), tmp_path / "config" / "policy.toml")
    assert places[0].is_absolute()


@pytest.mark.parametrize(
    "text",
    [
        "[files]\nshares = '//a'", "[files]\nshares = ['/a']", "[files]\nshares = ['//a/../b']", "[network]\nproxy = 1",
        '[network]\nproxy = "socks5://x"', "[network]\nca_file = 1",
        '[network]\nca_file = "x.pem"',
        "[network]\nspeed_limit_kib = -1", "[network]\nspeed_limit_kib = true", '[features]\nhidden = "token"',
        b"\xff\xfe\x00", "[network", "a = ", "[network]\noffline = 1", '[network]\noffline = "no"', "network = true",
        "[network]\nendpoints = []", '[network]\nendpoints = "https://x.org"', "[network]\nendpoints = [1]",
        '[network]\nendpoints = ["http://x.org"]', '[network]\nendpoints = ["ftp://x.org"]',
        '[network]\nendpoints = ["https://"]', '[network]\nendpoints = ["https://x.org/ y"]',
        '[network]\nendpoints = ["https://[x"]', '[network]\nhosts = ["a.org"]',
        '[network]\nendpoints = ["https://x.org"]\nhosts = ["https://y.org"]', '[models]\nfolder = "relative"',
        "[models]\nfolder = 7", '[models]\nfolder = "/a\\u0000b"', "a = " + "[" * 100_000, "#" * ((1 << 20) + 1),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_forces_offline(written, text) -> None:
    policy = written(text)
    assert dict(policy.forced)["offline"] is True
    assert codes(policy) == ["policy.invalid"]
    assert policy.models_folder == ""
    assert policy.problems[0].args_for_people["reason"]


def test_a_file_that_cannot_be_read_forces_offline(tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("folder", "fifo", "loop"):
        policy = load_policy([tmp_path / name])
        assert dict(policy.forced) == {"offline": True}
        assert codes(policy) == ["policy.invalid"]


NO_NAMES = [
    "[netwrok]\noffline = true", "[network]\nofline = true", "[Network]\noffline = true", "offline = true",
    "[features]\nhidden = ['hub.serach']", "[models]\noffline = true", "[network]\nOFFLINE = true",
    "[features]\nhiden = ['token']", "[features]\nhidden = ['Token']", "[models]\nfolde = '/srv'",
]  # fmt: skip
"""Typing errors: what was meant to be shut."""


@pytest.mark.parametrize("text", NO_NAMES)
def test_a_name_mistyped_forces_offline_with_and_without_a_version(written, text) -> None:
    for before in ("", "version = 1\n"):
        policy = written(before + text)
        assert dict(policy.forced) == {"offline": True}
        assert codes(policy) == ["policy.invalid"]
    assert "“" in policy.problems[0].args_for_people["reason"], "it says which name"


@pytest.mark.parametrize("text", [*NO_NAMES, "[network]\nsomething = 1", "[features]\nhidden = ['telepathy']"])
def test_a_file_of_a_newer_version_may_hold_names_that_are_not_known_here(written, text) -> None:
    policy = written("version = 2\n" + text)
    assert dict(policy.forced) == {}
    assert codes(policy) == ["policy.key"]


def test_what_a_newer_version_sets_holds_where_it_is_known(written) -> None:
    policy = written("version = 2\n" + ALL + "\n[telemetry]\nnone = true\n[models.more]\n")
    assert codes(policy) == ["policy.key", "policy.key"]
    assert {one.args_for_people["key"] for one in policy.problems} == {"telemetry", "models.more"}
    assert policy.models_folder == "/srv/models"
    assert "offline" in policy.managed


@pytest.mark.parametrize("text", ["[telemetry]\nnone = true", "telemetry = 1"])
def test_without_a_version_a_table_that_is_not_known_forces_offline(written, text) -> None:
    assert codes(written(text)) == ["policy.invalid"]
    assert dict(written(text).forced) == {"offline": True}


@pytest.mark.parametrize("text", ["[models.telemetry]", "[features]\nhidden = ['telepathy']"])
def test_without_a_version_a_key_that_is_like_none_of_ours_is_named(written, text) -> None:
    policy = written(text)
    assert dict(policy.forced) == {}
    assert codes(policy) == ["policy.key"]
    strict = written("version = 1\n" + text)
    assert dict(strict.forced) == {"offline": True}
    assert codes(strict) == ["policy.invalid"]


@pytest.mark.parametrize("version", ["0", "-1", "true", '"1"', "1.0", "[]"])
def test_a_version_that_is_none_forces_offline(written, version) -> None:
    policy = written(f"version = {version}\n")
    assert dict(policy.forced) == {"offline": True}
    assert codes(policy) == ["policy.invalid"]


def test_everything_holds_in_a_file_of_this_version(written) -> None:
    assert written("version = 1\n" + ALL).problems == ()
    assert written("[files]\nshares = ['\\\\a\\b', '//c']").shares == (r"\\a\b", "//c")
    assert written("version = 1\n") == Policy(written("version = 1").path)


# ---- over the settings


def test_what_is_set_holds_and_cannot_be_changed(written, tmp_path) -> None:
    path = tmp_path / "settings.json"
    SettingsFile(path).change(offline=False, hub_endpoint="https://elsewhere.org", hub_hosts="x.org")
    before = path.read_bytes()
    file = SettingsFile(path, written(ALL))
    received = []
    file.listeners.append(received.append)
    assert (file.current.offline, file.current.hub_endpoint) == (True, "https://mirror.example.org")
    assert file.current.hub_hosts == ".storage.example.org"
    for change in ({"offline": False}, {"hub_hosts": ""}, {"hub_endpoint": "https://elsewhere.org"}):
        with pytest.raises(KnownError) as err:
            file.change(**change)
        assert err.value.code == "setting.managed"
        assert err.value.args_for_people == {"key": next(iter(change))}
    assert path.read_bytes() == before
    assert received == []
    file.change(hub_endpoint="https://huggingface.co", theme="dark")  # one of those allowed
    assert (received[-1].hub_endpoint, received[-1].theme, received[-1].offline) == (
        "https://huggingface.co",
        "dark",
        True,
    )
    own = SettingsFile(path).current
    assert (own.offline, own.hub_hosts, own.theme) == (False, "x.org", "dark")  # the person's own choice is kept


def test_what_another_desk_saves_does_not_get_round_it(written, tmp_path) -> None:
    path = tmp_path / "settings.json"
    file = SettingsFile(path, written("[network]\noffline = true\n"))
    SettingsFile(path).change(offline=False, theme="dark")
    file.refresh()
    assert (file.current.offline, file.current.theme) == (True, "dark")
    Path(path).write_text('{"offline": false}')
    file.refresh()
    assert file.current.offline is True


def test_downloads_come_from_the_allowed_places_alone(written, tmp_path, monkeypatch) -> None:
    from slmdesk.services.online.routes import policy_for

    monkeypatch.setenv("HF_ENDPOINT", "https://elsewhere.org")
    rules = written('[network]\nendpoints = ["https://mirror.example.org"]\nhosts = [".storage.example.org"]\n')
    file = SettingsFile(tmp_path / "settings.json", rules)
    guard = policy_for(file.current, lambda: file.current.offline)
    assert guard.endpoint == "https://mirror.example.org"
    assert guard.hosts == {"mirror.example.org", ".storage.example.org"}
    file.change(offline=False)  # not set by these rules
    guard.check("https", "a.storage.example.org", None)
    for host in ("huggingface.co", "elsewhere.org"):
        with pytest.raises(KnownError) as err:
            guard.check("https", host, None)
        assert err.value.code == "network.refused"


def test_the_way_to_the_hub_can_be_set(written, tmp_path) -> None:
    rules = written(
        '[network]\nproxy = "http://proxy.example.org:8080"\nca_file = "/etc/ssl/ours.pem"\nspeed_limit_kib = 500\n'
    )
    assert rules.problems == ()
    file = SettingsFile(tmp_path / "settings.json", rules)
    now = file.current
    assert (now.proxy, now.ca_file, now.speed_limit_kib) == ("http://proxy.example.org:8080", "/etc/ssl/ours.pem", 500)
    with pytest.raises(KnownError) as err:
        file.change(proxy="none")
    assert err.value.code == "setting.managed"
