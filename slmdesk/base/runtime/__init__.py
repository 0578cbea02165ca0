"""Basics that every service uses: the service thread, events, results that arrive later, and file work."""
