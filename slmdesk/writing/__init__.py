"""Texts of the person's own: corrected with tracked changes, rephrased, shortened, expanded, continued."""
