"""What pgwright is inside other programs: in Alembic, in Django."""
