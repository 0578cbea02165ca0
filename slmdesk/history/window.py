"""Dialogs for deleting and holding: the trash, rules and holds, deleting a day, deleting everything."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListWidget, QListWidgetItem, QMessageBox, QWidget

from slmdesk.base.record import Record
from slmdesk.base.records import DOCUMENT, KINDS, DocumentRecord, Hold, Item, Rule, SetBy, Then
from slmdesk.base.texts import _, in_quotes
from slmdesk.base.untrusted import clean_label
from slmdesk.history.erasing import CONFIRMATION, Erasure
from slmdesk.history.labels import WHO, date_words, due_words, hold_words, kinds_words, rule_words
from slmdesk.history.retention import DayContent, day_lines
from slmdesk.runtime.events import ItemChanged, ItemGone
from slmdesk.runtime.messages import Problem, bytes_for_people
from slmdesk.window.base import theme
from slmdesk.window.base.bridge import Bridge, Call
from slmdesk.window.base.text import day_in_figures, moment_words
from slmdesk.window.widgets.build import (
    CheckBox,
    breakable,
    button,
    column,
    flow,
    message_box,
    named,
    passing,
    plain_label,
    row,
    show_words,
    text_line,
)
from slmdesk.window.widgets.dialogs import Dialog
from slmdesk.window.widgets.notices import REMOVAL_MS, UNDO_MS, Notice
from slmdesk.window.widgets.rows import Choice

if TYPE_CHECKING:
    from slmdesk.history.retention import Doubt
    from slmdesk.runtime.events import Pending
    from slmdesk.services import Services

INTRO = _(
    "Without a rule nothing is deleted. A rule moves items that were not changed for so long "
    "to the trash, and deletes them from there for good. Items on hold always stay."
)
DAYS = (30, 60, 90, 180, 365, 730, 1825, 3650)
NOT_CHANGED, NOT_OPENED = _("not changed for"), _("not opened for")
TRASH_DAYS = (7, 14, 30, 60, 90)
NOTHING = _("There is no rule yet, and nothing is on hold.")
AT_ONCE = 0
"""Choice instead of days in the trash: items are deleted for good at once."""


class Listed(Record):
    rules: Sequence[Rule]
    holds: Sequence[Hold]
    names: Mapping[str, str]
    """Names of what the rules and holds are about, by id."""
    due: Mapping[str, int]
    """How many items each rule would move or delete at its next run, by the rule's id."""
    doubt: Doubt | None
    """Why no rule deletes anything at present. None if rules are applied."""


class ListDialog(Dialog):
    """Dialog with a list, whose entries hold what they stand for, and buttons for what is chosen."""

    def __init__(self, bridge: Bridge, parent: QWidget, name: str, list_name: str, title: str) -> None:
        super().__init__(parent)
        passing(self, name, title)
        self.resize(680, 460)
        self._bridge = bridge
        self._list = named(QListWidget(self), list_name, kind="list", label=title)
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.itemSelectionChanged.connect(self._on_chosen)

    def _add_line(self, words: str, entry: object) -> None:
        QListWidgetItem(words, self._list).setData(Qt.ItemDataRole.UserRole, entry)

    @property
    def _chosen(self) -> list[Any]:
        return [item.data(Qt.ItemDataRole.UserRole) for item in self._list.selectedItems()]

    def _on_chosen(self) -> None:
        raise NotImplementedError


class RulesWindow(ListDialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(bridge, parent, "rules_window", "rules_list", _("Rules and holds"))
        self._looking: Call | None = None
        self._counting: Call | None = None
        self._asked: Mapping[str, Any] = {}
        """Values of a rule that deletes for good, while the person is asked whether to add it."""
        self._build_ui()
        self.refresh()

    def _build_ui(self) -> None:
        intro = plain_label(INTRO, self, name="rules_intro", kind="muted")
        self._doubt = named(QFrame(self), "rules_doubt")
        self._doubt_words = plain_label("", self._doubt, name="rules_doubt_words", kind="warn")
        sure = button(_("The date is right"), "rules_date_button", self._doubt, on=self._on_sure)
        row((self._doubt_words, 1), sure, into=self._doubt, gap=theme.SPACE_8)
        self._doubt.hide()
        self._nothing = plain_label(NOTHING, self, name="rules_nothing", kind="muted", is_hidden=True)
        self._remove = button(_("Remove"), "rules_remove_button", self, on=self._on_remove)
        hold_all = button(_("Hold everything"), "hold_all_button", self, on=self._on_hold_all)
        close = button(_("Close"), "rules_close", self, on=self.reject)
        close.setDefault(True)  # pressing Enter must not add a rule or hold
        foot = row(hold_all, self._remove, 1, close, gap=theme.SPACE_8)
        column(
            intro, self._doubt, self._nothing, (self._list, 1), self._build_form(), foot,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._on_chosen()

    def _build_form(self) -> QWidget:
        form = named(QFrame(self), "rule_form", label=_("Another rule"))
        kinds: list[tuple[object, str]] = [
            (kind, f"{words[0].upper()}{words[1:]}") for kind in KINDS for words in [kinds_words(kind)]
        ]
        self._kind = named(Choice(kinds, form), "rule_kind", label=_("What the rule is about"))
        self._days = named(
            Choice([(day, _("{day:,} days").format(day=day)) for day in DAYS], form),
            "rule_days",
            label=_("After how long"),
        )
        then: list[tuple[object, str]] = [
            (day, _("to trash, deleted after {day} days").format(day=day)) for day in TRASH_DAYS
        ]
        self._then = named(
            Choice([*then, (AT_ONCE, _("deleted for good at once"))], form), "rule_then", label=_("What happens then")
        )
        self._days.show_value(90)
        self._then.show_value(30)
        self._kind.value_chosen.connect(self._on_kind)
        for choice in (self._kind, self._days, self._then):
            choice.value_chosen.connect(self._count)
        add = button(_("Add rule"), "rule_add_button", form, on=self._on_add)
        self._form_words = plain_label(NOT_CHANGED, form, name="rule_form_words", wraps=False)
        self._due = plain_label("", form, name="rule_due")
        choices = flow(self._kind, self._form_words, self._days, self._then, gap=theme.SPACE_8)
        centre = Qt.AlignmentFlag.AlignVCenter
        column(choices, row((self._due, 1), (add, centre), gap=theme.SPACE_8), into=form, gap=theme.SPACE_8)
        return form

    def _on_kind(self, kind: str) -> None:
        """Adapt the form to the kind. Documents have no trash, and they are opened, not changed."""
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
            ids = {*(rule.folder for rule in rules), *(hold.target for hold in holds)} - {""}
            names, doubt = {id: kept.name_of(id) for id in ids}, kept.doubt() if rules else None
            return kept.due(*rules).map(lambda due: Listed(rules, holds, names, due, doubt))

        if self._looking is not None:
            self._looking.cancel()
        self._looking = self._bridge.follow(look, self._show)
        self._count()

    def _show(self, listed: Listed) -> None:
        self._list.clear()
        entries: list[tuple[Rule | Hold, str]] = [
            *((rule, _("Rule: {rule}").format(rule=_rule_words(rule, listed))) for rule in listed.rules),
            *(
                (hold, _("Hold: {hold}").format(hold=hold_words(hold, listed.names.get(hold.target, ""))))
                for hold in listed.holds
            ),
        ]
        self._nothing.setVisible(not entries)
        for entry, words in entries:
            self._add_line(_("{words}. Set by {who}.").format(words=words, who=WHO[entry.set_by]), entry)
        self._doubt.setVisible(listed.doubt is not None)
        if listed.doubt is not None:
            self._doubt_words.setText(
                _(
                    "The clock says {day}, but slmdesk was last used on {day2}. "
                    "Until you say that the date is right, no rule deletes anything."
                ).format(day=_day(listed.doubt.now), day2=_day(listed.doubt.last))
            )
        self._on_chosen()

    def _on_chosen(self) -> None:
        chosen = next(iter(self._chosen), None)
        self._remove.setText(_("Release") if isinstance(chosen, Hold) else _("Remove"))
        self._remove.setEnabled(chosen is not None and chosen.set_by is SetBy.PERSON)

    def _on_remove(self) -> None:
        chosen, kept = next(iter(self._chosen), None), self._bridge.services.retention
        if isinstance(chosen, Rule):
            again = {name: getattr(chosen, name) for name in ("kind", "folder", "days", "then", "trash_days")}
            self._take_off(kept.remove_rule(chosen.id), _("Rule removed"), lambda: kept.add_rule(**again))
        elif chosen is not None:
            self._take_off(
                kept.release(chosen.id),
                _("Hold released"),
                lambda: kept.hold(chosen.target, reason=chosen.reason, until=chosen.until),
            )

    def _take_off(self, request: Any, words: str, again: Callable[[], Any]) -> None:
        def undo() -> None:
            self._bridge.ask(again(), lambda _back: self.refresh())

        def done(_gone: object) -> None:
            self.refresh()
            notice = Notice(words, action=_("Undo"), on_action=undo, life_ms=REMOVAL_MS, key="rule removed")
            self._bridge.notice_raised.emit(notice)

        self._bridge.ask(request, done)

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
        """Ask before adding a rule that deletes for good. `due` says what the rule would do now."""
        if wanted is not self._asked:  # the button was pressed again
            return
        kind, days = wanted["kind"], wanted["days"]
        how = NOT_OPENED if kind == DOCUMENT else NOT_CHANGED
        words = _("From the next start on, what was {how} {days:,} days is deleted for good: {kinds}.").format(
            how=how, days=days, kinds=kinds_words(kind)
        )
        box = message_box(
            self, "rule_for_good_dialog", _("Add rule?"), words, _("{due} This cannot be undone.").format(due=due)
        )
        _ask_sure(box, _("Add rule"), "rule_sure_button", lambda: self._add(wanted))

    def _on_sure(self) -> None:
        self._bridge.follow(self._bridge.services.retention.run(confirmed=True), lambda _done: self.refresh())


def _due(services: Services, wanted: Mapping[str, Any]) -> Pending[str]:
    rule = services.retention.planned(**wanted)
    return services.retention.due(rule).map(
        lambda due: _("This rule {due} now.").format(due=due_words(rule, due[rule.id]))
    )


def _rule_words(rule: Rule, listed: Listed) -> str:
    words, due = rule_words(rule, listed.names.get(rule.folder, "")), listed.due[rule.id]
    return _("{words}; {due} at its next run").format(words=words, due=due_words(rule, due)) if due else words


def _day(when: float) -> str:
    try:
        return day_in_figures(date.fromtimestamp(when))
    except (ValueError, OverflowError, OSError):
        return f"{when:.0f}"


# ---- the trash


PAGE = 100
MOST_NAME = 40
TRASH_INTRO = _(
    "Deleted chats. They can be searched no more, and come back with “Restore”. They stay until you delete them for "
    "good, or a rule does (Settings, “Rules and holds”)."
)


class DeletedChats(ListDialog):
    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(bridge, parent, "deleted_chats", "deleted_list", _("Deleted chats"))
        self._shown = PAGE
        self._build_ui()
        bridge.on(ItemChanged, self.refresh)
        bridge.on(ItemGone, self.refresh)
        self.refresh()

    def _build_ui(self) -> None:
        self._intro = plain_label(TRASH_INTRO, self, name="deleted_intro", kind="muted")
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._more = button(_("Show more"), "deleted_more", self, on=self._on_more)
        self._restore = button(_("Restore"), "restore_button", self, on=self._on_restore)
        self._delete = button(_("Delete for good…"), "delete_for_good_button", self, on=self._on_delete)
        self._empty = button(_("Empty the trash…"), "empty_trash_button", self, on=self._on_empty)
        close = button(_("Close"), "deleted_close", self, on=self.reject)
        close.setDefault(True)
        buttons = flow(self._more, self._empty, self._restore, self._delete, gap=theme.SPACE_8)
        foot = row((buttons, 1), (close, Qt.AlignmentFlag.AlignBottom), gap=theme.SPACE_8)
        column(self._intro, (self._list, 1), foot, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._show([])

    def refresh(self) -> None:
        def found(services: Services) -> tuple[list[Item], set[str]]:
            items = services.history.items(None, limit=self._shown, deleted=True)
            return items, services.retention.held([item.id for item in items])

        self._bridge.ask(found, lambda listed: self._show(*listed))

    def _show(self, items: Sequence[Item], held: Container[str] = ()) -> None:
        at = max(self._list.currentRow(), 0)
        kept = {item.id for item in self._chosen}
        self._list.clear()
        for item in items:
            when = moment_words(item.deleted_at or item.updated)
            what = "" if item.kind == "chat" else f"{item.kind}, "
            hold = _(", on hold") if item.id in held else ""
            self._add_line(f"{item.shown_title}   ({what}{when}{hold})", item)
        self._list.setCurrentRow(min(at, self._list.count() - 1))
        for at, item in enumerate(items):
            if item.id in kept:
                self._list.item(at).setSelected(True)
        self._intro.setText(TRASH_INTRO if items else _("The trash is empty."))
        self._more.setVisible(len(items) >= self._shown)
        self._empty.setEnabled(bool(items))
        self._on_chosen()

    def _on_chosen(self) -> None:
        self._restore.setEnabled(bool(self._chosen))
        self._delete.setEnabled(bool(self._chosen))

    def _on_more(self) -> None:
        self._shown += PAGE
        self.refresh()

    def _on_restore(self) -> None:
        self._bridge.services.chats.restore_all([item.id for item in self._chosen])

    def _on_delete(self) -> None:
        items = self._chosen
        ids = [item.id for item in items]
        self._bridge.ask(self._bridge.services.history.documents_only_of(ids), partial(self._ask_delete, items))

    def _ask_delete(self, items: Sequence[Item], documents: Sequence[DocumentRecord]) -> None:
        forgotten = _("What you wrote in it is forgotten by the memory of translations too.")
        more = forgotten if any(item.kind == "translation" for item in items) else ""
        what = (
            _("“{title}” is").format(title=items[0].shown_title)
            if len(items) == 1
            else _("{count:,} chats are").format(count=len(items))
        )
        words = _("{what} deleted for good. This cannot be undone.").format(what=what)
        box = message_box(self, "delete_for_good_dialog", _("Delete for good?"), words, more)
        also = named(CheckBox(_also(documents), box), "delete_documents_too")
        also.setToolTip("\n".join(document.name for document in documents))
        if documents:
            box.setCheckBox(also)
        else:
            also.deleteLater()
        ids = [item.id for item in items]

        def delete() -> None:
            self._delete_now(ids, documents if documents and also.isChecked() else ())

        _ask_sure(box, _("Delete for good"), "delete_sure_button", delete)

    def _delete_now(self, ids: Sequence[str], documents: Sequence[DocumentRecord]) -> None:
        def delete(services: Services) -> None:
            for id in ids:
                services.history.delete_for_good(id)
            for document in documents:
                services.documents.forget(document.id)

        self._bridge.ask(delete)

    def _on_empty(self) -> None:
        words = _("Everything in the trash is deleted for good. This cannot be undone.")
        more = _("Text of documents is kept; “Delete for good…” can forget it together with a chat.")
        box = message_box(self, "empty_trash_dialog", _("Empty the trash?"), words, more)
        _ask_sure(box, _("Empty the trash"), "empty_sure_button", lambda: self._bridge.services.history.empty_trash())


def _also(documents: Sequence[DocumentRecord]) -> str:
    name = clean_label(documents[0].name, MOST_NAME).replace("&", "&&") if documents else ""
    what = in_quotes(name) if len(documents) == 1 else _("{count} documents").format(count=len(documents))
    return _("Delete the text of {what} too: nothing else uses it. Files are not touched.").format(what=what)


# ---- forget a day


FORGET_INTRO = _(
    "Chats, questions, summaries, translations and everything else made on the day are deleted for good, with "
    "documents that nothing else uses. This cannot be undone."
)


class ForgetDay(Dialog):
    """Dialog in which a person chooses a day, sees what was made on that day, and deletes it."""

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "forget_day", _("Delete one day"))
        self.resize(520, 220)
        self._bridge = bridge
        self._content: DayContent | None = None
        self._build_ui()
        self._bridge.ask(self._bridge.services.days.days(), self._on_days)

    def _build_ui(self) -> None:
        intro = plain_label(FORGET_INTRO, self, name="forget_day_intro", kind="muted")
        self._days = named(Choice([], self), "forget_day_choice", label=_("The day"))
        self._days.value_chosen.connect(self._look)
        self._words = plain_label("", self, name="forget_day_words")
        self._forget = button(_("Delete this day"), "forget_day_button", self, on=self._on_forget)
        close = button(_("Close"), "forget_day_close", self, on=self.reject)
        foot = row(1, close, self._forget, gap=theme.SPACE_8)
        column(intro, self._days, self._words, 1, foot, into=self, gap=theme.SPACE_12, margins=theme.SPACE_16)
        self._show(None)

    def _on_days(self, days: Sequence[date]) -> None:
        self._days.clear()
        for day in days:
            self._days.addItem(date_words(day), day)
        self._days.setEnabled(bool(days))
        if days:
            self._look(days[0])
        else:
            self._words.setText(_("There is nothing in the history."))

    def _look(self, day: date) -> None:
        self._show(None)
        self._bridge.ask(self._bridge.services.days.look(day), self._show)

    def _show(self, content: DayContent | None) -> None:
        self._content = content
        self._words.setText("\n".join(day_lines(content)) if content else "")
        self._forget.setEnabled(content is not None and not content.is_empty)

    def _on_forget(self) -> None:
        if self._content is None:
            return
        day = self._content.day
        self._forget.setEnabled(False)
        self._bridge.follow(self._bridge.services.days.forget(day), partial(self._on_forgotten, day))

    def _on_forgotten(self, day: date, _content: DayContent) -> None:
        self._bridge.notice_raised.emit(
            Notice(_("{date} was deleted.").format(date=date_words(day)), life_ms=UNDO_MS, key="forgotten day")
        )
        self._bridge.ask(self._bridge.services.days.days(), self._on_days)


# ---- delete everything


ERASE_INTRO = _(
    "History, documents, settings, backups, logs and secrets in the system's keyring are deleted for good, and slmdesk "
    "closes. Backups, exports and copies that you made elsewhere stay where they are."
)


class EraseDialog(Dialog):
    """Dialog that emits `confirmed` with the Erasure, after the person typed the words and the secrets were removed."""

    confirmed = Signal(object)

    def __init__(self, bridge: Bridge, parent: QWidget) -> None:
        super().__init__(parent)
        passing(self, "erase_dialog", _("Delete everything"))
        self.resize(520, 320)
        self._bridge = bridge
        self._found: Erasure | None = None
        self._build_ui()
        self._look()

    def _build_ui(self) -> None:
        intro = plain_label(ERASE_INTRO, self, name="erase_intro", kind="muted")
        self._models = named(
            CheckBox(_("The models too, those that were copied in or downloaded"), self), "erase_models"
        )
        self._models.toggled.connect(self._look)
        self._words = plain_label("", self, name="erase_words")
        self._problem = plain_label("", self, name="erase_problem", kind="danger", is_hidden=True)
        asked = plain_label(
            _("To go on, type: {confirmation}").format(confirmation=CONFIRMATION), self, name="erase_asked"
        )
        self._typed = text_line(
            "erase_typed", self, "", label=_("Type {confirmation}").format(confirmation=CONFIRMATION), most=40
        )
        self._typed.textChanged.connect(self._show)
        self._erase = button(_("Delete everything"), "erase_button", self, kind="danger", on=self._on_erase)
        self._cancel = button(_("Cancel"), "erase_cancel", self, on=self.reject)
        foot = row(1, self._cancel, self._erase, gap=theme.SPACE_8)
        column(
            intro, self._models, self._words, self._problem, asked, self._typed, 1, foot,
            into=self, gap=theme.SPACE_12, margins=theme.SPACE_16,
        )  # fmt: skip
        self._show()
        self._typed.setFocus()

    def _look(self) -> None:
        models, self._found = self._models.isChecked(), None
        self._show()
        self._bridge.follow(self._bridge.services.erasing.look(models=models), self._on_found, self._on_refused)

    def _on_found(self, found: Erasure) -> None:
        self._found = found
        show_words(self._problem, "")
        places = "\n".join(breakable(str(folder)) for folder in found.folders)
        self._words.setText(
            _("{files:,} files, {size}, in:\n{places}").format(
                files=found.files, size=bytes_for_people(found.bytes), places=places
            )
        )
        self._show()

    def _on_refused(self, problem: Problem) -> None:
        self._words.setText("")
        show_words(self._problem, breakable(problem.sentence))

    def _show(self) -> None:
        is_typed = self._typed.text().strip() == CONFIRMATION
        is_armed = self._found is not None and is_typed
        self._erase.setEnabled(is_armed)
        (self._erase if is_armed else self._cancel).setDefault(True)  # Enter after the words does what they say

    def _on_erase(self) -> None:
        found = self._found
        if found is not None:
            self._erase.setEnabled(False)
            self._bridge.follow(
                self._bridge.services.erasing.forget_secrets(),
                lambda left: self._on_forgotten(found, left),
                self._on_refused,
            )

    def _on_forgotten(self, found: Erasure, left: tuple[str, ...]) -> None:
        """Go on, even if the keyring did not answer. In that case a message says so first."""
        if not left:
            self.confirmed.emit(found)
            return
        words = _("Still in the system's keyring, since it does not answer: {left}.").format(left=", ".join(left))
        box = message_box(
            self, "erase_keyring_dialog", _("Delete everything"), words, _("Remove it there, under “slmdesk”.")
        )
        _ask_sure(box, _("Delete the rest"), "erase_rest_button", lambda: self.confirmed.emit(found))


def _ask_sure(box: QMessageBox, text: str, name: str, then: Callable[[], object]) -> None:
    """Ask before something that cannot be undone. Pressing Enter cancels it."""
    sure = named(box.addButton(text, QMessageBox.ButtonRole.AcceptRole), name, kind="danger")
    sure.clicked.connect(lambda: then())
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.open()
