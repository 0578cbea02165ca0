"""What all parts of the window build on: the bridge to the services, the theme, and icons."""
