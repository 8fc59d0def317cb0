"""Connections, sessions and migrations."""
