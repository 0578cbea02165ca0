"""Tables of data taken from documents."""
