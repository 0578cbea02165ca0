"""The palette (Ctrl+K): one line to type in that finds actions, pages, settings, models, documents, items and texts."""
