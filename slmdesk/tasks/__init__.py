"""The work a child does: generators of events that know no store."""
