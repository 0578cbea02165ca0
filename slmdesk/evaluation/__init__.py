"""Exams, benchmark and comparison of models."""
