"""Code that the app and its child processes share: records, errors, files, settings, policy, protocol."""
