"""Exams and benchmark of models."""
