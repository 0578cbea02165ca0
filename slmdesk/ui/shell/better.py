"""The card that leads to a good model: it offers one, fetches, links or copies it, and puts it to use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from slmdesk.base.records import ModelRecord
from slmdesk.base.runtime.events import DownloadChanged, DownloadState, Pending
from slmdesk.base.runtime.messages import Problem, bytes_for_people, sentence_for
from slmdesk.base.texts import _, ngettext
from slmdesk.ui.chat.header import ModelsController
from slmdesk.ui.kit.base import theme
from slmdesk.ui.kit.base.bridge import Bridge, Call
from slmdesk.ui.kit.base.theme import scaled
from slmdesk.ui.kit.base.window_state import WindowStateFile
from slmdesk.ui.kit.widgets.bars import SettingsController, thin_bar
from slmdesk.ui.kit.widgets.build import breakable, button, column, named, plain_label, row, set_tip, show_words
from slmdesk.ui.kit.widgets.files import MODEL_FILTER, ModelImports, ask_file

if TYPE_CHECKING:
    from slmdesk.models.evaluation.recommendation import Recommendation
    from slmdesk.models.hub.search import CatalogueEntry
    from slmdesk.models.importer import FoundModel, ImportEnded, ImportProgress
    from slmdesk.services import Services

SMALL_BYTES = 400_000_000
"""Models with smaller files are good for trying things out."""
FIRST_BYTES = 1_500_000_000
"""Where no model has a larger file, a better one is offered."""
LINE_BYTES_PER_S = 4_200_000
"""A usual connection, for the minutes that are said before anything was fetched."""
NARROW = 640
"""Width, at the usual text size, below which the buttons stand below the words."""
LOW = 460
"""Height of a page, at the usual text size, below which the page needs all of it; Start has the card."""
HUB = "huggingface.co"
State = DownloadState
OVER = State.DONE, State.CANCELLED
STOPPED = State.PAUSED, State.FAILED, State.QUEUED


class BetterModel(QObject):
    """The way to a good model, shown by the cards of all pages. Nothing is looked for while there is one."""

    changed = Signal()
    begun = Signal()
    """Emitted when a person has pressed for a model."""
    ended = Signal(str)
    """Emitted with the id of the model that is to be used from now on."""

    def __init__(
        self,
        bridge: Bridge,
        models: ModelsController,
        settings: SettingsController,
        state: WindowStateFile,
        parent: QObject,
    ) -> None:
        super().__init__(parent, objectName="better")
        self._bridge, self._models, self.settings, self._state = bridge, models, settings, state
        self.offer: Recommendation | None = None
        self.found: FoundModel | None = None
        """The model of another program on this PC that is offered."""
        self._is_looked_for = self.is_known = False
        """Whether it was asked, and is known, what can be offered."""
        self.is_asking = False
        """Whether the person is asked about the network."""
        self.download: DownloadChanged | None = None
        self.work: tuple[str, float] | None = None
        """What is being copied or linked, in words, and how much of it is done."""
        self.trouble = ""
        self._is_agreed = self._is_lent = False
        """Whether a person has agreed to the download, and whether the network is allowed for it alone."""
        self._linking: Call | None = None
        self._imports = ModelImports(bridge, self)
        self._imports.progressed.connect(self._on_progress)
        self._imports.ended.connect(self._on_added)
        models.models_listed.connect(self._look)
        for told in (models.state_changed, settings.network_shown):
            told.connect(self.changed)
        bridge.on(DownloadChanged, self._on_download)

    @property
    def is_busy(self) -> bool:
        return self.work is not None or self.download is not None

    def shows(self, change: DownloadChanged) -> bool:
        """Return whether the cards show how far this download is."""
        return self.download is not None and change.id == self.download.id

    @property
    def starter(self) -> ModelRecord | None:
        """The starter, if there is nothing else to chat with."""
        return next(iter(self._models.listed), None) if self.is_needed else None

    @property
    def is_needed(self) -> bool:
        """Whether no model is here, or the starter alone."""
        if not self.is_known:
            return False
        from slmdesk.models.service import is_starter  # imported late: the window starts without it

        return all(map(is_starter, self._models.listed))

    @property
    def is_of_use(self) -> bool:
        """Whether there is something better than what is here."""
        entry, listed = self.offer.entry if self.offer else None, self._models.listed
        is_here = entry is not None and any(f"{entry.repo}/" in model.source for model in listed)
        if self.found:
            best = self.found.bytes
        elif entry and not is_here:
            best = entry.bytes
        else:
            best = 0
        return self.is_known and (self.is_busy or self._largest < min(best, FIRST_BYTES))

    @property
    def is_put_off(self) -> bool:
        """Whether a person has said *Not now* to this offer, and has a model."""
        return bool(self._models.listed) and not self.is_busy and self._offered == self._state.current.better_later

    @property
    def _offered(self) -> str:
        if self.found:
            return self.found.name
        if self.offer:
            return self.offer.entry.repo
        return "none"

    def put_off(self) -> None:
        """Offer this model on the page of models alone."""
        offered = self._offered
        self._bridge.ask(lambda _services: self._state.change(better_later=offered), lambda _none: self.changed.emit())

    @property
    def _largest(self) -> int:
        return max((model.bytes for model in self._models.listed), default=0)

    def _look(self) -> None:
        """Ask what can be offered, once, where the models that are here are small."""
        least = max(SMALL_BYTES, self._largest)
        if not self._is_looked_for and self._largest < FIRST_BYTES:
            self._is_looked_for = True
            first = self._bridge.services.recommending.first()
            self._bridge.follow(
                lambda services: _offers(services, least), self._on_known,
                lambda _problem: self._bridge.ask(first, lambda offer: self._on_known((offer, None))),
            )  # fmt: skip
        self.changed.emit()

    def _on_known(self, offers: tuple[Recommendation | None, FoundModel | None]) -> None:
        (self.offer, self.found), self.is_known = offers, True
        self.changed.emit()

    # ---- what the buttons do

    @property
    def may_fetch(self) -> bool:
        policy = self.settings.policy
        return "hub.download" not in policy.hidden and not policy.forced.get("offline")

    def go_on(self) -> None:
        """Do what the button of the card says: use what was found, ask, begin, pause or go on."""
        self.trouble, offline = "", self.settings.current.offline
        if self.is_asking or (self.download and self.download.state in STOPPED and (self._is_agreed or not offline)):
            self.is_asking, self._is_agreed = False, True
            if offline:
                self._is_lent = True
                self._bridge.ask(self._bridge.services.network.allow_once(), self._start, self._on_refused)
            else:
                self._start()
        elif self.download is not None and self.download.state not in STOPPED:
            self._bridge.services.downloads.pause(self.download.id)
        elif self.download is None and self.found is not None:
            self.begun.emit()
            call = self._bridge.services.finding.link([self.found])
            self._linking = self._bridge.follow(call, self._on_added, self._on_refused, self._on_linking)
        else:
            self.begun.emit()
            self.is_asking = True
        self.changed.emit()

    def _start(self, _none: None = None) -> None:
        downloads = self._bridge.services.downloads
        if self.download is not None:
            self._bridge.ask(downloads.resume(self.download.id), None, self._on_refused)
        elif self.offer is not None:
            start = downloads.start(self.offer.entry.repo, self.offer.entry.file, waits=True)
            self._bridge.ask(start, None, self._on_refused)

    def take_file(self, path: Path) -> None:
        self.is_asking, self.trouble = False, ""
        self.begun.emit()
        self._imports.add((path,), link=False)

    def cancel(self) -> None:
        if self.work is not None:
            self._imports.cancel()
            if self._linking is not None:
                self._linking.cancel()
        elif self.download is not None and not self.is_asking:
            self._bridge.services.downloads.cancel(self.download.id)
        self.is_asking, self.trouble = False, ""
        self.changed.emit()

    # ---- what comes of it

    def _on_download(self, change: DownloadChanged) -> None:
        if self._finder and change.repo == self._finder.repo and change.state in (*OVER, State.PAUSED, State.FAILED):
            self._give_back()
        if self.offer is None or change.repo != self.offer.entry.repo:
            return
        self.download = None if change.state in OVER else change
        self.trouble = change.problem.sentence if change.problem else ""
        if change.state is State.DONE and self._finder and self._is_agreed:
            start = self._bridge.services.downloads.start(self._finder.repo, self._finder.file, waits=True)
            self._bridge.ask(start, None, self._on_refused)
        elif change.state in (*OVER, State.PAUSED, State.FAILED):
            self._give_back()
        if change.state is State.DONE and change.model is not None:
            self._use(change.model)
        self.changed.emit()

    @property
    def _finder(self) -> CatalogueEntry | None:
        return self.offer.finder if self.offer else None

    def _give_back(self) -> None:
        """Go offline again."""
        if self._is_lent:
            self._is_lent = False
            self._bridge.ask(self._bridge.services.network.set_offline(True), None)

    def _on_linking(self, now: ImportProgress) -> None:
        share = now.done_bytes / now.total_bytes if now.total_bytes else 0.0
        self._on_progress(_("Reading {name} once, for its checksum").format(name=now.path.name), share)

    def _on_progress(self, words: str, share: float) -> None:
        self.work = words, share
        self.changed.emit()

    def _on_added(self, ends: Sequence[ImportEnded]) -> None:
        self.work, end = None, ends[-1] if ends else None
        if end is not None and end.problem is not None:
            self._on_refused(end.problem)
        elif end is not None and end.model is not None and end.model.can_chat:
            self._use(end.model)
        elif end is not None and end.model is not None:
            self.trouble = sentence_for("model.wrong_kind", {"kind": end.model.kind})
        self.changed.emit()

    def _on_refused(self, problem: Problem) -> None:
        self.work, self.is_asking, self.trouble = None, False, problem.sentence
        self.found = None  # where it is gone, another one is offered
        self._give_back()
        self.changed.emit()

    def _use(self, model: ModelRecord) -> None:
        self.found = None
        if self.download is not None:  # it failed, and the model came from elsewhere
            self.cancel()
        self.ended.emit(model.id)


def _offers(services: Services, least: int) -> Pending[tuple[Recommendation | None, FoundModel | None]]:
    from slmdesk.models.importer import best_found

    offer = services.recommending.first()
    return services.finding.find().map(lambda listing: (offer, best_found(listing.models, least)))


class BetterCard(QWidget):
    """The way to a good model on a page. Takes no room while it has nothing to say."""

    all_requested = Signal()
    built = Signal()
    in_order: Sequence[QWidget] = ()
    """Its buttons, once it has something to say."""

    def __init__(
        self,
        way: BetterModel,
        parent: QWidget,
        *,
        is_first: bool = False,
        is_patient: bool = False,
        leads_on: bool = True,
    ) -> None:
        """`is_first`: it is the main thing on its page. `is_patient`: it also stays where a small model is here.
        `leads_on`: it leads to all models.
        """
        super().__init__(parent)
        self.setObjectName("better_card_place")
        self._way, self._page, self._is_first, self._is_patient = way, parent, is_first, is_patient
        self._leads_on = leads_on
        self._layout: QBoxLayout | None = None
        """What is on the card; None until it has something to say."""
        way.changed.connect(self._show)
        parent.installEventFilter(self)
        self._show()

    @property
    def _inner(self) -> int:
        """The space above and below what is on the card: little where the card stands at the foot of a page."""
        return theme.SPACE_12 if self._is_first else theme.SPACE_4

    def _build_ui(self) -> QBoxLayout:
        card = named(QFrame(self), "better_card", kind="best", label=_("A better model"))
        self._title = plain_label("", card, name="better_title", kind="strong")
        self._line = plain_label("", card, name="better_line", kind="small")
        self._trouble = plain_label("", card, name="better_trouble", kind="danger")
        self._bar = thin_bar("better_bar", card, _("Progress"), most=1000)
        self._go = button("", "better_button", card, kind="primary" if self._is_first else "", on=self._way.go_on)
        self._file = button(_("From a stick or folder…"), "better_file_button", card, on=self._on_file)
        self._cancel = button(_("Cancel"), "better_cancel_button", card, on=self._way.cancel)
        self._later = button(_("Not now"), "better_later_button", card, kind="text", on=self._way.put_off)
        self._all = button(_("All models"), "better_all_button", card, kind="text", on=self.all_requested)
        words = column(self._title, self._line, self._trouble, self._bar, gap=theme.SPACE_4)
        self.in_order = self._go, self._file, self._cancel, self._later, self._all
        buttons = row(*self.in_order, 1, gap=theme.SPACE_8)
        layout = row((words, 1), buttons, into=card, gap=theme.SPACE_12, margins=(theme.SPACE_16, self._inner))
        column(card, into=self, margins=0 if self._is_first else (theme.SPACE_12, theme.SPACE_4))
        return layout

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._show()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if self._layout is not None:
            direction = QBoxLayout.Direction
            is_narrow = self.width() < scaled(NARROW) * (2 if self._way.trouble else 1)
            self._layout.setDirection(direction.TopToBottom if is_narrow else direction.LeftToRight)

    def show_to(self, is_patient: bool) -> None:
        self._is_patient = is_patient
        self._show()

    def _on_file(self) -> None:
        take, title = self._way.take_file, _("Choose a model file")
        ask_file(self.window(), title, take, name="better_file_dialog", filters=MODEL_FILTER)

    def _show(self) -> None:
        way = self._way
        has_room = self._is_first or self._page.height() >= scaled(LOW)
        is_wanted = way.is_needed or (self._is_patient and way.is_of_use)
        is_shown = has_room and is_wanted and not (self._leads_on and way.is_put_off)
        if is_shown and self._layout is None:
            self._layout = self._build_ui()
            self.built.emit()
        if is_shown:
            self._fill()
        self.setVisible(is_shown)

    def _fill(self) -> None:
        """Show the words and the buttons for where the way to a better model stands."""
        way = self._way
        is_at_rest = not way.is_asking and not way.is_busy
        title, go, share = self._words()
        show_words(self._title, breakable(title))
        set_tip(self._title, way.offer.reason if way.offer else "")
        show_words(self._line, self._starter_words() if is_at_rest else "")
        show_words(self._trouble, breakable(way.trouble))
        self._arrange()
        self._go.setText(go)
        self._go.setAccessibleName(f"{go}: {title}")
        self._go.setVisible(bool(go))
        self._file.setVisible(self._takes_file)
        self._cancel.setVisible(not is_at_rest)
        leads_on = is_at_rest and self._leads_on
        has_none = way.is_needed and way.starter is None
        self._all.setVisible(leads_on)
        self._later.setVisible(leads_on and not has_none)  # without any model nothing can be put off
        self._bar.setVisible(share is not None)
        self._bar.setValue(round((share or 0.0) * 1000))

    @property
    def _takes_file(self) -> bool:
        """Whether there is a button for a model file: where neither this PC nor the network has a model at once."""
        way = self._way
        if "models.import" in way.settings.policy.hidden or way.found is not None or way.work is not None:
            return False
        return way.is_asking or way.offer is None or not way.may_fetch or bool(way.trouble)

    def _starter_words(self) -> str:
        starter = self._way.starter
        if starter is None:
            return ""
        from slmdesk.models.service import STARTER  # imported late: the window starts without it

        return STARTER.format(name=starter.name)

    def _words(self) -> tuple[str, str, float | None]:
        """Return the title, the words of the button, and how much of the work is done."""
        way, change = self._way, self._way.download
        if way.work is not None:
            return way.work[0], "", way.work[1]
        offer = way.offer
        entry = offer.entry if offer else None
        size = bytes_for_people(offer.bytes) if offer else ""
        if way.is_asking:
            host = urlsplit(way.settings.current.hub_endpoint).hostname or HUB
            words = _("Download {size} from {host}?").format(size=size, host=host)
            after = _("slmdesk is offline again afterwards.") if way.settings.current.offline else ""
            licence = entry.licence if entry and entry.commercial == "conditions" else ""
            terms = _("Its licence ({licence}) has conditions.").format(licence=licence) if licence else ""
            finder = offer.finder if offer else None
            comes = _("With it comes {title}, which finds passages by their meaning.")
            more = comes.format(title=finder.title) if finder else ""
            return " ".join(filter(None, (words, more, after, terms))), _("Download"), None
        if entry is not None and change is not None:
            from slmdesk.ui.online.downloads import words_of

            go = _("Try again") if change.state is State.FAILED else _("Resume")
            is_cut_off = change.problem is not None and change.problem.code == "network.failed"
            how = _("No connection") if is_cut_off else words_of(change)
            words = ": ".join(filter(None, (entry.title, how)))
            share = change.done_bytes / change.total_bytes if change.total_bytes else None
            return words, go if change.state in STOPPED else _("Pause"), share
        if way.found is not None:
            words = _("{name} of {program} is on this PC.")
            return words.format(name=way.found.name, program=way.found.program), _("Use"), None
        if offer is None or entry is None:
            return _("No model of the list suits this PC."), "", None
        if not way.may_fetch:
            return _("Better answers: {name} ({size})").format(name=entry.title, size=size), "", None
        minutes = max(1, round(offer.bytes / LINE_BYTES_PER_S / 60))
        time = ngettext("about {n} minute", "about {n} minutes", minutes)
        words = _("Better answers: {name} ({size}, {minutes} here)")
        return words.format(name=entry.title, size=size, minutes=time), _("Get"), None
