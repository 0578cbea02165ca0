"""Pure standard library: what every room may know."""
