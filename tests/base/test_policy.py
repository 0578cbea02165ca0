from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

import slmdesk.base.settings
from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths, system_policy_file
from slmdesk.base.policy import Policy, load_policy, registry_policy, rules_in, shape_of
from slmdesk.base.settings import SettingsFile, policy_of
from slmdesk.base.untrusted import why_not_roots

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
    def policy(text: str | bytes) -> Policy:
        path = tmp_path / "policy.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_policy([path])

    return policy


def codes(policy: Policy) -> list[str]:
    return [problem.code for problem in policy.problems]


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
        "version = 0", "version = -1", "version = true", 'version = "1"', "version = 1.0", "version = []",
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
    "[telemetry]\nnone = true", "telemetry = 1",
]  # fmt: skip
"""Typing errors: what was meant to be shut; and tables of no version of this program."""


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
    assert {problem.args_for_people["key"] for problem in policy.problems} == {"telemetry", "models.more"}
    assert policy.models_folder == "/srv/models"
    assert "offline" in policy.managed


@pytest.mark.parametrize("text", ["[models.telemetry]", "[features]\nhidden = ['telepathy']"])
def test_without_a_version_a_key_that_is_like_none_of_ours_is_named(written, text) -> None:
    policy = written(text)
    assert dict(policy.forced) == {}
    assert codes(policy) == ["policy.key"]
    strict = written("version = 1\n" + text)
    assert dict(strict.forced) == {"offline": True}
    assert codes(strict) == ["policy.invalid"]


def test_everything_holds_in_a_file_of_this_version(written) -> None:
    assert written("version = 1\n" + ALL).problems == ()
    assert written("[files]\nshares = ['\\\\a\\b', '//c']").shares == (r"\\a\b", "//c")
    empty = written("version = 1\n")
    assert empty == Policy(empty.path, sha256=empty.sha256, owner=empty.owner)


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
        with pytest.raises(KnownError, match=r"^setting\.managed ") as err:
            file.change(**change)
        assert err.value.args_for_people == {"key": next(iter(change))}
    assert path.read_bytes() == before
    assert received == []
    file.change(hub_endpoint="https://huggingface.co", theme="dark")  # one of those allowed
    assert (received[-1].hub_endpoint, received[-1].theme, received[-1].offline) == (
        "https://huggingface.co", "dark", True,
    )  # fmt: skip
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
    from slmdesk.models.online.network import policy_for

    monkeypatch.setenv("HF_ENDPOINT", "https://elsewhere.org")
    rules = written('[network]\nendpoints = ["https://mirror.example.org"]\nhosts = [".storage.example.org"]\n')
    file = SettingsFile(tmp_path / "settings.json", rules)
    guard = policy_for(file.current, lambda: file.current.offline)
    assert guard.endpoint == "https://mirror.example.org"
    assert guard.hosts == {"mirror.example.org", ".storage.example.org"}
    file.change(offline=False)  # not set by these rules
    guard.check("https", "a.storage.example.org", None)
    for host in ("huggingface.co", "elsewhere.org"):
        with pytest.raises(KnownError, match=r"^network\.refused "):
            guard.check("https", host, None)


def test_the_way_to_the_hub_can_be_set(written, tmp_path) -> None:
    rules = written(
        '[network]\nproxy = "http://proxy.example.org:8080"\nca_file = "/etc/ssl/ours.pem"\nspeed_limit_kib = 500\n'
    )
    assert rules.problems == ()
    file = SettingsFile(tmp_path / "settings.json", rules)
    now = file.current
    assert (now.proxy, now.ca_file, now.speed_limit_kib) == ("http://proxy.example.org:8080", "/etc/ssl/ours.pem", 500)
    with pytest.raises(KnownError, match=r"^setting\.managed "):
        file.change(proxy="none")


def test_an_encrypted_history_locks_when_the_organisation_says_at_the_latest(written, tmp_path) -> None:
    rules = written("[encryption]\nlock_minutes = 10\n")
    assert (rules.lock_minutes, rules.problems) == (10, ())
    path = tmp_path / "settings.json"
    SettingsFile(path).change(lock_minutes=0)
    file = SettingsFile(path, rules)
    assert file.current.lock_minutes == 10
    file.change(lock_minutes=5)
    assert file.current.lock_minutes == 5
    for minutes in (0, 11):
        with pytest.raises(KnownError, match=r"^setting\.managed "):
            file.change(lock_minutes=minutes)
    for wrong in ("0", "true", "'soon'", "100000"):
        broken = written(f"[encryption]\nlock_minutes = {wrong}\n")
        assert (broken.lock_minutes, codes(broken), dict(broken.forced)) == (1, ["policy.invalid"], {"offline": True})


def about(uid: int, mode: int) -> os.stat_result:
    return os.stat_result((mode, 1, 1, 1, uid, 0, 10, 0, 0, 0))


@pytest.mark.skipif(os.name == "nt", reason="owners as Linux and macOS have them")
def test_only_root_may_change_what_holds_for_the_whole_pc() -> None:
    for mode in (0o100644, 0o100600, 0o040755, 0o041755):
        assert why_not_roots(about(0, mode), "it") == ""
    for mode in (0o100664, 0o100646, 0o041777):  # a sticky folder too: anybody may put a file there
        assert why_not_roots(about(0, mode), "it") == "it can be changed by others than root"
    assert why_not_roots(about(424242, 0o100600), "its folder") == "its folder belongs to 424242 and not to root"


PLANTED = '[network]\nendpoints = ["https://evil.example.org"]\n[models]\nfolder = "/tmp"\n'


def planted(path) -> Policy:
    return load_policy([path], of_administrators=[path])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs an ordinary user")
def test_a_policy_of_the_pc_that_a_person_wrote_forces_offline(tmp_path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(PLANTED)
    policy = planted(path)
    assert (dict(policy.forced), dict(policy.choices), policy.models_folder) == ({"offline": True}, {}, "")
    assert "not to root" in str(policy.problems[0].args_for_people["reason"])
    assert load_policy([path]).models_folder == "/tmp", "the control: in a home of one's own it holds"
    theirs = Path("/etc/hostname")  # whatever is in it: it is read
    assert "TOML" in str(planted(theirs).problems[0].args_for_people["reason"])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root")
def test_a_policy_counts_only_where_nobody_but_root_may_change_it(tmp_path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir(mode=0o755)
    path = folder / "policy.toml"
    path.write_text(PLANTED)
    path.chmod(0o644)
    assert planted(path).models_folder == "/tmp"
    assert planted(path).owner == "root"

    def refused() -> str:
        policy = planted(path)
        assert (dict(policy.forced), dict(policy.choices), policy.models_folder) == ({"offline": True}, {}, "")
        assert codes(policy) == ["policy.invalid"]
        return str(policy.problems[0].args_for_people["reason"])

    for target, what in ((path, "it"), (folder, "its folder")):
        mode = target.stat().st_mode & 0o777
        os.chown(target, 424242, -1)
        assert refused() == f"{what} belongs to 424242 and not to root"
        os.chown(target, 0, -1)
        for more in (0o020, 0o002):
            target.chmod(mode | more)
            assert refused() == f"{what} can be changed by others than root"
        target.chmod(mode)
        assert planted(path).problems == ()
    assert load_policy([path]).models_folder == "/tmp", "in a home, root's own"
    for target, what in ((path, "it"), (folder, "its folder")):
        os.chown(target, 424242, -1)
        assert (
            str(load_policy([path]).problems[0].args_for_people["reason"]) == f"{what} belongs to 424242 and not to you"
        )
        os.chown(target, 0, -1)
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    real = path.rename(open_folder / "real.toml")
    path.symlink_to(real)
    assert refused() == "its folder can be changed by others than root"  # that in which it really lies


@pytest.mark.skipif(os.name == "nt", reason="modes as Linux and macOS have them")
@pytest.mark.parametrize("mode", [0o666, 0o660, 0o602])
@pytest.mark.parametrize("what", ["it", "its folder"])
def test_a_policy_of_a_home_that_others_may_change_forces_offline(tmp_path, mode, what) -> None:
    path = tmp_path / "home" / "policy.toml"
    path.parent.mkdir()
    path.write_text(PLANTED)
    assert load_policy([path]).models_folder == "/tmp", "the control"
    (path if what == "it" else path.parent).chmod(mode | 0o100)
    policy = load_policy([path])
    assert (dict(policy.forced), dict(policy.choices), policy.models_folder) == ({"offline": True}, {}, "")
    assert str(policy.problems[0].args_for_people["reason"]) == f"{what} can be changed by others"


def test_what_was_read_can_be_compared(written, tmp_path) -> None:
    policy = written(ALL)
    assert policy.sha256 == hashlib.sha256((tmp_path / "policy.toml").read_bytes()).hexdigest()
    assert written("[network").sha256, "also of one that cannot be used"
    assert Policy().sha256 == ""


def test_the_policy_of_the_pc_is_the_guarded_one(tmp_path, monkeypatch) -> None:
    seen = {}

    def load(places, *, of_administrators):
        seen["places"], seen["guarded"] = places, of_administrators
        return Policy()

    monkeypatch.setattr(slmdesk.base.settings, "load_policy", load)
    paths = find_paths(tmp_path)
    policy_of(paths)
    assert seen == {"places": paths.policy_files, "guarded": (system_policy_file(),)}


def test_rules_in_the_registry_are_those_of_a_file() -> None:
    shape = shape_of(
        {"version": 1},
        {
            "network": {"offline": 1, "endpoints": ["https://mirror.example.org"], "speed_limit_kib": 500},
            "models": {"folder": "/srv/models"},
        },
    )
    policy = registry_policy(lambda: shape)
    assert policy.problems == ()
    assert dict(policy.forced) == {
        "offline": True, "hub_hosts": "", "speed_limit_kib": 500,
    }  # fmt: skip
    assert dict(policy.choices) == {"hub_endpoint": ("https://mirror.example.org",)}
    assert policy.path == r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\slmdesk"
    assert len(policy.sha256) == 64


@pytest.mark.parametrize(
    ("values", "tables"),
    [
        ({}, {"network": {"offline": 2}}), ({}, {"network": {"offline": "yes"}}), ({}, {"network": {"ofline": 1}}),
        ({}, {"netwrok": {"offline": 1}}), ({"version": None}, {}), ({"network": 1}, {}),
        ({}, {"files": {"shares": None}}),
    ],
)  # fmt: skip
def test_wrong_rules_in_the_registry_force_offline(values, tables) -> None:
    policy = registry_policy(lambda: shape_of(values, tables))
    assert dict(policy.forced)["offline"] is True
    assert codes(policy) == ["policy.invalid"]


class Registry:
    """As winreg shows a registry that holds these keys: their values with their types."""

    KEY_READ, KEY_WOW64_64KEY, HKEY_LOCAL_MACHINE = 1, 2, "HKLM"
    REG_SZ, REG_BINARY, REG_DWORD, REG_MULTI_SZ, REG_QWORD = 1, 3, 4, 7, 11

    def __init__(self, keys) -> None:
        self.keys = keys

    def OpenKey(self, top, name, _reserved, _access):
        path = name if top == "HKLM" else f"{top.path}\\{name}"
        if path not in self.keys:
            raise FileNotFoundError(2, "not there")
        return Key(path)

    def names(self, key):
        return [path.removeprefix(f"{key.path}\\") for path in self.keys if path.startswith(f"{key.path}\\")]

    def QueryInfoKey(self, key):
        return len(self.names(key)), len(self.keys[key.path]), 0

    def EnumKey(self, key, at):
        return self.names(key)[at]

    def EnumValue(self, key, at):
        return self.keys[key.path][at]


class Key:
    def __init__(self, path) -> None:
        self.path = path

    def __enter__(self):
        return self

    def __exit__(self, *_args) -> None: ...


def test_the_keys_of_a_registry_are_tables() -> None:
    top = r"SOFTWARE\Policies\slmdesk"
    rules = rules_in(Registry({
        top: [("version", 1, 4)],
        f"{top}\\network": [("offline", 1, 4), ("proxy", "none", 1), ("ca_file", b"x", 3)],
        f"{top}\\features": [("hidden", ["token"], 7)],
    }))  # fmt: skip
    assert rules == {
        "version": 1, "network": {"offline": True, "proxy": "none", "ca_file": "?"}, "features": {"hidden": ["token"]},
    }  # fmt: skip
    assert rules_in(Registry({})) is None
    assert rules_in(Registry({top: []})) is None


def test_a_registry_without_rules_or_one_that_is_shut() -> None:
    assert registry_policy(lambda: None) is None

    def shut():
        raise PermissionError(13, "Access is denied")

    policy = registry_policy(shut)
    assert dict(policy.forced) == {"offline": True}
    assert policy.problems[0].args_for_people["reason"] == "Access is denied"


@pytest.mark.skipif(os.name == "nt", reason="of other systems")
def test_other_systems_have_no_registry() -> None:
    assert registry_policy() is None


PUBLIC = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="


def test_what_an_organisation_asks_of_encryption(written) -> None:
    policy = written(f'[encryption]\nrequired = true\nrecovery_key = "{PUBLIC}"\nplain_exports = false\n')
    assert (policy.encryption.required, policy.encryption.plain_exports, policy.problems) == (True, False, ())
    assert policy.encryption.recovery_key == bytes(range(1, 33))
    nothing = Policy().encryption
    assert (nothing.required, nothing.recovery_key, nothing.plain_exports) == (False, b"", True)


@pytest.mark.parametrize(
    "line", ["required = 1", "required = 'yes'", "plain_exports = 0", "recovery_key = 'AQID'", "recovery_key = 5"]
)
def test_encryption_that_cannot_be_understood_is_stricter_and_offline(written, line) -> None:
    policy = written(f"[encryption]\n{line}\n")
    assert codes(policy) == ["policy.invalid"]
    assert policy.forced["offline"] is True
    assert policy.encryption.required is line.startswith("required")
    assert policy.encryption.plain_exports is not line.startswith("plain")
    assert policy.encryption.recovery_key == b""


def test_the_days_until_chats_and_documents_are_deleted_are_read(written) -> None:
    policy = written("version = 1\n[retention]\ndays = 90\n")
    assert (policy.forced["delete_after_days"], policy.problems) == (90, ())
    assert "delete_after_days" not in written("version = 1\n").forced


def test_rules_and_holds_of_earlier_versions_are_told_and_a_hold_deletes_nothing(written) -> None:
    policy = written("version = 1\n[retention]\ndays = 90\ntrash_days = 7\ndocuments = true\n")
    assert (policy.forced, codes(policy)) == ({"delete_after_days": 90}, ["policy.key", "policy.key"])
    policy = written('version = 1\n[retention]\ndays = 90\nhold = ["folder:Matter 12"]\n')
    assert (policy.forced, codes(policy)) == ({"delete_after_days": 0}, ["policy.key"])
    policy = written('version = 1\n[statement]\nheads = "/srv/heads"\n')
    assert (policy.forced, codes(policy)) == ({}, ["policy.key"])


@pytest.mark.parametrize("line", ["days = 0", "days = true", "days = '9'", "days = 40000"])
def test_days_that_are_wrong_delete_nothing(written, line) -> None:
    policy = written(f"[retention]\n{line}\n")
    assert policy.forced == {"delete_after_days": 0, "offline": True}
    assert codes(policy) == ["policy.invalid"]
