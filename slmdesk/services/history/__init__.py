"""What is kept: found, exported, printed, backed up."""
