"""The palette in the window: what can be done just now, and what choosing it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QAbstractButton, QLabel, QScrollArea, QWidget

from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.shortcuts import CHAT, DOCUMENTS, EVERYWHERE, NAME, SEGMENTS, TEXT, WRITE, Keys, all_keys
from slmdesk.window.palette.controller import Openers, PaletteController
from slmdesk.window.palette.entries import Entry, Offers
from slmdesk.window.palette.panel import PalettePanel
from slmdesk.window.widgets.features import SHOWN_BY

if TYPE_CHECKING:
    from slmdesk.window.shell.composition import Frame

ICONS = {
    CHAT: "message-square", DOCUMENTS: "file-text", TEXT: "languages", SEGMENTS: "languages",
    WRITE: "pencil", "Translate": "languages", "Models": "package", "Jobs": "list-checks", "Settings": "settings",
}  # fmt: skip
OWN_ICONS = {"help": "info", "clipboard": "languages", "quit": "x", "network_button": "wifi-off"}
USEFUL = (
    "chat.new", "documents.open", "page.translate", "clipboard", "chat.search", "chat.model", "page.settings", "help",
)  # fmt: skip
"""Listed while nothing is typed."""
WITH_FOCUS = ("chat.paste", "sentence.", "segment.", "versions.", "change.")
"""What these keys do depends on where the cursor is: offered only where they would work by themselves."""
WITH_TEXT = ("write.correct", "write.rephrase", "write.save", "write.copy")
BUTTONS = (
    ("watch_folder_button", "Watch a folder", DOCUMENTS),
    ("choose_document_button", "Translate a document", TEXT),
    ("glossaries_button", "Glossaries", TEXT),
    ("memory_button", "Translation memory", TEXT),
    ("library_add_button", "Add model files", "Models"),
    ("compare_button", "Compare models", "Models"),
    ("hub_search_box", "Search for models on the Hub", "Models"),
    ("network_button", "Network and its requests", ""),
)
"""Actions without a shortcut: the widget that does them, which the organisation's rules may hide, and its page."""
MARGIN = 60


class PaletteEntry(QObject):
    def __init__(self, bridge: Bridge, frame: Frame) -> None:
        super().__init__(frame, objectName="palette_entry")
        self._frame, self._window, opener = frame, frame.window, frame.opener
        self._needs = self._conditions()
        openers = Openers(opener.item, opener.message, opener.name, opener.passage, frame.models.use)
        self.controller = PaletteController(bridge, openers, self)
        self.panel = PalettePanel(frame.window)
        self.panel.words_changed.connect(self.controller.find)
        self.panel.closed.connect(self.controller.end)
        self.panel.chosen.connect(self._on_chosen)
        self.controller.listed.connect(self.panel.show_listing)

    def _conditions(self) -> Mapping[str, Callable[[], object]]:
        frame, page, is_made = self._frame, self._frame.chat_page, self._window.is_made
        can_write = partial(page.composer.isVisibleTo, page)
        return {
            **dict.fromkeys(("chat.find", "chat.rename"), lambda: frame.chat.chat),
            **dict.fromkeys(("chat.attach", "chat.write", "chat.model"), can_write),
            **dict.fromkeys(
                (one.name for one in all_keys() if one.place == DOCUMENTS),
                lambda: is_made(DOCUMENTS) and frame.documents.current,
            ),
            "documents.open": lambda: True,
            "text.copy": lambda: is_made(TEXT) and self._is_usable("copy_translation_button"),
            **dict.fromkeys(WITH_TEXT, lambda: is_made(WRITE) and frame.writing.text.strip()),
        }

    def open(self) -> None:
        """Open the palette; where it is open, close it."""
        if self.panel.isVisible():
            self.panel.end()
            return
        offers = self._offers()
        self.panel.open()
        self.controller.begin(offers)

    def _on_chosen(self, entry: Entry) -> None:
        entry.choose()

    # ---- what can be done now

    def _offers(self) -> Offers:
        pages = {one.name: self._page_entry(one) for one in all_keys() if one.name.startswith("page.")}
        actions = self._actions()
        named = {**pages, **actions}
        useful = [named[name] for name in USEFUL if name in named]
        return Offers((*actions.values(), *self._buttons()), tuple(pages.values()), tuple(self._settings()), useful)

    def _page_entry(self, keys: Keys) -> Entry:
        show = partial(self._window.show_page, keys.words)
        return Entry(keys.words, _icon_of(keys.name, keys.words), show, shortcut=keys.shown)

    def _actions(self) -> dict[str, Entry]:
        focus = self._window.focusWidget()
        bound: dict[str, list[QShortcut]] = {}
        for shortcut in self._window.findChildren(QShortcut):
            bound.setdefault(shortcut.objectName(), []).append(shortcut)
        found: dict[str, Entry] = {}
        for keys in all_keys():
            if keys.name == "palette" or keys.name.startswith("page."):
                continue
            usable = (one for one in bound.get(keys.name, ()) if self._can(keys, one, focus))
            done_by: QShortcut | QAction | str | None = next(usable, None) or _action_of(focus, keys)
            if done_by is None and self._can_on_new_page(keys):
                done_by = keys.place
            if done_by is not None:
                detail = "" if keys.place == EVERYWHERE else keys.place
                icon = _icon_of(keys.name, keys.place)
                found[keys.name] = Entry(keys.words, icon, partial(self._act, keys.name, done_by), detail, keys.shown)
        return found

    def _can(self, keys: Keys, shortcut: QShortcut, focus: QWidget | None) -> bool:
        owner = shortcut.parent()
        if not isinstance(owner, QWidget) or not shortcut.isEnabled() or not owner.isEnabled():
            return False
        if keys.name.startswith(WITH_FOCUS) and not (
            focus is not None and (focus is owner or owner.isAncestorOf(focus))
        ):
            return False
        needed = self._needs.get(keys.name)
        return self._is_placed(owner) and (needed is None or bool(needed()))

    def _can_on_new_page(self, keys: Keys) -> bool:
        """Whether an action needs no more than its page, which is not made yet."""
        needed = self._needs.get(keys.name, lambda: True)
        is_new = keys.place in (DOCUMENTS, TEXT, WRITE) and not self._window.is_made(keys.place)
        return is_new and not keys.name.startswith(WITH_FOCUS) and bool(needed())

    def _buttons(self) -> Iterator[Entry]:
        policy = self._frame.settings.policy
        hidden = tuple(name for feature in (policy.hidden if policy else ()) for name in SHOWN_BY.get(feature, ()))
        for name, words, place in BUTTONS:
            is_new = place and not self._window.is_made(place)
            # what stands in a hidden part begins with its name
            if not name.startswith(hidden) if is_new else self._is_usable(name):
                yield Entry(words, _icon_of(name, place), partial(self._press, name, place), place)

    def _settings(self) -> Iterator[Entry]:
        page, heading = self._frame.settings_page, ""
        for one in page.findChildren(QWidget):
            name = one.objectName()
            if isinstance(one, QLabel) and name.endswith("_heading"):
                heading = one.text()
            elif name.startswith("setting_") and one.isVisibleTo(page):
                words = one.text() if isinstance(one, QAbstractButton) and not one.accessibleName() else ""
                reach = partial(self._reach, one)
                yield Entry(words or one.accessibleName(), "settings", reach, heading)

    def _widget(self, name: str) -> QWidget:
        found = self._window.findChild(QWidget, name)
        assert isinstance(found, QWidget), name
        return found

    def _is_usable(self, name: str) -> bool:
        widget = self._widget(name)
        return widget.isEnabled() and self._is_placed(widget)

    def _is_placed(self, widget: QWidget) -> bool:
        """Whether a widget is on show as soon as its page is."""
        title = self._window.page_of(widget)
        if not title:
            return True
        page = self._frame.models_page if self._is_among_models(widget) else self._window.page(title)
        return page is widget or widget.isVisibleTo(page)

    def _is_among_models(self, widget: QWidget) -> bool:
        return self._window.is_made("Models") and self._frame.models_page.isAncestorOf(widget)

    # ---- what choosing does

    def _act(self, name: str, done_by: QShortcut | QAction | str) -> None:
        """Do what the keys of this name do; where a page is given, once it is made."""
        if isinstance(done_by, QAction):
            done_by.trigger()
            return
        if isinstance(done_by, str):
            done_by = next(iter(self._window.page(done_by).findChildren(QShortcut, name)))
        owner = done_by.parent()
        if isinstance(owner, QWidget):
            self._show_page_of(owner)
        done_by.activated.emit()

    def _press(self, name: str, place: str) -> None:
        if place:
            self._window.page(place)
        widget = self._widget(name)
        self._show_page_of(widget)
        if isinstance(widget, QAbstractButton):
            widget.click()
        else:
            self._reach(widget)

    def _reach(self, widget: QWidget) -> None:
        self._show_page_of(widget)
        QTimer.singleShot(0, self, partial(_go_to, widget))  # once the page is laid out

    def _show_page_of(self, widget: QWidget) -> None:
        title = self._window.page_of(widget)
        if self._is_among_models(widget):
            self._frame.opener.models()
        elif title and title != self._window.current_page:
            self._window.show_page(title)


def _icon_of(name: str, place: str) -> str:
    return OWN_ICONS.get(name) or ICONS.get(place, "chevron-right")


def _action_of(focus: QWidget | None, keys: Keys) -> QAction | None:
    actions = focus.actions() if focus is not None and keys.name.startswith(WITH_FOCUS) else ()
    return next((one for one in actions if one.isEnabled() and one.property(NAME) == keys.name), None)


def _go_to(widget: QWidget) -> None:
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget, 0, MARGIN)
        above = above.parentWidget()
    widget.setFocus(Qt.FocusReason.ShortcutFocusReason)
