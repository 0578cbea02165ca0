from __future__ import annotations

import pytest
from fakes.recorder import examine, open_echo

from slmdesk.evaluation.exams import Skill


@pytest.fixture
def able_model(with_model) -> dict:
    """A home with one model, of which the exam says that it corrects well."""
    services = open_echo()
    examine(services, examined=[Skill.CORRECT])
    services.close()
    return with_model
