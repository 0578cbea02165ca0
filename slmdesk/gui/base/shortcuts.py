"""The keyboard shortcuts: one list, from which the window binds them and the help shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget


@dataclass(frozen=True, slots=True)
class Keys:
    """A shortcut: what it does and where; the first of its keys is the one that is shown."""

    name: str
    place: str
    keys: tuple[str, ...]
    words: str

    @property
    def shown(self) -> str:
        return QKeySequence(self.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


EVERYWHERE, CHAT, DOCUMENTS, TEXT, SEGMENTS = "Everywhere", "Chat", "Documents", "Translate", "Translated document"
WRITE = "Write"
ALL = (
    Keys("help", EVERYWHERE, ("F1",), "Help: shortcuts, your data, about slmdesk"),
    Keys("palette", EVERYWHERE, ("Ctrl+K",), "Find anything: actions, chats, documents, models, settings"),
    Keys("page.chat", EVERYWHERE, ("Ctrl+1",), "Chat"),
    Keys("page.documents", EVERYWHERE, ("Ctrl+2",), "Documents"),
    Keys("page.translate", EVERYWHERE, ("Ctrl+3",), "Translate"),
    Keys("page.models", EVERYWHERE, ("Ctrl+4",), "Models"),
    Keys("page.jobs", EVERYWHERE, ("Ctrl+5",), "Jobs"),
    Keys("page.write", EVERYWHERE, ("Ctrl+6",), "Write"),
    Keys("page.settings", EVERYWHERE, ("Ctrl+,",), "Settings"),
    Keys("clipboard", EVERYWHERE, ("Ctrl+Shift+T",), "Translate the clipboard"),
    Keys("quit", EVERYWHERE, ("Ctrl+Q",), "Quit"),
    Keys("chat.new", CHAT, ("Ctrl+N",), "New chat"),
    Keys("chat.attach", CHAT, ("Ctrl+O", "Ctrl+Shift+O"), "Attach documents"),
    Keys("chat.write", CHAT, ("Ctrl+L",), "Go to the message field"),
    Keys("chat.paste", CHAT, ("Ctrl+Shift+V",), "Paste as text, however long"),
    Keys("chat.model", CHAT, ("Ctrl+M",), "Choose a model"),
    Keys("chat.find", CHAT, ("Ctrl+F",), "Find in this chat"),
    Keys("chat.search", CHAT, ("Ctrl+Shift+F",), "Search all chats"),
    Keys("chat.rename", CHAT, ("F2",), "Rename the chat"),
    Keys("chat.list", CHAT, ("Ctrl+B",), "Show or hide the list of chats"),
    Keys("chat.panel", CHAT, ("Ctrl+Shift+B",), "Show or hide the settings of the chat"),
    Keys("chat.larger", CHAT, ("Ctrl++", "Ctrl+="), "Larger text"),
    Keys("chat.smaller", CHAT, ("Ctrl+-",), "Smaller text"),
    Keys("chat.usual", CHAT, ("Ctrl+0",), "Text in its usual size"),
    Keys("documents.open", DOCUMENTS, ("Ctrl+O",), "Open documents"),
    Keys("documents.find", DOCUMENTS, ("Ctrl+F",), "Find in the document"),
    Keys("documents.larger", DOCUMENTS, ("Ctrl++", "Ctrl+="), "Larger pages"),
    Keys("documents.smaller", DOCUMENTS, ("Ctrl+-",), "Smaller pages"),
    Keys("documents.usual", DOCUMENTS, ("Ctrl+0",), "Pages in their usual size"),
    Keys("versions.next", DOCUMENTS, ("F8", "Alt+Down"), "Next change between two versions"),
    Keys("versions.previous", DOCUMENTS, ("Shift+F8", "Alt+Up"), "Previous change between two versions"),
    Keys("text.swap", TEXT, ("Ctrl+Shift+S",), "Swap the languages"),
    Keys("text.copy", TEXT, ("Ctrl+Shift+C",), "Copy the translation"),
    Keys("text.history", TEXT, ("Ctrl+Shift+H",), "Earlier translations"),
    Keys("text.larger", TEXT, ("Ctrl++", "Ctrl+="), "Larger text"),
    Keys("text.smaller", TEXT, ("Ctrl+-",), "Smaller text"),
    Keys("text.usual", TEXT, ("Ctrl+0",), "Text in its usual size"),
    Keys("sentence.edit", TEXT, ("F2",), "Edit the sentence"),
    Keys("sentence.back", TEXT, ("Ctrl+Shift+R",), "Translate the sentence back, to check it"),
    Keys("sentence.wordings", TEXT, ("Ctrl+Shift+A",), "Other wordings of the sentence"),
    Keys("segment.approve", SEGMENTS, ("Ctrl+Return", "Ctrl+Enter"), "Approve the segment"),
    Keys("segment.hint", SEGMENTS, ("Ctrl+R",), "Translate the segment again as you say"),
    Keys("segment.next", SEGMENTS, ("F3",), "Next segment"),
    Keys("segment.previous", SEGMENTS, ("Shift+F3",), "Previous segment"),
    Keys("segment.find", SEGMENTS, ("Ctrl+F",), "Find in the segments"),
    Keys("segment.replace", SEGMENTS, ("Ctrl+H",), "Replace in the segments"),
    Keys("segment.back", SEGMENTS, ("Ctrl+Shift+R",), "Translate the segment back, to check it"),
    Keys("segment.wordings", SEGMENTS, ("Ctrl+E",), "Other wordings of the segment"),
    Keys("segment.undo", SEGMENTS, ("Ctrl+Z",), "Undo"),
    Keys("write.correct", WRITE, ("F7",), "Correct the text"),
    Keys("change.next", WRITE, ("F8", "Alt+Down"), "Next change"),
    Keys("change.previous", WRITE, ("Shift+F8", "Alt+Up"), "Previous change"),
    Keys("change.accept", WRITE, ("Ctrl+Return", "Ctrl+Enter"), "Accept the change"),
    Keys("change.refuse", WRITE, ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"), "Refuse the change"),
    Keys("write.rephrase", WRITE, ("Ctrl+R",), "Rephrase the text, or the part of it that is selected"),
    Keys("write.new", WRITE, ("Ctrl+N",), "New text"),
    Keys("write.open", WRITE, ("Ctrl+O",), "Open a document to write on"),
    Keys("write.save", WRITE, ("Ctrl+S",), "Write the text to a file"),
    Keys("write.copy", WRITE, ("Ctrl+Shift+C",), "Copy the whole text"),
)
_BY_NAME = {one.name: one for one in ALL}


def keys_of(name: str) -> Keys:
    """A shortcut by its name.  Raises KeyError for an unknown one."""
    return _BY_NAME[name]


def bind(owner: QWidget, name: str, work: Callable[[], object], *, within: bool = False) -> None:
    """Call `work` on the keys of this name while `owner` is on show; with `within`, only while the focus is in it.

    The QShortcuts have the name of the keys, by which the palette finds them.
    """
    context = Qt.ShortcutContext.WidgetWithChildrenShortcut if within else Qt.ShortcutContext.WindowShortcut
    for keys in keys_of(name).keys:
        QShortcut(QKeySequence(keys), owner, work, context=context).setObjectName(name)
