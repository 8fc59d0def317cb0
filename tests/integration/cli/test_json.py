"""What `--json` prints has the names that docs/json.md promises."""

from __future__ import annotations

import json
import re
from pathlib import Path

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.integration.backup.running import pgwright
from tests.servers.running import Server

_PAGE = Path(__file__).parents[3] / "docs" / "json.md"
_ROW = re.compile(r"^\| `([a-z -]+)`(?:, `[a-z -]+`)* \| (`.*) \|$", re.MULTILINE)


def _promised() -> dict[str, set[str]]:
    """Return the names that the page has for the first command of each row, those of rows of lists aside."""
    return {
        command: set(re.findall(r"`([a-z_]+)`", re.sub(r" with .*?;|;.*", "", value)))
        for command, value in _ROW.findall(_PAGE.read_text(encoding="utf-8"))
    }


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("status", ""),
        ("doctor", ""),
        ("schema diff", "default other"),
        ("schema plan", "other"),
        ("schema apply", "other --yes --allow deletes-data"),
        ("schema report", "default"),
        ("schema docs", "default"),
        ("data export", "t --output t.csv"),
        ("data import", "t.csv --into t --yes"),
        ("verify", "default other"),
        ("copy --check", "default other"),
        ("backup list", ""),
        ("backup prune", "--dry-run"),
        ("backup wal status", ""),
    ],
)
def test_names_are_as_documented(
    command: str, words: str, server_18: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    database, other = make_database(server_18), make_database(server_18)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int)")
    (tmp_path / "pgwright.toml").write_text(
        f'[databases.default]\nurl = "{database}"\n[databases.other]\nurl = "{other}"\n'
    )
    (tmp_path / "t.csv").write_text("id\n1\n")
    done = pgwright(*command.split(), *words.split(), "--json", cwd=tmp_path)
    assert _promised()[command] <= json.loads(done.stdout).keys(), done.stderr
