"""Delete everything: what the keyring holds goes too, and what cannot be taken out of it is named."""

from __future__ import annotations

import pytest
from fakes.recorder import import_model, open_echo, result_of
from fakes.tiny_gguf import tiny_llama, write
from fakes.vaults import MemoryVault

from slmdesk.base.errors import KnownError
from slmdesk.base.records import JobStatus
from slmdesk.base.runtime.events import ModelsChanged
from slmdesk.history.erasing import erase

pytestmark = pytest.mark.process


@pytest.fixture
def services(opened):
    return opened(model=False).services


@pytest.mark.parametrize("reason", ["", "it is locked"])
def test_secrets_in_the_keyring_go_or_are_named(services, reason):
    token, proxy, signing = MemoryVault(), MemoryVault(), MemoryVault()
    services.tokens.vaults["keyring"], services.network.passwords.vaults["keyring"] = token, proxy
    services.erasing.signing = signing
    signing.put("statement key", "a key")
    token.put("hub.example", "a token")
    proxy.put("http://proxy.example:3128", "a password")
    places = {"token_place": "keyring", "token_host": "hub.example", "proxy_password_place": "keyring"}
    services.service_thread.call(lambda: services.settings.change(proxy="http://proxy.example:3128", **places))
    token.reason = reason
    left = result_of(services, services.erasing.forget_secrets)
    assert left == (("the access token",) if reason else ())
    assert proxy.kept == signing.kept == {}
    assert bool(token.kept) is bool(reason)


def test_it_is_refused_while_another_one_is_open_and_nothing_is_deleted(services, home):
    plan = result_of(services, lambda: services.erasing.look(models=False))
    assert plan.files
    assert not plan.models
    other = open_echo()
    with pytest.raises(KnownError, match=r"store\.in_use"):
        services.service_thread.call(lambda: services.erasing.look(models=False))
    with pytest.raises(KnownError, match=r"store\.in_use"):
        erase(services.paths, plan)
    other.close()
    assert (home / "data" / "slmdesk.sqlite3").exists()


def test_a_job_that_runs_refuses_it_and_one_that_is_paused_does_not(services):
    jobs = services.store.jobs
    job = services.service_thread.call(lambda: jobs.add("index", "a folder", model_sha256="", steps=[], settings={}))
    services.service_thread.call(lambda: jobs.claim(job.id))
    with pytest.raises(KnownError, match=r"job\.running"):
        services.service_thread.call(lambda: services.erasing.look(models=False))
    services.service_thread.call(lambda: jobs.change(job.id, JobStatus.PAUSED))
    assert result_of(services, lambda: services.erasing.look(models=False)).files


def test_a_job_whose_window_has_ended_is_shown_as_paused_and_refuses_nothing(services):
    jobs = services.store.jobs
    job = services.service_thread.call(lambda: jobs.add("index", "a folder", model_sha256="", steps=[], settings={}))
    services.service_thread.call(
        lambda: services.store.database.run("update jobs set status = 'running', owner = 'x' where id = ?", (job.id,))
    )
    assert [view.stand for view in services.service_thread.call(lambda: services.jobs.active())] == ["paused"]
    assert result_of(services, lambda: services.erasing.look(models=False)).files


def test_a_model_that_stayed_is_found_again_at_the_next_start(opened, tmp_path):
    recorder = opened(model=False)
    import_model(recorder.services, write(tmp_path / "tiny.gguf", tiny_llama()))
    erasure = result_of(recorder.services, lambda: recorder.services.erasing.look(models=False))
    recorder.services.close()
    erase(recorder.services.paths, erasure)
    again = opened(model=False)
    assert again.services.service_thread.call(again.services.models.list) == []
    again.services.service_thread.call(lambda: again.services.start_background())
    again.wait(ModelsChanged)
    (model,) = again.services.service_thread.call(again.services.models.list)
    assert (model.name, model.linked) == ("Tiny llama", False)
    erasure = result_of(again.services, lambda: again.services.erasing.look(models=True))
    again.services.close()
    erase(again.services.paths, erasure)
    assert not again.services.paths.models.exists()
