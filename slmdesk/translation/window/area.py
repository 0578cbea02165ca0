"""Puts the translator together: controllers, page, and the connections between them."""

from __future__ import annotations

from PySide6.QtCore import QObject

from slmdesk.base.settings import Settings
from slmdesk.translation.window.document.controller import DocumentTranslation
from slmdesk.translation.window.page import TranslatePage
from slmdesk.translation.window.terms.windows import TermWindows
from slmdesk.translation.window.text.controller import TranslateController
from slmdesk.translation.window.text.entry import TranslateEntry
from slmdesk.window.base.bridge import Bridge
from slmdesk.window.base.theme_keeper import ThemeKeeper
from slmdesk.window.base.window_state import WindowStateFile


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
