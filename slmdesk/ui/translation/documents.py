"""The form shown before documents are translated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QDialogButtonBox, QListWidget, QListWidgetItem, QSizePolicy, QWidget

from slmdesk.base.record import changed, values_of
from slmdesk.base.texts import _, in_quotes, ngettext
from slmdesk.base.translation import LANGUAGES, GlossaryRecord
from slmdesk.tasks.translation.documents import ChosenDocuments, Column
from slmdesk.tasks.translation.prompts import TranslationStyle
from slmdesk.tasks.translation.report import PDF
from slmdesk.tasks.translation.types import NO_GLOSSARY, TranslationRequest
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge
from slmdesk.ui.kit.base.window_state import WindowState
from slmdesk.ui.kit.widgets.build import CheckBox, breakable, column, named, passing, plain_label, row, show_words
from slmdesk.ui.kit.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.ui.kit.widgets.form import Field, Form, Listed
from slmdesk.ui.translation.languages import MANNER, languages, other_than

MOST_NAMED = 6
LIST_LINES, WIDTH = 5, 520


FIELDS = (
    Field(name="source", title=_("From"), control=Listed, values=(("", _("Detect language")), *languages())),
    Field(name="target", title=_("To"), control=Listed, values=languages()),
    *MANNER,
)


class DocumentForm(Dialog):
    def __init__(
        self, bridge: Bridge, chosen: ChosenDocuments, manner: TranslationStyle, last: WindowState,
        begin: Callable[[Sequence[Path], TranslationRequest, bool], object], parent: QWidget,
    ) -> None:  # fmt: skip
        """`begin` gets the paths, a request for each of them without its path, and whether each is written beside."""
        super().__init__(parent)
        self._bridge, self._begin = bridge, begin
        passing(self, "document_form")
        self._chosen = chosen
        self._known: tuple[GlossaryRecord, ...] = ()
        self._language = ""
        """Language of the first document. Empty until it is detected."""
        count = len(chosen.paths)
        self.setWindowTitle(ngettext("Translate a document", "Translate {n} documents", count))
        self._form = Form(self, FIELDS, prefix="form")
        self._form.show_values(values_of(manner), manner.target)
        self._form.changed.connect(self._on_changed)
        self._build_ui(last)
        self._ask_glossaries()
        translations = bridge.services.translations
        first = TranslationRequest("en", path=str(chosen.paths[0].absolute()))
        bridge.follow(translations.detect(first), self._on_language)
        if chosen.table is not None:
            bridge.follow(translations.columns(chosen.table), self._on_columns)

    def _build_ui(self, last: WindowState) -> None:
        self._glossaries, self._glossary_part = self._list("form_glossaries", _("Glossaries"))
        self._columns, columns = self._list("form_columns", _("Columns"))
        self._columns.setEnabled(False)
        self._sheets = self._box(_("Translate sheet names"), "form_sheet_names", last.translate_sheet_names)
        is_on, many = last.translate_properties, len(self._chosen.paths) > 1
        self._properties = self._box(_("Translate the document title"), "form_properties", is_on)
        each, single = _("Save each next to its original when finished"), _("Save next to the original when finished")
        self._beside = self._box(each if many else single, "form_beside", last.translate_beside or many)
        self._said = plain_label("", self, name="form_said", kind="warn", is_hidden=True)
        buttons = AcceptButtons(self, _("Translate"), "form_begin", self._on_begin)
        named(buttons.button(QDialogButtonBox.StandardButton.Cancel), "form_cancel")
        columns.setVisible(self._chosen.table is not None)
        self._sheets.setVisible(self._chosen.has_sheets)
        self._properties.setVisible(self._chosen.has_properties)
        refused = "\n".join(dict.fromkeys(words for __, words in self._chosen.refused[:MOST_NAMED]))
        pdf = ""
        if "pdf" in self._chosen.formats:
            pdf = _(PDF)
        about = ((self._names(), "names", "strong"), (refused, "refused", "warn"), (pdf, "pdf", "warn"))
        source, target, domain, formality = ((part, 1) for part in self._form.parts)
        column(
            *(plain_label(words, self, name=f"form_{name}", kind=kind) for words, name, kind in about if words),
            row(source, target, gap=theme.SPACE_16), row(domain, formality, gap=theme.SPACE_16),
            self._glossary_part, columns, self._sheets, self._properties, self._beside, 1, self._said, buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self.fit(theme.scaled(WIDTH))

    def _on_glossaries(self, glossaries: Sequence[GlossaryRecord]) -> None:
        self._known = tuple(glossaries)
        self._glossaries.clear()
        for glossary in glossaries:
            item = QListWidgetItem(
                _("{name} ({terms:,} terms)").format(name=glossary.name, terms=glossary.terms), self._glossaries
            )
            item.setCheckState(Qt.CheckState.Checked if glossary.is_active else Qt.CheckState.Unchecked)
        self._glossary_part.setVisible(bool(glossaries))
        self._glossaries.setFixedHeight(self._height(len(glossaries)))

    def _on_columns(self, columns: Sequence[Column]) -> None:
        """List the columns of a table. Columns with sentences are ticked, or all columns if none has sentences."""
        self._columns.clear()
        has_text = any(each.is_text for each in columns)
        for number, each in enumerate(columns, start=1):
            words = f"{number}  {each.name or _('(no name)')}"
            item = QListWidgetItem("\n".join(filter(None, (words, " · ".join(each.samples)))), self._columns)
            item.setCheckState(Qt.CheckState.Checked if each.is_text or not has_text else Qt.CheckState.Unchecked)
        self._columns.setEnabled(True)
        self._columns.setFixedHeight(self._height(2 * len(columns)))

    def _on_language(self, language: str) -> None:
        self._language = language
        if language and self._is_already():
            other = other_than(language)
            self._form.set_values({"target": other})
            words = _("{this_document} is {name}. Translate it into {name2}?")
            names = {"name": LANGUAGES[language].shown, "name2": LANGUAGES[other].shown}
            self._say(words.format(this_document=self._this_document(), **names))

    def _is_already(self) -> bool:
        """Return whether a document is in the target language already. A source language a person chose is trusted."""
        return not self._form.values["source"] and self._language == self._form.values["target"]

    def _this_document(self) -> str:
        return _("This document") if len(self._chosen.paths) == 1 else in_quotes(self._chosen.paths[0].name)

    def _on_changed(self, values: Mapping[str, str]) -> None:
        target = values.get("target", self._form.values["target"])
        self._form.show_values({**self._form.values, **values}, target)
        if values.keys().isdisjoint(("source", "target")):
            return
        words = _("{this_document} is {name} already.") if self._is_already() else ""
        self._say(words.format(this_document=self._this_document(), name=LANGUAGES[target].shown))
        self._ask_glossaries()

    def _on_begin(self) -> None:
        manner = self._manner()
        if manner.source == manner.target:
            self._say(_("The document and its translation are to be in different languages."))
            return
        if self._is_already() and len(self._chosen.paths) == 1:
            words = _(
                "This document is {name} already. Choose another language to translate it "
                "into, or say under From which language it is in."
            )
            self._say(words.format(name=LANGUAGES[manner.target].shown))
            return
        columns = tuple(self._ticked_rows(self._columns))
        if self._chosen.table is not None and self._columns.count() and not columns:
            self._say(_("Tick at least one column."))
            return
        request = TranslationRequest(
            manner.target, source=manner.source, domain=manner.domain, formality=manner.formality,
            glossaries=self._requested_glossaries(), sheet_names=self._sheets.isChecked(),
            properties=self._properties.isChecked(), columns=columns,
        )  # fmt: skip
        self._begin(self._chosen.paths, request, self._beside.isChecked())
        self.accept()

    def _requested_glossaries(self) -> tuple[str, ...]:
        """Return the ticked glossaries, or nothing if they are exactly the active ones.

        A glossary that becomes active later is then used too.
        """
        ticked = [self._known[row].id for row in self._ticked_rows(self._glossaries)]
        if ticked == [glossary.id for glossary in self._known if glossary.is_active]:
            return ()
        return tuple(ticked) or (NO_GLOSSARY,)

    def _manner(self) -> TranslationStyle:
        manner = TranslationStyle(**self._form.values)
        return manner if LANGUAGES[manner.target].has_formal else changed(manner, formality="")

    def _ask_glossaries(self) -> None:
        manner = self._manner()
        glossaries = self._bridge.services.glossaries.of_pair(manner.source, manner.target)
        self._bridge.ask(glossaries, self._on_glossaries)

    def _names(self) -> str:
        names = [breakable(path.name) for path in self._chosen.paths[:MOST_NAMED]]
        more = len(self._chosen.paths) - len(names)
        return "\n".join([*names, *([_("… and {more} more, one after another").format(more=more)] if more > 0 else [])])

    def _list(self, name: str, words: str) -> tuple[QListWidget, QWidget]:
        part = named(QWidget(self), f"{name}_part")
        view = named(QListWidget(part), name, label=words)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column(plain_label(words, part, name=f"{name}_heading"), view, into=part, gap=theme.SPACE_4)
        part.hide()
        return view, part

    def _box(self, words: str, name: str, is_on: bool) -> CheckBox:
        box = named(CheckBox(words, self), name)
        box.setChecked(is_on)
        box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)  # a click beside the words is none
        return box

    def _height(self, lines: int) -> int:
        return (self.fontMetrics().lineSpacing() + theme.SPACE_4) * min(max(lines, 1), 2 * LIST_LINES) + theme.SPACE_12

    def _ticked_rows(self, view: QListWidget) -> list[int]:
        return [row for row in range(view.count()) if view.item(row).checkState() is Qt.CheckState.Checked]

    def _say(self, words: str) -> None:
        show_words(self._said, words)
