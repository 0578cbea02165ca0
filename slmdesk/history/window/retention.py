"""Rules for how long things are kept, and holds, in a window of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QMessageBox, QWidget

from slmdesk.base.record import Record
from slmdesk.base.retention import DOCUMENT, KINDS, Hold, Rule, SetBy, Then
from slmdesk.history.retention_labels import WHO, due_words, hold_words, kinds_words, rule_words
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.widgets.build import button, column, flow, row
from slmdesk.window.widgets.choice import Choice
from slmdesk.window.widgets.dialog import Dialog
from slmdesk.window.widgets.message_box import message_box
from slmdesk.window.widgets.named import named, passing
from slmdesk.window.widgets.text import plain_label

if TYPE_CHECKING:
    from slmdesk.history.retention import Doubt
    from slmdesk.runtime.pending import Pending
    from slmdesk.services import Services

INTRO = (
    "Without a rule nothing is deleted by itself. A rule moves what was not changed for so long to the trash, and "
    "deletes it from there for good. What is on hold stays, whatever a rule or a person says."
)
DAYS = (30, 60, 90, 180, 365, 730, 1825, 3650)
NOT_CHANGED, NOT_OPENED = "not changed for", "not opened for"
TRASH_DAYS = (7, 14, 30, 60, 90)
NOTHING = "There is no rule yet, and nothing is on hold."
AT_ONCE = 0
"""In the choice of days in the trash: deleted for good at once."""


class Listed(Record):
    rules: Sequence[Rule]
    holds: Sequence[Hold]
    names: Mapping[str, str]
    """Of what they are about, by id."""
    due: Mapping[str, int]
    """How many each rule would take at its next run, by its id."""
    doubt: Doubt | None
    """Why no rule deletes anything just now."""


class RulesWindow(Dialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "rules_window", "Rules and holds")
        self.resize(680, 460)
        self._bridge = bridge
        self._looking: Call | None = None
        self._counting: Call | None = None
        self._asked: Mapping[str, Any] = {}
        """The rule last asked about, before it deletes anything for good."""
        self._build_ui()
        self.refresh()

    def _build_ui(self) -> None:
        intro = plain_label(INTRO, self, name="rules_intro", kind="muted")
        self._doubt = named(QFrame(self), "rules_doubt")
        self._doubt_words = plain_label("", self._doubt, name="rules_doubt_words", kind="warn")
        sure = button("The date is right", "rules_date_button", self._doubt, on=self._on_sure)
        row((self._doubt_words, 1), sure, into=self._doubt, gap=theme.SPACE_8)
        self._doubt.hide()
        self._list = named(QListWidget(self), "rules_list", kind="list", label="Rules and holds")
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemSelectionChanged.connect(self._on_chosen)
        self._nothing = plain_label(NOTHING, self, name="rules_nothing", kind="muted", is_hidden=True)
        self._remove = button("Remove", "rules_remove_button", self, on=self._on_remove)
        hold_all = button("Hold everything", "hold_all_button", self, on=self._on_hold_all)
        close = button("Close", "rules_close", self, on=self.reject)
        close.setDefault(True)  # Enter in the list must neither hold nor add anything
        foot = row(hold_all, 1, self._remove, close, gap=theme.SPACE_8)
        column(
            intro, self._doubt, self._nothing, (self._list, 1), self._build_form(), foot,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._on_chosen()

    def _build_form(self) -> QWidget:
        form = named(QFrame(self), "rule_form", label="Another rule")
        kinds: list[tuple[object, str]] = [
            (kind, f"{words[0].upper()}{words[1:]}") for kind in KINDS for words in [kinds_words(kind)]
        ]
        self._kind = named(Choice(kinds, form), "rule_kind", label="What the rule is about")
        self._days = named(Choice([(one, f"{one:,} days") for one in DAYS], form), "rule_days", label="After how long")
        then: list[tuple[object, str]] = [(one, f"trash, {one} days") for one in TRASH_DAYS]
        self._then = named(Choice([*then, (AT_ONCE, "for good at once")], form), "rule_then", label="What happens then")
        self._days.show_value(90)
        self._then.show_value(30)
        self._kind.value_chosen.connect(self._on_kind)
        for choice in (self._kind, self._days, self._then):
            choice.value_chosen.connect(self._count)
        add = button("Add the rule", "rule_add_button", form, on=self._on_add)
        self._form_words = plain_label(NOT_CHANGED, form, name="rule_form_words", wraps=False)
        self._due = plain_label("", form, name="rule_due")
        choices = flow(self._kind, self._form_words, self._days, self._then, gap=theme.SPACE_8)
        centre = Qt.AlignmentFlag.AlignVCenter
        column(choices, row((self._due, 1), (add, centre), gap=theme.SPACE_8), into=form, gap=theme.SPACE_8)
        return form

    def _on_kind(self, kind: str) -> None:
        """Documents have no trash, and nobody changes them."""
        self._then.setEnabled(kind != DOCUMENT)
        self._form_words.setText(NOT_OPENED if kind == DOCUMENT else NOT_CHANGED)

    @property
    def _wanted(self) -> dict[str, Any]:
        kind, trash_days = self._kind.currentData(), self._then.currentData()
        then = Then.DELETE if kind == DOCUMENT or trash_days == AT_ONCE else Then.TRASH
        days = self._days.currentData()
        return {"kind": kind, "days": days, "then": then, "trash_days": trash_days or TRASH_DAYS[0]}

    def _count(self) -> None:
        wanted = self._wanted
        if self._counting is not None:
            self._counting.cancel()
        self._counting = self._bridge.follow(lambda services: _due(services, wanted), self._due.setText)

    def refresh(self) -> None:
        def look(services: Services) -> Pending[Listed]:
            kept = services.retention
            rules, holds = kept.rules(), kept.holds()
            ids = {*(one.folder for one in rules), *(one.target for one in holds)} - {""}
            names, doubt = {one: kept.name_of(one) for one in ids}, kept.doubt() if rules else None
            return kept.due(*rules).map(lambda due: Listed(rules, holds, names, due, doubt))

        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._bridge.follow(look, self._show)
        self._count()

    def _show(self, listed: Listed) -> None:
        self._list.clear()
        entries: list[tuple[Rule | Hold, str]] = [
            *((one, f"Rule: {_rule_words(one, listed)}") for one in listed.rules),
            *((one, f"Hold: {hold_words(one, listed.names.get(one.target, ''))}") for one in listed.holds),
        ]
        self._nothing.setVisible(not entries)
        for one, words in entries:
            line = QListWidgetItem(f"{words}. Set by {WHO[one.set_by]}.", self._list)
            line.setData(Qt.ItemDataRole.UserRole, one)
        self._doubt.setVisible(listed.doubt is not None)
        if listed.doubt is not None:
            self._doubt_words.setText(
                f"The clock says {_day(listed.doubt.now)}, but slmdesk was last used on {_day(listed.doubt.last)}. "
                "Until you say that the date is right, no rule deletes anything."
            )
        self._on_chosen()

    @property
    def _chosen(self) -> Rule | Hold | None:
        found = self._list.selectedItems()
        one: Rule | Hold | None = found[0].data(Qt.ItemDataRole.UserRole) if found else None
        return one

    def _on_chosen(self) -> None:
        chosen = self._chosen
        self._remove.setText("Release" if isinstance(chosen, Hold) else "Remove")
        self._remove.setEnabled(chosen is not None and chosen.set_by is SetBy.PERSON)

    def _on_remove(self) -> None:
        chosen = self._chosen
        if isinstance(chosen, Rule):
            self._bridge.ask(self._bridge.services.retention.remove_rule(chosen.id), lambda _rule: self.refresh())
        elif chosen is not None:
            self._bridge.ask(self._bridge.services.retention.release(chosen.id), lambda _hold: self.refresh())

    def _on_hold_all(self) -> None:
        self._bridge.ask(self._bridge.services.retention.hold(), lambda _hold: self.refresh())

    def _on_add(self) -> None:
        wanted = self._asked = self._wanted
        if wanted["then"] is Then.TRASH:
            self._add(wanted)
        else:
            self._bridge.follow(lambda services: _due(services, wanted), lambda due: self._ask_for_good(wanted, due))

    def _add(self, wanted: Mapping[str, Any]) -> None:
        self._bridge.ask(self._bridge.services.retention.add_rule(**wanted), lambda _rule: self.refresh())

    def _ask_for_good(self, wanted: Mapping[str, Any], due: str) -> None:
        """Ask before a rule is added that deletes; `due`: what it would do now."""
        if wanted is not self._asked:  # the button was pressed again
            return
        kind, days = wanted["kind"], wanted["days"]
        how = NOT_OPENED if kind == DOCUMENT else NOT_CHANGED
        words = f"From the next start on, what was {how} {days:,} days is deleted for good: {kinds_words(kind)}."
        box = message_box(self, "rule_for_good_dialog", "Add the rule?", words, f"{due} This cannot be undone.")
        sure = named(box.addButton("Add the rule", QMessageBox.ButtonRole.DestructiveRole), "rule_sure_button")
        sure.clicked.connect(lambda: self._add(wanted))
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.open()

    def _on_sure(self) -> None:
        self._bridge.follow(self._bridge.services.retention.run(confirmed=True), lambda _done: self.refresh())


def _due(services: Services, wanted: Mapping[str, Any]) -> Pending[str]:
    rule = services.retention.planned(**wanted)
    return services.retention.due(rule).map(lambda due: f"This rule {due_words(rule, due[rule.id])} now.")


def _rule_words(rule: Rule, listed: Listed) -> str:
    words, due = rule_words(rule, listed.names.get(rule.folder, "")), listed.due[rule.id]
    return f"{words}; {due_words(rule, due)} at its next run" if due else words


def _day(when: float) -> str:
    try:
        return date.fromtimestamp(when).isoformat()
    except (ValueError, OverflowError, OSError):
        return f"{when:.0f}"
