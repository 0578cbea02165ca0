"""Terms in all their forms."""
