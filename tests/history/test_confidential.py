"""When names are kept off the screen."""

from __future__ import annotations

import pytest

from slmdesk.base.records import SetBy, What
from slmdesk.store.keys import new_data_key

pytestmark = pytest.mark.process


def test_a_history_is_confidential_while_it_is_encrypted_or_something_is_on_hold(opened, monkeypatch) -> None:
    services = opened(model=False).services
    assert not services.service_thread.call(services.history.is_confidential)
    add = services.store.holds.add
    hold = services.service_thread.call(lambda: add(What.ALL, "", reason="a case", set_by=SetBy.PERSON))
    assert services.service_thread.call(services.history.is_confidential)
    services.service_thread.call(lambda: services.store.holds.remove(hold.id))
    assert not services.service_thread.call(services.history.is_confidential)
    with monkeypatch.context() as patch:
        patch.setattr(services.store.database, "key", new_data_key())
        assert services.service_thread.call(services.history.is_confidential)
