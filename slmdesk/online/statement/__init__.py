"""The statement for an auditor: what left this PC, and what kept the rest from leaving; signed."""
