"""The conversation view: any number of messages, read, selected and acted on."""

from slmdesk.gui.chat.view.area import ConversationView
from slmdesk.gui.chat.view.find import Hit
from slmdesk.gui.chat.view.message import ACTIONS, Extra, MessageView

__all__ = ["ACTIONS", "ConversationView", "Extra", "Hit", "MessageView"]
