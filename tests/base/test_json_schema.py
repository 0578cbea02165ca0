"""JSON schemas checked before they bind an answer: what is wrong is named with its place."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdesk.base.grammars import MAX_CHARACTERS, GrammarInvalidError, SchemaInvalidError, check_gbnf, check_schema

pytestmark = pytest.mark.pure

GOOD = """{
  "type": "object",
  "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 80},
    "when": {"type": "string", "format": "date"},
    "amount": {"type": ["number", "null"]},
    "kind": {"enum": ["invoice", "letter"]},
    "lines": {"type": "array", "items": {"$ref": "#/definitions/line"}, "maxItems": 20},
    "code": {"type": "string", "pattern": "^[A-Z]{2}[0-9]+$"}
  },
  "required": ["name"],
  "definitions": {"line": {"type": "object", "properties": {"next": {"$ref": "#/definitions/line"}}}}
}"""


def test_a_good_schema_is_good_also_one_that_refers_to_itself() -> None:
    assert check_schema(GOOD) == ()
    assert check_schema("{}") == ()


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("", (1, 1), "value is missing"),
        ("[]", (1, 1), "object in braces"),
        ('{\n  "type": "object"\n  "properties": {}\n}', (3, 3), "a comma"),
        ('{\n  "type": foo\n}', (2, 11), "value is missing"),
        ('{\n "type": "strin"}', (2, 10), "none of object"),
        ('{"properties": {"a": {"type": "string"},\n"b": {"type": "text"}}}', (2, 15), "none of"),
        ('{"properties": {"a": [1, {"x": 2}],\n "b": 1}}', (1, 22), "in braces"),
        ('{"properties": {"x": 1}}', (1, 22), "in braces"),
        ('{"type": "object", "properties": {"a": {"type": "null"}},\n "required": ["a", "b"]}', (2, 20), "no property"),
        ('{"enum": []}', (1, 10), "list of values"),
        ('{"anyOf": [{"type": "null"},\n {"$ref": "https://example.org/x"}]}', (2, 11), "within the schema"),
        ('{"$ref": "#/nowhere"}', (1, 10), "not in the schema"),
        ('{"$ref": "#/definitions/a", "definitions": {"a": {"$ref": "#/definitions/a"}}}', (1, 10), "to itself"),
        ('{"type": "string", "maxLength": 100000}', (1, 33), "from 0 to 1,000"),
        ('{"type": "string", "maxLength": 1.5}', (1, 33), "whole number"),
        ('{"type": "array", "items": {}, "minItems": 5, "maxItems": 2}', (1, 44), "more than maxItems"),
        ('{"type": "string", "pattern": "no anchors"}', (1, 31), "begins with ^"),
        ('{"type": "string", "pattern": "^\\\\d+$"}', (1, 31), "[0-9]"),
        ('{"type": "string", "pattern": "^(a$"}', (1, 31), "no regular expression"),
        ('{"type": "string", "pattern": "^a{1,1000000000}$"}', (1, 31), "too often"),
        ('{"description": "x"}', (1, 1), "type is missing"),
        ('{"allOf": [{"type": "string"}]}', (1, 12), "needs properties"),
        ('{"a": NaN}', (0, 0), "NaN"),
        ('{"anyOf": [{"type": "null"},\n {"const": 1e999}]}', (2, 12), "1e999 is too large a number"),
        ('{"enum": ["1e999", -1.5E+400]}', (1, 20), "-1.5E+400 is too large a number"),
        ('{"items":' * 5000 + "{}" + "}" * 5000, (1, 577), "deeply"),
        (" " * (MAX_CHARACTERS + 1), (0, 0), "longer than"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_is_wrong_is_named_with_its_place(text, place, reason) -> None:
    with pytest.raises(SchemaInvalidError) as caught:
        check_schema(text)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == place


def test_what_an_answer_will_not_be_held_to_is_said() -> None:
    schema = {
        "properties": {
            "age": {"type": "integer", "minimum": 0},
            "mail": {"type": "string", "format": "email"},
            "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "kind": {"enum": ["a"], "maxLength": 3},
        }
    }
    assert set(check_schema(json.dumps(schema))) == {"minimum", "format", "uniqueItems", "maxLength"}
    assert check_schema('{"anyOf": [{"type": "null"}], "properties": {}}') == ("properties",)


def test_many_optional_properties_are_refused() -> None:
    many = {f"p{n}": {"type": "null"} for n in range(100)}
    with pytest.raises(SchemaInvalidError, match="90"):
        check_schema(json.dumps({"properties": many}))
    assert check_schema(json.dumps({"properties": many, "required": list(many)})) == ()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.sampled_from(["string", "object", "#/a", "^a$", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([
            "type", "properties", "items", "$ref", "enum", "anyOf", "allOf", "required", "pattern", "minItems", "a",
            "additionalProperties", "prefixItems", "format",
        ]),
        inner,
        max_size=4,
    ),
)  # fmt: skip


@given(values)
def test_anything_is_good_or_refused(value) -> None:
    with suppress(SchemaInvalidError):
        check_schema(json.dumps(value, indent=1))


HOSTILE = {
    "refs": json.dumps({"anyOf": [{"$ref": f"#/d/r{n}"} for n in range(900)],
                        "d": {f"r{n}": {"anyOf": [{"$ref": f"#/d/r{(n * 7 + k) % 900}"} for k in range(2)]}
                              for n in range(900)}}),
    "properties": json.dumps({"properties": {f"p{n}": {"type": "null"} for n in range(2500)}}),
    "brackets": "[" * MAX_CHARACTERS,
    "quotes": '"' * MAX_CHARACTERS,
    "strings": '{"a' * 20_000,
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_ends_soon(text) -> None:
    """The work grows with the length alone: processor time, with room for a busy PC."""
    began = time.process_time()
    with suppress(SchemaInvalidError):
        check_schema(text[:MAX_CHARACTERS])
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ('root ::= "a"\nx ::= [a-', (2, 7), "character class expected"),
        ('root ::= "a"\n\n  root ::= "b"', (3, 3), "two rules"),
        ('root ::= "a" other\n', (1, 14), "no rule named other"),
        ('root ::= "a"\nb ::= (b "x")\n', (2, 8), "begins with itself"),
        ('root ::= "a"{5,2}', (1, 13), "repeats"),
        ('root ::= "a"\nx ::= [0-9z-a]+', (2, 11), "the range z-a is backwards"),
        ("root ::= [^\\x61-Z]", (1, 12), "the range \\x61-Z is backwards"),
        ('root ::= "ab\\UFFFFFFFF"', (1, 13), "\\UFFFFFFFF is no character"),
        ("root ::= [a-\\U00110000]", (1, 13), "\\U00110000 is no character"),
        ('root ::= "\\uD800"', (1, 11), "\\uD800 is no character"),
        ('root ::= ("")*', (1, 14), "may be empty"),
        ("root ::= " + "(" * 200 + '"a"' + ")" * 200, (1, 111), "nested too deeply"),
        ('x ::= "a"', (0, 0), "root"),
    ],
)
def test_what_is_wrong_in_a_grammar_is_named_with_its_place(text, place, reason) -> None:
    with pytest.raises(GrammarInvalidError) as caught:
        check_gbnf(text)
    assert reason in caught.value.reason
    assert (caught.value.line, caught.value.column) == place


@pytest.mark.parametrize(
    "text", [r"[a-z-9]", r"[+--]", r"[\x41-\U0010FFFF\]-]", r"[\]-a]", r"[z\x2da]", r"[^z]", r'"z-a\\\"\uE000"']
)
def test_ranges_and_escapes_that_name_characters_are_good(text) -> None:
    check_gbnf(f"root ::= {text}")


@pytest.mark.parametrize(
    "text",
    [
        "root ::= r0\n" + "\n".join(f"r{n} ::= {'(' * 95}r{n + 1}{')' * 95}" for n in range(95)) + '\nr95 ::= "a"',
        "root ::= " + ("(" * 95 + '"a" ' * 300 + ")" * 95 + " ") * 40,
    ],
)
def test_a_hostile_grammar_ends_soon(text) -> None:
    began = time.process_time()
    with suppress(GrammarInvalidError):
        check_gbnf(text[:MAX_CHARACTERS])
    assert time.process_time() - began < 5
