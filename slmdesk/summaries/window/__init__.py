"""The pane of summaries, and the form that asks when a document was received."""
