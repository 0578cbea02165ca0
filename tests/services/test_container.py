"""All services are closed at the end, each before those it uses."""

from __future__ import annotations

import pytest
from fakes.recorder import open_echo

from slmdesk.services.base.service_thread import ServiceThread
from slmdesk.services.chat.service import ChatService
from slmdesk.services.documents.folders import CollectionService
from slmdesk.services.documents.library import DocumentService
from slmdesk.services.documents.saved_states import StateService
from slmdesk.services.engine.model_loader import ModelLoader
from slmdesk.services.evaluation.auto_exams import AutoExams
from slmdesk.services.evaluation.model_comparison import ModelComparisonService
from slmdesk.services.history.change_watch import ChangeWatch
from slmdesk.services.jobs.service import JobService
from slmdesk.services.models.library import ModelService
from slmdesk.services.models.move.service import MoveService
from slmdesk.services.models.speed import SpeedService
from slmdesk.services.online.downloads import DownloadService
from slmdesk.services.online.hub import HubService
from slmdesk.services.questions.service import QuestionService

pytestmark = pytest.mark.process

BEFORE = [
    (ChangeWatch, ChatService),
    (ModelComparisonService, ChatService),
    (QuestionService, ChatService),
    (QuestionService, StateService),
    (CollectionService, DocumentService),
    (CollectionService, JobService),
    (DownloadService, JobService),
    (MoveService, DownloadService),
    (DownloadService, HubService),
    (AutoExams, JobService),
    (ChatService, ModelLoader),
    (JobService, ModelLoader),
    (JobService, ModelService),
    (SpeedService, ModelLoader),
]


def test_all_are_closed_each_before_those_it_uses(home, monkeypatch):
    services = open_echo()
    made = [one for one in vars(services).values() if type(one).__module__.startswith("slmdesk.services.")]
    kinds = {type(one) for one in made if hasattr(one, "close")} - {ServiceThread}
    services.close()
    order: list[type] = []
    for kind in kinds:

        def close(self, kind=kind, original=kind.close) -> None:
            order.append(kind)
            original(self)

        monkeypatch.setattr(kind, "close", close)
    open_echo().close()
    assert set(order) == kinds
    assert [pair for pair in BEFORE if order.index(pair[0]) > order.index(pair[1])] == []
