"""Skycaster Weather API: the database side of the application."""
