"""The filters for the search on the Hub: a row of choices that wraps in a narrow window."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slmdesk.online.catalogue import LANGUAGES, SKILLS
from slmdesk.online.licences import LICENCES
from slmdesk.online.search import PERMISSIVE_ONES, Filters
from slmdesk.window.base import theme
from slmdesk.window.base.delay import Delay
from slmdesk.window.widgets.build import flow, text_line
from slmdesk.window.widgets.check_box import CheckBox
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.named import named

SORTS = (("downloads", "Most downloaded"), ("updated", "Newest"), ("likes", "Most liked"))
COMMON_LICENCES = ("apache-2.0", "mit", "llama3.1", "llama3.2", "gemma", "cc-by-4.0", "cc-by-nc-4.0", "other")
DEBOUNCE_MS = 400
TASK_TIP = "As its publisher labelled it; many good models carry no label and are not found then."
FITS_TIP = "Judged by the number of weights and the names of the files, before their real sizes are known."


class SearchFilters(QWidget):
    filters_chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("search_filters")
        self._timer = Delay(self, DEBOUNCE_MS, self._notify)
        self._build_ui()
        self._connect()

    def _build_ui(self) -> None:
        self._task = self._choice("search_task", "What the model is for", [("", "Any job"), *SKILLS.items()])
        self._task.setToolTip(TASK_TIP)
        languages = sorted(LANGUAGES.items(), key=lambda pair: pair[1])
        self._language = self._choice(
            "search_language", "Language the model should know", [("", "Any language"), *languages]
        )
        licences = [(one, LICENCES[one].name) for one in COMMON_LICENCES]
        free = (PERMISSIVE_ONES, "Free for any use")
        self._license = self._choice("search_license", "Licence", [("", "Any licence"), free, *licences])
        self._sort = self._choice("search_sort", "Order of the results", list(SORTS))
        clears = "Clear the publisher"
        self._author = text_line("search_author", self, "Any publisher", label="Publisher", most=100, clears=clears)
        self._fits = named(CheckBox("Fits this PC", self), "search_fits", tip=FITS_TIP)
        parts = (self._task, self._language, self._license, self._author, self._sort, self._fits)
        flow(*parts, gap=theme.SPACE_8, into=self)

    def _choice(self, name: str, spoken: str, values: list[tuple[str, str]]) -> Choice:
        return named(Choice(list(values), self), name, label=spoken)

    def _connect(self) -> None:
        for choice in (self._task, self._language, self._license, self._sort):
            choice.value_chosen.connect(self._notify)
        self._fits.clicked.connect(self._notify)
        self._author.textChanged.connect(self._timer.start)
        self._author.returnPressed.connect(self._notify)

    @property
    def filters(self) -> Filters:
        return Filters(
            task=self._task.currentData(),
            language=self._language.currentData(),
            license=self._license.currentData(),
            author=self._author.text().strip(),
            fits=self._fits.isChecked(),
            sort=self._sort.currentData(),
        )

    def show_filters(self, filters: Filters) -> None:
        self._task.show_value(filters.task)
        self._language.show_value(filters.language)
        self._license.show_value(filters.license)
        self._sort.show_value(filters.sort)
        self._fits.setChecked(filters.fits)
        if self._author.text().strip() != filters.author:
            self._author.setText(filters.author)
            self._timer.stop()  # nobody typed it

    def _notify(self) -> None:
        self._timer.stop()
        self.filters_chosen.emit(self.filters)
