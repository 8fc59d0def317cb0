"""Restore backups for the sake of knowing that they can be restored."""
