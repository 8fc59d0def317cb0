"""What pgwright is inside other programs: in SQLAlchemy, in Alembic, in Django."""
