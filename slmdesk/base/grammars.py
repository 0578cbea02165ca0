"""Check GBNF grammars, and JSON schemas before they are converted to a grammar, since some of them crash llama.cpp or
make it run forever.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from slmdesk.base.record import Record
from slmdesk.base.texts import _

MAX_GRAMMAR_CHARACTERS = 256 * 1024
MAX_NESTING = 100
MAX_REPEAT = 1000
MAX_STATES = 5000

_NAME = re.compile(r"[A-Za-z0-9-]+")
_BLANK = re.compile(r"(?:[ \t]|#[^\r\n]*)*")
_BLANK_OR_LINES = re.compile(r"(?:\s|#[^\r\n]*)*")
_CHARACTER = r"(?:\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[tnr\\\"\[\]])|[^\\%s])"
_LITERAL = re.compile('"' + _CHARACTER % '"' + '*"')
_CLASS = re.compile(r"\[\^?(?!\])" + _CHARACTER % r"\]" + r"+\]")
_CHARACTERS = re.compile(_CHARACTER % "")
_REPEAT = re.compile(r"\{[ \t]*(\d+)[ \t]*(,?)[ \t]*(\d*)[ \t]*\}")
_NUMBERED = frozenset((r"\x", r"\u", r"\U"))
_FOREVER = -1


class GrammarInvalidError(Exception):
    """A grammar that must not be given to llama.cpp. The message says in a few words what is wrong, and where.

    `line` and `column` are counted from 1; 0 means that there is no single place.
    """

    def __init__(self, reason: str, text: str = "", at: int | None = None) -> None:
        self.reason = reason
        self.line = self.column = 0
        if at is not None:
            self.line = text.count("\n", 0, at) + 1
            self.column = at - text.rfind("\n", 0, at)
        super().__init__(
            _("{reason} in line {line}, column {column}").format(reason=reason, line=self.line, column=self.column)
            if self.line
            else reason
        )


class Terminal(Record):
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    name: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Group:
    alternatives: tuple[tuple[Element, ...], ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Repeat:
    element: Element
    least: int
    most: int
    at: int = field(default=0, compare=False)


Element: TypeAlias = Terminal | Reference | Group | Repeat


def check_gbnf(text: str) -> None:
    """Raise GrammarInvalidError unless llama.cpp can read `text` and follow it with a bounded number of states."""
    if len(text) > MAX_GRAMMAR_CHARACTERS:
        raise GrammarInvalidError(
            _("is longer than {max_grammar_characters} characters").format(
                max_grammar_characters=MAX_GRAMMAR_CHARACTERS
            )
        )
    if "\0" in text:
        raise GrammarInvalidError(_("holds a NUL character"), text, text.index("\0"))
    rules = _Parser(text).rules()
    if "root" not in rules:
        raise GrammarInvalidError(_("has no rule named root"))
    try:
        _Analysis(text, rules).check()
    except RecursionError as err:  # deep groups in each of many rules
        raise GrammarInvalidError(_("is nested too deeply")) from err


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def rules(self) -> dict[str, Group]:
        rules: dict[str, Group] = {}
        self._skip(_BLANK_OR_LINES)
        while self._at < len(self._text):
            start = self._at
            name = self._take(_NAME, _("a rule's name")).group()
            self._skip(_BLANK)
            self._expect("::=")
            self._skip(_BLANK_OR_LINES)
            if name in rules:
                raise GrammarInvalidError(_("has two rules named {name}").format(name=name[:40]), self._text, start)
            rules[name] = self._group(depth=0)
            if self._at < len(self._text) and self._text[self._at] not in "\r\n":
                self._fail(_("a line break"))
            self._skip(_BLANK_OR_LINES)
        return rules

    def _group(self, depth: int) -> Group:
        if depth > MAX_NESTING:
            raise GrammarInvalidError(_("is nested too deeply"), self._text, self._at)
        start = self._at
        alternatives = [self._sequence(depth)]
        while self._text.startswith("|", self._at):
            self._at += 1
            self._skip(_BLANK_OR_LINES)
            alternatives.append(self._sequence(depth))
        return Group(tuple(alternatives), start)

    def _sequence(self, depth: int) -> tuple[Element, ...]:
        elements: list[Element] = []
        while (element := self._element(depth)) is not None:
            self._skip(_BLANK_OR_LINES if depth else _BLANK)
            while (repeated := self._repeated(element)) is not None:
                element = repeated
                self._skip(_BLANK_OR_LINES if depth else _BLANK)
            elements.append(element)
        return tuple(elements)

    def _element(self, depth: int) -> Element | None:
        sign = self._text[self._at : self._at + 1]
        if sign == '"':
            found = self._take(_LITERAL, _("a literal"))
            self._codes(found.start() + 1, found.end() - 1)
            return Terminal(is_empty=found.group() == '""')
        if sign == "[":
            found = self._take(_CLASS, _("a character class"))
            self._check_ranges(self._codes(found.start() + 1, found.end() - 1))
            return Terminal()
        if sign == ".":
            self._at += 1
            return Terminal()
        if sign == "(":
            self._at += 1
            self._skip(_BLANK_OR_LINES)
            group = self._group(depth + 1)
            self._expect(")")
            return group
        if name := _NAME.match(self._text, self._at):
            self._at = name.end()
            return Reference(name.group(), name.start())
        return None

    def _codes(self, start: int, end: int) -> list[tuple[int, int, int]]:
        found = []
        for match in _CHARACTERS.finditer(self._text, start, end):
            words = match.group()
            code = int(words[2:], 16) if words[:2] in _NUMBERED else ord(words[-1])
            if words[0] == "\\" and (code > sys.maxunicode or 0xD800 <= code <= 0xDFFF):
                raise GrammarInvalidError(_("{words} is no character").format(words=words), self._text, match.start())
            found.append((code, match.start(), match.end()))
        return found

    def _check_ranges(self, codes: Sequence[tuple[int, int, int]]) -> None:
        at = int(self._text[codes[0][1]] == "^")
        while at + 2 < len(codes):
            (first, start, __), (__, sign, __), (last, __, end) = codes[at : at + 3]
            if self._text[sign] != "-":
                at += 1
                continue
            if last < first:
                raise GrammarInvalidError(
                    _("the range {text} is backwards").format(text=self._text[start:end]), self._text, start
                )
            at += 3

    def _repeated(self, element: Element) -> Repeat | None:
        sign, start = self._text[self._at : self._at + 1], self._at
        if sign and sign in "*+?":
            self._at += 1
            return Repeat(element, 1 if sign == "+" else 0, 1 if sign == "?" else _FOREVER, start)
        if sign != "{":
            return None
        least, comma, most = self._take(_REPEAT, _("a number of times")).groups()
        low = int(least[:9])
        high = (int(most[:9]) if most else _FOREVER) if comma else low
        if max(low, high) > MAX_REPEAT or _FOREVER < high < low:
            raise GrammarInvalidError(
                _("repeats something {{{low},{high}}} times").format(low=low, high=high), self._text, start
            )
        return Repeat(element, low, high, start)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        found = pattern.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _take(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            self._fail(what)
        self._at = found.end()
        return found

    def _expect(self, sign: str) -> None:
        if not self._text.startswith(sign, self._at):
            self._fail(sign)
        self._at += len(sign)

    def _fail(self, expected: str) -> NoReturn:
        raise GrammarInvalidError(_("{expected} expected").format(expected=expected), self._text, self._at)


class _Analysis:
    """Check of all rules together: undefined names, left recursion, and how many parser states a position may have.

    `_empties` counts the ways in which an element can be empty. `_starts` counts the parser's steps to its first
    characters. Both follow only what may come first, so meeting a rule again on the way means left recursion.
    """

    def __init__(self, text: str, rules: dict[str, Group]) -> None:
        self._text = text
        self._rules = rules
        self._known: dict[str, tuple[int, int]] = {}
        self._measured: dict[int, tuple[int, int]] = {}
        """Results by the identity of a group. Without them it would be measured again for every group around it."""
        self._open: list[str] = []

    def check(self) -> None:
        for name, group in self._rules.items():
            self._rule(name, group.at)
            for inner in _groups_in(group):
                self._group(inner)
                for sequence in inner.alternatives:
                    self._check_sequence(sequence, inner.at)

    def _check_sequence(self, sequence: tuple[Element, ...], at: int) -> None:
        steps = 0
        for element in reversed(sequence):
            if isinstance(element, Repeat) and element.most != 1 and self._measure(element.element)[0]:
                raise self._wrong(_("repeats something that may be empty"), element.at)
            empties, starts = self._measure(element)
            steps = self._bounded(starts + empties * steps, at)

    def _measure(self, element: Element) -> tuple[int, int]:
        if isinstance(element, Terminal):
            return int(element.is_empty), 1
        if isinstance(element, Reference):
            return self._rule(element.name, element.at)
        if isinstance(element, Group):
            return self._group(element)
        empties, starts = self._measure(element.element)
        if empties and element.most != 1:
            raise self._wrong(_("repeats something that may be empty"), element.at)
        return empties + (element.least == 0), starts + 1

    def _rule(self, name: str, at: int) -> tuple[int, int]:
        if name not in self._rules:
            raise self._wrong(_("has no rule named {name}").format(name=name[:40]), at)
        if name in self._open:
            raise self._wrong(_("the rule {name} begins with itself").format(name=name[:40]), at)
        if name not in self._known:
            if len(self._open) > MAX_NESTING:
                raise self._wrong(_("is nested too deeply"), at)
            self._open.append(name)
            self._known[name] = self._group(self._rules[name])
            self._open.pop()
        return self._known[name]

    def _group(self, group: Group) -> tuple[int, int]:
        if id(group) in self._measured:
            return self._measured[id(group)]
        empties = starts = 0
        for sequence in group.alternatives:
            ways, steps = 1, 0
            for element in sequence:
                more_ways, more_steps = self._measure(element)
                steps = self._bounded(steps + ways * more_steps, group.at)
                ways = self._bounded(ways * more_ways, group.at)
                if not ways:
                    break
            empties = self._bounded(empties + ways, group.at)
            starts = self._bounded(starts + max(steps, 1), group.at)
        self._measured[id(group)] = empties, starts
        return empties, starts

    def _bounded(self, states: int, at: int) -> int:
        if states > MAX_STATES:
            raise self._wrong(_("can be read in too many ways"), at)
        return states

    def _wrong(self, reason: str, at: int) -> GrammarInvalidError:
        return GrammarInvalidError(reason, self._text, at)


def _groups_in(group: Group) -> Iterator[Group]:
    waiting: list[Element] = [group]
    while waiting:
        element = waiting.pop()
        if isinstance(element, Repeat):
            waiting.append(element.element)
        elif isinstance(element, Group):
            yield element
            for sequence in element.alternatives:
                waiting.extend(sequence)
