"""Checks a JSON schema before it is made into a grammar: what cannot be used is named, with its place.

Meant are the parts of JSON Schema that llama-cpp-python's converter knows; what it leaves out is returned, so that
nobody believes that it is kept to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isinf
from typing import Any, NoReturn

from slmdesk.base.gbnf import MAX_REPEAT

MAX_CHARACTERS = 64 * 1024
MAX_DEPTH = 64
MAX_OPTIONAL = 90
"""Optional properties of one object: each may be the first, so that the states of a grammar grow with their square."""
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
"""Next to one of these, lengths are not kept to."""
_LARGE_REPEAT = re.compile(r"\{[^}]*\d{4}")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_FLOAT = re.compile(r"-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?")
_WORDS: Mapping[str, str] = {
    "Expecting ',' delimiter": "a comma, or the end of the list or object, is missing",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Expecting value": "a value is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Extra data": "there is more behind the end",
    "Unterminated string starting at": "this text has no closing quote",
    "Invalid control character at": "a line break stands within a text",
}
Path = tuple[str | int, ...]


class SchemaInvalidError(Exception):
    """A schema that cannot be used; the message says why in a few words.

    `line` and `column` are counted from 1; 0: no single place.
    """

    def __init__(self, reason: str, line: int = 0, column: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.line, self.column = reason, line, column


class _Wrong(Exception):
    def __init__(self, reason: str, path: Path) -> None:
        super().__init__(reason)
        self.reason, self.path = reason, path


def check_schema(text: str) -> tuple[str, ...]:
    """Return the names in the schema that an answer will not be held to, in order.  Raises SchemaInvalidError."""
    if len(text) > MAX_CHARACTERS:
        raise SchemaInvalidError(f"longer than {MAX_CHARACTERS:,} characters")
    _check_tokens(text)
    try:
        schema = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as err:
        raise SchemaInvalidError(_WORDS.get(err.msg, err.msg.lower()), err.lineno, err.colno) from err
    except (ValueError, RecursionError) as err:
        raise SchemaInvalidError(str(err)) from err
    if not isinstance(schema, dict):
        raise SchemaInvalidError("a schema is an object in braces", 1, 1)
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
            raise SchemaInvalidError("nested too deeply", *_place(text, found.start()))
        if _FLOAT.fullmatch(found[0]) and isinf(float(found[0])):
            raise SchemaInvalidError(f"{found[0][:40]} is too large a number", *_place(text, found.start()))


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
    """Raises _Wrong."""

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
            raise _Wrong("a schema in braces is expected here", path)
        if schema.get("$ref") is not None:
            self._follow(schema["$ref"], (*path, "$ref"))
            return
        kind = schema.get("type")
        for one in kind if isinstance(kind, list) and kind else [kind]:
            if one is not None and one not in TYPES:
                raise _Wrong(f"the type is none of {', '.join(TYPES)}", (*path, "type"))
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
            raise _Wrong("a type is missing here", path)

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
                    raise _Wrong(f"{name} takes a whole number from 0 to {MAX_REPEAT:,}", (*path, name))
            least, most = names
            if schema.get(least, 0) > schema.get(most, MAX_REPEAT):
                raise _Wrong(f"{least} is more than {most}", (*path, least))

    def _union(self, schema: dict[str, Any], path: Path) -> None:
        name = "oneOf" if schema.get("oneOf") else "anyOf"
        if "oneOf" in schema and "anyOf" in schema:
            self.not_kept["anyOf"] = None
        self._each(schema.get(name), (*path, name))

    def _enum(self, schema: dict[str, Any], path: Path) -> None:
        if not isinstance(schema["enum"], list) or not schema["enum"]:
            raise _Wrong("enum takes a list of values", (*path, "enum"))

    def _object(self, schema: dict[str, Any], path: Path) -> None:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict):
            raise _Wrong("properties are an object in braces", (*path, "properties"))
        if not isinstance(required, list):
            raise _Wrong("required takes a list of names", (*path, "required"))
        for at, name in enumerate(required):
            if not isinstance(name, str) or name not in properties:
                raise _Wrong(f"“{str(name)[:40]}” is required, but it is no property", (*path, "required", at))
        if len(properties) - len(set(required)) > MAX_OPTIONAL:
            raise _Wrong(f"more than {MAX_OPTIONAL} properties are not required", (*path, "properties"))
        for name, one in properties.items():
            self._visit(one, (*path, "properties", name))
        more = schema.get("additionalProperties", True)
        if not isinstance(more, bool):
            self._visit(more, (*path, "additionalProperties"))

    def _all_of(self, schema: dict[str, Any], path: Path) -> None:
        parts = schema["allOf"]
        if not isinstance(parts, list) or not parts:
            raise _Wrong("allOf takes a list of schemas", (*path, "allOf"))
        for at, one in enumerate(parts):
            here: Path = (*path, "allOf", at)
            if isinstance(one, dict) and one.get("$ref") is not None:
                here = self._target(one["$ref"], (*here, "$ref"))
                one = self._at(here)
            if not isinstance(one, dict) or not isinstance(one.get("properties"), dict):
                raise _Wrong("each part of allOf needs properties", here)
            for name, inner in one["properties"].items():
                self._visit(inner, (*here, "properties", name))

    def _array(self, schema: dict[str, Any], path: Path) -> None:
        items = schema.get("items")
        if "items" in schema and "prefixItems" in schema:
            self.not_kept["prefixItems"] = None
        name = "items" if items or (schema.get("type") == "array" and isinstance(items, dict)) else "prefixItems"
        if isinstance(schema.get(name), list):
            self.not_kept |= dict.fromkeys(one for one in _COUNTS[1] if one in schema)
            self._each(schema[name], (*path, name))
        else:
            self._visit(schema.get(name), (*path, name) if name in schema else path)

    def _pattern(self, schema: dict[str, Any], path: Path) -> None:
        pattern, here = schema["pattern"], (*path, "pattern")
        if not isinstance(pattern, str) or not (pattern.startswith("^") and pattern.endswith("$") and len(pattern) > 2):
            raise _Wrong("a pattern begins with ^ and ends with $", here)
        if found := re.search(r"\\[dDwWsSbB]|\(\?", pattern):
            raise _Wrong(f"{found[0]} cannot be used in a pattern; write [0-9] for digits", here)
        if _LARGE_REPEAT.search(pattern):
            raise _Wrong("a pattern repeats something too often", here)
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError) as err:
            raise _Wrong("this is no regular expression", here) from err

    def _each(self, schemas: Any, path: Path) -> None:
        if not isinstance(schemas, list) or not schemas:
            raise _Wrong("a list of schemas is expected here", path)
        for at, one in enumerate(schemas):
            self._visit(one, (*path, at))

    def _follow(self, untrusted: Any, path: Path) -> None:
        target, met = self._target(untrusted, path), set()
        while isinstance(inner := self._at(target), dict) and inner.get("$ref") is not None:
            if target in met:
                raise _Wrong("this refers to itself and to nothing else", path)
            met.add(target)
            target = self._target(inner["$ref"], (*target, "$ref"))
        if target not in self._followed:
            self._followed.add(target)
            self._waiting.append(target)

    def _target(self, untrusted: Any, path: Path) -> Path:
        if not isinstance(untrusted, str) or not untrusted.startswith("#/"):
            raise _Wrong("only references within the schema, such as #/definitions/name, can be used", path)
        names: Path = tuple(untrusted.split("#")[-1].split("/")[1:])
        try:
            self._at(names)
        except (KeyError, TypeError, IndexError):
            raise _Wrong(f"{untrusted[:60]} is not in the schema", path) from None
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
        one, here = waiting.pop()
        if isinstance(one, dict):
            yield one, here
            waiting.extend((inner, (*here, name)) for name, inner in one.items())
        elif isinstance(one, list):
            waiting.extend((inner, (*here, at)) for at, inner in enumerate(one))
