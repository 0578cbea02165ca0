"""Pages to PDF with QtGui alone, offscreen."""
