from __future__ import annotations

import pytest
from fakes.recorder import LARGE, open_echo, sized


@pytest.fixture
def able_model(with_model) -> dict:
    """A home with one model, which is large enough to correct well."""
    services = open_echo()
    sized(services, LARGE)
    services.close()
    return with_model
