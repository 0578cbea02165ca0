"""Advice on whether the model can translate the chosen pair of languages, and which one does it better.

No widgets here.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from slmdesk.base.records import JobStatus
from slmdesk.jobs.events import JobChanged
from slmdesk.loader.events import ModelsChanged, ModelState, ModelStateChanged
from slmdesk.models.defaults import DefaultUse
from slmdesk.services import Services
from slmdesk.translation.asking.prompts import TranslationStyle
from slmdesk.translation.pairs import exams
from slmdesk.translation.pairs.advice import PairAdvice
from slmdesk.translation.pairs.items import PIVOT
from slmdesk.window.base.bridge import Bridge


class AdviceController(QObject):
    advised = Signal(object)
    models_requested = Signal(str)
    model_changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None, *, for_document: bool = False) -> None:
        super().__init__(parent, objectName="advice_controller")
        self._bridge, self._for_document = bridge, for_document
        self._asked: tuple[str, str] | None = None
        self._advice: PairAdvice | None = None
        bridge.on(JobChanged, self._on_job_changed)
        bridge.on(ModelsChanged, self._on_models_changed)
        bridge.settings_changed.connect(self._on_models_changed)
        bridge.on(ModelStateChanged, self._on_state_changed)

    def about(self, source: str, target: str) -> None:
        """Emit the advice for a pair of language codes, and again whenever it changes; an empty source is any."""
        if self._asked != (source, target):
            self._asked = (source, target)
            self._again()

    def about_manner(self, manner: TranslationStyle) -> None:
        self.about(manner.source, manner.target)

    def clear(self) -> None:
        if self._asked is not None:
            self._asked = None
            self._notify(None)

    def use_better(self) -> None:
        """Make the better model the default for translations."""
        better = self._advice.better if self._advice else None
        if better is not None:
            self._bridge.ask(
                self._bridge.services.uses.set_default(DefaultUse.TRANSLATE, better.id),
                lambda _record: self.model_changed.emit(),
            )

    def examine(self) -> None:
        advice = self._advice
        if advice is not None:
            self._bridge.services.pair_exams.take(advice.model, advice.source or PIVOT, advice.target)

    def see_models(self) -> None:
        if self._advice is not None:
            self.models_requested.emit(self._advice.target)

    # ---- events

    def _on_job_changed(self, event: JobChanged) -> None:
        if event.kind == exams.KIND and event.status not in (JobStatus.OPEN, JobStatus.RUNNING):
            self._again()

    def _on_models_changed(self) -> None:
        self._again()

    def _on_state_changed(self, event: ModelStateChanged) -> None:
        if event.state is ModelState.READY:
            self._again()

    # ---- private

    def _again(self) -> None:
        if self._asked is None:
            return
        source, target = self._asked

        def request(services: Services) -> PairAdvice:
            return services.translations.advice(None, source, target, for_document=self._for_document)

        self._bridge.ask(request, self._on_advice, lambda _problem: self._notify(None))  # the page says what keeps it

    def _on_advice(self, advice: PairAdvice) -> None:
        if self._asked == (advice.source, advice.target):
            self._notify(advice)

    def _notify(self, advice: PairAdvice | None) -> None:
        self._advice = advice
        self.advised.emit(advice)
