"""Documents read, kept and found again; folders asked as one."""
