"""The palette's actions in the window, and the help with the list of shortcuts."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import PySide6
from PySide6.QtCore import QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QAbstractButton, QFrame, QLabel, QScrollArea, QWidget

from slmdesk import __version__
from slmdesk.base.frozen import frozen_folder
from slmdesk.base.text.folding import holds_words
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.shortcuts import (
    CHAT,
    DOCUMENTS,
    EVERYWHERE,
    NAME,
    SEGMENTS,
    TEXT,
    WRITE,
    Keys,
    all_keys,
    by_place,
)
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.palette import Entry, Offers, Openers, PaletteController, PalettePanel
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    breakable,
    button,
    column,
    named,
    plain_label,
    row,
    set_icon,
    show_column,
    text_line,
)
from slmdesk.ui.kit.widgets.dialogs import Dialog
from slmdesk.ui.kit.widgets.features import SHOWN_BY
from slmdesk.ui.kit.widgets.opening import open_outside
from slmdesk.ui.kit.widgets.requests import can_read

if TYPE_CHECKING:
    from slmdesk.ui.shell.composition import Frame

ICONS = {
    CHAT: "message-square", DOCUMENTS: "file-text", TEXT: "languages", SEGMENTS: "languages",
    WRITE: "pencil", "Translate": "languages", "Models": "package", "Jobs": "list-checks", "Settings": "settings",
}  # fmt: skip
OWN_ICONS = {
    "help": "info", "clipboard": "languages", "nameless": "eye-off", "names_back": "undo-2", "quit": "x",
    "network_button": "wifi-off",
}  # fmt: skip
USEFUL = (
    "chat.new", "documents.open", "page.translate", "clipboard", "chat.search", "chat.model", "page.settings", "help",
)  # fmt: skip
"""Shortcuts whose actions are listed while nothing is typed."""
WITH_FOCUS = ("chat.paste", "sentence.", "segment.", "versions.", "change.")
"""Starts of names of shortcuts whose effect depends on the focus. They are offered only where their keys would work."""
WITH_TEXT = ("write.correct", "write.rephrase", "write.save", "write.copy")
BUTTONS = (
    ("choose_document_button", _("Translate a document"), TEXT),
    ("library_add_button", _("Add model files"), "Models"),
    ("hub_search_box", _("Search for models on the Hub"), "Models"),
    ("network_button", _("Network and its requests"), ""),
)
"""Actions without a shortcut: their widget, words and page. The organisation's rules may hide the widget."""
WAYS = (
    ("compare", "git-compare", _("Compare two versions"), _("comparison, differences, changes, contract"), "versions"),
    ("summary", "list-checks", _("Understand a document"), _("summary, letter, key points"), "summary"),
    (
        "calendar",
        "calendar",
        _("Deadlines"),
        _("due, overdue, dates, calendar, appointment, reminder, ics, Outlook"),
        "",
    ),
    ("table", "table", _("Make a table of documents"), _("Excel, spreadsheet, columns, invoices, CSV"), "table"),
    ("labels", "list-checks", _("Label texts"), _("mood, sentiment, topics, urgency, feedback, survey"), "table"),
    ("reply", "pencil", _("Reply to a letter"), _("answer, letter, mail, respond, draft"), "reply"),
    ("redact", "eye-off", _("Redact a document"), _("anonymous, names, personal data, black out"), "redact"),
)
"""What can be done with documents: key, icon, words, other words for it, and the pane that does it. Without a pane it
is the list of what is due in all of them.
"""
ALSO = {
    "help": _("licence, licences, version, about, manual, fault, report"),
    "page.models": _("download a model, AI, language model"),
    "page.settings": _("options, preferences"),
    "page.jobs": _("progress, queue, running work"),
    "page.write": _("correct, spelling, grammar, tone, e-mail"),
    "chat.model": _("language model, AI"),
    "clipboard": _("translator"),
    "nameless": _("ChatGPT, cloud, pseudonyms, hide names"),
    "names_back": _("paste, originals, ChatGPT, cloud, pseudonyms"),
    "lock": _("password, lock screen"),
}
"""Other words by which actions and pages are found."""
MARGIN = 60


class PaletteEntry(QObject):
    def __init__(self, bridge: Bridge, frame: Frame) -> None:
        super().__init__(frame, objectName="palette_entry")
        self._frame, self._window, opener = frame, frame.window, frame.opener
        self._needs = self._conditions()
        openers = Openers(opener.item, opener.message, opener.name, opener.passage, frame.models.use)
        self.controller = PaletteController(bridge, openers, self)
        self.panel = PalettePanel(frame.window)
        self.panel.line.textChanged.connect(self.controller.find)
        self.panel.closed.connect(self.controller.end)
        self.panel.chosen.connect(lambda entry: entry.choose())
        self.controller.listed.connect(self.panel.show_listing)

    def _conditions(self) -> Mapping[str, Callable[[], object]]:
        frame, page, is_made = self._frame, self._frame.chat_page, self._window.is_made
        can_write = partial(page.composer.isVisibleTo, page)
        return {
            **dict.fromkeys(("chat.find", "chat.rename"), lambda: frame.chat.chat),
            **dict.fromkeys(("chat.attach", "chat.write"), can_write),
            **dict.fromkeys(
                (key.name for key in all_keys() if key.place == DOCUMENTS),
                lambda: is_made(DOCUMENTS) and frame.documents.current,
            ),
            **dict.fromkeys(("documents.open", "documents.watch"), lambda: True),
            "text.copy": lambda: is_made(TEXT) and self._is_usable("copy_translation_button"),
            **dict.fromkeys(WITH_TEXT, lambda: is_made(WRITE) and frame.writing_page.text.strip()),
        }

    def open(self) -> None:
        """Open the palette, or close it if it is open."""
        if self.panel.isVisible():
            self.panel.end()
            return
        offers = self._offers()
        self.panel.open()
        self.controller.begin(offers)

    def _offers(self) -> Offers:
        pages = {key.name: self._page_entry(key) for key in all_keys() if key.name.startswith("page.")}
        actions = self._actions()
        named = {**pages, **actions}
        useful = [named[name] for name in USEFUL if name in named]
        return Offers(
            (*actions.values(), *self._buttons(), *self._ways()), tuple(pages.values()), tuple(self._settings()), useful
        )

    def _page_entry(self, keys: Keys) -> Entry:
        title = keys.name.removeprefix("page.").title()
        show = partial(self._window.show_page, title)
        return Entry(keys.words, _icon_of(keys.name, title), show, shortcut=keys.shown, also=ALSO.get(keys.name, ""))

    def _actions(self) -> dict[str, Entry]:
        focus = self._window.focusWidget()
        bound: dict[str, list[QShortcut]] = {}
        for shortcut in self._window.findChildren(QShortcut):
            bound.setdefault(shortcut.objectName(), []).append(shortcut)
        entries: dict[str, Entry] = {}
        for keys in all_keys():
            if keys.name == "palette" or keys.name.startswith("page."):
                continue
            usable = (shortcut for shortcut in bound.get(keys.name, ()) if self._can(keys, shortcut, focus))
            done_by: QShortcut | QAction | str | None = next(usable, None) or _action_of(focus, keys)
            if done_by is None and self._can_on_new_page(keys):
                done_by = keys.place
            if done_by is not None:
                detail = "" if keys.place == EVERYWHERE else _(keys.place)
                icon = _icon_of(keys.name, keys.place)
                act = partial(self._act, keys.name, done_by)
                also = ALSO.get(keys.name, "")
                entries[keys.name] = Entry(keys.words, icon, act, detail, keys.shown, also=also)
        return entries

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
        """Return whether the page of an action is not made yet, and the action needs nothing but that page."""
        needed = self._needs.get(keys.name, lambda: True)
        is_new = keys.place in (DOCUMENTS, TEXT, WRITE) and not self._window.is_made(keys.place)
        return is_new and not keys.name.startswith(WITH_FOCUS) and bool(needed())

    def _buttons(self) -> Iterator[Entry]:
        hidden = tuple(name for each in self._frame.settings.policy.hidden for name in SHOWN_BY.get(each, ()))
        for name, words, place in BUTTONS:
            is_new = place and not self._window.is_made(place)
            # the name of a widget in a hidden part begins with the name of that part
            if not name.startswith(hidden) if is_new else self._is_usable(name):
                yield Entry(words, _icon_of(name, place), partial(self._press, name, place), _(place) if place else "")

    def _ways(self) -> Iterator[Entry]:
        for key, icon, words, also, pane in WAYS:
            yield Entry(words, icon, partial(self._begin, key, pane), _("Documents"), also=also)

    def _begin(self, key: str, pane: str) -> None:
        """Show the pane that does something with documents. Without a document, ask for one."""
        frame, is_compare = self._frame, key == "compare"
        if not pane:
            frame.opener.deadlines()
            return
        self._window.show_page("Documents")
        if is_compare:
            frame.start_page.card_chosen.emit(key)
        elif not frame.documents.current:
            frame.documents_page.ask_files()
        if frame.documents.current or not is_compare:
            frame.documents_page.pane_requested.emit(frame.documents.current, pane)

    def _settings(self) -> Iterator[Entry]:
        page = self._frame.settings_page
        for each in page.settings:
            if each.is_offered:
                section = page.sections[each.section].title
                reach = partial(self._reach, each.widget)
                yield Entry(each.field.title, "settings", reach, section, also=each.also)

    def _widget(self, name: str) -> QWidget:
        widget = self._window.findChild(QWidget, name)
        assert isinstance(widget, QWidget), name
        return widget

    def _is_usable(self, name: str) -> bool:
        widget = self._widget(name)
        return widget.isEnabled() and self._is_placed(widget)

    def _is_placed(self, widget: QWidget) -> bool:
        """Return whether a widget is visible as soon as its page is shown."""
        title = self._window.page_of(widget)
        if not title:
            return True
        page = self._frame.models_page.all_models if self._is_among_models(widget) else self._window.page(title)
        return page is widget or widget.isVisibleTo(page)

    def _is_among_models(self, widget: QWidget) -> bool:
        return self._window.is_made("Models") and self._frame.models_page.all_models.isAncestorOf(widget)

    def _act(self, name: str, done_by: QShortcut | QAction | str) -> None:
        """Do what the keys of the shortcut `name` do. If `done_by` is the title of a page, make that page first."""
        if isinstance(done_by, QAction):
            done_by.trigger()
            return
        if isinstance(done_by, str):
            done_by = self._window.page(done_by).findChildren(QShortcut, name)[0]
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
        if self._window.is_made("Settings"):
            self._frame.settings_page.reach(widget)
        QTimer.singleShot(0, self, partial(_go_to, widget))  # once the page is laid out

    def _show_page_of(self, widget: QWidget) -> None:
        title = self._window.page_of(widget)
        if self._is_among_models(widget):
            self._frame.opener.all_models()
        elif title and title != self._window.current_page:
            self._window.show_page(title)


def _icon_of(name: str, place: str) -> str:
    return OWN_ICONS.get(name) or ICONS.get(place, "chevron-right")


def _action_of(focus: QWidget | None, keys: Keys) -> QAction | None:
    actions = focus.actions() if focus is not None and keys.name.startswith(WITH_FOCUS) else ()
    return next((action for action in actions if action.isEnabled() and action.property(NAME) == keys.name), None)


def _go_to(widget: QWidget) -> None:
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget, 0, MARGIN)
        above = above.parentWidget()
    widget.setFocus(Qt.FocusReason.ShortcutFocusReason)


Folders = Sequence[tuple[str, str]]
"""Pairs of what is stored and the folder where it is stored."""
DATA = _(
    "Everything stays on this computer. Nothing is sent anywhere unless you allow the network and ask for it; the line "
    "at the foot of the window counts every request."
)
REPORT = _(
    "If something goes wrong, note what you did, what you expected and what happened, and "
    "add the version below. “slmdesk doctor” in a terminal prints a report of this computer "
    "without your texts. Give both to whoever gave you slmdesk. Nothing is sent "
    "automatically."
)
NO_VOICE = _(
    "Nothing can be read aloud, because this computer has no voice. On Linux, install speech-dispatcher or espeak-ng."
)
LICENCES_PAGE = "LICENCES.txt"
"""In the folder of a frozen program."""
LICENCES = _(
    "slmdesk: Apache License 2.0.\n"
    "Qt and PySide6: LGPL 3, used unchanged; they can be replaced.\n"
    "llama.cpp: MIT License.\n"
    "Icons: Lucide, ISC License.\n"
    "Finder of names: Rampart by National Design Studio, CC BY 4.0, used unchanged.\n"
    "Finder of voices: Silero VAD, MIT License, used unchanged.\n"
    "Starter model: SmolLM2, Apache License 2.0. Every other model has a licence of its own, shown in its details."
)
SIZE = (720, 640)
LEAST_LETTERS = 50


STEPS = (
    ("Start", "house", _("Ask a question, as you would ask a colleague")),
    ("Documents", "file-text", _("Understand a document: summary, questions, table")),
    ("Translate", "languages", _("Translate a text or a whole document")),
    ("Write", "pencil", _("Correct and improve your own text")),
    ("Models", "package", _("Get the best model for this PC")),
)


class HelpWindow(Dialog):
    """First steps, a search, the shortcuts, where the data is, and about slmdesk."""

    def __init__(self, folders: Folders, show_page: Callable[..., object], parent: QWidget) -> None:
        """`show_page` shows a page by its title, or a section of the settings."""
        super().__init__(parent, "help_window", _("Help"))
        self._area = named(QScrollArea(self), "help_area", label=_("Help"))
        self._inner = named(QFrame(self), "help_inner")
        self._column = column(into=self._inner, gap=theme.SPACE_8, margins=(theme.SPACE_32, theme.SPACE_24))
        self._search = text_line("help_search", self._inner, _("Search help"), most=200, clears=CLEAR)
        self._search.textChanged.connect(self._on_searched)
        for name, title, fill in (
            ("steps", _("First steps"), partial(self._add_steps, show_page)),
            ("shortcuts", _("Keyboard shortcuts"), partial(self._add_shortcuts, show_page)),
            ("data", _("Where your data is"), partial(self._add_data, folders)),
            ("report", _("Report a fault"), lambda: self._say("help_report", REPORT)),
            ("about", _("About slmdesk"), self._add_about),
        ):
            self._column.addWidget(plain_label(title, self._inner, name=f"help_{name}_title", kind="title"))
            fill()
            self._column.addSpacing(theme.SPACE_16)
            if name == "steps":
                self._column.addWidget(self._search)
                self._column.addSpacing(theme.SPACE_16)
        self._column.addStretch(1)
        show_column(self._area, self._inner)
        column((self._area, 1), into=self)
        self.setMinimumWidth(LEAST_LETTERS * self.fontMetrics().averageCharWidth())
        self.resize(scaled(SIZE[0]), scaled(SIZE[1]))

    def _add_steps(self, show_page: Callable[[str], object]) -> None:
        for at, (page, sign, words) in enumerate(STEPS):
            line = named(QFrame(self._inner), f"help_step_{at}", kind="card")
            mark = named(QLabel(line), "help_step_icon")
            set_icon(mark, sign, "ink2")
            label = _("Open {page}").format(page=_(page))
            go = button(_("Open"), f"help_go_{at}", line, label=label, on=partial(self._go, show_page, page))
            parts = (mark, (plain_label(words, line, name="help_step_words"), 1), go)
            row(*parts, into=line, gap=theme.SPACE_12, margins=(0, theme.SPACE_4))
            self._column.addWidget(line)

    def _go(self, show_page: Callable[..., object], *place: str) -> None:
        show_page(*place)
        self.close()

    def _add_shortcuts(self, show_page: Callable[..., object]) -> None:
        shortcuts = self._shortcuts = named(QFrame(self._inner), "help_shortcuts")
        change = partial(self._go, show_page, "Settings", "shortcuts")
        lines = column(into=shortcuts, gap=theme.SPACE_8)
        lines.addLayout(row(button(_("Change…"), "help_change_shortcuts", shortcuts, on=change), 1))
        for place, bindings in by_place():
            lines.addWidget(plain_label(_(place), shortcuts, name="help_place", kind="strong"))
            for keys in bindings:
                shown = plain_label(keys.shown or _("None"), shortcuts, name="help_keys")
                words = plain_label(keys.words, shortcuts, name="help_words")
                shown.setBuddy(words)
                lines.addLayout(row((shown, 1), (words, 3), gap=theme.SPACE_16))
        self._column.addWidget(shortcuts)
        if not can_read():
            self._say("help_voice", NO_VOICE)

    def _on_searched(self, words: str) -> None:
        """Show the parts of the help, and the shortcuts, that hold the words."""
        for label in self._inner.findChildren(QLabel):
            if label.parentWidget() in (self._inner, self._shortcuts) and not label.objectName().endswith("_title"):
                told = label.buddy() or label
                label.setVisible(isinstance(told, QLabel) and holds_words(told.text(), words))

    def _add_data(self, folders: Folders) -> None:
        self._say("help_data", DATA)
        for at, (what, where) in enumerate(folders):
            self._column.addWidget(plain_label(what, self._inner, name="help_what", kind="strong"))
            place = self._say("help_folder", breakable(where))
            place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            label = _("Open folder: {what}").format(what=what)
            show = partial(open_outside, QUrl.fromLocalFile(where))
            opening = button(_("Open folder"), f"help_open_{at}", self._inner, label=label, on=show)
            self._column.addWidget(opening, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_about(self) -> None:
        system = _("{system} {release}, Python {split}, Qt {version}").format(
            system=platform.system(),
            release=platform.release(),
            split=sys.version.split()[0],
            version=PySide6.__version__,
        )
        version = self._say("help_version", _("slmdesk {version}\n{system}").format(version=__version__, system=system))
        version.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._say("help_licences", LICENCES)
        if folder := frozen_folder():
            page = folder / LICENCES_PAGE
            self._say("help_licences_page", _("All parts with their licences: {path}").format(path=page))

    def _say(self, name: str, words: str) -> QLabel:
        label = plain_label(words, self._inner, name=name)
        self._column.addWidget(label)
        return label
