from __future__ import annotations

import pytest
from fakes.recorder import open_echo


@pytest.fixture
def services():
    opened = open_echo()
    yield opened
    opened.close()
