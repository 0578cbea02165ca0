"""The organisation's rules in the registry of Windows, where group policy puts them and administrators alone may write.

Under HKEY_LOCAL_MACHINE, KEY has the value `version` and a key for each table of the file with its values: a number for
a whole number and for true or false, a text, a list of texts.  What asks Windows' own registry is not tried.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

KEY = r"SOFTWARE\Policies\slmdesk"
SWITCHES = frozenset({("network", "offline"), ("models", "exams"), ("retention", "documents")})
"""What is true or false in the file; the registry has numbers for that."""
OF_NO_KNOWN_TYPE = "?"
"""No rule has this value."""
Value = int | str | Sequence[str] | None


def shape_of(values: Mapping[str, Value], tables: Mapping[str, Mapping[str, Value]]) -> dict[str, object]:
    """What a policy file with these rules would hold.  A value of no known type is one that is found to be wrong."""
    found: dict[str, object] = {name: _plain("", name, value) for name, value in values.items()}
    for table, held in tables.items():
        found[table] = {name: _plain(table, name, value) for name, value in held.items()}
    return found


def _plain(table: str, name: str, value: Value) -> object:
    if (table, name) in SWITCHES and value in (0, 1) and isinstance(value, int):
        return bool(value)
    if value is None:
        return OF_NO_KNOWN_TYPE
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def read_registry() -> dict[str, object] | None:
    """The rules as a policy file would hold them; None: there are none, or this is not Windows.  Raises OSError."""
    if sys.platform != "win32":
        return None
    import winreg

    return rules_in(winreg)


def rules_in(winreg: Any) -> dict[str, object] | None:
    """The rules in a registry, as a policy file would hold them; None: there are none.  Raises OSError."""
    access = winreg.KEY_READ | winreg.KEY_WOW64_64KEY
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, KEY, 0, access) as top:
            tables = {}
            for at in range(winreg.QueryInfoKey(top)[0]):
                name = winreg.EnumKey(top, at)
                with winreg.OpenKey(top, name, 0, access) as key:
                    tables[name] = _values(winreg, key)
            return shape_of(_values(winreg, top), tables) or None
    except FileNotFoundError:
        return None


def _values(winreg: Any, key: Any) -> dict[str, Value]:
    known = (winreg.REG_DWORD, winreg.REG_QWORD, winreg.REG_SZ, winreg.REG_MULTI_SZ)
    found: dict[str, Value] = {}
    for at in range(winreg.QueryInfoKey(key)[1]):
        name, value, kind = winreg.EnumValue(key, at)
        found[name] = value if kind in known else None
    return found
