"""Tables made from documents."""
