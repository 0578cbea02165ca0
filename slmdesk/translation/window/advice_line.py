"""A line that warns if the model cannot translate the pair of languages, with buttons to change that."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from slmdesk.translation.pairs.advice import PairAdvice
from slmdesk.translation.window.advice_controller import AdviceController
from slmdesk.window.base import theme
from slmdesk.window.widgets.build import button, column, row
from slmdesk.window.widgets.named import named
from slmdesk.window.widgets.text import plain_label, plain_tip


class AdviceLine(QFrame):
    """Hidden while there is nothing to warn of."""

    grown = Signal(int)

    def __init__(self, controller: AdviceController, parent: QWidget, *, is_narrow: bool = False) -> None:
        super().__init__(parent)
        named(self, "advice_line", kind="band")
        self._words = plain_label("", self, name="translate_warning")
        self._use = button("Use it", "use_better_button", self)
        self._examine = button(
            "Examine it", "examine_pair_button", self,
            tip="Twelve short sentences, in the background: half a minute or more",
        )  # fmt: skip
        self._see = button(
            "See models made for this", "see_models_button", self,
            tip="Opens the page of models with those meant for translating into this language",
        )  # fmt: skip
        middle = Qt.AlignmentFlag.AlignVCenter
        buttons = row(
            (self._examine, middle), (self._use, middle), (self._see, middle), *((1,) if is_narrow else ()),
            gap=theme.SPACE_8,
        )  # fmt: skip
        lay_out = column if is_narrow else row
        lay_out(
            (self._words, 1), buttons, into=self, gap=theme.SPACE_8,
            margins=(theme.SPACE_12, theme.SPACE_8, theme.SPACE_8, theme.SPACE_8),
        )  # fmt: skip
        self._examine.clicked.connect(self._on_examine)
        self._examine.clicked.connect(controller.examine)
        self._use.clicked.connect(controller.use_better)
        self._see.clicked.connect(controller.see_models)
        controller.advised.connect(self._on_advised)
        self.hide()

    def _on_examine(self) -> None:
        self._examine.setText("Being examined…")
        self._examine.setEnabled(False)

    def _on_advised(self, advice: PairAdvice | None) -> None:
        better = advice.better if advice else None
        words = " ".join(one for one in (advice.words if advice else "", better.words if better else "") if one)
        self._words.setText(words)
        self._examine.setVisible(advice is not None and advice.can_examine)
        self._examine.setText("Examine it")
        self._examine.setEnabled(True)
        self._use.setVisible(better is not None)
        if better is not None:
            self._use.setAccessibleName(f"Translate with {better.name}")
            self._use.setToolTip(plain_tip(f"Translate with {better.name} from now on"))
        self._see.setVisible(advice is not None and advice.has_offers and better is None)
        was_hidden = self.isHidden()
        self.setVisible(bool(words))
        if was_hidden and words:
            self.grown.emit(max(self.heightForWidth(self.width()), self.sizeHint().height()))
