"""Puts the translator together: controllers, page, and the connections between them."""

from __future__ import annotations

from PySide6.QtCore import QObject

from slmdesk.gui.base.bridge import Bridge
from slmdesk.gui.base.theme_keeper import ThemeKeeper
from slmdesk.gui.base.window_state import WindowStateFile
from slmdesk.gui.translate.document.controller import DocumentTranslation
from slmdesk.gui.translate.page import TranslatePage
from slmdesk.gui.translate.terms.windows import TermWindows
from slmdesk.gui.translate.text.controller import TranslateController
from slmdesk.gui.translate.text.entry import TranslateEntry
from slmdesk.settings import Settings


class TranslateArea(QObject):
    def __init__(
        self, bridge: Bridge, settings: Settings, state: WindowStateFile, keeper: ThemeKeeper, parent: QObject
    ) -> None:
        super().__init__(parent, objectName="translate_area")
        self.text = TranslateController(bridge, settings, state, self)
        self.document = DocumentTranslation(bridge, self)
        self.reach = TranslateEntry(bridge, self.text, self)
        page = self.page = TranslatePage(self.text, self.document, keeper)
        terms = TermWindows(bridge, keeper, self.text, page)
        page.text.glossaries_requested.connect(terms.open_glossaries)
        page.text.memory_requested.connect(terms.open_memory)
        page.paste_requested.connect(self.reach.take_clipboard)
        page.data_given.connect(self.reach.take_data)
        self.reach.text_taken.connect(page.take_text)
        self.reach.documents_taken.connect(page.take_documents)
