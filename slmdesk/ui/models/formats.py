"""Smaller copies of a model in the window: the dialog that asks for one, and the work on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.messages import bytes_for_people
from slmdesk.base.texts import _
from slmdesk.models.evaluation.formats import MOST_LEFT_OUT, copy_label, name_without, smaller_formats
from slmdesk.models.gguf.quantization import QUANTIZATIONS
from slmdesk.models.service import origin_of
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.build import breakable, column, named, plain_label
from slmdesk.ui.kit.widgets.dialogs import AcceptButtons, Dialog
from slmdesk.ui.kit.widgets.rows import DOT, Choice

if TYPE_CHECKING:
    from slmdesk.services import Services

INTRO = _(
    "A smaller copy of {name} takes less memory and answers faster, and somewhat less exactly. It stands beside the "
    "published file, which always stays."
)
LAYERS = _(
    "Leaving out layers makes a model smaller and faster, and for most models much worse. Those that its predictions "
    "need least are found first, which takes some minutes."
)


class CopyDialog(Dialog):
    """Asks which smaller copy of a model to make. Emits the format ("" for the published one) and how many layers are
    left out.
    """

    chosen = Signal(str, int)

    def __init__(self, parent: QWidget, model: ModelRecord) -> None:
        super().__init__(parent, "copy_dialog", _("Make a smaller copy"))
        formats: list[tuple[object, str]] = [("", _("As published"))]
        for name, size in smaller_formats(model):
            formats.append((name, f"{name}: {QUANTIZATIONS[name].label()}{DOT}{bytes_for_people(size)}"))
        layers: list[tuple[object, str]] = [(0, _("None"))]
        layers += [(count, name_without(count)) for count in range(1, MOST_LEFT_OUT + 1)]
        self._format = named(Choice(formats, self), "copy_format", label=_("Format"))
        self._layers = named(Choice(layers, self), "copy_layers", label=_("Left out"))
        self._format.setCurrentIndex(min(1, len(formats) - 1))
        self._note = plain_label(LAYERS, self, name="copy_layers_note", kind="warn", is_hidden=True)
        self._buttons = AcceptButtons(self, _("Make it"), "copy_make", self._on_accepted)
        column(
            plain_label(INTRO.format(name=breakable(model.name)), self, name="copy_intro"),
            plain_label(_("Format"), self, name="copy_format_heading", wraps=False), self._format,
            plain_label(_("Left out"), self, name="copy_layers_heading", wraps=False), self._layers, self._note,
            1, self._buttons, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._format.value_chosen.connect(lambda _value: self._show())
        self._layers.value_chosen.connect(lambda _value: self._show())
        self._show()

    def _show(self) -> None:
        layers = self._layers.currentData()
        self._note.setVisible(bool(layers))
        self._buttons.accept_button.setEnabled(bool(layers or self._format.currentData()))

    def _on_accepted(self) -> None:
        self.chosen.emit(str(self._format.currentData()), int(self._layers.currentData()))
        self.accept()


class FormatState(Record):
    used: str
    """Id of the model or copy that is in use."""
    copy: str
    """What the copy in use is, such as "Q8_0"; empty while the published file is used."""


def state_of(services: Services, model: str) -> FormatState:
    used = services.formats.used(model)
    origin = origin_of(used)
    return FormatState(used.id, copy_label(origin) if origin else "")
