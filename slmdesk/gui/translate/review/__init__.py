"""The segments of a translated document looked through, corrected and asked about."""
