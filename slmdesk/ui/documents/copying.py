"""How a redacted copy is written: what a person may choose of it."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLineEdit, QWidget

from slmdesk.base.record import Record, changed, values_of
from slmdesk.base.texts import _
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.widgets.build import CheckBox, column
from slmdesk.ui.kit.widgets.form import (
    Control,
    Field,
    FieldPart,
    Form,
    Listed,
    TextLine,
)
from slmdesk.ui.kit.widgets.parts import Popover

BARS, NATURAL = "bars", "natural"
WAYS = ((BARS, _("Black bars")), (NATURAL, _("Natural words instead")))
DENSITIES = (100, 150, 200, 300)


class Ticked(Control):
    """A check box, which stands without a title above it."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self.widget = self._box = CheckBox(field.title, parent)
        self._box.clicked.connect(lambda is_on: self.told(is_on))

    def show(self, value: Any, env: Any, *, is_new: bool) -> None:
        self._box.setChecked(value)


class Secret(TextLine):
    """A passphrase, which counts while it is typed."""

    def __init__(self, field: Field, parent: QWidget) -> None:
        super().__init__(field, parent)
        self._line.setEchoMode(QLineEdit.EchoMode.Password)
        self._line.textEdited.connect(self.keep)


class Options(Record):
    is_pdf: bool = False
    is_drawn: bool = False
    """Whether pages are drawn, with bars and boxes: PDFs and pictures."""
    way: str = BARS
    resolution: int = 150
    layer: bool = False
    key: bool = False
    passphrase: str = ""

    @property
    def is_natural(self) -> bool:
        return not self.is_drawn and self.way == NATURAL

    @property
    def keeps_key(self) -> bool:
        return self.is_natural and self.key

    @property
    def lacks_passphrase(self) -> bool:
        return self.keeps_key and not self.passphrase

    @property
    def words(self) -> str:
        """What stands in the place of what is removed."""
        ways = dict(WAYS)
        if self.is_natural:
            return ways[NATURAL]
        return ways[BARS]


def _density(dots: int) -> tuple[int, str]:
    return dots, _("{name} pixels an inch").format(name=dots)


OPTIONS = (
    Field(
        name="way",
        title=_("What stands in the place of the words"),
        control=Listed,
        values=WAYS,
        is_there=lambda options: not options.is_drawn,
    ),
    Field(
        name="resolution",
        title=_("How finely pages are drawn"),
        control=Listed,
        values=tuple(map(_density, DENSITIES)),
        is_there=lambda options: options.is_pdf,
    ),
    Field(
        name="layer",
        title=_("Text that can be searched for"),
        control=Ticked,
        is_there=lambda options: options.is_pdf,
    ),
    Field(
        name="key",
        title=_("Keep a key that leads back"),
        control=Ticked,
        is_there=lambda options: options.is_natural,
    ),
    Field(
        name="passphrase",
        title=_("Passphrase of the key"),
        control=Secret,
        is_there=lambda options: options.keeps_key,
    ),
)


class OptionPart(FieldPart):
    wraps_title = True

    def _lay_out(self) -> None:
        super()._lay_out()
        self._heading.setHidden(isinstance(self.control, Ticked))


class OptionsForm(Form):
    def make_part(self, field: Any, parent: Any, prefix: str) -> FieldPart:
        return OptionPart(field, parent, prefix, self)


class CopyOptions(Popover):
    """Shows the options of a copy, and keeps what is chosen."""

    def __init__(self, parent: QWidget) -> None:
        label = _("What stands in the place of the words")
        super().__init__(parent, "redaction_how", label=label)
        self.options = Options()
        self.form = OptionsForm(self, OPTIONS, prefix="redaction")
        for part in self.form.parts:
            # the popover puts the focus into the first
            part.setFocusProxy(part.widget)
        gap, margins = theme.SPACE_12, theme.SPACE_16
        column(*self.form.parts, into=self, gap=gap, margins=margins)

    def show_options(self, **changes: Any) -> None:
        self.options = changed(self.options, **changes)
        self.form.show_values(values_of(self.options), self.options)
