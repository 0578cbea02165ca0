"""The list of what is due as a report, its calendar, and the sheet of one day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from textwrap import shorten

from slmdesk.base.documents import Paper, Piece, PieceKind, Run, paragraph, table
from slmdesk.base.language import in_language
from slmdesk.base.protocol import stored_from
from slmdesk.base.texts import N_, _, cut, date_words, ngettext
from slmdesk.base.types import Json, page_sign
from slmdesk.exports import phrases
from slmdesk.tasks.deadlines.types import (
    BACK,
    CAME,
    DONE,
    MINE,
    MOVE,
    NOT_MINE,
    SHEET,
    DueDay,
    DueList,
    State,
)
from slmdesk.tasks.report import Due, Report, Section, Statement, Value
from slmdesk.tasks.summaries.order import LAST

WEEK = timedelta(days=6)
OVERDUE, TODAY, WITHIN, LATER, NO_DAY = (
    N_("Overdue"),
    N_("Today"),
    N_("In the next seven days"),
    N_("Later"),
    N_("Without a day"),
)
ACTIONS = {
    State.OPEN: (DONE, NOT_MINE, MOVE),
    State.DONE: (BACK,),
    State.NOT_MINE: (BACK,),
    State.OTHER: (MINE,),
}
OTHERS = N_("Other days named in these papers")
FOLDED = {
    State.DONE: N_("Done"),
    State.NOT_MINE: N_("Not mine"),
    State.OTHER: OTHERS,
}
ASSUMED = N_("Reckoned from an assumed day of receipt: say when it was received.")
NOT_ALL = N_("Found by rules, which miss days: look through the papers, too.")
MOST_TITLE, MOST_PASSAGE = 80, 1200
"""Most letters of what is to be done in a calendar, and of a passage on a sheet."""
LINE = "______________________________"


def report_of(
    kind: str,
    title: str,
    due: DueList,
    *,
    is_exported: bool = False,
) -> Report:
    """Return what is due, by its days. `is_exported`: without a column for days, so
    that each statement says its own.
    """
    documents = {day.document: day.name for day in due.days}
    open_days = days_open(due)
    lead = lead_of(open_days)
    if not open_days:
        lead = _("Nothing is due in the papers that were read.")
    notes = [_(NOT_ALL)]
    if due.waiting:
        words = ngettext(
            "{n:,} paper is still being looked through.",
            "{n:,} papers are still being looked through.",
            due.waiting,
        )
        notes.append(words)
    return Report(
        kind,
        title,
        tuple(_sections(due, is_exported=is_exported)),
        lead=lead,
        notes=tuple(notes),
        due=tuple(map(_due, open_days)),
        documents=tuple(documents.items()),
        sheet=title,
        is_all_read=True,
    )


def days_open(due: DueList) -> list[DueDay]:
    return [day for day in due.days if day.said.state is State.OPEN]


def lead_of(days: Sequence[DueDay]) -> str:
    """Return what is due in a line: "2 due today, 1 overdue". Empty: nothing now.
    `days`: those that are open.
    """
    today = date.today().isoformat()
    names = [day.day for day in days]
    told = (
        (_("{count:,} due today"), names.count(today)),
        (_("{count:,} overdue"), sum("" < day < today for day in names)),
    )
    return ", ".join(words.format(count=n) for words, n in told if n)


def _sections(due: DueList, *, is_exported: bool) -> Iterator[Section]:
    today = date.today()
    ends = (
        (NO_DAY, ""),
        (OVERDUE, (today - timedelta(days=1)).isoformat()),
        (TODAY, today.isoformat()),
        (WITHIN, (today + WEEK).isoformat()),
        (LATER, LAST),
    )
    groups = defaultdict[str, list[Statement]](list)
    for day in due.days:
        group = next(name for name, last in ends if day.day <= last)
        group = FOLDED.get(day.said.state, group)
        groups[group].append(statement_of(day, is_exported=is_exported))
    groups[OTHERS] += [Statement("", id=id) for id in due.others]
    for name in (OVERDUE, TODAY, WITHIN, LATER, NO_DAY, *FOLDED.values()):
        if statements := tuple(groups[name]):
            yield Section(
                statements,
                _(name),
                id=name,
                is_folded=name in FOLDED.values(),
                fold=f"{_(name)}: {len(statements):,}",
            )


def statement_of(day: DueDay, *, is_exported: bool = False) -> Statement:
    """`is_exported`: without a column for days, so that it says its own."""
    found, place = day.found, _place(day)
    text, notes = found.what, _notes(day, place)
    if is_exported:
        text, notes = f"{_day_words(day.day)}: {text}", _notes(day, "")
    actions = ACTIONS[day.said.state]
    if day.said.state is State.OPEN and (found.received or not found.day):
        actions = (*actions, CAME)
    filled = {
        "document": day.document,
        "day": found.received,
        "place": found.place,
        "to": day.day,
    }
    value = Value(date=day.day) if day.day else None
    return Statement(
        text,
        (day.span,),
        place,
        (found.text,),
        id=day.id,
        notes=notes,
        value=value,
        actions=actions,
        menu_actions=(SHEET,),
        filled=tuple(filled.items()),
        is_quotation=True,
    )


def _day_words(day: str) -> str:
    if not day:
        return _("no day")
    return date_words(date.fromisoformat(day))


def _place(day: DueDay) -> str:
    name = " ".join(day.name.split())
    return f"{name}, {page_sign(day.page_kind)} {day.found.page}"


def _notes(day: DueDay, place: str) -> tuple[str, ...]:
    """Return the lines below a day. `place`: its paper, if not told beside it."""
    found = day.found
    about = "  ·  ".join(filter(None, (found.who, found.amount, place)))
    notes = [about, *_rule(day), *_also(day)]
    if day.places:
        notes.append(_places_words(day))
    return tuple(filter(None, notes))


def _rule(day: DueDay) -> list[str]:
    """Return why it is due on this day, where its paper does not name it."""
    notes = [reckoned_words(day)]
    if day.is_assumed:
        notes.append(_(ASSUMED))
    if day.said.day:
        notes.append(
            _("Moved; the paper says: {day}").format(day=_day_words(day.found.day))
        )
    return [*filter(None, notes)]


def _also(day: DueDay) -> list[str]:
    return [_("Also: {text}").format(text=text) for text in day.found.more]


def _places_words(day: DueDay) -> str:
    return _("The same paper: {places}").format(places="  ·  ".join(day.places))


def reckoned_words(day: DueDay) -> str:
    """Return how a day was reckoned, or why not, in the language that is spoken."""
    if day.found.reason is None:
        return ""
    from slmdesk.claims.deadlines.reckoning import Reason  # late: all that finds days
    from slmdesk.tasks.summaries.deadlines import reason_words

    reason = stored_from(Reason, day.found.reason)
    return " ".join(reason_words(reason).splitlines())


def _due(day: DueDay) -> Due:
    found = day.found
    what = shorten(found.what, MOST_TITLE, placeholder="…")
    if not what.startswith(found.who):
        what = _(phrases.DUE).format(who=found.who, what=what)
    place = _(phrases.IN_DOCUMENT).format(name=_place(day))
    details = (found.text, *_rule(day), *_also(day), place)
    return Due(
        day.day,
        what,
        "\n".join(details),
        day.id,
        not day.is_assumed,
    )


def sheet_of(day: DueDay) -> Paper:
    """Return the sheet for the file: a day, its rule, its passage, who checked it."""
    found = day.found
    rule = " ".join(_rule(day)) or _("The paper names the day.")
    rows = (
        (_("Day"), _day_words(day.day)),
        (_("To do"), found.what),
        (_("From"), found.who),
        (_("Amount"), found.amount),
        (_("Reckoned"), rule),
        (_("Paper"), _place(day)),
        (_("Files"), "\n".join(day.places)),
    )
    pieces = (
        table(("", ""), tuple((name, words) for name, words in rows if words)),
        Piece(PieceKind.QUOTE, (Run(cut(found.text, MOST_PASSAGE)),)),
        paragraph(_("Checked by {line}").format(line=LINE)),
        paragraph(_("Date {line}").format(line=LINE)),
    )
    return Paper(_("Deadline: {day}").format(day=_day_words(day.day)), pieces)


def shape_of(due: DueList) -> dict[str, Json]:
    """Return the list for programs. Contract of `slmdesk due --json`."""
    return {
        "days": [_shape(day) for day in due.days],
        "other_days": len(due.others),
        "waiting": due.waiting,
    }


def _shape(day: DueDay) -> dict[str, Json]:
    found = day.found
    return {
        "id": day.id,
        "document": day.document,
        "file": day.name,
        "places": list(day.places),
        "page": found.page,
        "day": day.day or None,
        "found_day": found.day or None,
        "state": day.said.state.value,
        "what": found.what,
        "text": found.text,
        "who": found.who,
        "amount": found.amount,
        "reckoned": in_language("en", reckoned_words, day),
        "is_assumed": day.is_assumed,
        "received": found.received or None,
    }
