"""What a translation must keep: tags, placeholders, figures, terms."""
