"""Small projects with migrations, written into a folder; and pgwright run in them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psycopg

from pgwright.config import Database, Project
from pgwright.migrate.way import UP, Way

INI = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = %(here)s\npath_separator = os\n"
# As `alembic init` writes it: one transaction for all revisions, nothing that pgwright would ask for.
ENV = """
import os
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
engine = create_engine(url, poolclass=NullPool)
if context.is_offline_mode():
    context.configure(url=url, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    with engine.connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
"""
REVISION = '''"""{message}."""
from alembic import op

revision = {id!r}
down_revision = {down!r}


def upgrade():
{up}


def downgrade():
{back}
'''
SETTINGS = """
import os
from urllib.parse import urlsplit, unquote
parts = urlsplit(os.environ["DATABASE_URL"])
SECRET_KEY = "test"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["shop"]
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": parts.path[1:],
    "USER": unquote(parts.username or ""), "PASSWORD": unquote(parts.password or ""),
    "HOST": parts.hostname, "PORT": str(parts.port)}}
"""
MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = {dependencies!r}
    operations = [
{operations}
    ]
"""
# The first revision of most projects here.
TABLE = (
    "one",
    None,
    'op.execute("CREATE TABLE t (id int PRIMARY KEY, a int)")',
    'op.execute("DROP TABLE t")',
)
HEAD = Way(direction=UP, target="head")


def alembic_project(
    folder: Path, revisions: Sequence[tuple[str, str | tuple[str, ...] | None, str, str]]
) -> Project:
    """Write a project with Alembic; each revision is (id, down_revision, upgrade, downgrade) in Python."""
    (folder / "alembic" / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text(INI)
    (folder / "alembic" / "env.py").write_text(ENV)
    for revision in revisions:
        write_revision(folder, *revision)
    return _project(folder, migrations="alembic:alembic.ini", models=None)


def write_revision(
    folder: Path, id: str, down: str | tuple[str, ...] | None, up: str, back: str = ""
) -> Path:
    """Write one revision of Alembic."""
    path = folder / "alembic" / "versions" / f"{id}.py"
    path.write_text(
        REVISION.format(id=id, down=down, message=f"the revision {id}", up=_body(up), back=_body(back))
    )
    return path


def django_project(folder: Path, migrations: Mapping[str, tuple[bool, str]]) -> Project:
    """Write a project with Django and one app ``shop``; a migration is (atomic, operations), in order."""
    below = folder / "shop" / "migrations"
    below.mkdir(parents=True)
    for path in (folder / "shop" / "__init__.py", below / "__init__.py", folder / "shop" / "models.py"):
        path.write_text("")
    (folder / "site_settings.py").write_text(SETTINGS)
    before: list[tuple[str, str]] = []
    for name, (atomic, operations) in migrations.items():
        text = MIGRATION.format(atomic=atomic, dependencies=before, operations=operations)
        (below / f"{name}.py").write_text(text)
        before = [("shop", name)]
    return _project(folder, migrations="django", models="django:site_settings")


def _project(folder: Path, *, migrations: str, models: str | None) -> Project:
    lines = ["[project]", 'name = "shop"', f'migrations = "{migrations}"']
    if models:
        lines.append(f'models = "{models}"')
    lines += ["[databases.default]", 'url = "${DATABASE_URL}"', 'environment = "${ENVIRONMENT:-test}"']
    (folder / "pgwright.toml").write_text("\n".join(lines) + "\n")
    return Project(root=folder, name="shop", migrations=migrations, models=models, databases=())


def with_database(project: Project, url: str) -> Project:
    """Return the project with a database."""
    database = Database(name="default", url=url, environment="test")
    return Project(
        root=project.root,
        name=project.name,
        migrations=project.migrations,
        models=project.models,
        databases=(database,),
    )


def pgwright(
    folder: Path, url: str, *words: str, typed: str | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pgwright in the folder of a project."""
    return subprocess.run(
        [sys.executable, "-m", "pgwright", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environment_for(url, **environment),
        input=typed,
        timeout=300,
        check=False,
    )


def starts(folder: Path, url: str, *words: str) -> subprocess.Popen[str]:
    """Start pgwright in the folder of a project."""
    return subprocess.Popen(
        [sys.executable, "-m", "pgwright", *words],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment_for(url),
    )


def environment_for(url: str, **more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "DATABASE_URL": url, **more}


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute(query.encode()).fetchall()


def _body(text: str) -> str:
    lines = text.strip("\n").splitlines() or ["pass"]
    return "\n".join(f"    {line}" for line in lines)


def alembic(folder: Path, url: str, *words: str) -> None:
    """Run Alembic itself in the project."""
    command = [sys.executable, "-m", "alembic", *words]
    subprocess.run(command, cwd=folder, env=environment_for(url), check=True, capture_output=True)
