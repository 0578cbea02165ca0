"""The options of the echo engine."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from slmdesk.base.record import Record, changed, field

ENVIRONMENT = "SLMDESK_ECHO"
AT_LOAD = -1


class EchoOptions(Record):
    """What the fake does.  `at` says when a failure or fault happens: at the N-th token of an answer, -1: at load."""

    slow: float = 0.0
    """Seconds before each token of an answer."""
    until: str = ""
    """A file without which no token comes: what a test holds up goes on when it says so, not after a time."""
    slow_read: float = 0.0
    """Seconds for each slice of 256 prompt tokens."""
    load_seconds: float = 0.0
    answer: str = ""
    """Instead of an echo of the last message."""
    turned: bool = False
    """Answer with what follows the first blank line in the last message, or all of it, with upper and lower case
    swapped: a predictable translation.
    """
    known: Mapping[str, str] = field(default_factory=dict)
    """Answers by the last message, else by what follows the first blank line in it: before `turned` and the echo."""
    choice: str = ""
    """The likeliest of a request's choices; usually the first."""
    doubted: str = ""
    """Letters: a token that holds one of them is unlikely, where a request asks for probabilities."""
    odd_utf8: bool = False
    """Tokens are single bytes, and the answer ends with letters of many bytes."""
    repeat: str = ""
    at: int = 0
    fail: str = ""
    fault: str = ""
    """A name of faults.FAULTS: abort, segfault, bus, illegal, exit0, exit1, freeze, stop, memory."""
    hang: str = ""
    """`still`: busy, nothing moves; `template`: the same inside a template; `spin`: as still, computing."""
    flood_stderr: int = 0
    """Bytes written to stderr when the fault would strike."""
    refuse_cancel: bool = False
    words: bool = False
    thought: str = ""
    silent: tuple[str, ...] = ()
    """Messages that it answers only after a thought, else with nothing."""
    marks: str = "think"
    """Between which marks: a name of writer.MARKS."""
    is_noise: bool = False
    gpu_bytes: int = 0
    """Memory of a pretended graphics card, on which all loads are put; 0: none."""
    card_fault: str = ""
    """As `fault`, at a load on that card."""
    version: str = "1"

    @classmethod
    def from_environment(cls) -> EchoOptions:
        return cls().changed(json.loads(os.environ.get(ENVIRONMENT) or "{}"))

    def changed(self, values: Mapping[str, Any]) -> EchoOptions:
        """A copy with some options changed; an unknown name is an error of the test that gave it."""
        known = set(self.__struct_fields__)
        assert set(values) <= known, set(values) - known
        return changed(self, **values)
