"""The words that exports say: headings, columns, states, days and times.

They are here in English and pass `_()` where they are written, in the language of the
export (`base.language`). What is stored, and the keys and values of JSON, stay English.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from slmdesk.base.texts import N_, _, date_words, ngettext


def told(words: Iterable[str]) -> tuple[str, ...]:
    """Return words of this module in the language of the export.

    Such as the head of a table.
    """
    return tuple(word and _(word) for word in words)


def zoned_moment_words(seconds: float) -> str:
    """Return the local day and time, with its zone, of seconds since the epoch."""
    moment = datetime.fromtimestamp(seconds).astimezone()
    day = date_words(moment.date())
    words = _("{day}, {time} ({zone})")
    return words.format(day=day, time=f"{moment:%H:%M}", zone=_zone(moment))


def _zone(moment: datetime) -> str:
    """Return the zone as the hours it is ahead of UTC.

    Its names differ from system to system.
    """
    offset = moment.utcoffset() or timedelta()
    if not offset:
        return "UTC"
    hours, rest = divmod(abs(offset), timedelta(hours=1))
    sign = "+"
    if offset < timedelta():
        sign = "-"
    minutes = ""
    if rest:
        minutes = f":{rest // timedelta(minutes=1):02}"
    return f"UTC{sign}{hours}{minutes}"


def missed_words(missed: int, count: int) -> str:
    return ngettext(
        "Of the pages read, {n} of {count} paragraphs was not read.",
        "Of the pages read, {n} of {count} paragraphs were not read.",
        missed,
        count=count,
    )


def left_out_words(count: int) -> str:
    return ngettext(
        "Left out, since the text does not support it: {n} sentence.",
        "Left out, since the text does not support them: {n} sentences.",
        count,
    )


def segments_words(count: int, said: str) -> str:
    return ngettext("{n} segment: {said}.", "{n} segments: {said}.", count, said=said)


def written_by(model: str) -> str:
    """Return the line that says that a model wrote in an export, or "" if none did."""
    if not model:
        return ""
    words = _(
        "Written in part by a language model ({model}). Check it before you rely on it."
    )
    return words.format(model=model)


READ = N_("What was read")
NOT_READ = N_("Not read")
TO_CHECK = N_("To check")
NEEDS_REVIEW = N_("Needs review")
YES, NO = N_("yes"), N_("no")
UNTITLED = N_("Untitled")

# Chats and questions
YOU = N_("You")
MODEL = N_("Model")
BY_MODEL = N_("{name} (model)")
EDITED_BY_YOU = N_(" (edited by you)")
INSTRUCTIONS = N_("Instructions")
EARLIER_NOTES = N_("Notes on the earlier part")
ATTACHED = N_("Attached: {name} — {used}")
CHAT_OF = N_("A chat of {day}")
CHAT_IMPORTED = N_("A chat of {day}, imported from {program}")
IMPORTED_FROM = N_("Imported from {program}")
EXPORTED = N_("Exported from slmdesk")
CONTENTS = N_("Contents")
QUESTIONS_TO = N_("Questions to {names}")
STILL_WRITTEN = N_("still being written")
STOPPED = N_("stopped by the reader")
CUT_OFF = N_("cut off by a failure")
PROGRAM_ENDED = N_("cut off when the program ended")

# Summaries
TOGETHER = N_("Together")
DEADLINES = N_("Deadlines")
SUMMARY_OF = N_("Summary of {names}")
PASSAGES = N_("Passages")
CHECK_THIS = N_(" (check this)")
MARK_HEAD = (N_("Sentence"), N_("Not in its passage"), N_("Where"))
THERE = N_("{words} (there: {detail})")
WHOLE_PASSAGE = N_(
    "Where a quotation above is the whole passage, it is not given once more."
)
SUMMARY_SHEET, COVERAGE_SHEET = N_("Summary"), N_("Coverage")
SUMMARY_HEAD = (
    N_("Sentence"),
    N_("File"),
    N_("Pages"),
    N_("Found in the document"),
    N_("Quotation"),
    N_("To check"),
)
PAGES_TOTAL, PAGES_READ = N_("Pages"), N_("Pages read")
COUNTED = (PAGES_TOTAL, PAGES_READ, N_("Paragraphs"), N_("Paragraphs read"))
NOT_READ_NAMED = N_("Not read: {name}")

# The calendar
DUE = N_("{who}: {what}")
IN_DOCUMENT = N_("Document: {name}")
SENDER = N_("From: {name}")
AMOUNT = N_("Amount: {amount}")

# Comparisons
CHANGED_FROM_TO = N_("What changed from {old} (old) to {new} (new)")
NUMBER, CLAUSE, WHERE, CHANGED = (
    N_("No."),
    N_("Clause"),
    N_("Where"),
    N_("What changed"),
)
MOST_IMPORTANT = N_("The most important first")
ALL_CHANGES = N_("All changes")
CHANGES_SHEET = N_("Changes")
CHANGES_HEAD = (
    NUMBER,
    N_("Kind"),
    CLAUSE,
    N_("Old page"),
    N_("New page"),
    CHANGED,
    N_("Old"),
    N_("New"),
)
OLD_VERSION, NEW_VERSION, NOTE = N_("Old version"), N_("New version"), N_("Note")

# Tables
TABLE_SHEET, LABELS_SHEET = N_("Table"), N_("Labels")
CHART_SHEET, FIGURES_SHEET = N_("Chart {number}"), N_("Figures")
DOCUMENT, PAGE, VALUE = N_("Document"), N_("Page"), N_("Value")
PAGE_OF, CERTAIN_OF, WORDS_OF = (
    N_("{name}: page"),
    N_("{name}: certain"),
    N_("{name}: words"),
)
ABOUT_LABELS = N_("About the labels")
UNCHECKED = N_("no sample was checked by hand")
LABEL_TOLD = N_("{name}: told by {model}; {checked}.")
UNFINISHED = N_("This table is not finished.")
FROM_DOCUMENTS = N_("A table taken from documents by slmdesk")
OF_LABELS = N_("A table of labelled texts, made by slmdesk")
TEXTS = N_("Texts")
LISTED_OF = N_("The first {shown} of {count} texts are listed; a spreadsheet has all.")
IN_DOCUMENT_SO = N_("In the document: {value}")
CHANGED_BY_HAND = N_("changed by hand")
NOT_READ_CELL = N_("not read")
READ_HEAD = (DOCUMENT, PAGES_TOTAL, PAGES_READ, NOT_READ, N_("Given to the model"))
WHOLE, BEST_PASSAGES = N_("whole"), N_("the passages that fit best")

# Translations
TRANSLATION_HEAD = ("", N_("Source"), N_("Translation"), N_("State"), NEEDS_REVIEW)
STAYS = N_("What stays as it is")
NONE = N_("none")
SOURCE = N_("Source")
REPORT = N_("Report: {title}")
REPORT_SEGMENTS, HOW_MANY, WHY, WHAT = (
    N_("Segments"),
    N_("How many"),
    N_("Why"),
    N_("What"),
)
REPORT_HEAD = (WHERE, N_("Source"), N_("Translation"), N_("State"))
REPORT_PARTS = N_("Parts of the document that are no text to be translated")
REPORT_LISTS = (
    (
        N_("Not translated"),
        "failed",
        N_("The document has the source in these places."),
        WHY,
    ),
    (NEEDS_REVIEW, "flagged", "", WHAT),
    (N_("Left as it is"), "left", "", WHY),
    (N_("Translated, nothing found"), "translated", "", WHAT),
)
"""Title, name in the JSON, what is said below, and head of the last column."""
NOT_ITS_TURN = N_("it was not its turn yet")
FACTS = {
    "Document": DOCUMENT,
    "Languages": N_("Languages"),
    "About": N_("Subject"),
    "Model": MODEL,
    "Glossaries": N_("Glossaries"),
    "Begun": N_("Begun"),
    "Last changed": N_("Last changed"),
}
COUNTS = {
    "all": N_("all"),
    "translated": N_("translated"),
    "not translated": N_("not translated"),
    "to look at": N_("to review"),
    "left as they are": N_("left as they are"),
    "edited": N_("edited"),
    "approved": N_("approved"),
    "parts that are no text to be translated": N_(
        "parts that are no text to be translated"
    ),
}
"""What a report's JSON calls its facts and counts, and how people read them."""
MANNERS = (
    N_("everyday"),
    N_("medical"),
    N_("legal"),
    N_("technical"),
    N_("finance"),
    N_("formal"),
    N_("informal"),
)
"""What a translation is about and how it speaks to its reader, as requests call it."""
A_TEXT, NONE_YET, FROM_TO = N_("a text"), N_("none yet"), N_("{source} to {target}")
