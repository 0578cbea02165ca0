"""What publishers say about asking their models: sampling, and for translators their own prompts (families.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from slmdesk.base.protocol import record_from
from slmdesk.base.record import Record, field
from slmdesk.base.types import Sampling
from slmdesk.gguf.header import GgufHeader

_NAMES = ("general.name", "general.basename", "general.base_model.0.name")
_SEPARATORS = re.compile(r"[\W_]+")


class TranslationPrompts(Record):
    """The prompts a translator was trained on. Each is the only turn, without a system turn.

    They contain {source} and {target} (names of the languages), {source_code}, {target_code}, {target_chinese} and
    {text}. A prompt that is missing means that the model was not trained to be told such a thing.
    """

    version: str
    """Version under which answers and exams are kept. Every change of the prompts raises it."""
    text: str
    chinese: str = ""
    """Used instead of `text` from and into Chinese."""
    terms: str = ""
    """With {terms}: for each glossary term that occurs in the text a line as in `term`."""
    term: str = ""
    wishes: str = ""
    """With {wishes}: numbered wishes in plain English, such as words to keep, and {number}, the number after them."""
    tags: str = ""
    """For a text with formatting tags. If missing, tags are placed after the translation."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Names of languages, by code, where the publisher has another name than we have."""


class Family(Record):
    name: str
    source: str
    """Where it stands what is said here."""
    architectures: tuple[str, ...] = ()
    """Beginnings of `general.architecture`."""
    names: tuple[str, ...] = ()
    """Parts of the names in the header, in lower case letters and digits alone. One of them must occur."""
    marks: tuple[str, ...] = ()
    """Texts that must all occur in the chat template."""
    sampling: Sampling = field(default_factory=Sampling)
    """What the publisher recommends for answers without a thought."""
    format: str = ""
    """Built-in chat format that is used instead of the file's template: "bare" for a model that continues a text."""
    languages: tuple[str, ...] = ()
    """Languages a translator was made for, by code."""
    translation: TranslationPrompts | None = None
    """Set for a model made for translation, which is offered for nothing else."""


class _Table(Record):
    family: tuple[Family, ...]
    chinese_names: Mapping[str, str]
    """Chinese names of languages, by code."""


@cache
def table() -> _Table:
    text = (resources.files("slmdesk.gguf") / "families.toml").read_text("utf-8")
    return record_from(_Table, tomllib.loads(text))


def family_named(name: str) -> Family | None:
    return next((family for family in table().family if family.name == name), None)


def family_of(header: GgufHeader) -> Family | None:
    """Return the family of a model file, or None if it is of none in the table."""
    return _first(header.architecture, names_of(header), header.chat_template or "")


def translator_of(architecture: str, names: str) -> Family | None:
    """Return the family of a model made for translation, or None. Such families are recognised without a template."""
    family = _first(architecture, names, "")
    return family if family is not None and family.translation is not None else None


def recommended_sampling(header: GgufHeader) -> Sampling:
    """Return what the file recommends, and what it leaves open as the publisher recommends it for the family."""
    family = family_of(header)
    return header.sampling.over(family.sampling) if family else header.sampling


def names_of(header: GgufHeader) -> str:
    """Return the names that the header gives the model and the model it was made from."""
    return " ".join(str(header.metadata[key]) for key in _NAMES if isinstance(header.metadata.get(key), str))


def _first(architecture: str, names: str, template: str) -> Family | None:
    plain = _SEPARATORS.sub("", names).casefold()
    for family in table().family:
        is_named = not family.names or any(name in plain for name in family.names)
        is_marked = all(mark in template for mark in family.marks)
        if is_named and is_marked and architecture.startswith(family.architectures):
            return family
    return None
