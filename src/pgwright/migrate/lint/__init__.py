"""Lint migrations: what they would do to a live database, seen on scratch and judged by what is live."""
