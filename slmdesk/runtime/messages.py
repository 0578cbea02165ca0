"""Turns codes and their args into sentences for people: what happened, what was kept, what can be done now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from slmdesk.base.errors import BUG_CODE, Args, KnownError
from slmdesk.base.labels import clean_label
from slmdesk.runtime.bug_report import bug_report
from slmdesk.runtime.events import Problem
from slmdesk.runtime.sentences import SENTENCES, TRY_AGAIN

MAX_ARG_CHARACTERS = 300
"""Args may come from a child or a file: a longer one is cut, and marked as cut."""


def bytes_for_people(size: float) -> str:
    """Format a size with its unit, in powers of ten: '98 MB', '1.2 GB'."""
    if size < 1000:
        return f"{int(size)} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.1f} {unit}" if size < 10 and unit == "GB" else f"{size:.0f} {unit}"
    return f"{size / 1000:.1f} TB"


def time_for_people(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours else f"{minutes} min"


class _Words(dict[str, str]):
    def __init__(self, args: Args) -> None:
        sizes = {"expected", "limit"} if "bytes" in args else {"expected"}  # a limit may be one of pages
        words = {key: _word(one, is_size="bytes" in key or key in sizes) for key, one in args.items() if one != ""}
        super().__init__(words)

    def __missing__(self, key: str) -> str:
        return "unknown"


def _word(value: str | int | float, *, is_size: bool) -> str:
    if isinstance(value, str):
        return clean_label(value, MAX_ARG_CHARACTERS)
    if is_size:
        return bytes_for_people(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


_DEATHS: Mapping[str, str] = {
    "aborted": "The model's process ended itself because of something in the model file",
    "segfault": "The model's process crashed with a memory error",
    "bus": "The model's process crashed because the model file changed or vanished while it was read",
    "illegal_instruction": "The model's process uses an instruction that this processor ({detail}) does not know",
    "killed": "The model stopped unexpectedly",
    "out_of_memory": "The model's process was ended because the memory ran out",
    "ended": "The model's process ended without being asked",
    "exited": "The model's process ended with an error of its own ({detail})",
    "start_failed": "The model's process could not be started ({detail})",
    "cancel_ignored": "The model's process did not stop when asked and was ended",
    "hung": "The model's process did not answer and was ended",
    "protocol": "The model's process sent what could not be understood and was ended",
}

_KINDS: Mapping[str, str] = {
    "adapter": "an adapter, which only works together with its model",
    "projector": "the image part of a model, which only works together with it",
    "imatrix": "an importance matrix, a helper for making models",
    "vocabulary": "a vocabulary without weights",
    "encoder": "an encoder, which makes vectors and cannot chat",
    "head": "a draft head, which guesses ahead for a model and only works together with it",
    "split": "one part of a model that was split; join the parts first",
}


def _death(words: Mapping[str, str]) -> str:
    how = _DEATHS.get(words["how"], "The model's process ended unexpectedly")
    return f"{how.format(detail=words['detail'])}. {TRY_AGAIN}"


_READER_DEATHS: Mapping[str, str] = {
    "out_of_memory": "it needs more memory than a document may have",
    "killed": "the system ended the process that reads it, most likely for want of memory",
    "start_failed": "the process that reads documents could not be started",
    "protocol": "the process that reads it said what could not be understood",
}


def _reader_death(words: Mapping[str, str]) -> str:
    why = _READER_DEATHS.get(words["how"], "the process that reads it ended unexpectedly")
    return f"The document {words['path']} could not be read: {why}. Other documents are not touched by that."


def _wrong_kind(words: Mapping[str, str]) -> str:
    kind = _KINDS.get(words["kind"], f"a file of the kind “{words['kind']}”")
    return f"This file is no chat model: it is {kind}. Choose a model for chatting."


def _incomplete(words: Mapping[str, str]) -> str:
    how_much = f"{words['bytes']} of {words['expected']} are there"
    if words["at_least"] == "1":  # what is missing of the header would say how large the file should be
        how_much = f"it ends inside its header, after {words['bytes']}"
    return f"The model file {words['path']} is incomplete: {how_much}. Fetch or copy it again."


def _unknown_item(words: Mapping[str, str]) -> str:
    if "id" not in words:
        return "No id was given. Choose a chat of the history."
    return f"Nothing in the history has the id “{words['id']}”."


def _replaced(words: Mapping[str, str]) -> str:
    if words["count"] == "1":
        return "1 character that cannot be stored was replaced by the sign \ufffd."
    return f"{words['count']} characters that cannot be stored were replaced by the sign \ufffd."


def _no_columns(words: Mapping[str, str]) -> str:
    there = f" Its first row has: {words['columns']}." if "columns" in words else ""
    return (
        f"{words['path']} cannot be read as a glossary. It wants a table with a column of terms (“source”) and one of "
        f"their translations (“target”), or a TBX file.{there}"
    )


_MADE: Mapping[str, Callable[[Mapping[str, str]], str]] = {
    "child.died": _death,
    "document.reader_died": _reader_death,
    "glossary.no_columns": _no_columns,
    "item.unknown": _unknown_item,
    "model.incomplete": _incomplete,
    "model.wrong_kind": _wrong_kind,
    "text.replaced": _replaced,
}


def sentence_for(code: str, args: Args) -> str:
    """Return the sentence for a code, also for an unknown one.  Plain text on one line, never markup."""
    words = _Words(args)
    if code in _MADE:
        return _MADE[code](words)
    if code in SENTENCES:
        return SENTENCES[code].format_map(words)
    return f"Something did not work ({clean_label(code, 60)}). What was saved is safe."


def problem_for(error: BaseException) -> Problem:
    if isinstance(error, KnownError):
        args = dict(error.args_for_people)
        return Problem(error.code, args, sentence_for(error.code, args))
    return Problem(BUG_CODE, {}, sentence_for(BUG_CODE, {}), bug_report(error))


def plain_args(args: Mapping[str, object]) -> dict[str, str | int | float]:
    return {key: value for key, value in args.items() if isinstance(value, str | int | float)}


def problem_of(code: str, untrusted_args: Mapping[str, object]) -> Problem:
    """Return the Problem for a code and args sent by a child; args that are neither numbers nor strings are dropped."""
    args = {
        clean_label(key, 40): value if not isinstance(value, str) else clean_label(value, MAX_ARG_CHARACTERS)
        for key, value in untrusted_args.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
    return Problem(code, args, sentence_for(code, args))
