"""Migrations of a project: which there are, which the database has, which are pending."""

from pgwright.migrate.revisions.graph import Revision, Revisions
from pgwright.migrate.state import MigrationState, migration_files, migration_state

__all__ = ["MigrationState", "Revision", "Revisions", "migration_files", "migration_state"]
