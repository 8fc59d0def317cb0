"""Django's own ways with history, mixed with manage.py: several apps, squashed and faked migrations, code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pgwright.migrate.run import migrate
from pgwright.migrate.way import DOWN, UP, Way
from tests.integration.migrate.projects import (
    MIGRATION,
    django_project,
    environment_for,
    pgwright,
    rows,
)

RUN = 'migrations.RunSQL("{}", "{}"),'
FILL = (
    'migrations.RunPython(lambda apps, editor: editor.execute("INSERT INTO t VALUES (1, 1)"), '
    'lambda apps, editor: editor.execute("DELETE FROM t")),'
)
SQUASHED = RUN.format("CREATE TABLE t (id int PRIMARY KEY, a int)", "DROP TABLE t")
ALL = Way(direction=UP, target="")


def manage(folder: Path, url: str, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "django", *words],
        cwd=folder,
        env=environment_for(url, DJANGO_SETTINGS_MODULE="site_settings", PYTHONPATH=str(folder)),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_squashed_and_faked_migrations_of_two_apps(tmp_path: Path, database: str) -> None:
    project = django_project(
        tmp_path,
        {
            "0001_t": (True, RUN.format("CREATE TABLE t (id int PRIMARY KEY)", "DROP TABLE t")),
            "0002_a": (True, RUN.format("ALTER TABLE t ADD a int", "ALTER TABLE t DROP a")),
            "0003_fill": (True, FILL),
        },
    )
    other = tmp_path / "billing" / "migrations"
    other.mkdir(parents=True)
    for path in (tmp_path / "billing" / "__init__.py", other / "__init__.py"):
        path.write_text("")
    bills = RUN.format("CREATE TABLE b (t int REFERENCES t)", "DROP TABLE b")
    (other / "0001_b.py").write_text(
        MIGRATION.format(atomic=True, dependencies=[("shop", "0002_a")], operations=bills)
    )
    settings = tmp_path / "site_settings.py"
    settings.write_text(settings.read_text().replace('["shop"]', '["shop", "billing"]'))
    manage(tmp_path, database, "migrate", "shop", "0002")

    squash = MIGRATION.format(atomic=True, dependencies=[], operations=SQUASHED)
    replaces = "    replaces = [('shop', '0001_t'), ('shop', '0002_a')]\n    atomic"
    (tmp_path / "shop" / "migrations" / "0001_squashed_0002_a.py").write_text(
        squash.replace("    atomic", replaces)
    )
    state = migrate(project, database, ALL).state
    assert state.current == ("billing.0001_b", "shop.0003_fill")
    assert state.heads == state.current
    told = pgwright(tmp_path, database, "migrate", "status")
    assert told.returncode == 0, told.stdout
    told = pgwright(tmp_path, database, "migrate", "history", "--json")
    assert {row["id"]: row["state"] for row in json.loads(told.stdout)} == {
        "shop.0003_fill": "applied",
        "billing.0001_b": "applied",
        "shop.0001_squashed_0002_a": "applied",
        "shop.0002_a": "squashed",
        "shop.0001_t": "squashed",
    }

    # The squashed one is on record last, and is not what came last.
    migrate(project, database, Way(direction=DOWN, target="-1"))
    migrate(project, database, Way(direction=DOWN, target="-1"))
    assert rows(database, "SELECT count(*), to_regclass('b') FROM t") == [(0, None)]

    manage(tmp_path, database, "migrate", "--fake", "shop")
    assert migrate(project, database, ALL).state.pending == ()
    assert rows(database, "SELECT count(*) FROM t") == [(0,)]
    migrate(project, database, Way(direction=DOWN, target="zero"))
    assert rows(database, "SELECT count(*), to_regclass('t') FROM django_migrations") == [(0, None)]
    assert migrate(project, database, ALL).state.current == state.current
    assert "[X] 0001_squashed_0002_a" in manage(tmp_path, database, "showmigrations")
