"""Migrations of a project: which there are, which the database has, which are pending, and how they run."""
