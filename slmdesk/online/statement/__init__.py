"""The signed statement for an auditor: what left this PC, and what kept everything else from leaving."""
