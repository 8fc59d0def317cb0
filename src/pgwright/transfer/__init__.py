"""Move data: between databases, and between databases and files."""
