"""The conversation view, which shows any number of messages to read, select and act on."""

from slmdesk.ui.chat.view.area import ConversationView, Hit
from slmdesk.ui.chat.view.message import ACTIONS, Extra, MessageView

__all__ = ["ACTIONS", "ConversationView", "Extra", "Hit", "MessageView"]
