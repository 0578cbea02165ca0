from __future__ import annotations

import queue

import pytest
from fakes import tiny_gguf
from fakes.recorder import TIMEOUT_S

from slmdesk.base.errors import KnownError
from slmdesk.base.records import DocumentRecord
from slmdesk.base.runtime.events import DocumentsChanged, ModelsChanged
from slmdesk.models.hub.guard import Asking, GuardPolicy, because, make_client

pytestmark = pytest.mark.process


def test_offline_said_on_the_command_line_reaches_an_open_window_and_its_guard(opened, run) -> None:
    window = opened(model=False).services
    window.service_thread.call(window.watch.start)
    window.service_thread.call(lambda: window.network.set_offline(False))
    seen: queue.SimpleQueue = queue.SimpleQueue()
    window.service_thread.call(lambda: window.settings.listeners.append(seen.put))
    policy = GuardPolicy(offline=lambda: window.network.is_offline, hosts=frozenset({"huggingface.co"}))
    policy.check("https", "huggingface.co", 443)
    run("network", "--offline", "on").ok()
    with make_client() as client, because(Asking(policy, window.network)):
        with pytest.raises(KnownError) as refused:  # at once: also before the look of this second
            client.get("https://huggingface.co/api/models")
        assert refused.value.code == "network.offline"
    assert window.service_thread.call(window.network.requests) == []
    assert seen.get(timeout=TIMEOUT_S).offline is True
    run("network", "--offline", "off").ok()
    assert seen.get(timeout=TIMEOUT_S).offline is False, "nobody asked the window for anything: it looked by itself"
    assert window.network.is_offline is False


def test_a_model_that_another_desk_brings_in_or_removes_is_told(opened, run, tmp_path) -> None:
    file = tiny_gguf.write(tmp_path / "tiny.gguf", tiny_gguf.tiny_llama())
    window = opened(model=False).services
    window.service_thread.call(window.watch.start)
    seen: queue.SimpleQueue = queue.SimpleQueue()
    window.on(ModelsChanged, lambda _event: seen.put(window.models.list()))
    run("models", "import", str(file)).ok()
    (record,) = seen.get(timeout=TIMEOUT_S)
    run("models", "remove", record.id).ok()
    assert seen.get(timeout=TIMEOUT_S) == []


def test_a_document_that_another_desk_opens_or_forgets_is_told(opened, run, tmp_path) -> None:
    file = tmp_path / "lease.md"
    file.write_text("# The lease\n\nThe tenant pays.\n")
    window = opened(model=False).services
    window.service_thread.call(window.watch.start)
    seen: queue.SimpleQueue = queue.SimpleQueue()
    window.on(DocumentsChanged, lambda _event: seen.put(window.documents.recent()))

    def until(count: int) -> list[DocumentRecord]:
        while len(records := seen.get(timeout=TIMEOUT_S)) != count:
            pass
        return records

    run("documents", "add", str(file)).ok()
    (record,) = until(1)
    assert record.name == "lease.md"
    run("documents", "forget", record.id).ok()
    until(0)
