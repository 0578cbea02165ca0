"""`slmdesk network`, `statement`, `models search`, `models download`."""
