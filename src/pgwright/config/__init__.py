"""The project's configuration: pgwright.toml, `.env` and the environment."""

from pgwright.config.environment import lend_credentials
from pgwright.config.load import ad_hoc_project, find_config, load_project
from pgwright.config.project import Database, Demo, Project
from pgwright.config.service import Service

__all__ = [
    "Database",
    "Demo",
    "Project",
    "Service",
    "ad_hoc_project",
    "find_config",
    "lend_credentials",
    "load_project",
]
