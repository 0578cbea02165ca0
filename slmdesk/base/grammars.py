"""Check GBNF grammars, and JSON schemas before they are converted to a grammar, since some of them crash llama.cpp or
make it run forever.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isinf
from typing import Any, NoReturn, TypeAlias

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


# ---- checks a JSON schema before it is made into a grammar
#
# Errors name what cannot be used, and where. The check covers the parts of JSON Schema that llama-cpp-python's
# converter knows. Keywords that the converter ignores are returned, so that nobody relies on them.


MAX_CHARACTERS = 64 * 1024
MAX_DEPTH = 64
MAX_OPTIONAL = 90
"""Most optional properties of an object. Any may be first, so the grammar's states grow with their number squared."""
TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
_COUNTS = (("minLength", "maxLength"), ("minItems", "maxItems"))
_NOT_KEPT = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "not", "if", "then", "else",
    "uniqueItems", "minProperties", "maxProperties", "patternProperties", "propertyNames", "contains",
    "minContains", "maxContains", "dependentRequired", "dependentSchemas", "unevaluatedProperties",
    "unevaluatedItems",
})  # fmt: skip
_FORMATS = re.compile(r"date|time|date-time|uuid[1-5]?")
_ALONE = frozenset({"$ref", "oneOf", "anyOf", "const", "enum", "pattern", "format"})
"""Keywords beside which length limits are not kept."""
_LARGE_REPEAT = re.compile(r"\{[^}]*\d{4}")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?")
_WORDS: Mapping[str, str] = {
    "Expecting ',' delimiter": _("a comma, or the end of the list or object, is missing"),
    "Expecting property name enclosed in double quotes": _("a name in double quotes is missing"),
    "Expecting value": _("a value is missing"),
    "Expecting ':' delimiter": _("a colon is missing"),
    "Extra data": _("there is more behind the end"),
    "Unterminated string starting at": _("this text has no closing quote"),
    "Invalid control character at": _("a line break stands within a text"),
}
Path = tuple[str | int, ...]


class SchemaInvalidError(Exception):
    """A schema that cannot be used. The message says in a few words what is wrong.

    `line` and `column` are counted from 1; 0 means that there is no single place.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


class _Wrong(Exception):
    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(reason)
        self.reason, self.path = reason, path


def check_schema(text: str) -> tuple[str, ...]:
    """Return the schema keywords that the answer will not be forced to follow, in order. Raises SchemaInvalidError."""
    if len(text) > MAX_CHARACTERS:
        raise SchemaInvalidError(_("longer than {max_characters:,} characters").format(max_characters=MAX_CHARACTERS))
    _check_tokens(text)
    try:
        schema = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as err:
        raise SchemaInvalidError(_WORDS.get(err.msg, err.msg.lower()), err.lineno, err.colno) from err
    except (ValueError, RecursionError) as err:
        raise SchemaInvalidError(str(err)) from err
    if not isinstance(schema, dict):
        raise SchemaInvalidError(_("a schema is an object in braces"), 1, 1)
    check = _Check(schema)
    try:
        check.whole()
    except _Wrong as err:
        raise SchemaInvalidError(err.reason, *_place(text, _offset(text, err.path))) from err
    return tuple(check.not_kept)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _check_tokens(text: str) -> None:
    depth = 0
    for found in _TOKEN.finditer(text):
        depth += (found[0] in "{[") - (found[0] in "}]")
        if depth > MAX_DEPTH:
            raise SchemaInvalidError(_("nested too deeply"), *_place(text, found.start()))
        if _FLOAT.fullmatch(found[0]) and isinf(float(found[0])):
            raise SchemaInvalidError(
                _("{found} is too large a number").format(found=found[0][:40]), *_place(text, found.start())
            )


def _place(text: str, at: int) -> tuple[int, int]:
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _offset(text: str, path: Path) -> int:
    around: list[tuple[str, str | int]] = []
    is_value = True
    for found in _TOKEN.finditer(text):
        sign = found[0]
        if sign in "}]":
            around.pop()
            is_value = False
        elif sign == ":":
            is_value = True
        elif sign == ",":
            kind, at = around.pop()
            is_value = isinstance(at, int)
            around.append((kind, at + 1 if isinstance(at, int) else at))
        elif not is_value:
            around[-1] = ("{", str(json.loads(sign)))
        elif tuple(at for _kind, at in around) == path:
            return found.start()
        else:
            is_value = sign == "["
            around += [(sign, 0 if is_value else "")] if sign in "{[" else []
    return 0


class _Check:
    """The check of one schema. Its methods raise _Wrong."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._waiting: list[Path] = []
        self._followed: set[Path] = set()
        self.not_kept: dict[str, None] = {}

    def whole(self) -> None:
        for node, path in _objects_in(self._root, ()):
            if node.get("$ref") is not None:
                self._target(node["$ref"], (*path, "$ref"))
        self._visit(self._root, ())
        while self._waiting:
            path = self._waiting.pop()
            self._visit(self._at(path), path)

    def _visit(self, schema: Any, path: Path) -> None:
        if not isinstance(schema, dict):
            raise _Wrong(_("a schema in braces is expected here"), path)
        if schema.get("$ref") is not None:
            self._follow(schema["$ref"], (*path, "$ref"))
            return
        kind = schema.get("type")
        for listed in kind if isinstance(kind, list) and kind else [kind]:
            if listed is not None and listed not in TYPES:
                raise _Wrong(_("the type is none of {types}").format(types=", ".join(TYPES)), (*path, "type"))
        self._counts(schema, path)
        self._note(schema)
        ways: tuple[tuple[bool, Sequence[str], Callable[[dict[str, Any], Path], None]], ...] = (
            (True, ("oneOf", "anyOf"), self._union),
            (not isinstance(kind, list), ("const",), _anything),
            (not isinstance(kind, list), ("enum",), self._enum),
            (kind in (None, "object"), ("properties", "additionalProperties"), self._object),
            (kind in (None, "object"), ("allOf",), self._all_of),
            (kind in (None, "array"), ("items", "prefixItems"), self._array),
            (kind in (None, "string"), ("pattern",), self._pattern),
        )
        taken = False
        for is_possible, names, check in ways:
            there = [
                name for name in names if name in schema and (name, schema[name]) != ("additionalProperties", True)
            ]
            if not there:
                continue
            if is_possible and not taken:
                taken = True
                check(schema, path)
            else:
                self.not_kept |= dict.fromkeys(there)
        if not taken and kind is None and schema and not _FORMATS.fullmatch(str(schema.get("format"))):
            raise _Wrong(_("a type is missing here"), path)

    def _note(self, schema: dict[str, Any]) -> None:
        alone = bool(_ALONE & schema.keys()) or not isinstance(schema.get("type"), str | None)
        for name in schema:
            if name in _NOT_KEPT or (alone and name in (*_COUNTS[0], *_COUNTS[1])):
                self.not_kept[name] = None
        if "format" in schema and not _FORMATS.fullmatch(str(schema["format"])):
            self.not_kept["format"] = None

    def _counts(self, schema: dict[str, Any], path: Path) -> None:
        for names in _COUNTS:
            for name in names:
                value = schema.get(name, 0)
                if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_REPEAT:
                    raise _Wrong(
                        _("{name} takes a whole number from 0 to {max_repeat:,}").format(
                            name=name, max_repeat=MAX_REPEAT
                        ),
                        (*path, name),
                    )
            least, most = names
            if schema.get(least, 0) > schema.get(most, MAX_REPEAT):
                raise _Wrong(_("{least} is more than {most}").format(least=least, most=most), (*path, least))

    def _union(self, schema: dict[str, Any], path: Path) -> None:
        name = "oneOf" if schema.get("oneOf") else "anyOf"
        if "oneOf" in schema and "anyOf" in schema:
            self.not_kept["anyOf"] = None
        self._each(schema.get(name), (*path, name))

    def _enum(self, schema: dict[str, Any], path: Path) -> None:
        if not isinstance(schema["enum"], list) or not schema["enum"]:
            raise _Wrong(_("enum takes a list of values"), (*path, "enum"))

    def _object(self, schema: dict[str, Any], path: Path) -> None:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict):
            raise _Wrong(_("properties are an object in braces"), (*path, "properties"))
        if not isinstance(required, list):
            raise _Wrong(_("required takes a list of names"), (*path, "required"))
        for at, name in enumerate(required):
            if not isinstance(name, str) or name not in properties:
                raise _Wrong(
                    _("“{name}” is required, but it is no property").format(name=str(name)[:40]),
                    (*path, "required", at),
                )
        if len(properties) - len(set(required)) > MAX_OPTIONAL:
            raise _Wrong(
                _("more than {max_optional} properties are not required").format(max_optional=MAX_OPTIONAL),
                (*path, "properties"),
            )
        for name, inner in properties.items():
            self._visit(inner, (*path, "properties", name))
        more = schema.get("additionalProperties", True)
        if not isinstance(more, bool):
            self._visit(more, (*path, "additionalProperties"))

    def _all_of(self, schema: dict[str, Any], path: Path) -> None:
        parts = schema["allOf"]
        if not isinstance(parts, list) or not parts:
            raise _Wrong(_("allOf takes a list of schemas"), (*path, "allOf"))
        for at, part in enumerate(parts):
            here: Path = (*path, "allOf", at)
            if isinstance(part, dict) and part.get("$ref") is not None:
                here = self._target(part["$ref"], (*here, "$ref"))
                part = self._at(here)
            if not isinstance(part, dict) or not isinstance(part.get("properties"), dict):
                raise _Wrong(_("each part of allOf needs properties"), here)
            for name, inner in part["properties"].items():
                self._visit(inner, (*here, "properties", name))

    def _array(self, schema: dict[str, Any], path: Path) -> None:
        items = schema.get("items")
        if "items" in schema and "prefixItems" in schema:
            self.not_kept["prefixItems"] = None
        name = "items" if items or (schema.get("type") == "array" and isinstance(items, dict)) else "prefixItems"
        if isinstance(schema.get(name), list):
            self.not_kept |= dict.fromkeys(word for word in _COUNTS[1] if word in schema)
            self._each(schema[name], (*path, name))
        else:
            self._visit(schema.get(name), (*path, name) if name in schema else path)

    def _pattern(self, schema: dict[str, Any], path: Path) -> None:
        pattern, here = schema["pattern"], (*path, "pattern")
        if not isinstance(pattern, str) or not (pattern.startswith("^") and pattern.endswith("$") and len(pattern) > 2):
            raise _Wrong(_("a pattern begins with ^ and ends with $"), here)
        if found := re.search(r"\\[dDwWsSbB]|\(\?", pattern):
            raise _Wrong(_("{found} cannot be used in a pattern; write [0-9] for digits").format(found=found[0]), here)
        if _LARGE_REPEAT.search(pattern):
            raise _Wrong(_("a pattern repeats something too often"), here)
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as err:
            raise _Wrong(_("this is no regular expression"), here) from err

    def _each(self, schemas: Any, path: Path) -> None:
        if not isinstance(schemas, list) or not schemas:
            raise _Wrong(_("a list of schemas is expected here"), path)
        for at, schema in enumerate(schemas):
            self._visit(schema, (*path, at))

    def _follow(self, untrusted: Any, path: Path) -> None:
        target, met = self._target(untrusted, path), set()
        while isinstance(inner := self._at(target), dict) and inner.get("$ref") is not None:
            if target in met:
                raise _Wrong(_("this refers to itself and to nothing else"), path)
            met.add(target)
            target = self._target(inner["$ref"], (*target, "$ref"))
        if target not in self._followed:
            self._followed.add(target)
            self._waiting.append(target)

    def _target(self, untrusted: Any, path: Path) -> Path:
        if not isinstance(untrusted, str) or not untrusted.startswith("#/"):
            raise _Wrong(_("only references within the schema, such as #/definitions/name, can be used"), path)
        names: Path = tuple(untrusted.split("#")[-1].split("/")[1:])
        try:
            self._at(names)
        except (KeyError, TypeError, IndexError):
            raise _Wrong(_("{untrusted} is not in the schema").format(untrusted=untrusted[:60]), path) from None
        return names

    def _at(self, path: Path) -> Any:
        found: Any = self._root
        for name in path:
            if isinstance(name, str) and not isinstance(found, dict):
                raise KeyError(name)
            found = found[name]
        return found


def _anything(_schema: dict[str, Any], _path: Path) -> None: ...


def _objects_in(value: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    waiting: list[tuple[Any, Path]] = [(value, path)]
    while waiting:
        found, here = waiting.pop()
        if isinstance(found, dict):
            yield found, here
            waiting.extend((inner, (*here, name)) for name, inner in found.items())
        elif isinstance(found, list):
            waiting.extend((inner, (*here, at)) for at, inner in enumerate(found))
