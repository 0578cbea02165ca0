"""Models of other programs on this PC: found on request, linked where they are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from slmdesk.gguf.quantization import quantization_named
from slmdesk.models.importer import ImportEnded, ImportProgress
from slmdesk.models.other_programs import FoundModel, FoundModels
from slmdesk.models.window.check_list import CheckList, CheckRow
from slmdesk.runtime.events import Problem
from slmdesk.runtime.messages import bytes_for_people
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.card import DOT
from slmdesk.window.widgets.notice_bar import UNDO_MS, Notice
from slmdesk.window.widgets.text import breakable, plain_label, show_words
from slmdesk.window.widgets.text_dialog import TextDialog
from slmdesk.window.widgets.wide_dialog import WideDialog
from slmdesk.window.widgets.work_line import amount_words

INTRO = (
    "Models of LM Studio, Jan, GPT4All, Ollama and of the Hugging Face cache. Those you choose are linked: slmdesk "
    "uses the files where they are, nothing is copied or changed."
)
LOOKING = "Looking into the folders of these programs…"


class FoundController(QObject):
    found = Signal(object)
    progressed = Signal(str, float)
    linked = Signal(object)
    refused = Signal(object)

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent, objectName="found_controller")
        self._bridge = bridge
        self._linking: list[FoundModel] = []
        self._running: Call | None = None

    def look(self) -> None:
        self._running = self._bridge.follow(self._bridge.services.finding.find(), self.found.emit, self.refused.emit)

    def link(self, models: Sequence[FoundModel]) -> None:
        """Link these one after another; `linked` follows, also when it was cancelled."""
        self._linking = list(models)
        self._running = self._bridge.follow(
            self._bridge.services.finding.link(models), self._on_linked, self.refused.emit, self._on_progressed
        )

    def cancel(self) -> None:
        """Stop searching or linking; what is linked stays."""
        if self._running is not None:
            self._running.cancel()

    def _on_progressed(self, now: ImportProgress) -> None:
        at = next((at for at, one in enumerate(self._linking) if one.path == now.path), 0)
        what = f"Reading {self._linking[at].name} ({at + 1} of {len(self._linking)})"
        words = amount_words(what, now.done_bytes, now.total_bytes, None)
        self.progressed.emit(words, now.done_bytes / max(now.total_bytes, 1))

    def _on_linked(self, ends: tuple[ImportEnded, ...]) -> None:
        count = len([one for one in ends if one.model])
        failed = [one for one in ends if one.problem]
        if count or failed:
            words = "1 model is linked." if count == 1 else f"{count} models are linked."
            more = f" {len(failed)} could not be." if failed else ""
            details = "\n".join(f"{one.path}: {one.problem.sentence}" for one in failed if one.problem)
            life = 0 if failed else UNDO_MS
            self._bridge.notice_raised.emit(
                Notice(words + more, details, life_ms=life, key="linked", is_error=bool(failed))
            )
        self.linked.emit(ends)


class FoundDialog(WideDialog):
    def __init__(self, parent: QWidget, controller: FoundController) -> None:
        super().__init__(
            parent, name="found_models", title="Models on this PC", intro=INTRO, spoken="Looking for models"
        )
        self._controller = controller
        self._models: dict[str, FoundModel] = {}
        self._skipped = ""
        self._is_linking = False
        self._build_ui()
        self._connect()
        self.work.show_work(LOOKING, None)
        controller.look()

    def _build_ui(self) -> None:
        self._note = plain_label("", self, name="found_note", kind="muted")
        self._list = CheckList(self, name="found_list", height=180)
        self.body.addWidget(self._note)
        self.body.addWidget(self._list, 1)
        self._note.setVisible(False)
        self._more = self.add_button("Not looked at…", name="found_skipped")
        self._more.setVisible(False)
        self.buttons.addStretch(1)
        self._close = self.add_button("Cancel", name="found_close")
        self._link = self.add_button("Link them", name="found_link", is_primary=True)
        self._link.setEnabled(False)

    def _connect(self) -> None:
        controller = self._controller
        controller.found.connect(self._on_found)
        controller.refused.connect(self._on_refused)
        controller.progressed.connect(self._on_progressed)
        controller.linked.connect(self._on_linked)
        self._list.chosen_changed.connect(self._on_changed)
        self._more.clicked.connect(self._on_more)
        self._close.clicked.connect(self._on_close)
        self._link.clicked.connect(self._on_link)

    def _on_found(self, found: FoundModels) -> None:
        self.work.end()
        self._close.setText("Close")
        self._models = {str(one.path): one for one in found.models}
        self._list.show_rows([row_of(one) for one in found.models], chosen=False)
        self._skipped = "\n".join(f"{one.path}: {one.reason}" for one in found.skipped)
        self._more.setVisible(bool(self._skipped))
        words = "" if found.models else "No model files of other programs were found on this PC."
        if found.models and self._list.is_empty:
            words = "What was found is in the library already, or cannot be used here."
        show_words(self._note, words)
        self._list.focus_first()

    def _on_refused(self, problem: Problem) -> None:
        self._is_linking = False
        self.work.end()
        self.show_trouble(problem.sentence)
        self._on_changed()

    def _on_changed(self) -> None:
        chosen = self._list.chosen
        self._link.setEnabled(bool(chosen) and not self._is_linking)
        self._link.setText("Link it" if len(chosen) == 1 else "Link them")
        self._list.setEnabled(not self._is_linking)
        self._close.setText("Cancel" if self._is_linking else "Close")

    def _on_link(self) -> None:
        self._is_linking = True
        self.show_trouble("")
        self.work.show_work("Reading them once, for their checksums…", 0.0)
        models = [self._models[one.key] for one in self._list.chosen]
        self._on_changed()
        self._controller.link(models)

    def _on_progressed(self, words: str, fraction: float) -> None:
        if self._is_linking:
            self.work.show_work(words, fraction)

    def _on_linked(self, ends: tuple[ImportEnded, ...]) -> None:
        if not self._is_linking:
            return
        self._is_linking = False
        self.work.end()
        if all(one.model for one in ends) and len(ends) == len(self._list.chosen):
            self.accept()
            return
        self._on_changed()
        self.work.show_work(LOOKING, None)
        self._controller.look()

    def _on_more(self) -> None:
        TextDialog(self, title="Not looked at", intro="What was passed over, and why.", text=self._skipped).show()

    def _on_close(self) -> None:
        if self._is_linking:
            self._controller.cancel()
        else:
            self.reject()

    def reject(self) -> None:
        """Close the dialog: searching stops, linking goes on."""
        if not self._is_linking:
            self._controller.cancel()
        super().reject()


def row_of(model: FoundModel) -> CheckRow:
    known = quantization_named(model.quantization) if model.quantization else None
    parts = [model.program, bytes_for_people(model.bytes)]
    parts.append(f"{model.quantization}, {known.label()}" if known else model.quantization)
    parts.append("in the library already" if model.known else "")
    return CheckRow(
        str(model.path),
        model.name,
        DOT.join(one for one in parts if one),
        model.bytes,
        words=breakable(str(model.path)),
        trouble=model.problem.sentence if model.problem else "",
        is_here=bool(model.known),
    )
