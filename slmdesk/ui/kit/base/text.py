"""Words for dates, positions in texts, and the progress of an answer, as the window shows them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from PySide6.QtCore import QLocale

from slmdesk.base.record import Record, changed
from slmdesk.base.texts import MONTHS, _, chosen_catalogue, ngettext

PREVIOUS_DAYS = 7


def today_or_day(seconds: float, now: datetime | None = None) -> str:
    """Return the local day of a time in seconds since the epoch, such as "today" or "2026-11-21"."""
    day = datetime.fromtimestamp(seconds).astimezone().date()
    today = (now or datetime.now().astimezone()).date()
    return _("today") if day == today else day_in_figures(day)


def day_in_figures(day: date) -> str:
    return _("{year}-{month:02}-{day:02}").format(year=day.year, month=day.month, day=day.day)


def short_day(day: int, month: int, year: int | None = None) -> str:
    language = QLocale(QLocale().name())  # that of the system names months by LC_TIME, whatever the window speaks
    name = language.standaloneMonthName(month, QLocale.FormatType.ShortFormat)
    words = _("{day} {month}").format(day=day, month=name)
    return f"{words} {year}" if year else words


def inside(label: str) -> str:
    """Return a label as it stands within a sentence. In other languages than English a capital may be a noun's."""
    return label.lower() if chosen_catalogue() is None else label


def moment_words(seconds: float, now: datetime | None = None) -> str:
    """Return the local day and time of a time in seconds since the epoch, such as "today, 02:41"."""
    return f"{today_or_day(seconds, now)}, {datetime.fromtimestamp(seconds).astimezone():%H:%M}"


@lru_cache(maxsize=8192)
def age_words(seconds: float, today: date) -> str:
    """Return the heading under which a list shows a time: "Today", "Previous 7 days", "May", "December 2025"."""
    day = date.fromtimestamp(seconds)
    age = (today - day).days
    if age <= 1:  # a time in the future comes from a clock that was wrong
        return ngettext("Yesterday", "Today", age)
    if age <= PREVIOUS_DAYS:
        return _("Previous {previous_days} days").format(previous_days=PREVIOUS_DAYS)
    month = _(MONTHS[day.month - 1])
    return month if day.year == today.year else f"{month} {day.year}"


def utf16_at(text: str, index: int) -> int:
    """Convert a position in code points to a position in UTF-16 units, as Qt counts."""
    return index + sum(character > "\uffff" for character in text[:index])


def size16(text: str) -> int:
    """Return the length of a text in UTF-16 units, as Qt counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def character_at(text: str, utf16: int) -> int:
    """Convert a position in UTF-16 units to a position in code points."""
    place = 0
    for index, character in enumerate(text):
        if place >= utf16:
            return index
        place += 2 if character > "\uffff" else 1
    return len(text)


SAID_AFTER_S = 2
TICK_MS = 1000


class AnswerProgress(Record):
    """Progress of one answer that is being written. All its times come from the same clock."""

    read: int = 0
    total: int = 0
    """Number of tokens in the prompt."""
    is_loading: bool = False
    began: float = 0.0
    now: float = 0.0
    pieces: int = 0
    """Number of text pieces that came. Each is one token, or a few tokens that make one letter."""
    first_at: float = 0.0
    thinks_since: float = 0.0
    """Time when the model's reasoning began, before the answer itself. 0: none yet."""

    def reading(self, read: int, total: int, now: float) -> AnswerProgress:
        """Return the progress after `read` tokens of the prompt. The first call starts the time of reading."""
        return changed(self, read=read, total=total, is_loading=False, began=self.began if self.total else now, now=now)

    def thinking(self, now: float) -> AnswerProgress:
        return changed(self, thinks_since=self.thinks_since or now, now=now)

    @property
    def thought_seconds(self) -> float:
        return (self.first_at if self.pieces else self.now) - self.thinks_since

    def grown(self, now: float) -> AnswerProgress:
        return changed(self, pieces=self.pieces + 1, first_at=self.first_at if self.pieces else now, now=now)

    @property
    def reading_words(self) -> str:
        words = _("Reading… {read} %{seconds}")
        return words.format(read=self.read * 100 // self.total, seconds=self._seconds) if self.total else ""

    @property
    def waiting_words(self) -> str:
        return _("Waiting for the model{seconds}").format(seconds=self._seconds) if self._seconds else ""

    @property
    def writing_words(self) -> str:
        """Return that the answer is written; "" in the first second."""
        return _("Writing…") if self.pieces and self.now - self.first_at >= 1 else ""

    @property
    def _seconds(self) -> str:
        seconds = int(self.now - self.began)
        return f", {seconds} s" if seconds >= SAID_AFTER_S else ""
