"""When names are kept off the screen."""

from __future__ import annotations

import pytest

from slmdesk.history.store.keys import new_data_key

pytestmark = pytest.mark.process


def test_a_history_is_confidential_while_it_is_encrypted(opened, monkeypatch) -> None:
    services = opened(model=False).services
    assert not services.service_thread.call(services.history.is_confidential)
    with monkeypatch.context() as patch:
        patch.setattr(services.store.database, "key", new_data_key())
        assert services.service_thread.call(services.history.is_confidential)
