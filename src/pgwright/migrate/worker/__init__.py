"""What runs in the project's own process, around its migrations."""
