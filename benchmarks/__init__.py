"""Paired speed figures: every ratio comes from runs interleaved in one call, on one machine."""
