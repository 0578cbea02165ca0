"""Passages of a document: cutting, ranking, finding quotations."""
