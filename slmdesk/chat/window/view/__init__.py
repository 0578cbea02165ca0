"""The conversation view: any number of messages, read, selected and acted on."""

from slmdesk.chat.window.view.area import ConversationView, Hit
from slmdesk.chat.window.view.message import ACTIONS, Extra, MessageView

__all__ = ["ACTIONS", "ConversationView", "Extra", "Hit", "MessageView"]
