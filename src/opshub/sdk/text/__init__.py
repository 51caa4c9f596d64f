"""Vendors' rich texts to plain text, and plain text to what we write."""
