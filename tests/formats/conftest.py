from __future__ import annotations

import pytest

from slmdesk.formats import pdf


@pytest.fixture(autouse=True)
def no_ocr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the optional library is installed here makes no difference to the tests of PDF."""
    if request.path.name.startswith("test_pdf"):
        monkeypatch.setattr(pdf, "is_available", lambda: False)
