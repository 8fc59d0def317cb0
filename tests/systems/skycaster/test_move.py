"""From development to production and from server to server, with the commands of the README."""

from __future__ import annotations

import re
import subprocess

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.servers.running import Server

from .system import FOLDER, Skycaster

README = (FOLDER / "README.md").read_text()


def commands(heading: str) -> list[str]:
    """Return the pgwright commands of a section, without their remarks."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [
        line.partition("#")[0].strip()
        for block in re.findall(r"```bash\n(.*?)```", section, re.DOTALL)
        for line in block.splitlines()
        if line.startswith("pgwright ")
    ]


def pgwright(skycaster: Skycaster, production: str, command: str) -> subprocess.CompletedProcess[str]:
    words = command.replace("'", "").split()
    return skycaster.run("-m", *words, "--json", PRODUCTION_DB_URL=production)


@pytest.mark.parametrize("heading", ["From development to production", "From server to server"])
def test_readme_moves_everything(
    heading: str, migrated: Skycaster, server_18: Server, make_database: MakeDatabase
) -> None:
    migrated.python("-m", "app.demo", "--scale", "0.01")
    # The newer server is what a move usually leads to; models build alike on any.
    production = make_database(server_18)
    found = commands(heading)
    assert len(found) >= 3
    for command in found:
        done = pgwright(migrated, production, command)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    with psycopg.connect(production) as conn:
        row = conn.execute("SELECT count(*) FROM usage_logs").fetchone()
    assert row is not None and row[0] > 1000
    with psycopg.connect(production) as conn:
        first = "SELECT min(id::text)::uuid FROM users"
        conn.execute(f"UPDATE users SET email = 'changed@example.org' WHERE id = ({first})".encode())

    done = pgwright(migrated, production, found[-1])
    assert done.returncode == 1 and "changed@example.org" in done.stdout


def test_production_is_not_filled_by_accident(migrated: Skycaster, database: str) -> None:
    done = pgwright(migrated, database, "pgwright copy default production --yes")
    assert done.returncode == 3 and "--production production" in done.stdout
