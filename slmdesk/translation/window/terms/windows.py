"""Opens the windows of the glossaries and of the memory, one of each at a time."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from slmdesk.base.translation import GlossaryRecord
from slmdesk.translation.window.text.controller import TranslateController
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.theme_keeper import ThemeKeeper


class TermWindows(QObject):
    def __init__(self, bridge: Bridge, keeper: ThemeKeeper, translate: TranslateController, page: QWidget) -> None:
        super().__init__(page, objectName="term_windows")
        self._bridge, self._keeper, self._translate, self._page = bridge, keeper, translate, page

    def open_glossaries(self) -> None:
        if self._is_open("glossary_window"):
            return
        from slmdesk.translation.window.terms.glossary_controller import GlossaryController
        from slmdesk.translation.window.terms.glossary_window import GlossaryWindow

        manner = self._translate.manner
        source = manner.source or self._translate.last.language or ("en" if manner.target != "en" else "de")
        controller = GlossaryController(self._bridge)
        window = GlossaryWindow(controller, self._keeper, self._page, languages=(source, manner.target))
        window.proposals_requested.connect(self._open_proposals)
        window.show()

    def _open_proposals(self, glossary: GlossaryRecord) -> None:
        from slmdesk.translation.window.terms.proposal_window import ProposalWindow

        parent = self._page.findChild(QDialog, "glossary_window")
        if parent is not None and not self._is_open("proposal_window"):
            ProposalWindow(self._bridge, parent, glossary).show()

    def open_memory(self) -> None:
        if self._is_open("memory_window"):
            return
        from slmdesk.translation.window.terms.memory_controller import MemoryController
        from slmdesk.translation.window.terms.memory_window import MemoryWindow

        MemoryWindow(MemoryController(self._bridge), self._keeper, self._page).show()

    def _is_open(self, name: str) -> bool:
        opened = self._page.findChild(QDialog, name)
        if opened is not None:
            opened.raise_()
            opened.activateWindow()
        return opened is not None
