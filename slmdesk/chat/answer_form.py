"""The form an answer is bound to: a JSON schema, or a grammar in GBNF.  Pure functions, except for reading a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slmdesk.base.errors import KnownError
from slmdesk.base.json_file import read_file
from slmdesk.base.record import Record
from slmdesk.base.types import Sampling

SCHEMA, GRAMMAR = "json_schema", "grammar"
TITLES: Mapping[str, str] = {SCHEMA: "JSON schema", GRAMMAR: "Grammar (GBNF)"}
MOST_FORM = 32_768
"""Characters: it is checked while somebody types, and stored with each answer."""


class FormCheck(Record):
    """What was found in a form; `line` and `column` are counted from 1, 0: no single place."""

    problem: str = ""
    line: int = 0
    column: int = 0
    not_kept: tuple[str, ...] = ()
    """Names in a schema that answers are not held to."""


def check_form(kind: str, text: str) -> FormCheck:
    """Check a form of SCHEMA or GRAMMAR.  Takes a fifth of a second at most."""
    if len(text) > MOST_FORM:
        return FormCheck(f"It is longer than {MOST_FORM:,} characters.")
    from slmdesk.base.gbnf import GrammarInvalidError, check_gbnf
    from slmdesk.base.json_schema import SchemaInvalidError, check_schema

    try:
        if kind == SCHEMA:
            return FormCheck(not_kept=check_schema(text))
        check_gbnf(text)
    except (SchemaInvalidError, GrammarInvalidError) as err:
        place = f"Line {err.line}, column {err.column}: " if err.line else ""
        reason = err.reason if place else err.reason[:1].upper() + err.reason[1:]
        return FormCheck(f"{place}{reason}.", err.line, err.column)
    return FormCheck()


def require_form(sampling: Sampling) -> None:
    """Raise KnownError `grammar.invalid` where an answer could not be bound to the form of this sampling."""
    if sampling.json_schema is not None and sampling.grammar is not None:
        raise KnownError("grammar.invalid", reason="a grammar and a schema at once")
    for kind, text in ((SCHEMA, sampling.json_schema), (GRAMMAR, sampling.grammar)):
        problem = check_form(kind, text).problem if text is not None else ""
        if problem:
            raise KnownError("grammar.invalid", reason=problem[:1].lower() + problem[1:].removesuffix("."))


def read_form(path: Path) -> str:
    """Return the text of a file with a form.  Raises KnownError `file.unreadable`, `grammar.invalid`."""
    try:
        text = read_file(path).decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as err:
        raise KnownError("file.unreadable", path=str(path), reason=err.strerror or str(err)) from err
    except UnicodeDecodeError as err:
        raise KnownError("file.unreadable", path=str(path), reason="it is no UTF-8 text") from err
    if len(text) > MOST_FORM:
        raise KnownError("grammar.invalid", reason=f"longer than {MOST_FORM:,} characters")
    return text
