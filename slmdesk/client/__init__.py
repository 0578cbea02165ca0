"""The app's end of the pipe: starts a child, watches it, ends it, and tells typed events by callback.  No Qt."""

from slmdesk.client.client import ChildClient
from slmdesk.client.events import ChildEnded, ChildEvent, ChildStarted, ClientLimits, Outcome
from slmdesk.client.jobs import JobHandle

__all__ = ["ChildClient", "ChildEnded", "ChildEvent", "ChildStarted", "ClientLimits", "JobHandle", "Outcome"]
