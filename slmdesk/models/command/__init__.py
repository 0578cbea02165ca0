"""The command `slmdesk models`."""
