"""Licences of models and what each allows, in a few words, for people who must know whether work use is allowed.

The short names are the Hub's tags ("license:apache-2.0"), which file headers repeat.  The descriptions summarise the
main points of each text; they are no legal advice, and an unknown licence is called unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from slmdesk.core.labels import clean_label


class LicencePermission(StrEnum):
    """What a company may do with a model."""

    ANYTHING = "anything"
    CONDITIONS = "conditions"
    NOT_AT_WORK = "not_at_work"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as it is shown to people."""

    name: str
    """"Apache 2.0"; what the publisher wrote where it is none that is known."""
    allows: LicencePermission

    @property
    def words(self) -> str:
        """What it allows, in a few words."""
        return _WORDS[self.allows]

    @property
    def label(self) -> str:
        """Name and words: "Apache 2.0, free for any use, also at work"."""
        return f"{self.name}, {self.words}" if self.name else self.words


_WORDS = {
    LicencePermission.ANYTHING: "free for any use, also at work",
    LicencePermission.CONDITIONS: "has conditions for use at work",
    LicencePermission.NOT_AT_WORK: "not for use at work",
    LicencePermission.UNKNOWN: "read it before using the model at work",
}
NOT_STATED = "not stated: ask the publisher before using it at work"
_A, _C, _N, _U = (
    LicencePermission.ANYTHING,
    LicencePermission.CONDITIONS,
    LicencePermission.NOT_AT_WORK,
    LicencePermission.UNKNOWN,
)

LICENCES: Mapping[str, Licence] = MappingProxyType(
    {
        "apache-2.0": Licence("Apache 2.0", _A), "mit": Licence("MIT", _A), "cc0-1.0": Licence("CC0 1.0", _A),
        "unlicense": Licence("Unlicense", _A), "isc": Licence("ISC", _A), "zlib": Licence("zlib", _A),
        "bsd": Licence("BSD", _A), "bsd-2-clause": Licence("BSD 2-Clause", _A), "wtfpl": Licence("WTFPL", _A),
        "bsd-3-clause": Licence("BSD 3-Clause", _A), "bsl-1.0": Licence("Boost 1.0", _A),
        "ms-pl": Licence("Microsoft Public", _A), "cc-by-4.0": Licence("CC BY 4.0", _A),
        "cc-by-3.0": Licence("CC BY 3.0", _A), "cc-by-2.0": Licence("CC BY 2.0", _A),
        "cdla-permissive-2.0": Licence("CDLA Permissive 2.0", _A), "artistic-2.0": Licence("Artistic 2.0", _A),
        "mpl-2.0": Licence("MPL 2.0", _C), "cc-by-sa-4.0": Licence("CC BY-SA 4.0", _C),
        "cc-by-sa-3.0": Licence("CC BY-SA 3.0", _C), "cc-by-nd-4.0": Licence("CC BY-ND 4.0", _C),
        "gpl": Licence("GPL", _C), "gpl-2.0": Licence("GPL 2", _C), "gpl-3.0": Licence("GPL 3", _C),
        "lgpl": Licence("LGPL", _C), "lgpl-3.0": Licence("LGPL 3", _C), "agpl-3.0": Licence("AGPL 3", _C),
        "llama2": Licence("Llama 2 Community", _C), "llama3": Licence("Llama 3 Community", _C),
        "llama3.1": Licence("Llama 3.1 Community", _C), "llama3.2": Licence("Llama 3.2 Community", _C),
        "llama3.3": Licence("Llama 3.3 Community", _C), "llama4": Licence("Llama 4 Community", _C),
        "gemma": Licence("Gemma terms", _C), "openrail": Licence("OpenRAIL", _C),
        "openrail++": Licence("OpenRAIL++", _C), "creativeml-openrail-m": Licence("CreativeML OpenRAIL-M", _C),
        "bigscience-openrail-m": Licence("BigScience OpenRAIL-M", _C),
        "bigscience-bloom-rail-1.0": Licence("BigScience RAIL 1.0", _C),
        "bigcode-openrail-m": Licence("BigCode OpenRAIL-M", _C), "apple-amlr": Licence("Apple AMLR", _N),
        "deepfloyd-if-license": Licence("DeepFloyd", _N), "fair-noncommercial-research-license": Licence("FAIR NC", _N),
        "cc-by-nc-4.0": Licence("CC BY-NC 4.0", _N), "cc-by-nc-2.0": Licence("CC BY-NC 2.0", _N),
        "cc-by-nc-3.0": Licence("CC BY-NC 3.0", _N), "cc-by-nc-sa-4.0": Licence("CC BY-NC-SA 4.0", _N),
        "cc-by-nc-sa-3.0": Licence("CC BY-NC-SA 3.0", _N), "cc-by-nc-sa-2.0": Licence("CC BY-NC-SA 2.0", _N),
        "cc-by-nc-nd-4.0": Licence("CC BY-NC-ND 4.0", _N), "cc-by-nc-nd-3.0": Licence("CC BY-NC-ND 3.0", _N),
        "intel-research": Licence("Intel Research", _N), "other": Licence("a licence of its own", _U),
        "unknown": Licence("an unknown licence", _U),
    }
)  # fmt: skip
"""By the Hub's short name."""

PERMISSIVE = frozenset(key for key, licence in LICENCES.items() if licence.allows is LicencePermission.ANYTHING)
"""Short names of those that leave a company free."""


def licence_named(untrusted: str) -> Licence | None:
    """The licence with this short name; one with its own text for an unknown name; None where none is stated."""
    key = untrusted.strip().lower()
    if not key:
        return None
    return LICENCES.get(key) or Licence(clean_label(untrusted, 60), LicencePermission.UNKNOWN)


def licence_words(untrusted: str) -> str:
    """Describe a licence for people: "Apache 2.0, free for any use, also at work"."""
    licence = licence_named(untrusted)
    return licence.label if licence else NOT_STATED


def is_permissive(untrusted: str) -> bool:
    """Whether this licence is known to let a company use the model freely."""
    return untrusted.strip().lower() in PERMISSIVE
