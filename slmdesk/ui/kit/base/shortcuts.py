"""The keyboard shortcuts.

One list of shortcuts is used to bind them, to show them in the help and to change them in the settings. The setting
`shortcuts` stores the keys that differ from the usual ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from slmdesk.base.record import Record, changed
from slmdesk.base.texts import N_, _


class Keys(Record):
    """A shortcut: name, where it works, keys and what it does. It may have no keys or several; the first is shown."""

    name: str
    place: str
    keys: tuple[str, ...]
    words: str

    @property
    def shown(self) -> str:
        return shown_keys(self.keys[0]) if self.keys else ""

    @property
    def first(self) -> QKeySequence:
        return QKeySequence(self.keys[0]) if self.keys else QKeySequence()

    @property
    def meaning(self) -> str:
        """What the shortcut means on any page, such as "find". Shortcuts of the same meaning may have the same keys. A
        shortcut that works everywhere shares its keys with no other.
        """
        is_alone = self.place == EVERYWHERE or self.name in _FIXED
        return _MEANINGS.get(self.name) or (self.name if is_alone else self.name.rpartition(".")[2])


EVERYWHERE, CHAT, DOCUMENTS, TEXT, SEGMENTS = (
    N_("Everywhere"),
    N_("Chat"),
    N_("Documents"),
    N_("Translate"),
    N_("Translated document"),
)
WRITE = N_("Write")
IN_TEXTS = N_("Texts and lists")
ALL = (
    Keys("help", EVERYWHERE, ("F1", "?"), _("Help: shortcuts, your data, about slmdesk")),
    Keys("palette", EVERYWHERE, ("Ctrl+K",), _("Find anything: actions, chats, documents, models, settings")),
    Keys("page.start", EVERYWHERE, ("Ctrl+1",), _("Start")),
    Keys("page.chat", EVERYWHERE, ("Ctrl+2",), _("Chat")),
    Keys("page.documents", EVERYWHERE, ("Ctrl+3",), _("Documents")),
    Keys("page.translate", EVERYWHERE, ("Ctrl+4",), _("Translate")),
    Keys("page.write", EVERYWHERE, ("Ctrl+5",), _("Write")),
    Keys("page.models", EVERYWHERE, ("Ctrl+6",), _("Models")),
    Keys("page.jobs", EVERYWHERE, ("Ctrl+J",), _("Jobs")),
    Keys("page.settings", EVERYWHERE, ("Ctrl+,",), _("Settings")),
    Keys("clipboard", EVERYWHERE, ("Ctrl+Shift+T",), _("Translate the clipboard")),
    Keys("nameless", EVERYWHERE, ("Ctrl+Alt+C",), _("Copy without names: the selection, else all that is shown")),
    Keys("names_back", EVERYWHERE, ("Ctrl+Alt+V",), _("Put names back into the text on the clipboard")),
    Keys("lock", EVERYWHERE, ("Ctrl+Shift+L",), _("Lock the encrypted history")),
    Keys("dictate", EVERYWHERE, ("F9",), _("Dictate: hold the key, or press to begin and to end")),
    Keys("chat.model", EVERYWHERE, ("Ctrl+M",), _("Choose a model")),
    Keys("chat.list", EVERYWHERE, ("Ctrl+B",), _("Fold or open the side bar")),
    Keys("quit", EVERYWHERE, ("Ctrl+Q",), _("Quit")),
    Keys("chat.new", CHAT, ("Ctrl+N",), _("New chat")),
    Keys("chat.private", CHAT, ("Ctrl+Shift+N",), _("New private chat, of which nothing is kept")),
    Keys("chat.attach", CHAT, ("Ctrl+O", "Ctrl+Shift+O"), _("Attach documents")),
    Keys("chat.write", CHAT, ("Ctrl+L",), _("Go to the message field")),
    Keys("chat.paste", CHAT, ("Ctrl+Shift+V",), _("Paste as text, however long")),
    Keys("chat.find", CHAT, ("Ctrl+F",), _("Find in this chat")),
    Keys("chat.search", CHAT, ("Ctrl+Shift+F",), _("Search all chats")),
    Keys("chat.rename", CHAT, ("F2",), _("Rename the chat")),
    Keys("chat.export", CHAT, ("Ctrl+E",), _("Export the chat")),
    Keys("chat.panel", CHAT, ("Ctrl+Shift+B",), _("Show or hide the settings of the chat")),
    Keys("chat.larger", CHAT, ("Ctrl++", "Ctrl+="), _("Larger text")),
    Keys("chat.smaller", CHAT, ("Ctrl+-",), _("Smaller text")),
    Keys("chat.usual", CHAT, ("Ctrl+0",), _("Text in its usual size")),
    Keys("documents.open", DOCUMENTS, ("Ctrl+O",), _("Open documents")),
    Keys("documents.watch", DOCUMENTS, (), _("Watch a folder")),
    Keys("documents.page", DOCUMENTS, ("Ctrl+G",), _("Show or hide the page")),
    Keys("documents.find", DOCUMENTS, ("Ctrl+F",), _("Find in the document")),
    Keys("documents.export", DOCUMENTS, ("Ctrl+E",), _("Export the summary, the answers, the table or the comparison")),
    Keys("documents.larger", DOCUMENTS, ("Ctrl++", "Ctrl+="), _("Larger pages")),
    Keys("documents.smaller", DOCUMENTS, ("Ctrl+-",), _("Smaller pages")),
    Keys("documents.usual", DOCUMENTS, ("Ctrl+0",), _("Pages in their usual size")),
    Keys("summary.own_words", DOCUMENTS, ("F6",), _("Summary in the document's own words, or as the model wrote it")),
    Keys("versions.next", DOCUMENTS, ("F8", "Alt+Down"), _("Next change between two versions")),
    Keys("versions.previous", DOCUMENTS, ("Shift+F8", "Alt+Up"), _("Previous change between two versions")),
    Keys("text.open", TEXT, ("Ctrl+O",), _("Open documents to translate")),
    Keys("text.swap", TEXT, ("Ctrl+Shift+S",), _("Swap the languages")),
    Keys("text.copy", TEXT, ("Ctrl+Shift+C",), _("Copy the translation")),
    Keys("text.glossaries", TEXT, ("Ctrl+Shift+G",), _("Glossaries")),
    Keys("text.history", TEXT, ("Ctrl+Shift+H",), _("Earlier translations")),
    Keys("text.larger", TEXT, ("Ctrl++", "Ctrl+="), _("Larger text")),
    Keys("text.smaller", TEXT, ("Ctrl+-",), _("Smaller text")),
    Keys("text.usual", TEXT, ("Ctrl+0",), _("Text in its usual size")),
    Keys("sentence.edit", TEXT, ("F2",), _("Other words")),
    Keys("segment.approve", SEGMENTS, ("Ctrl+Return", "Ctrl+Enter"), _("Approve the segment")),
    Keys("segment.hint", SEGMENTS, ("Ctrl+R",), _("Translate the segment again as you say")),
    Keys("segment.next", SEGMENTS, ("F8", "F3"), _("Next segment to check")),
    Keys("segment.previous", SEGMENTS, ("Shift+F8", "Shift+F3"), _("Previous segment to check")),
    Keys("write.correct", WRITE, ("F7",), _("Correct the text")),
    Keys("change.next", WRITE, ("F8", "Alt+Down"), _("Next change")),
    Keys("change.previous", WRITE, ("Shift+F8", "Alt+Up"), _("Previous change")),
    Keys("change.accept", WRITE, ("Ctrl+Return", "Ctrl+Enter"), _("Accept the change")),
    Keys("change.refuse", WRITE, ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"), _("Reject the change")),
    Keys("write.rephrase", WRITE, ("Ctrl+R",), _("Rephrase the text, or the part of it that is selected")),
    Keys("write.new", WRITE, ("Ctrl+N",), _("New text")),
    Keys("write.open", WRITE, ("Ctrl+O",), _("Open a document to write on")),
    Keys("write.save", WRITE, ("Ctrl+S", "Ctrl+E"), _("Write the text to a file")),
    Keys("write.copy", WRITE, ("Ctrl+Shift+C",), _("Copy the whole text")),
)
FIXED = (
    Keys("fixed.send", CHAT, ("Return",), _("Send the message")),
    Keys("fixed.line", CHAT, ("Shift+Return",), _("New line in the message")),
    Keys("fixed.up", "Jobs", ("Alt+Up",), _("Move up in the queue")),
    Keys("fixed.down", "Jobs", ("Alt+Down",), _("Move down in the queue")),
    Keys("fixed.first", "Jobs", ("Alt+Home",), _("First in the queue")),
    Keys("fixed.pin", TEXT, ("Ctrl+D",), _("Keep the language on top of its list")),
    Keys("fixed.copy", IN_TEXTS, ("Ctrl+C",), _("Copy")),
    Keys("fixed.cut", IN_TEXTS, ("Ctrl+X",), _("Cut")),
    Keys("fixed.insert", IN_TEXTS, ("Ctrl+V",), _("Paste")),
    Keys("fixed.all", IN_TEXTS, ("Ctrl+A",), _("Select all")),
    Keys("fixed.undo", IN_TEXTS, ("Ctrl+Z",), _("Undo")),
    Keys("fixed.redo", IN_TEXTS, ("Ctrl+Shift+Z",), _("Redo")),
    Keys("fixed.delete", IN_TEXTS, ("Del",), _("Delete")),
    Keys("fixed.menu", IN_TEXTS, ("Shift+F10",), _("Menu of what is chosen")),
    Keys("fixed.leave", IN_TEXTS, ("Esc",), _("Close, leave or stop")),
)
"""Shortcuts that are shown but cannot be changed: those of every program and those that a focused widget handles."""
CHOSEN = "chosen_shortcuts"
"""Property of the application: the keys that the person chose, by name of the shortcut. "" means no keys."""
NAME, TIP, IS_PRESSED = "keys_name", "keys_tip", "keys_press"
"""Properties of an action or widget: the name of the shortcut that it shows, its tool tip without the keys, and, for a
button, whether the keys press it.
"""
AT = "keys_at"
"""Property of a QShortcut: the index of its key among the keys of the shortcut."""
_BY_NAME = {keys.name: keys for keys in ALL}
_FIXED = frozenset(keys.name for keys in FIXED)
_MEANINGS = {
    **dict.fromkeys(("chat.attach", "documents.open", "text.open"), "open"),
    **dict.fromkeys(("chat.export", "documents.export", "write.save"), "export"),
    **dict.fromkeys(("chat.rename", "sentence.edit"), "edit"),
    **dict.fromkeys(("versions.previous", "change.previous", "segment.previous", "fixed.up"), "up"),
    **dict.fromkeys(("versions.next", "change.next", "segment.next", "fixed.down"), "down"),
    **dict.fromkeys(("segment.approve", "change.accept"), "accept"),
    **dict.fromkeys(("segment.hint", "write.rephrase"), "again"),
}
_WITH = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


def shown_keys(keys: str) -> str:
    """Return the keys as this system writes them."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)


def keys_of(name: str) -> Keys:
    """Return a shortcut by name, with the keys it has now. Raises KeyError for an unknown name."""
    usual, chosen = _BY_NAME[name], _chosen()
    return changed(usual, keys=(chosen[name],) if chosen[name] else ()) if name in chosen else usual


def all_keys() -> tuple[Keys, ...]:
    return tuple(keys_of(keys.name) for keys in ALL)


def by_place() -> list[tuple[str, list[Keys]]]:
    """Return all shortcuts, also those that cannot be changed, by the places where they work."""
    groups: dict[str, list[Keys]] = {}
    for keys in (*all_keys(), *FIXED):
        groups.setdefault(keys.place, []).append(keys)
    return list(groups.items())


def is_usual(name: str) -> bool:
    return name not in _chosen()


def usual_keys(name: str) -> tuple[str, ...]:
    return _BY_NAME[name].keys


def _chosen() -> Mapping[str, str]:
    app = QApplication.instance()
    choices = app.property(CHOSEN) if app else None
    return choices if isinstance(choices, dict) else {}


def chosen_in(text: str) -> dict[str, str]:
    """Parse the setting, which has one line per shortcut: its name and its keys. Invalid lines are skipped."""
    choices = {}
    for line in text.splitlines():
        name, __, keys = line.partition(" ")
        if name in _BY_NAME and (not keys or can_be(keys)):
            choices[name] = QKeySequence(keys).toString()
    return choices


def with_choice(text: str, name: str, keys: str | None) -> str:
    """Return the setting with other keys for one shortcut. "" means no keys, None means the usual keys."""
    chosen = chosen_in(text)
    chosen.pop(name, None)
    if keys is not None and (keys,) != _BY_NAME[name].keys:
        chosen[name] = keys
    return "\n".join(f"{name} {value}" for name, value in sorted(chosen.items()))


def can_be(keys: str) -> bool:
    """Return whether the keys can be a shortcut: a single key press with a modifier such as Ctrl or Alt, or a function
    key. Other keys write text.
    """
    sequence = QKeySequence(keys)
    if sequence.count() != 1:
        return False
    press = sequence[0]  # type: ignore[index]  # missing in the stubs
    key, modifiers = press.key(), press.keyboardModifiers()
    is_function = Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35
    return key != Qt.Key.Key_unknown and (is_function or bool(modifiers & _WITH))


def taken_by(name: str, keys: str) -> Keys | None:
    """Return another shortcut that has these keys and another meaning, or None if the keys are free."""
    wanted, mine = QKeySequence(keys), _BY_NAME[name]
    for other in (*all_keys(), *FIXED):
        if other.meaning != mine.meaning and any(QKeySequence(key) == wanted for key in other.keys):
            return other
    return None


def take_shortcuts(text: str, window: QWidget | None = None) -> None:
    """Use the keys that the person chose. With `window`, also change them everywhere in the window at once."""
    if app := QApplication.instance():
        app.setProperty(CHOSEN, chosen_in(text))
    if window is None:
        return
    for shortcut in window.findChildren(QShortcut):
        if shortcut.objectName() in _BY_NAME:
            keys = keys_of(shortcut.objectName()).keys
            at = int(shortcut.property(AT) or 0)
            shortcut.setKey(QKeySequence(keys[at] if at < len(keys) else ""))
    for action in window.findChildren(QAction):
        if name := action.property(NAME):
            action.setShortcut(keys_of(name).first)
    for widget in window.findChildren(QWidget):
        if name := widget.property(NAME):
            show_keys(widget, name, str(widget.property(TIP)))
            if isinstance(widget, QAbstractButton) and widget.property(IS_PRESSED):
                widget.setShortcut(keys_of(name).first)


def bind(owner: QWidget, name: str, work: Callable[[], object], *, within: bool = False) -> None:
    """Call `work` when the keys are pressed while `owner` is visible. With `within`, only if the focus is inside
    `owner`.

    The QShortcuts get the name of the shortcut as object name, by which the palette finds them.
    """
    now = keys_of(name).keys
    for at in range(max(1, len(_BY_NAME[name].keys))):
        shortcut = QShortcut(QKeySequence(now[at] if at < len(now) else ""), owner, work)
        if within:  # not as an argument: PySide ignores it beside a function
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setObjectName(name)
        shortcut.setProperty(AT, at)


def press_with_keys(button: QAbstractButton, name: str) -> None:
    button.setProperty(IS_PRESSED, True)
    button.setShortcut(keys_of(name).first)


def show_in_menu(action: QAction, name: str) -> None:
    """Give an action the keys of a shortcut, and change them later if the person changes them."""
    action.setProperty(NAME, name)
    action.setShortcut(keys_of(name).first)


def show_keys(widget: QWidget, name: str, tip: str) -> None:
    widget.setProperty(NAME, name)
    widget.setProperty(TIP, tip)
    shown = keys_of(name).shown
    widget.setToolTip(f"{tip} ({shown})" if shown else tip)
