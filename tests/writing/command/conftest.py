from __future__ import annotations

import pytest
from fakes.recorder import open_echo

from slmdesk.evaluation.exams import SKILLS, Skill, SkillResult, items, shape_of_skill


@pytest.fixture
def able_model(with_model) -> dict:
    """A home with one model, of which the exam says that it corrects well."""
    skill = shape_of_skill(SkillResult(Skill.CORRECT, "good", 12, 12))
    services = open_echo()
    try:
        noted = {SKILLS: {"version": items()[0], "skills": [skill]}}
        services.service_thread.call(lambda: services.store.models.set_info(with_model["id"], **noted))
    finally:
        services.close()
    return with_model
