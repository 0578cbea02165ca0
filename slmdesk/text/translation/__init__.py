"""What a translation must preserve: tags, placeholders, numbers, terms; and checks that it does."""
