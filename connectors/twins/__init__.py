"""Loopback twins of the vendors that the bundled connectors speak to."""
