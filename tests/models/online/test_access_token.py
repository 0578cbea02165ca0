"""The access token: kept where it was chosen, sent to the Hub for gated models alone, and written down nowhere."""

from __future__ import annotations

import logging
import random
import stat
import threading
from unittest.mock import Mock

import pytest
from fakes.contents import contents
from fakes.fake_hub import FakeHub, online
from fakes.recorder import result_of
from fakes.tiny_gguf import tiny_llama
from fakes.vaults import MemoryVault

from slmdesk.base.errors import KnownError
from slmdesk.base.runtime.events import DownloadChanged, DownloadState, TokenChanged
from slmdesk.base.runtime.messages import Problem
from slmdesk.models.online.downloads import ENDS
from slmdesk.models.online.network import checked_token

pytestmark = pytest.mark.process
REPO, NAME = "some/gated-GGUF", "tiny.Q4_K_M.gguf"
MARKER = "hf_" + "".join(random.Random(11).choices("abcdefghij", k=30))


@pytest.fixture
def hub():
    with FakeHub() as it:
        it.token = MARKER
        it.add(REPO, {NAME: tiny_llama().data}, gated=True)
        it.add("some/free-GGUF", {NAME: tiny_llama().data + bytes(8)})
        yield it


@pytest.fixture
def recorder(hub, home, opened):
    online(home, hub)
    return opened(model=False)


@pytest.fixture
def keyring(recorder) -> MemoryVault:
    """A keyring that works, instead of the system's."""
    vault = MemoryVault()
    take(recorder, vault)
    return vault


def take(recorder, vault) -> None:
    recorder.services.tokens.vaults["keyring"] = vault


def request(recorder, begin):
    """What a request of the token service ended with."""
    return result_of(recorder.services, lambda: begin(recorder.services.tokens))


def keep(recorder, token: str, place: str):
    return request(recorder, lambda tokens: tokens.keep(token, place))


def fetch(recorder, repo: str = REPO):
    begin = len(recorder.events)
    recorder.ask(lambda services: services.downloads.start(repo))
    return recorder.wait(DownloadChanged, lambda event: event.state in ENDS, begin)


def state(recorder) -> TokenChanged:
    return recorder.ask(lambda services: services.tokens.state())


def traces(home, recorder) -> list[str]:
    """Where the marker stands."""
    paths = [str(path) for path, held in contents(home) if MARKER.encode() in held]
    rows = recorder.ask(lambda services: services.network.requests(1000))
    return paths + [where for where, text in (("ledger", str(rows)), ("facts", str(recorder.events))) if MARKER in text]


def test_the_right_token_works_the_wrong_one_is_said(recorder, hub, keyring, home, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    assert fetch(recorder).problem.code == "hub.gated"
    assert keep(recorder, "hf_mistyped", "keyring") == TokenChanged("keyring", hub.endpoint.partition("://")[2])
    wrong = fetch(recorder).problem
    assert wrong.code == "hub.token_refused"
    assert "did not accept the access token" in wrong.sentence
    keep(recorder, hub.stranger, "keyring")
    assert fetch(recorder).problem.code == "hub.not_admitted"
    keep(recorder, f"  {MARKER}\n", "keyring")
    end = fetch(recorder)
    assert end.state is DownloadState.DONE, end.problem
    fetch(recorder, "some/free-GGUF")
    secret = {(call.where, call.path.split("/")[2]) for call in hub.seen if "authorization" in call.headers}
    assert secret == {("api", "gated-GGUF")}, "to the Hub, for the gated one"
    assert hub.requests("storage"), "the control: files did come from elsewhere"
    assert traces(home, recorder) == []
    assert MARKER not in caplog.text
    assert MARKER not in repr(recorder.services.tokens) + repr(recorder.services.settings.current)
    assert recorder.of(TokenChanged)[-1].place == "keyring"


def test_the_header_of_a_gated_file_is_read_and_a_mirror_may_hide_its_list_too(recorder, hub, keyring) -> None:
    hub.is_all_gated = True
    services = recorder.services
    assert result_of(services, lambda: services.hub.repo(REPO)).code == "hub.gated"
    keep(recorder, MARKER, "keyring")
    repo = result_of(services, lambda: services.hub.repo(REPO)).repo
    assert result_of(services, lambda: services.hub.judge(repo, repo.files[0].name)).fits


def test_changing_and_forgetting_leaves_the_old_place_empty(recorder, hub, keyring, home) -> None:
    file = recorder.services.paths.token_file
    keep(recorder, MARKER, "keyring")
    assert not file.exists()
    keep(recorder, MARKER + "2", "file")
    assert keyring.kept == {}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert traces(home, recorder) == [str(file)], "there alone"
    assert recorder.services.tokens.token() == MARKER + "2"
    keep(recorder, MARKER, "ask")
    assert not file.exists()
    assert (state(recorder).place, recorder.services.tokens.token()) == ("ask", MARKER)
    assert traces(home, recorder) == []
    assert request(recorder, lambda tokens: tokens.forget()).place == ""
    assert (state(recorder).place, recorder.services.tokens.token()) == ("", "")


def test_it_is_there_after_the_next_start_unless_it_was_for_this_one(recorder, hub, home, opened) -> None:
    keep(recorder, MARKER, "ask")
    assert opened(model=False).services.tokens.token() == ""
    keep(recorder, MARKER, "file")
    again = opened(model=False)
    assert again.services.tokens.token() == MARKER
    assert fetch(again).model


def test_the_environment_wins_and_is_not_ours_to_forget(recorder, hub, keyring, monkeypatch) -> None:
    keep(recorder, "hf_other", "keyring")
    monkeypatch.setenv("HF_TOKEN", MARKER)
    assert state(recorder).place == "environment"
    assert recorder.services.tokens.token() == MARKER
    request(recorder, lambda tokens: tokens.forget())
    assert (state(recorder).place, recorder.services.tokens.token()) == ("environment", MARKER)
    monkeypatch.setenv("HF_TOKEN", "two words")
    assert (state(recorder).place, recorder.services.tokens.token()) == ("", "")


def test_another_mirror_is_not_given_it(recorder, hub, keyring) -> None:
    keep(recorder, MARKER, "keyring")
    recorder.ask(lambda services: services.settings.change(hub_endpoint="https://mirror.example.org"))
    assert (state(recorder), recorder.services.tokens.token()) == (TokenChanged("", "mirror.example.org"), "")
    recorder.ask(lambda services: services.settings.change(hub_endpoint=hub.endpoint))
    assert recorder.services.tokens.token() == MARKER


@pytest.mark.parametrize("place", ["keyring", "file", "ask"])
def test_a_token_for_another_mirror_takes_its_place(recorder, hub, keyring, home, place) -> None:
    keep(recorder, "hf_forTheFirst", place)
    recorder.ask(lambda services: services.settings.change(hub_endpoint="https://mirror.example.org"))
    keep(recorder, MARKER, place)
    assert (state(recorder).place, recorder.services.tokens.token()) == (place, MARKER)
    recorder.ask(lambda services: services.settings.change(hub_endpoint=hub.endpoint))
    assert recorder.services.tokens.token() == ""
    assert list(keyring.kept.values()) == ([MARKER] if place == "keyring" else [])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KnownError("disk.full", path="settings.json", needed_bytes=1, available_bytes=0), "disk.full"),
        (RuntimeError("odd"), "bug"),
    ],
    ids=["disk full", "a fault of ours"],
)
def test_one_that_cannot_be_noted_is_not_left_where_nobody_knows_of_it(
    recorder, keyring, monkeypatch, error, code
) -> None:
    removed = threading.Event()
    monkeypatch.setattr(keyring, "remove", lambda host: (keyring.kept.pop(host), removed.set()))
    monkeypatch.setattr(recorder.services.settings, "change", Mock(side_effect=error))
    assert keep(recorder, MARKER, "keyring").code == code
    assert removed.wait(30)
    assert (keyring.kept, recorder.services.tokens.token()) == ({}, "")


def test_no_keyring_is_said_and_nothing_falls_back_in_silence(recorder, hub, home) -> None:
    take(recorder, MemoryVault("this system has none"))
    assert request(recorder, lambda tokens: tokens.places()).no_keyring == "this system has none"
    refused = keep(recorder, MARKER, "keyring")
    assert isinstance(refused, Problem)
    assert refused.code == "token.keyring"
    assert state(recorder).place == ""
    assert traces(home, recorder) == []


def test_a_keyring_that_breaks_later_is_a_sentence_at_the_download(recorder, hub, keyring) -> None:
    keep(recorder, MARKER, "keyring")
    keyring.reason = "it is locked"
    assert fetch(recorder).problem.code == "token.keyring"


@pytest.mark.parametrize(
    "words", ["", "  \n", "two words", "a\tb", "a\nb", "a\0b", "\x1b[31mred", "ünïcode", "a\u200bb", "x" * 501]
)
def test_what_is_no_token_is_refused_and_not_quoted(words) -> None:
    with pytest.raises(KnownError) as err:
        checked_token(words)
    assert err.value.code == "token.invalid"
    assert not words.strip() or words.strip() not in str(err.value)


def test_a_wrong_one_changes_nothing(recorder, hub, keyring) -> None:
    keep(recorder, MARKER, "keyring")
    with pytest.raises(KnownError):
        keep(recorder, "two words", "keyring")
    assert recorder.services.tokens.token() == MARKER
