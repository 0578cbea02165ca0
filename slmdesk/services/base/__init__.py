"""Shared by all services: the service thread, events, messages for people, and file work in the background."""
