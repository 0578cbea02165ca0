"""slmdesk: an offline assistant for confidential work."""

__version__ = "0.1.0"
