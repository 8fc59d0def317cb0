"""Bring dumps back: whole databases, tables, rows alone."""
