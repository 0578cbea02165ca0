"""Redacts documents before they are given to others: replaces the listed words in the text, and replaces or removes all
other places in the file that could hold them.
"""
