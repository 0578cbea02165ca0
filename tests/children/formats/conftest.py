from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import limited

from slmdesk.children.formats import pdf


@pytest.fixture(autouse=True)
def no_ocr(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of PDF, rewriting and redacting do not depend on whether the library is installed here."""
    if request.path.name.startswith(("test_pdf", "test_re")):
        monkeypatch.setattr(pdf, "is_available", lambda: False)


@pytest.fixture(scope="module", autouse=True)
def limited_children() -> Iterator[None]:
    """What they are forked from ends with the tests of a file."""
    yield
    limited.end()
