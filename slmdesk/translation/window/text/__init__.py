"""Translation of text while it is typed: two panes, or sentence beside sentence."""
