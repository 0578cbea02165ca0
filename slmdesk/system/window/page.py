"""The settings page. A change takes effect at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QLocale, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QWidget

from slmdesk.base.policy import FEATURES, Policy
from slmdesk.base.settings import Settings
from slmdesk.base.texts import _, ngettext
from slmdesk.base.walls import Walls
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import marks
from slmdesk.window.widgets.bars import SET_BY_ORGANISATION, SettingsController
from slmdesk.window.widgets.build import ElidedLabel, button, column, named, plain_label, row, show_column, show_words
from slmdesk.window.widgets.rows import Choice, add_setting

if TYPE_CHECKING:
    from slmdesk.library.saved_states import SavedStates

THEMES = (("system", _("Same as the system")), ("light", _("Light")), ("dark", _("Dark")))
SIZES = (80, 90, 100, 110, 125, 150, 175, 200)
CONTEXTS = (1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072)
SEQUENCES = (1, 4, 8, 12, 16)
IDLE_TIMES = (
    (5, _("5 minutes")),
    (15, _("15 minutes")),
    (30, _("30 minutes")),
    (60, _("1 hour")),
    (240, _("4 hours")),
    (0, _("Never")),
)
AT_ONCE = (1, 2, 3, 4)
SAVED_SIZES = (512, 1024, 2048, 4096, 8192, 16384, 32768)
COLUMN = 680
NOT_COUNTED = "…"


class SettingsPage(QScrollArea):
    deleted_chats_requested = Signal()
    rules_requested = Signal()
    forget_day_requested = Signal()
    erase_requested = Signal()
    folder_requested = Signal(str)

    def __init__(
        self,
        controller: SettingsController,
        models_folder: str,
        *,
        after_models: Iterable[QWidget],
        after_documents: Iterable[QWidget],
    ) -> None:
        """Create the page. `after_models` and `after_documents` are other features' settings, below these headings."""
        super().__init__()
        self.setObjectName("settings_page")
        self._controller = controller
        self._after_models, self._after_documents = after_models, after_documents
        self._default_folder = models_folder
        self._choices: dict[str, Choice] = {}
        self._build_ui()
        self._connect()
        self.show_settings(controller.current)
        if controller.policy is not None:
            self.show_policy(controller.policy)

    def _build_ui(self) -> None:
        inner = named(QFrame(self), "settings_inner")
        inner.setMinimumHeight(1)  # else it is as tall as in the narrowest column
        holder = self._holder = QWidget(inner)
        note = _("Changes take effect at once.")
        self._policy_note = plain_label("", holder, name="policy_note", kind="muted", is_hidden=True)
        self._column = column(
            plain_label(_("Settings"), holder, name="settings_title", kind="title"),
            plain_label(note, holder, name="settings_note", kind="muted"),
            self._policy_note,
            into=holder,
            gap=theme.SPACE_12,
            margins=(theme.SPACE_24, theme.SPACE_16),
        )
        self._build_look()
        self._build_models(holder)
        for section in self._after_models:
            self._column.addWidget(section)
        self._column.addWidget(WallsSection(self._controller, holder))
        self._build_documents(holder)
        for section in self._after_documents:
            self._column.addWidget(section)
        self._build_writing()
        self._build_key(holder)
        self._build_history(holder)
        self._column.addStretch(1)
        row(1, (holder, 1000), 1, into=inner)
        show_column(self, inner)

    def _head(self, name: str, title: str) -> None:
        self._column.addWidget(plain_label(title, self._holder, name=f"{name}_heading", kind="heading"))

    def _choice(self, key: str, title: str, sentence: str, values: Iterable[tuple[object, str]]) -> None:
        choice = self._choices[key] = Choice(list(values), self._holder)
        add_setting(self._column, choice, key, title, sentence)
        choice.value_chosen.connect(partial(self._controller.change, key))

    def _build_look(self) -> None:
        self._head("look", _("Look"))
        self._choice("theme", _("Colours"), _("Light or dark, or the same as the system."), THEMES)
        sizes = [(size, f"{size} %") for size in SIZES]
        self._choice("font_scale", _("Text size"), _("The size of all text in the window."), sizes)

    def _build_models(self, holder: QWidget) -> None:
        self._head("models", _("Models"))
        self._folder = ElidedLabel(holder, name="models_folder_label")
        self._choose = button(_("Move…"), "models_folder_button", holder, label=_("Move the folder for models"))
        line = QWidget(holder)
        row((self._folder, 1), self._choose, into=line, gap=theme.SPACE_8)
        add_setting(
            self._column, line, "models_folder", _("Folder"),
            _("Models are kept in this folder. It can be moved, to a larger disk for instance."),
            is_wide=True,
        )  # fmt: skip
        locale = QLocale()
        self._choice(
            "context_tokens", _("Context"),
            _("How much of a chat the model can see, up to its limit. More takes more memory. The "
              "model is loaded again."),
            [(size, _("{size} tokens").format(size=locale.toString(size))) for size in CONTEXTS],
        )  # fmt: skip
        self._choice(
            "idle_unload_minutes", _("Unload model after"),
            _("An unused model is taken out of memory after this time, and loaded again when you begin to write."),
            IDLE_TIMES,
        )  # fmt: skip
        self._choice(
            "sequences", _("Parallel answers"),
            _("How many answers are written side by side. Automatic: the program measures what is fastest on this PC."),
            [(0, _("Automatic")), *((count, str(count)) for count in SEQUENCES)],
        )  # fmt: skip
        self._choice(
            "use_graphics_card", _("Graphics card"),
            _("Where llama.cpp was built to use a graphics card, as much of the model as its memory "
              "holds is put there. The model is loaded again."),
            [(True, _("Automatic")), (False, _("Off"))],
        )  # fmt: skip
        at_once = [(count, str(count)) for count in AT_ONCE]
        self._choice(
            "downloads_at_once", _("Parallel downloads"), _("The others wait in the queue for their turn."), at_once
        )
        self._choice(
            "notify", _("Notifications"),
            _("When a download or other long work has ended and this window is not in front, the system says so."),
            [(True, _("Shown")), (False, _("Not shown"))],
        )  # fmt: skip
        self._choice(
            "notify_names", _("Names in notifications"),
            _("A locked screen shows the titles of chats and documents in them, and the desktop may keep them. "
            "Automatic: left out while the history is encrypted or something is on hold."),
            [("automatic", _("Automatic")), ("always", _("Named")), ("never", _("Left out"))],
        )  # fmt: skip
        self._choice(
            "exams_at_first_use", _("Model tests"),
            _("A test shows what a model does well. slmdesk asks once for each new model; no test "
              "starts unasked."),
            [(True, _("Ask before testing")), (False, _("Only when asked for"))],
        )  # fmt: skip

    def _build_history(self, holder: QWidget) -> None:
        self._head("history", _("History"))
        self._deleted = QPushButton(_("Deleted chats…"), holder)
        words = _("Deleted chats stay in the trash until they are deleted for good.")
        add_setting(self._column, self._deleted, "deleted_chats", _("Trash"), words)
        self._rules = QPushButton(_("Rules and holds…"), holder)
        words = _("How long things are kept, and what nothing may delete. Without a rule nothing is deleted.")
        add_setting(self._column, self._rules, "rules", _("Rules and holds"), words)
        self._forget_day = QPushButton(_("Delete one day…"), holder)
        words = _("Shows all that was made on a day, and deletes it for good.")
        add_setting(self._column, self._forget_day, "forget_day", _("Delete one day"), words)
        self._erase = QPushButton(_("Delete everything…"), holder)
        words = _(
            "History, settings, backups, logs and secrets go, and the models if you like. What you exported or copied "
            "elsewhere stays. slmdesk closes then."
        )
        add_setting(self._column, self._erase, "delete_everything", _("Delete everything"), words)
        self._choice(
            "model_titles", _("Titles of chats"),
            _("When the model has nothing else to do, it gives a chat with a long question a short title. A title that "
            "you write stays."),
            [(True, _("By the model")), (False, _("The first words"))],
        )  # fmt: skip
        self._choice(
            "translate_history", _("Typed translations"),
            _("What you type and translate is kept, to be found again under History on the page Translate."),
            [(True, _("Kept")), (False, _("Not kept"))],
        )  # fmt: skip
        self._choice(
            "writing_history", _("Texts of the page Write"),
            _("What you write there is kept, to be found again under My texts on that page."),
            [(True, _("Kept")), (False, _("Not kept"))],
        )  # fmt: skip

        if marks():
            self._choice(
                "private_copies", _("Clipboard history"),
                _("Clipboard managers that keep a history, or send it to a cloud, are asked to leave out what you copy "
                "here. Pasting works as ever while slmdesk is open."),
                [(True, _("Excluded")), (False, _("Included"))],
            )  # fmt: skip

    def _build_writing(self) -> None:
        self._head("writing", _("Writing"))
        self._choice(
            "continue_typing", _("Continue at the cursor"),
            _("While you pause on the page Write, the model that is loaded continues the sentence in grey. Tab takes "
              "it, Ctrl+Right a word of it, Esc none. No model is loaded for it."),
            [(True, _("On")), (False, _("Off"))],
        )  # fmt: skip

    def _build_key(self, holder: QWidget) -> None:
        self._head("key", _("System-wide shortcut"))
        self._choice("global_key", _("Translate clipboard"), "", [(True, _("On")), (False, _("Off"))])
        self._key_words = holder.findChild(QLabel, "global_key_sentence")

    def _build_documents(self, holder: QWidget) -> None:
        self._head("documents", _("Documents"))
        self._choice(
            "saved_states_mib", _("Document cache"),
            _("Keeps what a model has read of a document or a chat on the disk, up to this size: the "
              "next answer starts at once. Deleted with the document or the chat."),
            [(0, _("Nothing")), *((size, bytes_for_people(size << 20)) for size in SAVED_SIZES)],
        )  # fmt: skip
        self._delete_saved = QPushButton(_("Delete now"), holder)
        add_setting(self._column, self._delete_saved, "delete_saved_states", _("In use"), NOT_COUNTED)
        self._saved_size = holder.findChild(QLabel, "delete_saved_states_sentence")

    def _connect(self) -> None:
        self._delete_saved.clicked.connect(self._controller.delete_saved)
        self._controller.saved_shown.connect(self.show_saved)
        self._choose.clicked.connect(lambda: self.folder_requested.emit(self._folder.full_text))
        self._deleted.clicked.connect(self.deleted_chats_requested)
        self._rules.clicked.connect(self.rules_requested)
        self._forget_day.clicked.connect(self.forget_day_requested)
        self._erase.clicked.connect(self.erase_requested)
        self._controller.settings_shown.connect(self.show_settings)
        self._controller.policy_shown.connect(self.show_policy)

    def show_settings(self, settings: Settings) -> None:
        self._holder.setMaximumWidth(COLUMN * settings.font_scale // 100)
        for key, choice in self._choices.items():
            choice.show_value(getattr(settings, key))
        self._folder.set_full_text(settings.models_folder or self._default_folder)

    def show_key(self, sentence: str) -> None:
        if self._key_words:
            self._key_words.setText(sentence)
        self._choices["global_key"].setAccessibleDescription(sentence)

    def forbid_key(self) -> None:
        """Disable the setting of a global shortcut, because this system offers none."""
        self._choices["global_key"].setEnabled(False)

    def show_saved(self, saved: SavedStates) -> None:
        texts = ngettext("one text", "{n} texts", saved.files)
        words = (
            _("{size} of {texts}.").format(size=bytes_for_people(saved.bytes), texts=texts)
            if saved.files
            else _("Nothing.")
        )
        if self._saved_size:
            self._saved_size.setText(words)
        self._delete_saved.setAccessibleDescription(words)
        self._delete_saved.setEnabled(saved.files > 0)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.look_at_saved()

    def show_policy(self, policy: Policy) -> None:
        """Show what the organisation has set. These settings are visible but cannot be changed."""
        show_words(self._policy_note, policy_words(policy))
        for key in policy.managed:
            if widget := self.findChild(QWidget, f"setting_{key}"):
                widget.setEnabled(False)
                widget.setAccessibleDescription(SET_BY_ORGANISATION)
            if sentence := self.findChild(QLabel, f"{key}_sentence"):
                sentence.setText(SET_BY_ORGANISATION)


def policy_words(policy: Policy) -> str:
    parts = [_("work offline")] if policy.forced.get("offline") else []
    parts += [
        _("models from {allowed} alone").format(allowed=" or ".join(allowed)) for allowed in policy.choices.values()
    ]
    way = {"proxy": _("the proxy"), "ca_file": _("the certificates"), "speed_limit_kib": _("the speed of downloads")}
    parts += [words for key, words in way.items() if key in policy.forced]
    parts += (
        [_("models in the folder {models_folder}").format(models_folder=policy.models_folder)]
        if policy.models_folder
        else []
    )
    parts += [_("the document cache")] if "saved_states_mib" in policy.forced else []
    parts += (
        [_("lock after {lock_minutes} min at the latest").format(lock_minutes=policy.lock_minutes)]
        if policy.lock_minutes
        else []
    )
    parts += [_("exams only when asked for")] if policy.forced.get("exams_at_first_use") is False else []
    parts += (
        [_("hidden: {names}").format(names=", ".join(FEATURES[name].lower() for name in sorted(policy.hidden)))]
        if policy.hidden
        else []
    )
    return f"{SET_BY_ORGANISATION[:-1]}: {'; '.join(parts)}." if parts else ""


# ---- the part of the settings page that says what the system keeps each child process from


INTRODUCTION = _(
    "Models and documents are opened by processes of their own. What a hostile file could do if it took one over is "
    "limited by the system; this is what took effect on this PC."
)
PARTS = {
    "engine": _("Models"),
    "helper": _("Chat templates of models"),
    "reader": _("Documents"),
    "printer": _("Exported PDF files"),
    "speller": _("Dictionaries"),
}
NOT_YET = _("not started yet")


class WallsSection(QWidget):
    def __init__(self, controller: SettingsController, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("walls_section")
        self._controller = controller
        self._rows: dict[str, QLabel] = {}
        self._build_ui()
        controller.walls_shown.connect(self.show_walls)

    def _build_ui(self) -> None:
        title = plain_label(_("Isolation"), self, name="walls_heading", kind="heading")
        words = plain_label(INTRODUCTION, self, name="walls_sentence", kind="muted")
        self._column = column(title, words, into=self, gap=theme.SPACE_8)
        for role, part in PARTS.items():
            self._rows[role] = plain_label(f"{part}: {NOT_YET}", self, name=f"walls_{role}")
            self._column.addWidget(self._rows[role])

    def show_walls(self, walls: Mapping[str, Walls | None]) -> None:
        """Show how each child process is isolated from the system. None means that it has not been started yet."""
        for role, label in self._rows.items():
            its = walls.get(role)
            label.setText(f"{PARTS[role]}: {its.words if its else NOT_YET}")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._controller.look_at_walls()
