from __future__ import annotations

import pytest


@pytest.fixture
def program(start):
    """The window on its page of documents."""
    return start().open_documents()
