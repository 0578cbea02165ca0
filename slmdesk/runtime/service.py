"""What all services work with, and their base class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdesk.base.record import Record

if TYPE_CHECKING:
    from slmdesk.base.paths import Paths
    from slmdesk.base.settings import SettingsFile
    from slmdesk.runtime.event_bus import EventBus
    from slmdesk.runtime.events import Event
    from slmdesk.runtime.service_thread import ServiceThread
    from slmdesk.store import Store


class Runtime(Record):
    service_thread: ServiceThread
    store: Store
    settings: SettingsFile
    paths: Paths
    events: EventBus

    def publish(self, event: Event) -> None:
        self.events.publish(event)


class Service:
    """A service, or a part of one: called on the service thread, it uses the store and publishes events."""

    def __init__(self, runtime: Runtime) -> None:
        self._service_thread, self._store = runtime.service_thread, runtime.store
        self._settings, self._paths, self._publish = runtime.settings, runtime.paths, runtime.publish
