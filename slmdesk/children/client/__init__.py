"""The app's end of the pipe: starts, watches and ends a child process, and reports its messages by callback.  No Qt."""

from slmdesk.children.client.client import ChildClient
from slmdesk.children.client.events import ChildEnded, ChildEvent, ChildStarted, ClientLimits, JobHandle, Outcome

__all__ = ["ChildClient", "ChildEnded", "ChildEvent", "ChildStarted", "ClientLimits", "JobHandle", "Outcome"]
