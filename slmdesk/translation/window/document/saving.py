"""Dialogs before a translation is written: what is unfinished, where to write, in which format."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QMessageBox, QWidget

from slmdesk.base.formats import translated_name
from slmdesk.base.paper import Form
from slmdesk.translation.handouts import Handout
from slmdesk.translation.types import TranslationView
from slmdesk.translation.window.document.status_text import unfinished, unfinished_words
from slmdesk.window.widgets.export_menu import ask_where
from slmdesk.window.widgets.file_dialogs import ask_new_file
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.named import named

FORMS = {
    Handout.PAIR: (
        Form("docx", "Both languages, as a Word table"),
        Form("xlsx", "Both languages, as a spreadsheet"),
        Form("html", "Both languages, as a web page"),
        Form("md", "Both languages, as Markdown"),
    ),
    Handout.REPORT: (
        Form("html", "Report, as a web page"),
        Form("docx", "Report, as a Word document"),
        Form("md", "Report, as Markdown"),
        Form("json", "Report, as JSON"),
    ),
    Handout.TMX: (Form("tmx", "The pairs, as TMX for other programs"),),
}
SUFFIX_WORDS = {Handout.PAIR: "both languages", Handout.REPORT: "report", Handout.TMX: "pairs"}


class SaveMenu(QMenu):
    chosen = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("handout_menu")
        for what, forms in FORMS.items():
            if not self.isEmpty():
                self.addSeparator()
            for form in forms:
                action = self.addAction(f"{form.name}…", partial(self.chosen.emit, what, form.id))
                action.setObjectName(f"handout_{what.value}_{form.id}")


def ask_save_anyway(parent: QWidget, view: TranslationView, save: Callable[[], None], look: Callable[[], None]) -> None:
    """Say what is unfinished, and ask; if nothing is, call `save` at once.  Does not block."""
    words = unfinished_words(view)
    if not words:
        save()
        return
    more = "What is not translated stands in the document in the source's language." if unfinished(view) else ""
    box = message_box(parent, "save_anyway", "Save the document", f"Of the segments {words}.", more)
    box.setIcon(QMessageBox.Icon.Warning)
    anyway = named(box.addButton("Save anyway", QMessageBox.ButtonRole.AcceptRole), "save_anyway_button")
    first = named(box.addButton("Look at them", QMessageBox.ButtonRole.ActionRole), "look_first_button")
    cancel = named(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole), "save_cancel_button")
    box.setDefaultButton(first)
    box.setEscapeButton(cancel)
    anyway.clicked.connect(save)
    first.clicked.connect(look)
    box.open()


def ask_where_to_save(parent: QWidget, view: TranslationView, chosen: Callable[[Path], None]) -> None:
    """Ask for the file of the translated document.  Does not block."""
    source = Path(view.request.path)
    proposed = source.with_name(translated_name(source, view.request.target))
    ask_new_file(parent, "Save the translated document", chosen, name="save_translation_dialog", proposed=proposed)


def ask_where_to_write(
    parent: QWidget,
    view: TranslationView,
    what: Handout,
    form: str,
    chosen: Callable[[Handout, str, Path], None],
) -> None:
    """Ask for the file of another export.  Does not block."""
    source = Path(view.request.path)
    title = f"{source.stem or view.item.title} {view.request.target} {SUFFIX_WORDS[what]}"
    folder = source.parent if view.request.path else None
    ask_where(parent, title, form, lambda path: chosen(what, form, path), FORMS[what], folder=folder)
