"""Reckons the last day of a deadline by the law of a place, and says by which rules. Pure functions.

What is not known here is not reckoned: other countries, Spanish courts, German bank days. Holidays of one town alone
are not counted, so the day is never too late for them.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from slmdesk.base.record import Record
from slmdesk.base.texts import N_
from slmdesk.claims.deadlines.finding import Event, Term, Unit

if TYPE_CHECKING:
    from holidays import HolidayBase

DAY = timedelta(days=1)
WEEKEND = SATURDAY, SUNDAY = 5, 6
FOUR_DAYS_SINCE = date(2025, 1, 1)
"""Since when German law supposes that what was posted is there on the fourth day, before on the third."""
FEW_DAYS = 5
"""Of so many days or fewer CPR 2.8(4) leaves out weekends and holidays."""

_SUPPOSED = {
    "authority": N_("§ 41 (2) VwVfG: deemed notified on the {which} after posting, on a weekend too"),
    "tax": N_("§ 122 (2), § 108 (3) AO: deemed notified on the {which} after posting, or the next working day"),
    "social": N_("§ 37 (2) SGB X: deemed notified on the {which} after posting, on a weekend too"),
}
_GERMAN = {
    "authority": "§ 31 VwVfG, §§ 187–189 BGB", "tax": "§ 108 AO, §§ 187–189 BGB",
    "social": "§ 26 SGB X, § 64 SGG", "court": "§ 222 ZPO, §§ 187–189 BGB", "criminal": "§§ 42, 43 StPO",
    "private": "§§ 187–189, 193 BGB",
}  # fmt: skip
_UNCOUNTED = N_("the first day is not counted")
_COUNTED = N_("the first day is counted")
_MOVED = N_("ends on no weekend or holiday")
_NOT_MOVED = N_("weekends and holidays count as any day")
_WORKING = {
    Unit.WEEKDAY: N_("Monday to Saturday without holidays"), Unit.WORKING: N_("Monday to Friday without holidays"),
}  # fmt: skip
_CLEAR = N_("whole days only")
_BACKWARDS = N_("counted backwards")


_NAMES_IN = {"DE": "de", "GB": "en_GB", "FR": "fr", "ES": "es"}


class Known(Record):
    """What is known of a paper."""

    place: str = ""
    """Whose law and holidays: a code as in ISO 3166-2, DE-BY or FR. Empty: not known."""
    office: str = "private"
    """Who writes: tax, social, authority, court, criminal or private."""
    dated: date | None = None
    received: date | None = None
    """As a person confirmed."""
    noted: date | None = None
    """Day of receipt or service that the paper notes, as a stamp does."""


class Reckoning(Record):
    term: Term
    begin: date
    """Day of the event, which is usually not counted."""
    is_confirmed: bool
    posted: date | None
    """If a law supposes the day of the event from this one."""
    supposed_after: int
    """Days from posting to the supposed event."""
    end: date
    day: date
    """Last day on which something can be done: `end`, or the next working day."""
    holiday: str
    """Name of the holiday at the end, if it is one."""
    rules: tuple[str, ...]
    """In English, each to be told in the language of the person."""


class Reason(Record):
    """How a day was reckoned, or why not: what tells it in any language, so that nobody reckons again for one."""

    reckoned: tuple[Reckoning, ...] = ()
    place: str = ""
    """Whose law holds."""
    doubt: str = ""
    """Why no day was reckoned, in English."""
    before: date | None = None
    """The day that the paper names, where the one before it is the last."""


def reckon(term: Term, known: Known) -> Reckoning | None:
    """Return None where a rule is not known, or the day from which is to be counted."""
    law = _law(known.place, known.office, term)
    if law is None or term.doubt:
        return None
    unit, is_moved, rules = law
    try:
        begin, after = _begin(term, known)
        if begin is None:
            return None
        end = _start(term, unit, begin, known) if term.is_before else _end(term, unit, begin, known.place)
        day = _working(end, known.place) if is_moved else end
    except (OverflowError, ValueError):  # before or after all calendars
        return None
    return Reckoning(
        term, begin, known.received is not None or term.event in (Event.DATE, Event.NAMED),
        known.dated if after else None, after, end,
        day, _calendar(known.place).get(end, "") if is_moved else "",
        (_SUPPOSED[known.office], *rules) if after else rules,
    )  # fmt: skip


def _begin(term: Term, known: Known) -> tuple[date | None, int]:
    """Return the day of the event, and the number of days after posting if a law supposes it."""
    posted, received = known.dated, known.received or known.noted
    if term.named is not None:
        return date(*(part or 0 for part in term.named)), 0
    if term.event is Event.DATE:
        return posted, 0
    if (
        posted is None
        or term.event is not Event.NOTICE
        or not known.place.startswith("DE")
        or known.office not in _SUPPOSED
    ):
        return received or posted, 0
    after = 4 if posted >= FOUR_DAYS_SINCE else 3
    begin = posted + after * DAY
    begin = _working(begin, known.place) if known.office == "tax" else begin
    return (received, 0) if received and received > begin else (begin, after)


def _law(place: str, office: str, term: Term) -> tuple[Unit, bool, tuple[str, ...]] | None:
    """Return the unit that counts, whether the end is moved to a working day, and the rules."""
    country = place.partition("-")[0]
    unit = term.unit
    first = _COUNTED if term.is_first else _UNCOUNTED
    is_by_days = unit in (Unit.DAY, Unit.WEEKDAY, Unit.WORKING)
    law: tuple[str, ...]
    if country == "DE":
        law, is_moved = (_GERMAN.get(office, _GERMAN["private"]),), True
    elif place == "GB-ENG":
        is_moved = office == "court"
        law = ("CPR 2.8–2.10",) if is_moved else (N_("common law of England"),)
        if is_moved and unit is Unit.DAY and term.count <= FEW_DAYS:
            unit = Unit.WORKING
    elif country == "FR":
        law, is_moved = ("art. 641, 642 CPC",), True
    elif country == "ES" and office in ("authority", "tax", "social"):
        law, is_moved = ("art. 30 Ley 39/2015",), True
        unit = Unit.WORKING if unit is Unit.DAY and not term.is_natural else unit
    elif country == "ES" and office == "private" and unit is not Unit.WORKING:
        law, is_moved = ("art. 5 Código Civil",), False
    elif country == "ES" and office == "private" and term.is_before:  # no law says more, but weekends are sure
        law, is_moved = (), False
    else:
        return None
    is_moved = is_moved and not term.is_before
    first = _BACKWARDS if term.is_before else first
    counted = (_WORKING[unit],) if unit in _WORKING else ()
    is_clear = _is_clear(term, office) if term.is_before else term.is_clear and (is_by_days or country == "FR")
    clear = (_CLEAR,) if is_clear else ()
    moved = () if counted and unit is Unit.WORKING and not clear else (_MOVED if is_moved else _NOT_MOVED,)
    return unit, is_moved, (*law, first, *counted, *clear, *moved)


def _end(term: Term, unit: Unit, begin: date, place: str) -> date:
    """Return the last day of a term that begins on a day, before it is moved to a working day."""
    earlier = DAY * 0
    if term.is_first:  # the first day counts, so the last one comes a day earlier
        earlier = DAY
    match unit:
        case Unit.YEAR:
            end = months_after(begin, 12 * term.count) - earlier
        case Unit.MONTH:
            end = months_after(begin, term.count) - earlier
        case Unit.WEEK:
            end = begin + 7 * DAY * term.count - earlier
        case Unit.DAY:
            end = begin + DAY * term.count - earlier
        case _:
            weekend = (SUNDAY,) if unit is Unit.WEEKDAY else WEEKEND
            end = _calendar(place, weekend).get_nth_working_day(begin - earlier, term.count)
    if term.is_clear and place == "FR":  # délai franc: the last day does not count either
        return end + DAY
    return end


def _start(term: Term, unit: Unit, begin: date, known: Known) -> date:
    """Return the day that lies so long before another; where the days between are to be whole, one more before it."""
    more = 1 if _is_clear(term, known.office) else 0
    if unit in (Unit.MONTH, Unit.YEAR):
        return months_after(begin, -term.count * (12 if unit is Unit.YEAR else 1)) - more * DAY
    if unit in (Unit.DAY, Unit.WEEK):
        return begin - DAY * (term.count * (7 if unit is Unit.WEEK else 1) + more)
    weekend = (SUNDAY,) if unit is Unit.WEEKDAY else WEEKEND
    return _calendar(known.place, weekend).get_nth_working_day(begin, -term.count - more)


def _is_clear(term: Term, office: str) -> bool:
    """Return whether the days before another are to be whole: a court's "at least 3 days before the hearing"."""
    return term.is_clear or (term.is_least and office in ("court", "criminal"))


def months_after(day: date, months: int) -> date:
    """Return the day of the same number, or the last of its month. Raises ValueError outside of all calendars."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _working(day: date, place: str) -> date:
    """Return the day, or the next working day if it is none."""
    return _calendar(place).get_nth_working_day(day, 0)


@cache
def _calendar(place: str, weekend: tuple[int, ...] = WEEKEND) -> HolidayBase:
    """Return the holidays of a whole country or Land, by their names there, and what counts as working days."""
    from holidays import country_holidays  # only where a day is reckoned: it takes time

    country, _, part = place.partition("-")
    known = country_holidays(country, subdiv=part or None, language=_NAMES_IN[country])
    known.weekend = set(weekend)
    return known
