"""Bring a whole server back to a moment."""
