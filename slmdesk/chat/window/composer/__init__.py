"""The composer: where a message is written, and how much of the context is used."""
