"""Values of a JSON object that nobody may read without a key: together under one name, sealed."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

from slmdesk.base.sealing import SealBroken, seal, unseal

SEALED = "sealed"


def hidden(shape: Mapping[str, Any], names: Collection[str], key: bytes, purpose: bytes) -> dict[str, Any]:
    """`shape` with the values of these names sealed.  Raises KnownError `key.library_missing`."""
    words = json.dumps({name: shape[name] for name in names if name in shape}).encode()
    rest = {name: value for name, value in shape.items() if name not in names}
    return {**rest, SEALED: base64.b64encode(seal(key, words, purpose)).decode("ascii")}


def shown(shape: Mapping[str, Any], key: bytes, purpose: bytes) -> dict[str, Any]:
    """`shape` with what `hidden` sealed in it.  Raises SealBroken, KnownError `key.library_missing`."""
    rest = {name: value for name, value in shape.items() if name != SEALED}
    if SEALED not in shape:
        return rest
    try:
        words = json.loads(unseal(key, base64.b64decode(shape[SEALED], validate=True), purpose))
    except (TypeError, ValueError) as err:
        raise SealBroken("no sealed values") from err
    if not isinstance(words, dict):
        raise SealBroken("no sealed values")
    return {**rest, **words}
