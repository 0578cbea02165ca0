"""The dialog that lists models of other programs on this PC, and links those that are chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from slmdesk.base.texts import _
from slmdesk.gguf.quantization import quantization_named
from slmdesk.models.importer import FoundModel, FoundModels, ImportEnded, ImportProgress
from slmdesk.models.window.check_list import CheckList, CheckRow
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.bars import thin_bar
from slmdesk.window.widgets.build import breakable, button, column, passing, plain_label, row, show_words
from slmdesk.window.widgets.dialogs import Dialog, TextDialog
from slmdesk.window.widgets.rows import DOT

WIDTH, HEIGHT = 620, 560
INTRO = _(
    "Models of LM Studio, Jan, GPT4All, Ollama and of the Hugging Face cache. Those you choose are linked: slmdesk "
    "uses the files where they are, nothing is copied or changed."
)
LOOKING = _("Looking into the folders of these programs…")


class Linking(QObject):
    """The linking that a dialog starts. It goes on after the dialog is closed."""

    progressed = Signal(object)
    ended = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self._call: Call | None = None

    def begin(self, models: Sequence[FoundModel]) -> None:
        linking = self.bridge.services.finding.link(models)
        self._call = self.bridge.follow(linking, self._on_ended, self._on_refused, self.progressed.emit)

    def cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()

    def _on_ended(self, ends: tuple[ImportEnded, ...]) -> None:
        self._call = None
        self.ended.emit(ends)

    def _on_refused(self, problem: Problem) -> None:
        self._call = None
        self.refused.emit(problem)


class FoundDialog(Dialog):
    """Dialog that is not modal. Linking goes on after it is closed, and a notice tells when it ends."""

    def __init__(self, parent: QWidget, linking: Linking) -> None:
        super().__init__(parent)
        passing(self, "found_models", _("Models on this PC"))
        self.resize(WIDTH, HEIGHT)
        self._linking, self._bridge, self._is_busy = linking, linking.bridge, False
        self._looking: Call | None = None
        self._models: dict[str, FoundModel] = {}
        self._skipped = ""
        self._build_ui()
        linking.progressed.connect(self._on_progressed)
        linking.ended.connect(self._on_ended)
        linking.refused.connect(self._on_refused)
        self._look()

    def _build_ui(self) -> None:
        heading = plain_label(_("Models on this PC"), self, name="found_heading", kind="heading")
        intro = plain_label(INTRO, self, name="found_intro")
        self._note = plain_label("", self, name="found_note", kind="muted", is_hidden=True)
        self._list = CheckList(self, name="found_list", height=180)
        self._trouble = plain_label("", self, name="found_trouble", kind="danger", is_hidden=True)
        self._words = plain_label("", self, name="found_words", kind="muted", is_hidden=True)
        self._bar = thin_bar("found_bar", self, _("Looking for models"))
        self._more = self._button(_("Not looked at…"), "found_skipped")
        self._more.clicked.connect(self._on_more)
        self._more.setVisible(False)
        self._close = self._button(_("Close"), "found_close")
        self._close.clicked.connect(self._on_close)
        self._link = self._button(_("Link"), "found_link", is_primary=True)
        self._link.clicked.connect(self._on_link)
        self._link.setEnabled(False)
        self._list.chosen_changed.connect(self._refresh)
        buttons = row(self._more, 1, self._close, self._link, gap=theme.SPACE_8)
        column(
            heading, intro, self._note, (self._list, 1), self._trouble, self._words, self._bar, buttons,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip

    def _button(self, text: str, name: str, *, is_primary: bool = False) -> QPushButton:
        made = button(text, name, self, kind="primary" if is_primary else "")
        made.setAutoDefault(is_primary)
        made.setDefault(is_primary)
        return made

    def _show_work(self, words: str, fraction: float | None = None) -> None:
        """Show words and a progress bar. `fraction` is from 0 to 1, or None if unknown. Empty words hide both."""
        show_words(self._words, breakable(words))
        self._bar.setRange(0, 0 if fraction is None else 1000)
        self._bar.setValue(round((fraction or 0.0) * 1000))
        self._bar.setVisible(bool(words))

    def _look(self) -> None:
        self._close.setText(_("Cancel"))
        self._show_work(LOOKING)
        finding = self._bridge.services.finding.find()
        self._looking = self._bridge.follow(finding, self._on_found, self._on_refused)

    def _on_found(self, found: FoundModels) -> None:
        self._looking = None
        self._show_work("")
        self._close.setText(_("Close"))
        self._models = {str(model.path): model for model in found.models}
        self._list.show_rows([found_row(model) for model in found.models], chosen=False)
        self._skipped = "\n".join(f"{skipped.path}: {skipped.reason}" for skipped in found.skipped)
        self._more.setVisible(bool(self._skipped))
        words = "" if found.models else _("No model files of other programs were found on this PC.")
        if found.models and self._list.is_empty:
            words = _("What was found is in the library already, or cannot be used here.")
        show_words(self._note, words)
        self._list.focus_first()

    def _refresh(self) -> None:
        self._link.setEnabled(bool(self._list.chosen) and not self._is_busy)
        self._list.setEnabled(not self._is_busy)
        self._close.setText(_("Cancel") if self._is_busy else _("Close"))

    def _on_link(self) -> None:
        self._is_busy = True
        show_words(self._trouble, "")
        self._show_work(_("Reading them once, for their checksums…"), 0.0)
        self._refresh()
        self._linking.begin([self._models[each.key] for each in self._list.chosen])

    def _on_progressed(self, now: ImportProgress) -> None:
        if self._is_busy:
            chosen = self._list.chosen
            at = next((at for at, row in enumerate(chosen) if row.key == str(now.path)), 0)
            what = _("Reading {name} ({at} of {count})").format(
                name=self._models[str(now.path)].name, at=at + 1, count=len(chosen)
            )
            done, total = bytes_for_people(now.done_bytes), bytes_for_people(now.total_bytes)
            amount = _("{size} of {size2}").format(size=done, size2=total)
            self._show_work(f"{what}{DOT}{amount}", now.done_bytes / max(now.total_bytes, 1))

    def _on_ended(self, ends: tuple[ImportEnded, ...]) -> None:
        if not self._is_busy:
            return
        self._is_busy = False
        self._show_work("")
        if all(end.model for end in ends) and len(ends) == len(self._list.chosen):
            self.accept()
            return
        self._refresh()
        self._look()

    def _on_refused(self, problem: Problem) -> None:
        self._is_busy, self._looking = False, None
        self._show_work("")
        show_words(self._trouble, breakable(problem.sentence))
        self._refresh()

    def _on_close(self) -> None:
        if self._is_busy:
            self._linking.cancel()
        else:
            self.reject()

    def _on_more(self) -> None:
        TextDialog(
            self,
            title=_("Not looked at"),
            intro=_("What was passed over, and why."),
            text=self._skipped,
            is_prose=False,
        ).show()

    def reject(self) -> None:
        """Close the dialog. A running search stops, but linking goes on."""
        if self._looking is not None:
            self._looking.cancel()
        super().reject()


def found_row(model: FoundModel) -> CheckRow:
    known = quantization_named(model.quantization) if model.quantization else None
    parts = [model.program, bytes_for_people(model.bytes)]
    parts.append(f"{model.quantization}, {known.label()}" if known else model.quantization)
    parts.append(_("in the library already") if model.known else "")
    return CheckRow(
        str(model.path),
        model.name,
        DOT.join(part for part in parts if part),
        model.bytes,
        words=breakable(str(model.path)),
        trouble=model.problem.sentence if model.problem else "",
        is_here=bool(model.known),
    )
