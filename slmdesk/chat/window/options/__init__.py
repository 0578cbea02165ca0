"""The settings of one chat."""
