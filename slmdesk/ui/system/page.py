"""The settings page: sections, a search over all of them, and one table of the settings that are simple values. A
change takes effect at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QLocale, QObject, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QScrollArea, QWidget

from slmdesk.base.policy import FEATURES, Policy
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.base.translation import LANGUAGES
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.clipboard import marks
from slmdesk.ui.kit.base.text import inside
from slmdesk.ui.kit.widgets.bars import SET_BY_ORGANISATION, SettingsController
from slmdesk.ui.kit.widgets.build import (
    CLEAR,
    button,
    column,
    named,
    plain_label,
    row,
    show_column,
    show_words,
    text_line,
)
from slmdesk.ui.kit.widgets.files import ask_file
from slmdesk.ui.kit.widgets.form import Listed, TextLines
from slmdesk.ui.kit.widgets.rows import Choice
from slmdesk.ui.kit.widgets.settings import Setting, SettingRow, SettingsForm, SettingsSection, Switched, held
from slmdesk.ui.system.shortcuts import TITLE, ShortcutSettings

if TYPE_CHECKING:
    from slmdesk.documents.saved_states import SavedStates

SIZES = (80, 90, 100, 110, 125, 150, 175, 200)
CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
AGES = (30, 60, 90, 180, 365, 730, 1825, 3650)
SAVED_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768)
LETTERS = _("Letters")
NOTHING = _("No setting has these words.")

SECTIONS = (
    ("general", "monitor", _("General")),
    ("privacy", "shield", _("Privacy & security")),
    ("network", "globe", _("Network")),
    ("models", "package", _("Models")),
    ("writing", "pencil", _("Writing & dictation")),
    ("history", "history", _("History & deletion")),
    ("shortcuts", "type", TITLE),
)


def table() -> dict[str, tuple[Setting, ...]]:
    """Return the settings of the program itself by section. Those of a feature are added by that feature."""
    languages = [(language.code, language.shown) for language in LANGUAGES.values()]
    number = QLocale().toString
    return {
        "general": (
            Setting(
                "theme", _("Colours"), Listed, also=_("appearance, dark mode, night, contrast"),
                values=(("system", _("Same as the system")), ("light", _("Light")), ("dark", _("Dark")),
                        ("contrast", _("High contrast"))),
            ),
            Setting(
                "language", _("Language"), Listed, tip=_("slmdesk starts again for it, with this page."),
                values=(("system", _("Same as the system")), ("en", "English"), ("de", "Deutsch")),
            ),
            Setting(
                "font_scale", _("Text size"), Listed, also=_("larger, zoom, letters"),
                values=tuple((size, f"{size} %") for size in SIZES),
            ),
            Setting(
                "system_font", _("Use the system's font"), Switched, tip=_("Instead of Source Sans 3, slmdesk's own."),
            ),
            Setting(
                "notify", _("Notifications"), Switched,
                tip=_("When a download or other long work has ended and this window is not in front, the system says "
                      "so."),
            ),
            Setting(
                "notify_names", _("Names in notifications"), Listed, is_advanced=True,
                tip=_("A locked screen shows the titles of chats and documents. Automatic: left out while the history "
                      "is encrypted."),
                values=(("automatic", _("Automatic")), ("always", _("Named")), ("never", _("Left out"))),
            ),
        ),
        "privacy": (
            Setting(
                "private_copies", _("Keep copies out of the clipboard history"), Switched,
                tip=_("Clipboard managers that keep a history, or send it to a cloud, are asked to leave out what you "
                      "copy here."),
                is_advanced=True,
            ),
        ) if marks() else (),
        "models": (
            Setting(
                "context_tokens", _("Context"), Listed, is_advanced=True,
                tip=_("How much of a chat the model can see, up to its limit. More takes more memory. The model is "
                      "loaded again."),
                values=tuple((size, _("{size} tokens").format(size=number(size))) for size in CONTEXTS),
            ),
            Setting(
                "idle_unload_minutes", _("Unload model after"), Listed, is_advanced=True,
                tip=_("An unused model is taken out of memory after this time, and loaded again when you begin to "
                      "write."),
                values=(
                    (5, _("5 minutes")), (15, _("15 minutes")), (30, _("30 minutes")), (60, _("1 hour")),
                    (240, _("4 hours")), (0, _("Never")),
                ),
            ),
            Setting(
                "sequences", _("Parallel answers"), Listed, is_advanced=True,
                tip=_("How many answers are written side by side. Automatic: what is fastest on this PC."),
                values=((0, _("Automatic")), *((count, str(count)) for count in (1, 4, 8, 12, 16))),
            ),
            Setting(
                "downloads_at_once", _("Parallel downloads"), Listed, is_advanced=True,
                tip=_("The others wait for their turn."), values=tuple((count, str(count)) for count in (1, 2, 3, 4)),
            ),
            Setting(
                "use_graphics_card", _("Use the graphics card"), Switched, is_advanced=True,
                tip=_("Where llama.cpp was built for it, as much of the model as the card's memory holds is put there. "
                      "The model is loaded again."),
            ),
        ),
        "writing": (
            Setting(
                "writing_history", _("Keep drafts"), Switched,
                tip=_("What you write on the page Write, or type on the page Translate, is found again there."),
            ),
            Setting(
                "speech_language", _("Dictation language"), Listed, tip=_("The language in which you dictate."),
                values=(("", _("As the window")), *sorted(languages, key=lambda each: each[1])),
            ),
            Setting(
                "letter_sender", _("Your address in letters"), TextLines, group=LETTERS, lines=4,
                hint=_("Name, street, town"),
                tip=_("Stands in the letters that slmdesk writes. The first line is the name below them."),
            ),
            Setting(
                "letter_sources", _("Sources as comments"), Switched, group=LETTERS,
                tip=_("A letter saved as a Word file has what it rests on as comments beside the text."),
            ),
        ),
        "history": (
            Setting(
                "model_line", _("Say in exports that a model wrote"), Switched, group=_("Export"),
                tip=_("A line at the head names the model. Switch it off where you have checked the text and stand for "
                      "it; a property of the file says so always."),
            ),
            Setting(
                "saved_states_mib", _("Document cache"), Listed, group=_("Documents"),
                tip=_("Keeps what a model has read of a document or a chat on the disk, up to this size: the next "
                      "answer starts at once. Deleted with the document or the chat."),
                values=((0, _("Off")), *((size, bytes_for_people(size << 20)) for size in SAVED_SIZES)),
            ),
            Setting(
                "delete_after_days", _("Delete chats and documents"), Listed, group=_("Deletion"),
                tip=_("Chats, summaries and other work that were not changed for so long go to the trash, and 30 days "
                      "later for good; pinned chats stay. Documents that nothing uses are forgotten; their files "
                      "stay."),
                values=((0, _("Never")), *((days, _("After {days} days").format(days=number(days))) for days in AGES)),
            ),
        ),
    }  # fmt: skip


class SettingsPage(QScrollArea):
    deleted_chats_requested = Signal()
    forget_day_requested = Signal()
    erase_requested = Signal()
    backup_requested = Signal()
    restore_requested = Signal()
    ledger_requested = Signal()
    folder_requested = Signal(str)
    section_shown = Signal()

    def __init__(self, controller: SettingsController, models_folder: str) -> None:
        super().__init__()
        named(self, "settings_page", label=_("Settings"))
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # what is in it are the stops of Tab
        self._controller = controller
        self._default_folder = models_folder
        self._current = SECTIONS[0][0]
        self._build_side()  # first, since this page filters the events of its viewport too
        self._build_ui()
        controller.settings_shown.connect(self._fit)
        controller.policy_shown.connect(self._show_policy)
        self._fit(controller.current)
        self._show_policy(controller.policy)

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "settings_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        holder = self._holder = QWidget(inner)
        self._policy_note = plain_label("", holder, name="policy_note", kind="muted", is_hidden=True)
        self._nothing = plain_label(NOTHING, holder, name="settings_nothing", kind="muted", is_hidden=True)
        self.sections = {name: SettingsSection(holder, name, title) for name, _icon, title in SECTIONS}
        margins = theme.SPACE_24
        titles: list[tuple[object, str]] = [(name, title) for name, _icon, title in SECTIONS]
        self._places = named(Choice(titles, holder), "settings_places", label=_("Section"))
        self._places.value_chosen.connect(self.show_section)
        notes = (row(self._places, 1), self._policy_note, self._nothing)
        sections = self.sections.values()
        column(*notes, *sections, 1, into=holder, gap=theme.SPACE_24, margins=margins)
        for name, fields in table().items():
            SettingsForm(self.sections[name], self._controller, fields)
        models, label = self.sections["models"], _("Choose the folder for models")
        choose = button(_("Choose…"), "models_folder_button", models, label=label, on=self._on_folder)
        tip = _("Models that are added are kept there. Those added before stay where they are.")
        folder = Setting(
            name="models_folder", title=_("Folder"), tip=tip, control=held(choose), sentence=lambda _env: self._place
        )
        SettingsForm(models, self._controller, (folder,))
        self._build_template()
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # a longer section moves nothing aside

    def _build_template(self) -> None:
        writing, settings = self.sections["writing"], self._controller
        label = _("Choose a template of letters")
        choose = button(_("Choose…"), "letter_template_button", writing, label=label, on=self._choose_template)
        label = _("Use slmdesk's own template")
        reset = button(_("Reset"), "letter_template_reset_button", writing, label=label)
        reset.clicked.connect(lambda: settings.change("letter_template", ""))
        control = held(choose, reset, fit=lambda _env: reset.setVisible(bool(settings.current.letter_template)))
        tip = _(
            "A Word file with fields in double braces, or an earlier letter of yours: its letterhead stays, its text "
            "is replaced."
        )
        template = Setting(
            "letter_template", _("Template of letters"), control, group=LETTERS, tip=tip,
            sentence=lambda _env: settings.current.letter_template or _("slmdesk's own"),
        )  # fmt: skip
        SettingsForm(writing, settings, (template,))

    def _choose_template(self) -> None:
        title, filters = _("Template of letters"), _("Word files (*.docx *.dotx *.docm *.dotm)")

        def chosen(path: Path) -> None:
            self._controller.change("letter_template", str(path))

        ask_file(self, title, chosen, name="letter_template_dialog", filters=filters)

    def finish(self) -> None:
        """Add what stands below the settings of the features, and show the first section."""
        history, privacy = self.sections["history"], self.sections["privacy"]

        def ask(section: SettingsSection, name: str, title: str, words: str, signal: Any, **more: Any) -> Setting:
            pressed = button(words, "", section, on=signal)
            return Setting(name, title, held(pressed), **more)

        backups, deleting = _("Backup"), _("Deletion")
        saved = SettingsForm(
            history, self._controller,
            (
                ask(history, "delete_saved_states", _("Space used"), _("Delete now"), self._controller.delete_saved,
                    group=_("Documents"), sentence=saved_words, is_enabled=lambda saved: not saved or saved.files > 0),
                ask(history, "backup", _("Back up the history"), _("Back up…"), self.backup_requested, group=backups,
                    also=backups,
                    tip=_("Without models and settings. The backup of an encrypted history is encrypted.")),
                ask(history, "restore", _("Restore a backup"), _("Choose…"), self.restore_requested, group=backups,
                    tip=_("The backup takes the place of the history, which is kept beside it.")),
                ask(history, "deleted_chats", _("Trash"), _("Show…"), self.deleted_chats_requested, group=deleting,
                    tip=_("Deleted chats stay in the trash until they are deleted for good.")),
                ask(history, "forget_day", _("Delete one day"), _("Choose day…"), self.forget_day_requested,
                    group=deleting, tip=_("Shows all that was made on a day, and deletes it for good.")),
                ask(history, "delete_everything", _("Delete everything"), _("Delete…"), self.erase_requested,
                    group=deleting,
                    tip=_("History, settings, backups, logs and secrets, and the models if you like. What you exported "
                          "or copied elsewhere stays. slmdesk closes then.")),
            ),
            lambda: self._controller.saved.value,
        )  # fmt: skip
        self._controller.saved.changed.connect(saved.show)
        log = ask(privacy, "ledger", _("Network log"), _("Show"), self.ledger_requested, group=_("Network"),
                  sentence=_("Every request, written down before it left"))  # fmt: skip
        SettingsForm(privacy, self._controller, (log,))
        ShortcutSettings(self.sections["shortcuts"], self._controller)
        self._show()

    def _build_side(self) -> None:
        self.side_list = named(QWidget(), "settings_side")
        hint = _("Search settings")
        self.field = text_line("settings_search", self.side_list, hint, most=200, clears=CLEAR)
        self.field.textChanged.connect(self._show)
        self.field.returnPressed.connect(self._on_entered)
        self._group = QButtonGroup(self.side_list)
        entries = []
        for at, (name, icon, title) in enumerate(SECTIONS):
            words = f"  {title}".replace("&", "&&")
            entry = button(words, f"settings_{name}", self.side_list, icon=icon, kind="section", label=title)
            entry.setCheckable(True)
            entry.setAutoExclusive(True)  # assistive tools read "one of several"
            entry.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._group.addButton(entry, at)
            entries.append(entry)
        self._group.idClicked.connect(lambda at: self.show_section(SECTIONS[at][0]))
        column(self.field, *entries, 1, into=self.side_list, gap=theme.SPACE_4)
        self.side_list.installEventFilter(self)

    @property
    def section(self) -> str:
        return self._current

    def show_section(self, name: str) -> None:
        """Show a section. One that no longer exists is ignored."""
        if name not in self.sections:
            return
        self._current = name
        self.section_shown.emit()
        if self.field.text():
            self.field.clear()
        else:
            self._show()
        self.verticalScrollBar().setValue(0)

    def reach(self, control: QWidget) -> None:
        """Show the section in which a control of a setting is."""
        setting = next((each for each in self.settings if each.isAncestorOf(control)), None)
        if setting is not None:
            self.show_section(setting.section)
            self.sections[setting.section].unfold(setting)

    @property
    def settings(self) -> list[SettingRow]:
        return [each for section in self.sections.values() for each in section.rows]

    def _show(self) -> None:
        words = self.field.text().strip()
        matching = [name for name, section in self.sections.items() if section.search(words)]
        shown = matching if words else [self._current]
        for name, section in self.sections.items():
            section.setVisible(name in shown)
        self._nothing.setVisible(not shown)
        self._places.show_value(self._current)
        at = next(at for at, each in enumerate(SECTIONS) if each[0] == self._current)
        self._group.setExclusive(not words)
        for entry in self._group.buttons():
            entry.setChecked(not words and self._group.id(entry) == at)

    def _on_entered(self) -> None:
        setting = next((each for each in self.settings if each.widget.isVisible()), None)
        if setting is not None:
            setting.widget.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def _place(self) -> str:
        return self._controller.current.models_folder or self._default_folder

    def _on_folder(self) -> None:
        self.folder_requested.emit(self._place)

    def _fit(self, settings: Settings) -> None:
        self._holder.setMaximumWidth(theme.COLUMN_WIDTH * settings.font_scale // 100 + 2 * theme.SPACE_24)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.saved.watch(True)
        self._controller.saved.again()
        self._places.setVisible(not self.side_list.isVisible())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.side_list and event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._places.setVisible(event.type() == QEvent.Type.Hide)  # where the side bar is folded
        return super().eventFilter(watched, event)

    def _show_policy(self, policy: Policy) -> None:
        """Say what the organisation has set. These settings are visible but cannot be changed."""
        show_words(self._policy_note, policy_words(policy))


def saved_words(saved: SavedStates | None) -> str:
    if saved is None:
        return "…"
    texts = ngettext("one text", "{n} texts", saved.files)
    size = bytes_for_people(saved.bytes)
    return _("{size} of {texts}").format(size=size, texts=texts) if saved.files else _("Nothing")


def policy_words(policy: Policy) -> str:
    forced, folder, minutes = policy.forced, policy.models_folder, policy.lock_minutes
    hidden = ", ".join(inside(FEATURES[name]) for name in sorted(policy.hidden))
    sources = [_("models from {allowed} alone").format(allowed=" or ".join(each)) for each in policy.choices.values()]
    said = (
        (forced.get("offline"), _("work offline")),
        *((True, words) for words in sources),
        ("proxy" in forced, _("the proxy")),
        ("ca_file" in forced, _("the certificates")),
        ("speed_limit_kib" in forced, _("the speed of downloads")),
        (folder, _("models in the folder {models_folder}").format(models_folder=folder)),
        ("saved_states_mib" in forced, _("the document cache")),
        ("delete_after_days" in forced, _("when chats and documents are deleted")),
        (minutes, _("lock after {lock_minutes} min at the latest").format(lock_minutes=minutes)),
        (hidden, _("hidden: {names}").format(names=hidden)),
    )
    parts = [words for holds, words in said if holds]
    return f"{SET_BY_ORGANISATION[:-1]}: {'; '.join(parts)}." if parts else ""
