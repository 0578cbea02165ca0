"""The page Write: a text of one's own, corrected with tracked changes, or said in another way."""
