"""Tools for texts the person writes: correcting with tracked changes, rephrasing, shortening, expanding, continuing."""
