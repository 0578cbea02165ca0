"""Documents that go along with a chat."""
