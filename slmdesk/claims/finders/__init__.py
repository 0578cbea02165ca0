"""Finds numbers, dates, amounts, names and words of negation in a text; `claims/judge.py` compares them."""
