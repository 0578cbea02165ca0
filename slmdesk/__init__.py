"""slmdesk: an offline assistant for confidential work."""

__version__ = "0.2.0"
