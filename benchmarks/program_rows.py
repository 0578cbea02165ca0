"""Rows about the whole program: forecast of memory, services around the engine, and the window."""

from __future__ import annotations

ROWS = ()
