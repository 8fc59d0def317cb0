"""pgwright inside Alembic."""
