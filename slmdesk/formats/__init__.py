"""Readers, rewriters and redactors of document formats. This code runs only in the child process that reads documents.
"""
