"""Windows: which walls the app put around this child, as the system says itself (children/client/low_integrity.py).
Written to the documentation of Windows and never tried there: see UNTRIED_VARIABLE in children/reach.py.
"""

from __future__ import annotations

import ctypes
from typing import Any

from slmdesk.base.walls import UNTRIED

TOKEN_QUERY = 8
TOKEN_INTEGRITY_LEVEL = 25
MEDIUM_LEVEL = 0x2000
CHILD_PROCESS_POLICY = 13
NO_CHILD_PROCESSES = 1
_SPACE = 256


def integrity_facts(libraries: Any = None) -> list[str]:
    """What is in effect; nothing where the system does not say so.  On Windows alone.

    `libraries`: with kernel32 and advapi32, for tests.
    """
    libraries = libraries or getattr(ctypes, "windll", None)
    if libraries is None:
        return []
    process = ctypes.c_void_p(-1)  # this process
    facts = []
    # below medium it can write to nothing of the account's, nor open its processes
    if 0 <= _level(libraries, process) < MEDIUM_LEVEL:
        facts += ["no_spying", "no_signals", UNTRIED]
    flags, is_in_job = ctypes.c_uint32(), ctypes.c_int()
    kernel = libraries.kernel32
    is_known = kernel.GetProcessMitigationPolicy(
        process, CHILD_PROCESS_POLICY, ctypes.byref(flags), ctypes.sizeof(flags)
    )
    if is_known and flags.value & NO_CHILD_PROCESSES:
        facts.append("no_exec")
    if kernel.IsProcessInJob(process, None, ctypes.byref(is_in_job)) and is_in_job.value:
        facts.append("dies_with_desk")
    return facts


def _level(libraries: Any, process: ctypes.c_void_p) -> int:
    """The integrity level of a process: the last number of its label; -1 where it cannot be told."""
    token = ctypes.c_void_p()
    size = ctypes.c_uint32()
    space = ctypes.create_string_buffer(_SPACE)
    security = libraries.advapi32
    if not security.OpenProcessToken(process, TOKEN_QUERY, ctypes.byref(token)):
        return -1
    told = security.GetTokenInformation(token, TOKEN_INTEGRITY_LEVEL, space, _SPACE, ctypes.byref(size))
    libraries.kernel32.CloseHandle(token)
    sid = ctypes.c_void_p.from_buffer(space).value
    if not told or not sid:
        return -1
    count = ctypes.c_uint8.from_address(sid + 1).value
    return ctypes.c_uint32.from_address(sid + 8 + 4 * (count - 1)).value
