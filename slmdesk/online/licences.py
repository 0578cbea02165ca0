"""Licences of models and what each allows, in a few words, for people who must know whether work use is allowed.

The short names are the Hub's tags ("license:apache-2.0"), which file headers repeat.  The descriptions summarise the
main points of each text; they are no legal advice, and an unknown licence is called unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from slmdesk.base.labels import clean_label
from slmdesk.base.record import Record


class LicencePermission(StrEnum):
    ANYTHING = "anything"
    CONDITIONS = "conditions"
    NOT_AT_WORK = "not_at_work"
    UNKNOWN = "unknown"


class Licence(Record):
    name: str
    allows: LicencePermission

    @property
    def words(self) -> str:
        return _WORDS[self.allows]

    @property
    def label(self) -> str:
        return f"{self.name}, {self.words}" if self.name else self.words


_WORDS = {
    LicencePermission.ANYTHING: "free for any use, also at work",
    LicencePermission.CONDITIONS: "has conditions for use at work",
    LicencePermission.NOT_AT_WORK: "not for use at work",
    LicencePermission.UNKNOWN: "read it before using the model at work",
}
NOT_STATED = "not stated: ask the publisher before using it at work"

LICENCES: Mapping[str, Licence] = MappingProxyType(
    {
        key: Licence(name, allows)
        for allows, names in {
            LicencePermission.ANYTHING: {
                "apache-2.0": "Apache 2.0", "mit": "MIT", "cc0-1.0": "CC0 1.0", "unlicense": "Unlicense", "isc": "ISC",
                "zlib": "zlib", "bsd": "BSD", "bsd-2-clause": "BSD 2-Clause", "wtfpl": "WTFPL",
                "bsd-3-clause": "BSD 3-Clause", "bsl-1.0": "Boost 1.0", "ms-pl": "Microsoft Public",
                "cc-by-4.0": "CC BY 4.0", "cc-by-3.0": "CC BY 3.0", "cc-by-2.0": "CC BY 2.0",
                "cdla-permissive-2.0": "CDLA Permissive 2.0", "artistic-2.0": "Artistic 2.0",
            },
            LicencePermission.CONDITIONS: {
                "mpl-2.0": "MPL 2.0", "cc-by-sa-4.0": "CC BY-SA 4.0", "cc-by-sa-3.0": "CC BY-SA 3.0",
                "cc-by-nd-4.0": "CC BY-ND 4.0", "gpl": "GPL", "gpl-2.0": "GPL 2", "gpl-3.0": "GPL 3", "lgpl": "LGPL",
                "lgpl-3.0": "LGPL 3", "agpl-3.0": "AGPL 3", "llama2": "Llama 2 Community",
                "llama3": "Llama 3 Community", "llama3.1": "Llama 3.1 Community", "llama3.2": "Llama 3.2 Community",
                "llama3.3": "Llama 3.3 Community", "llama4": "Llama 4 Community", "gemma": "Gemma terms",
                "openrail": "OpenRAIL", "openrail++": "OpenRAIL++", "creativeml-openrail-m": "CreativeML OpenRAIL-M",
                "bigscience-openrail-m": "BigScience OpenRAIL-M", "bigscience-bloom-rail-1.0": "BigScience RAIL 1.0",
                "bigcode-openrail-m": "BigCode OpenRAIL-M",
            },
            LicencePermission.NOT_AT_WORK: {
                "apple-amlr": "Apple AMLR", "deepfloyd-if-license": "DeepFloyd",
                "fair-noncommercial-research-license": "FAIR NC", "cc-by-nc-4.0": "CC BY-NC 4.0",
                "cc-by-nc-2.0": "CC BY-NC 2.0", "cc-by-nc-3.0": "CC BY-NC 3.0", "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
                "cc-by-nc-sa-3.0": "CC BY-NC-SA 3.0", "cc-by-nc-sa-2.0": "CC BY-NC-SA 2.0",
                "cc-by-nc-nd-4.0": "CC BY-NC-ND 4.0", "cc-by-nc-nd-3.0": "CC BY-NC-ND 3.0",
                "intel-research": "Intel Research",
            },
            LicencePermission.UNKNOWN: {
                "other": "a licence of its own", "unknown": "an unknown licence",
            },
        }.items()
        for key, name in names.items()
    }
)  # fmt: skip
"""By the Hub's short name."""

PERMISSIVE = frozenset(key for key, licence in LICENCES.items() if licence.allows is LicencePermission.ANYTHING)


def licence_named(untrusted: str) -> Licence | None:
    key = untrusted.strip().lower()
    if not key:
        return None
    return LICENCES.get(key) or Licence(clean_label(untrusted, 60), LicencePermission.UNKNOWN)


def licence_words(untrusted: str) -> str:
    licence = licence_named(untrusted)
    return licence.label if licence else NOT_STATED


def is_permissive(untrusted: str) -> bool:
    return untrusted.strip().lower() in PERMISSIVE
