"""Services are made when they are first used, in any order, and closed each before those it uses."""

from __future__ import annotations

import pytest
from fakes.recorder import open_echo

from slmdesk.base.protocol import Cancelled
from slmdesk.chat.service import ChatService
from slmdesk.documents.folders import CollectionService
from slmdesk.documents.saved_states import StateService
from slmdesk.documents.service import DocumentService
from slmdesk.history.service import ChangeWatch
from slmdesk.models.evaluation.model_cards import CardService
from slmdesk.models.loader.model_loader import ModelLoader
from slmdesk.models.online.downloads import DownloadService
from slmdesk.models.online.hub import HubService
from slmdesk.models.running import SpeedService
from slmdesk.services import Made, Services
from slmdesk.tasks.jobs.service import JobService
from slmdesk.tasks.questions.service import QuestionService

pytestmark = pytest.mark.process

BEFORE = [
    (ChangeWatch, ChatService),
    (QuestionService, ChatService),
    (QuestionService, StateService),
    (CollectionService, DocumentService),
    (DownloadService, HubService),
    (CardService, JobService),
    (ChatService, ModelLoader),
    (JobService, ModelLoader),
    (SpeedService, ModelLoader),
]


NAMES = [name for name, value in vars(Services).items() if isinstance(value, Made)]


@pytest.mark.parametrize("names", [NAMES, NAMES[::-1]])
def test_all_are_closed_each_before_those_it_uses(home, monkeypatch, names):
    services = open_echo()
    assert vars(services).keys().isdisjoint(names)
    kinds = {kind for name in names if hasattr(kind := type(getattr(services, name)), "close")}
    services.close()
    order: list[type] = []
    for kind in kinds:

        def close(self, kind=kind, original=kind.close) -> None:
            order.append(kind)
            original(self)

        monkeypatch.setattr(kind, "close", close)
    services = open_echo()
    for name in names:
        getattr(services, name)
    services.close()
    assert set(order) == kinds
    assert [pair for pair in BEFORE if order.index(pair[0]) > order.index(pair[1])] == []


def test_a_child_that_is_asked_for_after_the_end_is_not_started(home):
    services = open_echo()
    services.close()
    ends: list[object] = []
    services.reader.start("read", {"path": "", "format": "txt"}, ends.append)
    assert [type(end) for end in ends] == [Cancelled]
    assert services.reader.generation == 0


@pytest.mark.parametrize("end", [Services.close, Services.lock], ids=["close", "lock"])
def test_what_is_asked_for_until_the_end_finds_the_store_open(home, monkeypatch, end):
    services, failed = open_echo(), []
    monkeypatch.setattr(services, "notice", failed.append)
    monkeypatch.setattr(services.service_thread, "_on_error", failed.append)

    def ask() -> None:
        services.store.database.row("select 1")
        services.service_thread.post(ask)

    services.service_thread.post(ask)
    end(services)
    assert failed == []
