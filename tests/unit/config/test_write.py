"""The first pgwright.toml: what is found without importing, and how it is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pgwright.config import load_project
from pgwright.config.discover import Discovery, discover
from pgwright.config.write import write_default
from pgwright.errors import ConfigError

BASE = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase):\n    pass\n"


def make(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, Discovery()),
        ({"alembic.ini": ""}, Discovery(migrations=("alembic:alembic.ini",))),
        ({"backend/alembic.ini": ""}, Discovery(migrations=("alembic:backend/alembic.ini",))),
        (
            {"manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aquamind.settings")'},
            Discovery(models=("django:aquamind.settings",), migrations=("django",)),
        ),
        ({"app/models.py": BASE}, Discovery(models=("sqlalchemy:app.models:Base",))),
        ({"src/app/models/__init__.py": BASE}, Discovery(models=("sqlalchemy:app.models:Base",))),
        ({"models.py": "Model = declarative_base()\n"}, Discovery(models=("sqlalchemy:models:Model",))),
        (
            {"app/db/base.py": BASE, "app/models/__init__.py": "from app.db.base import Base\n"},
            Discovery(models=("sqlalchemy:app.models:Base",)),
        ),
        (
            {"app/models/base.py": BASE, "app/models/__init__.py": "from .base import Base\n"},
            Discovery(models=("sqlalchemy:app.models:Base",)),
        ),
        ({"schema.sql": ""}, Discovery(models=("file:schema.sql",))),
        (
            {
                ".env.example": "REDIS_URL=redis://x\nDB_URL='postgresql+psycopg://a:b@c/d'\nDATABASE_URL=postgres://x\n"
            },
            Discovery(variables=("DATABASE_URL", "DB_URL")),
        ),
        ({".venv/lib/models.py": BASE, "node_modules/x/models.py": BASE}, Discovery()),
        ({"broken.py": "class Base(DeclarativeBase:\n", "latin.py": "# caf\xe9\n"}, Discovery()),
    ],
)
def test_discovery(tmp_path: Path, files: dict[str, str], found: Discovery) -> None:
    make(tmp_path, files)
    assert discover(tmp_path) == found


def test_discovery_runs_no_code(tmp_path: Path) -> None:
    make(
        tmp_path,
        {"models.py": BASE + "raise SystemExit('imported')\n", "manage.py": "raise SystemExit('run')\n"},
    )
    assert discover(tmp_path).models == ("sqlalchemy:models:Base",)


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    make(tmp_path, {"app/models.py": BASE, "alembic.ini": "", "schema.sql": ""})
    path = write_default(tmp_path, name='odd "name"\\')
    project = load_project(tmp_path, environ={"DATABASE_URL": "service=x"})
    assert project.name == 'odd "name"\\'
    assert project.models == "sqlalchemy:app.models:Base"
    assert project.migrations == "alembic:alembic.ini"
    assert project.database().url == "service=x"
    assert not project.database().is_production
    assert '# also found: "file:schema.sql"' in path.read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["alembic.ini", "app", "pgwright.toml", "schema.sql"]


def test_an_existing_file_is_kept_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "pgwright.toml"
    path.write_text("# mine\n")
    with pytest.raises(ConfigError, match="exists already"):
        write_default(tmp_path)
    assert path.read_text() == "# mine\n"
    write_default(tmp_path, overwrite=True)
    assert path.read_text() != "# mine\n"
    assert list(tmp_path.iterdir()) == [path]


def test_folder_that_cannot_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        # Permissions do not stop root: a folder that is gone stands for one that cannot be written.
        with pytest.raises(ConfigError, match="cannot write"):
            write_default(tmp_path / "gone")
        return
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigError, match="cannot write"):
            write_default(tmp_path)
        assert not list(tmp_path.iterdir())
    finally:
        tmp_path.chmod(0o700)


def test_two_at_once_write_one_file(tmp_path: Path) -> None:
    code = "import sys\nfrom pathlib import Path\nfrom pgwright.config.write import write_default\n"
    code += "write_default(Path(sys.argv[1]))"
    started = [
        subprocess.Popen([sys.executable, "-c", code, tmp_path], stderr=subprocess.DEVNULL) for _ in range(4)
    ]
    assert sorted(process.wait(30) for process in started) == [0, 1, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["pgwright.toml"]
