"""A Django project with two databases: the app ``shop`` in default, the app ``vault`` in archive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration.migrate.projects import environment_for

SETTINGS = """
import os
from urllib.parse import urlsplit, unquote


def database(name):
    parts = urlsplit(os.environ[name])
    return {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:],
        "USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname, "PORT": str(parts.port)}


SECRET_KEY = "test"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["shop", "vault"]
DATABASES = {"default": database("DATABASE_URL"), "archive": database("ARCHIVE_URL")}
DATABASE_ROUTERS = ["routers.Router"]
"""
ROUTER = """
class Router:
    def db_for_read(self, model, **hints):
        return "archive" if model._meta.app_label == "vault" else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db, app_label, **hints):
        return (db == "archive") == (app_label == "vault")
"""
TOML = """
[project]
models = "django:site_settings"
migrations = "django"
[databases.default]
url = "${DATABASE_URL}"
[databases.vault]
url = "${ARCHIVE_URL}"
django_alias = "archive"
environment = "${ENVIRONMENT:-test}"
"""
MODELS = """
from django.db import models


class {name}(models.Model):
    label = models.CharField(max_length=20)
"""


def write_project(folder: Path) -> None:
    """Write the project with its models and no migration."""
    for app, name in (("shop", "Order"), ("vault", "Document")):
        (folder / app / "migrations").mkdir(parents=True)
        for path in (f"{app}/__init__.py", f"{app}/migrations/__init__.py"):
            (folder / path).write_text("")
        (folder / app / "models.py").write_text(MODELS.format(name=name))
    (folder / "site_settings.py").write_text(SETTINGS)
    (folder / "routers.py").write_text(ROUTER)
    (folder / "pgwright.toml").write_text(TOML)


def manage(folder: Path, url: str, other: str, *words: str) -> str:
    """Run Django's own commands in the project."""
    done = subprocess.run(
        [sys.executable, "-m", "django", *words],
        cwd=folder,
        env=environment_for(
            url, ARCHIVE_URL=other, DJANGO_SETTINGS_MODULE="site_settings", PYTHONPATH=str(folder)
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
