"""Does a text say it?  Numbers, dates, names, negations, conditions."""
