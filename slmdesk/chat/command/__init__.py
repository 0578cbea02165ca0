"""`slmdesk chat`, `presets`, `spaces`."""
