"""A question to a folder in a chat, answered by the real starter model."""

from __future__ import annotations

import os

import pytest
from fakes.recorder import result_of

from slmdesk.base.records import Status
from slmdesk.base.types import AttachMode, Sampling
from slmdesk.chat.types import AttachRequest, SendRequest

pytestmark = pytest.mark.model

OLD = 1_700_000_000
FILLER = "This page is about the garden, the roses and the rain of May. " * 10


def test_the_model_is_given_the_passages_of_twenty_documents_that_fit(over_llama, tmp_path):
    services, folder = over_llama.services, tmp_path / "Letters"
    folder.mkdir()
    for number in range(20):
        path = folder / f"letter {number:02}.txt"
        path.write_text(f"{FILLER}\fThe rent of flat {number} is {900 + number} euros a month, says Mr Baker.")
        os.utime(path, (OLD, OLD))
    state = result_of(services, lambda: services.collections.add(folder))
    result_of(services, lambda: services.collections.look(state.record.id))
    attach = AttachRequest(name="Letters", collection=state.record.id, mode=AttachMode.PASSAGES)
    request = SendRequest("What is the rent of flat 13?", attach=(attach,), sampling=Sampling(max_tokens=200))
    sent = services.service_thread.call(lambda: services.chats.send(request))
    ended = over_llama.end_of(sent.answer.id)
    assert ended.message.status is Status.COMPLETE
    assert ended.message.text.strip()
    question = services.service_thread.call(lambda: services.store.messages.get(sent.user_message.id))
    own, *documents = [attachment.attached for attachment in question.attachments]
    assert own.documents_total == 20
    assert 1 < own.documents_used <= 8
    right = next(document for document in documents if document.name == "letter 13.txt")
    assert 2 in right.pages_used
    assert ended.usage.prompt_tokens < 2600
