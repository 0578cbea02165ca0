"""Turns codes and their args into sentences for people: what happened, what was kept, and what can be done now."""

from __future__ import annotations

import platform
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import PurePath

import slmdesk
from slmdesk.base.error_sentences import MADE, SENTENCES
from slmdesk.base.errors import BUG_CODE, Args, KnownError
from slmdesk.base.record import Record
from slmdesk.base.texts import _, retold
from slmdesk.base.types import told_place
from slmdesk.base.untrusted import clean_label
from slmdesk.base.walls import system_name

_PACKAGES = ("llama-cpp-python", "PySide6-Essentials", "sqlite-utils", "huggingface-hub")


def bug_report(error: BaseException) -> str:
    """Return the program's versions and the traceback of `error`, ready to be copied.

    Error messages are left out, because a message may quote the user's text.
    """
    lines = [f"slmdesk {slmdesk.__version__}", f"Python {platform.python_version()} on {system_name()}"]
    lines += [f"{name} {_version(name)}" for name in _PACKAGES]
    seen: BaseException | None = error
    for __ in range(5):
        if seen is None:
            break
        lines += ["", f"{type(seen).__module__}.{type(seen).__qualname__}"]
        for frame in traceback.extract_tb(seen.__traceback__)[-30:]:
            lines.append(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # late: it brings the email package, 20 ms at start

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _short(filename: str) -> str:
    """Return the path of a source file from its package on, because a full path may contain the user's name."""
    for folder in (*sys.path, sys.prefix):
        if folder and filename.startswith(folder.rstrip("/\\") + "/"):
            return filename[len(folder.rstrip("/\\")) + 1 :]
    return filename.replace("\\", "/").rsplit("/", 1)[-1]


MAX_ARG_CHARACTERS = 300
"""Most characters of an arg in a sentence. Args may come from a child process or a file, so longer ones are cut."""


def bytes_for_people(size: float) -> str:
    """Format a size with its unit, in powers of ten: '98 MB', '1.2 GB'."""
    if size < 1000:
        return _("{size} bytes").format(size=int(size))
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.0f} {unit}" if unit != "GB" or size >= 10 else _("{size:.1f} GB").format(size=size)
    return _("{size:.1f} TB").format(size=size / 1000)


_STEPS = (60, 45, 30, 20, 15, 10, 5, 3, 2, 1)


def rough_minutes(seconds: float) -> int:
    minutes = max(1.0, seconds / 60)
    return round(minutes / 30) * 30 if minutes > _STEPS[0] else min(_STEPS, key=lambda step: abs(step - minutes))


def time_for_people(seconds: float) -> str:
    """Return a time that is only estimated, in rough steps."""
    if seconds < 30:
        return _("less than a minute")
    hours, rest = divmod(rough_minutes(seconds), 60)
    if not hours:
        return _("{minutes} min").format(minutes=rest)
    return _("{hours} h {rest} min").format(hours=hours, rest=rest) if rest else _("{hours} h").format(hours=hours)


TOLD: Mapping[str, Callable[[str], str]] = {
    **dict.fromkeys(("reason", "what", "looks_like", "job", "kind", "language"), retold), "place": told_place
}  # fmt: skip
"""Args that are words of the program, which come in English."""


class _Words(dict[str, str]):
    def __init__(self, args: Args) -> None:
        sizes = {"expected", "limit"} if "bytes" in args else {"expected"}  # a limit may count pages
        words = {key: _word(arg, is_size="bytes" in key or key in sizes) for key, arg in args.items() if arg != ""}
        words |= {key: TOLD[key](word) for key, word in words.items() if key in TOLD}
        super().__init__(words)

    def __missing__(self, key: str) -> str:
        return _("unknown")


def _word(value: str | int | float, *, is_size: bool) -> str:
    if isinstance(value, str):
        return clean_label(value, MAX_ARG_CHARACTERS)
    if is_size:
        return bytes_for_people(value)
    if isinstance(value, int):
        return _("{number:,}").format(number=value)
    return _("{number:g}").format(number=value)


def sentence_for(code: str, args: Args) -> str:
    """Return the sentence for a code, as plain text on one line without markup. An unknown code gets a general one."""
    words = _Words(args)
    if code in MADE:
        return MADE[code][0](words)
    if code in SENTENCES:
        return _(SENTENCES[code]).format_map(words)
    return _("Something did not work ({code}). What was saved is safe.").format(code=clean_label(code, 60))


def problem_for(error: BaseException) -> Problem:
    if isinstance(error, KnownError):
        args = dict(error.args_for_people)
        return Problem(error.code, args, sentence_for(error.code, args))
    return Problem(BUG_CODE, {}, sentence_for(BUG_CODE, {}), bug_report(error))


def plain_args(args: Mapping[str, object]) -> dict[str, str | int | float]:
    return {key: value for key, value in args.items() if isinstance(value, str | int | float)}


def problem_of(code: str, untrusted_args: Mapping[str, object]) -> Problem:
    """Return the Problem for a child process's code and args. Args that are neither numbers nor strings are dropped."""
    args = {
        clean_label(key, 40): value if not isinstance(value, str) else clean_label(value, MAX_ARG_CHARACTERS)
        for key, value in untrusted_args.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
    return Problem(code, args, sentence_for(code, args))


class Problem(Record):
    """A failure in words for people: either a known failure (code and args), or a bug with its report.

    `sentence` is always written by the app, never by a child process.
    """

    code: str
    args: Mapping[str, str | int | float]
    sentence: str
    report: str = ""
    """Versions and traceback of a bug, without any text of the user. Empty for a known error."""

    @property
    def short(self) -> str:
        """The sentence with the name of a document or a model instead of its path."""
        path = str(self.args.get("path", "")) if self.code.startswith(("document.", "model.")) else ""
        return self.sentence.replace(path, PurePath(path).name) if path else self.sentence
