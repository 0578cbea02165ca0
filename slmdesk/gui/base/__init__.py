"""What every part of the window stands on: the bridge to the services, the theme, icons."""
