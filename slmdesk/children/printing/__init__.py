"""Prints documents to PDF with QtGui, offscreen."""
