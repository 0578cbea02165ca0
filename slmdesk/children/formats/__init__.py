"""Readers, rewriters and redactors of document formats. They run only in the child process that reads documents."""
