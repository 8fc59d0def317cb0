"""Migrations written from plans: the difference that the models make, as files of Alembic or Django."""
