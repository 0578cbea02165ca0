"""What app and children share: records, errors, files, settings, policy, protocol."""
