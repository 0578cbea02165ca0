"""Error traces for the log that contain none of the user's text."""

from __future__ import annotations

import traceback


def trace_of(err: BaseException) -> str:
    """Kind of error and places in the code, without its message: that may quote what a person wrote."""
    lines = []
    one: BaseException | None = err
    while one is not None:
        lines += [f"{type(one).__module__}.{type(one).__name__}"]
        lines += [
            f"  {place.filename}:{place.lineno} {place.name}" for place in traceback.extract_tb(one.__traceback__)
        ]
        one = one.__cause__ or one.__context__
    return "\n".join(lines)
