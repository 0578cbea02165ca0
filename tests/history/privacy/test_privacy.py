"""The history encrypted and decrypted under open services, and what opens it changed."""

from __future__ import annotations

import json
from importlib import import_module

import pytest
from fakes.recorder import Recorder, open_echo, result_of

from slmdesk.base.errors import KnownError
from slmdesk.base.paths import find_paths
from slmdesk.base.policy import shown_key
from slmdesk.base.runtime.events import Noticed
from slmdesk.base.runtime.messages import Problem
from slmdesk.base.sealing import new_pair, new_recovery_key
from slmdesk.chat.types import SendRequest
from slmdesk.history.privacy.opening import Ways, open_backup, open_by, open_by_organisation, state_of, ways_of
from slmdesk.history.store.backup import keep_copy, kept_copies

pytestmark = pytest.mark.process

WORDS, OTHER = "a passphrase of some words", "another passphrase"
MARKER = "XQMARKERXQ"


@pytest.fixture
def recovery() -> str:
    return new_recovery_key()


def reopened(words: str = "") -> Recorder:
    return Recorder(open_echo(key=open_by(find_paths(), words)))


def encrypted(recorder, recovery: str, **more):
    services = recorder.services
    done = result_of(services, lambda: services.privacy.encrypt(WORDS, recovery, **{"by_itself": False, **more}))
    assert done is None, done


def said(recorder, words: str) -> str:
    services = recorder.services
    sent = services.service_thread.call(lambda: services.chats.send(SendRequest(text=words)))
    recorder.end_of(sent.answer.id)
    return sent.item.id


def titles(recorder) -> list[str]:
    services = recorder.services
    return [entry.title for entry in services.service_thread.call(services.history.items)]


def files_with(marker: str) -> list[str]:
    files = [each for each in find_paths().data.parent.rglob("*") if each.is_file()]
    return sorted(each.name for each in files if marker.encode() in each.read_bytes())


def test_a_window_goes_on_over_a_history_that_was_encrypted_meanwhile(opened, vault, recovery) -> None:
    recorder = opened()
    services = recorder.services
    said(recorder, f"{MARKER} before")
    assert files_with(MARKER) == ["slmdesk.sqlite3"], "the control"
    assert ways_of(services.paths) is None
    encrypted(recorder, recovery)
    said(recorder, f"{MARKER} after")
    assert len(titles(recorder)) == 2
    state = result_of(services, services.privacy.state)
    assert (state.is_encrypted, state.by_passphrase, state.by_recovery, state.by_keyring) == (True, True, True, False)
    services.close()
    assert files_with(MARKER) == []
    assert ways_of(services.paths) == Ways(by_words=True, by_keyring=False)
    with pytest.raises(KnownError, match=r"key\.missing"):
        open_echo()
    for words in (WORDS, recovery.lower()):
        again = reopened(words)
        assert len(titles(again)) == 2
        again.services.close()
    with pytest.raises(KnownError, match=r"key\.wrong"):
        reopened(OTHER)


def test_copies_that_could_not_be_made_anew_are_named_and_made_at_the_next_start(opened, recovery, monkeypatch):
    recorder, paths = opened(), find_paths()
    said(recorder, f"{MARKER} hello")
    service_thread = recorder.services.service_thread
    service_thread.call(lambda: keep_copy(paths, "before-99", None))
    (copy,) = kept_copies(paths)

    def full(*_given, **_more):
        raise KnownError("disk.full", path=str(copy), needed_bytes=1000, available_bytes=0)

    with monkeypatch.context() as patched:
        patched.setattr("slmdesk.history.store.store.renew_copies", full)
        encrypted(recorder, recovery)
    assert recorder.wait(Noticed, lambda event: event.problem.code == "store.copies_left")
    state = result_of(recorder.services, recorder.services.privacy.state)
    assert (state.is_encrypted, state.still_plain) == (True, (copy,))
    assert files_with(MARKER) == [copy.name]
    recorder.services.close()
    reopened(WORDS).services.close()
    (copy,) = kept_copies(paths)
    assert copy.suffix == ".slmbackup"
    assert files_with(MARKER) == []


def test_the_keyring_opens_it_by_itself(opened, vault, recovery) -> None:
    recorder = opened()
    services = recorder.services
    said(recorder, "kept")
    encrypted(recorder, recovery, by_itself=True)
    services.close()
    assert len(vault.kept) == 1
    assert WORDS not in json.dumps(vault.kept)
    by_itself = open_echo()
    assert result_of(by_itself, by_itself.privacy.state).by_keyring
    assert result_of(by_itself, lambda: by_itself.privacy.open_by_itself(WORDS, False)) is None
    by_itself.close()
    with pytest.raises(KnownError, match=r"key\.missing"):
        open_echo()
    again = reopened(WORDS)
    services = again.services
    refused = result_of(services, lambda: services.privacy.open_by_itself(OTHER, True))
    assert (refused.code, vault.kept) == ("key.wrong", {}), "who passes an open window cannot do it"
    assert result_of(services, lambda: services.privacy.open_by_itself(WORDS, True)) is None
    assert result_of(services, lambda: services.privacy.open_by_itself(OTHER, False)).code == "key.wrong"
    services.close()
    vault.kept.clear()
    with pytest.raises(KnownError, match=r"key\.missing"):
        reopened()
    reopened(recovery).services.close()


def test_after_new_keys_that_were_cut_short_the_right_file_of_keys_is_changed(
    opened, vault, recovery, monkeypatch, tmp_path
) -> None:
    """Of the two that are there: the one before is still under the name of the file of keys."""
    recorder = opened()
    services = recorder.services
    encrypted(recorder, recovery)

    def unwritable(paths, _keys):
        raise KnownError("file.unwritable", path=str(paths.keys_file), reason="busy")

    with monkeypatch.context() as patched:
        patched.setattr(import_module("slmdesk.history.store.backup"), "adopt_next_keys", unwritable)
        assert result_of(services, lambda: services.privacy.renew(WORDS, OTHER, recovery)).code == "file.unwritable"
    assert services.paths.next_keys_file.exists()
    backup = tmp_path / "my.slmbackup"
    assert not isinstance(result_of(services, lambda: services.backups.make(backup)), Problem)
    assert open_backup(backup, OTHER) == services.store.key
    assert result_of(services, lambda: services.privacy.change_passphrase(OTHER, WORDS)) is None
    assert not services.paths.next_keys_file.exists()
    services.close()
    for _ in range(2):
        with pytest.raises(KnownError, match=r"key\.wrong"):
            reopened(OTHER)
        reopened(WORDS).services.close()


def test_a_keyring_that_refuses_leaves_everything_as_it_was(opened, vault, recovery) -> None:
    recorder = opened()
    services = recorder.services
    vault.reason = "it is locked"
    problem = result_of(services, lambda: services.privacy.encrypt(WORDS, recovery, by_itself=True))
    assert isinstance(problem, Problem)
    assert (problem.code, problem.args) == ("key.keyring", {"reason": "it is locked"})
    assert result_of(services, services.privacy.state).no_keyring == "it is locked"
    assert result_of(services, lambda: services.privacy.state(asks_keyring=False)).no_keyring is None
    assert ways_of(services.paths) is None
    vault.reason = ""
    other = opened()
    problem = result_of(services, lambda: services.privacy.encrypt(WORDS, recovery, by_itself=True))
    assert (problem.code, vault.kept) == ("store.in_use", {})
    other.services.close()
    assert not state_of(services.paths, is_encrypted=False).is_encrypted


def test_the_passphrase_and_the_recovery_key_change(opened, vault, recovery) -> None:
    recorder = opened()
    services = recorder.services
    encrypted(recorder, recovery)
    other = new_recovery_key()

    def ended(begin):
        result = result_of(services, begin)
        return result.code if isinstance(result, Problem) else result

    assert ended(lambda: services.privacy.check(WORDS)) is None
    assert ended(lambda: services.privacy.check(OTHER)) == "key.wrong"
    mistyped = recovery[:-1] + ("0" if recovery[-1] != "0" else "1")
    assert ended(lambda: services.privacy.check(mistyped)) == "key.mistyped"
    assert ended(lambda: services.privacy.change_passphrase(OTHER, OTHER)) == "key.wrong"
    assert ended(lambda: services.privacy.change_passphrase(WORDS, OTHER)) is None
    assert ended(lambda: services.privacy.check(WORDS)) == "key.wrong"
    assert ended(lambda: services.privacy.change_recovery(OTHER, other)) is None
    assert ended(lambda: services.privacy.check(recovery)) == "key.wrong"
    assert ended(lambda: services.privacy.check(other)) is None
    with pytest.raises(KnownError, match=r"request\.invalid"):
        services.service_thread.call(lambda: services.privacy.change_passphrase(OTHER, ""))
    for passphrase, key in ((WORDS, mistyped), ("", recovery)):
        with pytest.raises(KnownError, match=r"request\.invalid|key\.mistyped"):
            services.service_thread.call(
                lambda passphrase=passphrase, key=key: services.privacy.renew(OTHER, passphrase, key)
            )
    assert ended(lambda: services.privacy.renew(WORDS, WORDS, recovery)) == "key.wrong"
    assert ended(lambda: services.privacy.renew(OTHER, WORDS, recovery)) is None
    assert [ended(lambda words=words: services.privacy.check(words)) for words in (WORDS, recovery, OTHER, other)] == [
        None, None, "key.wrong", "key.wrong",
    ]  # fmt: skip
    assert ended(lambda: services.privacy.decrypt(OTHER)) == "key.wrong"
    assert ended(lambda: services.privacy.decrypt(recovery)) is None
    assert ways_of(services.paths) is None
    services.close()
    open_echo().close()


def test_without_a_passphrase_only_the_keyring_and_paper_open_it(opened, vault, recovery) -> None:
    services = opened().services
    for begin in (lambda: services.privacy.encrypt("", recovery, by_itself=False),
                  lambda: services.privacy.encrypt(WORDS, recovery[:-1], by_itself=False)):  # fmt: skip
        with pytest.raises(KnownError, match=r"request\.invalid|key\.mistyped"):
            services.service_thread.call(begin)
    assert result_of(services, lambda: services.privacy.encrypt("", recovery, by_itself=True)) is None
    with pytest.raises(KnownError, match="only the recovery key"):
        services.service_thread.call(lambda: services.privacy.open_by_itself(recovery, False))


def test_names_in_other_files_are_sealed_as_well(opened, vault, recovery) -> None:
    recorder = opened()
    services = recorder.services
    folder = services.paths.models / MARKER
    services.service_thread.call(lambda: services.settings.change(ca_file=str(folder)))
    services.service_thread.call(lambda: services.spelling.add_words([MARKER]))
    assert files_with(MARKER) == ["my-words.txt", "settings.json"], "the control"
    encrypted(recorder, recovery)
    assert services.service_thread.call(lambda: services.settings.current.ca_file) == str(folder)
    assert files_with(MARKER) == []
    assert result_of(services, lambda: services.privacy.decrypt(WORDS)) is None
    assert files_with(MARKER) == ["my-words.txt", "settings.json"]


CHANGES = {
    "new keys": (lambda services, recovery: services.privacy.renew(WORDS, WORDS, recovery), WORDS),
    "none": (lambda services, _recovery: services.privacy.decrypt(WORDS), ""),
}


@pytest.fixture(params=CHANGES)
def change(request):
    """How the history comes to other keys, and what opens it then; "" for nothing."""
    return CHANGES[request.param]


def with_names(recorder) -> str:
    """The folder that its settings name, in an encrypted history; the marker is in the own words."""
    services = recorder.services
    folder = str(services.paths.models / MARKER)
    services.service_thread.call(lambda: services.settings.change(ca_file=folder))
    services.service_thread.call(lambda: services.spelling.add_words([MARKER]))
    return folder


def named_file(services) -> str:
    return services.service_thread.call(lambda: services.settings.current.ca_file)


def test_a_disk_that_is_full_for_the_copies_keeps_nothing_else_from_being_written(
    opened, vault, recovery, change, monkeypatch
) -> None:
    recorder = opened()
    services = recorder.services
    encrypted(recorder, recovery)
    folder = with_names(recorder)

    def full(*_given, **_named) -> bool:
        raise KnownError("disk.full", path="backups", needed_bytes=2, available_bytes=1)

    change, opens = change
    with monkeypatch.context() as patched:
        patched.setattr("slmdesk.history.store.store.renew_copies", full)
        assert result_of(services, lambda: change(services, recovery)) is None, "it has taken effect"
    assert named_file(services) == folder
    services.close()
    again = reopened(opens) if opens else Recorder(open_echo())
    services = again.services
    assert named_file(services) == folder
    assert own_words(services) == (MARKER,)
    services.close()
    assert files_with(MARKER) == ([] if opens else ["my-words.txt", "settings.json"])


def own_words(services) -> tuple[str, ...]:
    return result_of(services, services.spelling.state).words


def test_the_library_that_is_missing_is_named(opened, monkeypatch) -> None:
    monkeypatch.setattr("slmdesk.history.store.database.find_spec", lambda name: None if name == "sqlcipher3" else name)
    services = opened().services
    state = result_of(services, services.privacy.state)
    assert (state.can_encrypt, state.missing_library) == (False, "sqlcipher3")


# ---- an organisation's policy


@pytest.fixture
def policy(home, monkeypatch):
    """Writes the policy of the whole PC."""
    file = home.parent / "etc" / "policy.toml"
    file.parent.mkdir()
    monkeypatch.setattr("slmdesk.base.paths.system_policy_file", lambda: file)
    monkeypatch.setattr("slmdesk.base.policy.why_not_theirs", lambda _handle, _path, **_more: "")
    return lambda text: file.write_text(f"version = 1\n[encryption]\n{text}\n", encoding="utf-8")


def test_an_organisation_can_open_what_it_has_set_a_key_for(opened, vault, recovery, policy) -> None:
    private, public = new_pair()
    services = opened().services
    assert result_of(services, lambda: services.privacy.encrypt(WORDS, recovery, by_itself=False)) is None
    assert not result_of(services, services.privacy.state).by_organisation
    services.close()
    policy(f'recovery_key = "{shown_key(public)}"')
    services = reopened(WORDS).services
    assert result_of(services, services.privacy.state).by_organisation, "also of a history from before"
    before = services.paths.keys_file.read_bytes()
    services.close()
    services = reopened(WORDS).services
    assert services.paths.keys_file.read_bytes() == before, "once"
    assert result_of(services, lambda: services.privacy.renew(WORDS, WORDS, recovery)) is None
    services.close()
    key = open_by_organisation(find_paths(), private)
    with pytest.raises(KnownError, match=r"key\.wrong"):
        open_by_organisation(find_paths(), new_pair()[0])
    services = open_echo(key=key)
    changed = result_of(services, lambda: services.privacy.change_passphrase("", OTHER, private=private))
    assert changed is None
    services.close()
    reopened(OTHER).services.close()


def test_a_key_in_the_policy_of_this_home_counts_for_nothing(opened, vault, recovery) -> None:
    paths = find_paths()
    paths.config.mkdir(parents=True)
    paths.policy_file.write_text(f'[encryption]\nrecovery_key = "{shown_key(new_pair()[1])}"\n', encoding="utf-8")
    services = opened().services
    assert result_of(services, lambda: services.privacy.encrypt(WORDS, recovery, by_itself=False)) is None
    assert not result_of(services, services.privacy.state).by_organisation


def test_what_is_required_is_told_and_not_undone(opened, vault, recovery, policy, tmp_path) -> None:
    policy("required = true\nplain_exports = false")
    recorder = opened()
    services = recorder.services
    assert "encryption.required" in [event.problem.code for event in recorder.of(Noticed)]
    assert result_of(services, services.privacy.state).is_required
    encrypted(recorder, recovery)
    with pytest.raises(KnownError, match=r"encryption\.required"):
        services.service_thread.call(lambda: services.privacy.decrypt(WORDS))
    with pytest.raises(KnownError, match=r"encryption\.plain"):
        services.service_thread.call(lambda: services.backups.make(tmp_path / "plain.sqlite3", plain=True))
    assert not isinstance(result_of(services, lambda: services.backups.make(tmp_path / "b.slmbackup")), Problem)
    services.close()
    again = reopened(WORDS)
    assert "encryption.required" not in [event.problem.code for event in again.of(Noticed)]
    again.services.close()


def test_before_everything_is_deleted_the_keyring_forgets_the_key(opened, vault, recovery) -> None:
    services = opened().services
    assert result_of(services, lambda: services.privacy.encrypt(WORDS, recovery, by_itself=True)) is None
    assert vault.kept
    services.erasing.keys = services.erasing.signing = vault
    assert result_of(services, services.erasing.forget_secrets) == ()
    assert vault.kept == {}


def test_beside_it_no_child_writes_a_word_into_a_log(opened, vault, recovery) -> None:
    recorder = opened(flood_stderr=100)
    encrypted(recorder, recovery)
    said(recorder, "hello")
    recorder.services.close()
    log = (find_paths().logs / "engine.log").read_text()
    assert ("x" in log, "bytes left out" in log) == (False, True)
