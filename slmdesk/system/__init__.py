"""What this PC has, and the settings page."""
