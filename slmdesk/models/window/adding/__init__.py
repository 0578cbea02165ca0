"""Dialogs and menus for adding models to the library."""
