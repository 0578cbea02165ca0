from __future__ import annotations

import pytest

from slmdesk.formats import pdf


@pytest.fixture(autouse=True)
def no_ocr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of PDF, rewriting and redacting do not depend on whether the library is installed here."""
    if request.path.name.startswith(("test_pdf", "test_re")):
        monkeypatch.setattr(pdf, "is_available", lambda: False)
