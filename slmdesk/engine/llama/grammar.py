"""Restricts answers: turns JSON schemas and GBNF into a sampler of llama.cpp."""

from __future__ import annotations

import importlib
import json
from typing import Any

from slmdesk.base.errors import KnownError
from slmdesk.base.gbnf import GrammarInvalidError, check_gbnf
from slmdesk.base.json_schema import SchemaInvalidError, check_schema
from slmdesk.engine.llama.library import load_library

_MAX_REASON_CHARACTERS = 200
_LENGTHS = frozenset({"minLength", "maxLength"})
_OTHER_KEYS = frozenset({"$ref", "oneOf", "anyOf", "const", "enum", "pattern", "format"})
"""Next to one of these, the library ignores lengths."""


def make_grammar_sampler(vocab: int, gbnf: str) -> Any:
    """A sampler that allows only what `gbnf` allows, for the model of `vocab` (llama.cpp's pointer).

    The caller frees it with llama_sampler_free.  Raises KnownError `grammar.invalid`; llama.cpp receives only what
    `check_gbnf` has passed.
    """
    try:
        check_gbnf(gbnf)
        raw = gbnf.encode("utf-8")
    except GrammarInvalidError as err:
        raise _invalid(str(err)) from err
    except UnicodeEncodeError as err:
        raise _invalid("holds half a character") from err
    sampler = load_library().api.llama_sampler_init_grammar(vocab, raw, b"root")
    if not sampler:
        raise _invalid("llama.cpp refuses it")
    return sampler


def grammar_of_schema(schema: str) -> str:
    """GBNF for a JSON schema given as text.  Raises KnownError `grammar.invalid`.

    Structure, types, enumerations, lengths and patterns are enforced; limits on numbers (minimum, multipleOf) and `not`
    cannot be and are left to whoever reads the answer.  Nothing is ever fetched for a `$ref`.
    """
    try:
        check_schema(schema)
        return _convert(json.loads(schema))
    except KnownError:
        raise
    except SchemaInvalidError as err:
        raise _invalid(f"line {err.line}, column {err.column}: {err.reason}" if err.line else err.reason) from err
    except RecursionError as err:
        raise _invalid("the schema is nested too deeply") from err
    except Exception as err:  # for a wrong schema the converter raises whatever error it runs into
        raise _invalid(f"the schema cannot be used: {err or type(err).__name__}") from err


def _convert(schema: dict[str, Any]) -> str:
    if "$ref" in schema:  # the library does not look for references beside one
        schema = {**schema, "oneOf": [{"$ref": schema["$ref"]}]}
        del schema["$ref"]
    module: Any = importlib.import_module("llama_cpp.llama_grammar")

    class Converter(module.SchemaConverter):  # type: ignore[misc]
        """The library's converter with two changes: backslashes are escaped, and long repetitions are not written
        out.
        """

        def _format_literal(self, literal: str) -> str:
            escaped: str = super()._format_literal(literal.replace("\\", "\\\\"))
            return escaped

        def visit(self, schema: dict[str, Any], name: str) -> str:
            rule = name + "-" if name in module.RESERVED_NAMES else name or "root"
            counted = "" if _OTHER_KEYS & schema.keys() else self._counted(schema, name)
            found: str = self._add_rule(rule, counted) if counted else super().visit(schema, name)
            return found

        def _counted(self, schema: dict[str, Any], name: str) -> str:
            """A rule for a text or list of bounded length, by {m,n}: the library nests as many groups."""
            if schema.get("type") == "string" and _LENGTHS & schema.keys():
                char = self._add_primitive("char", module.PRIMITIVE_RULES["char"])
                return f'"\\"" {char}{_times(schema, "Length")} "\\"" space'
            if schema.get("type") == "array" and isinstance(schema.get("items"), dict) and "prefixItems" not in schema:
                item = self.visit(schema["items"], f"{name}{'-' if name else ''}item")
                least, most = schema.get("minItems", 0), schema.get("maxItems")
                if most == 0:
                    return '"[" space "]" space'
                more = f'("," space {item}){{{max(least - 1, 0)},{"" if most is None else most - 1}}}'
                return f'"[" space ({item} {more}){"" if least else "?"} "]" space'
            return ""

    converter = Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    converter.visit(converter.resolve_refs(schema, "schema"), "")
    gbnf: str = converter.format_grammar()
    try:
        check_gbnf(gbnf)
    except GrammarInvalidError as err:
        raise _invalid(f"the grammar of the schema {err.reason}") from err
    return gbnf


def _times(schema: dict[str, Any], of: str) -> str:
    return f"{{{schema.get('min' + of, 0)},{schema.get('max' + of, '')}}}"


def _invalid(reason: str) -> KnownError:
    return KnownError("grammar.invalid", reason=" ".join(reason.split())[:_MAX_REASON_CHARACTERS])
