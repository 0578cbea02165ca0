"""The app's end of the pipe: starts, watches and ends a child process, and reports its messages by callback.  No Qt."""

from slmdesk.children.client.child import ChildEnded, ChildEvent, ChildStarted, ClientLimits, JobHandle, Outcome
from slmdesk.children.client.client import ChildClient

__all__ = ["ChildClient", "ChildEnded", "ChildEvent", "ChildStarted", "ClientLimits", "JobHandle", "Outcome"]
