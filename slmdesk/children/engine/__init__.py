"""Loads models and answers requests: an abstract engine, llama.cpp behind it, and a fake for tests."""
