"""pgwright inside Django."""
