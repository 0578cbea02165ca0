"""Documents to be given out: words replaced, and all that could hold them elsewhere replaced or taken out."""
