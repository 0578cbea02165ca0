"""The window: pages, dialogs and widgets in Qt."""
