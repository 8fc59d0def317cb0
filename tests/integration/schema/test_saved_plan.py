"""A plan that is saved, reviewed, and applied as it is, or not at all."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.conftest import MakeDatabase
from tests.integration.schema.command import pgwright
from tests.servers.running import Server

BEFORE = "CREATE TABLE t (id int PRIMARY KEY, mail text, gone text); INSERT INTO t VALUES (1, 'a@b', 'x')"
AFTER = "CREATE TABLE t (id bigint PRIMARY KEY, email text NOT NULL); CREATE INDEX t_email ON t (email);"


def _run(url: str, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as conn:
        cursor = conn.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def test_exactly_what_was_reviewed_is_applied(
    server_18: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    first, second = make_database(server_18), make_database(server_18)
    for url in (first, second):
        _run(url, BEFORE)
    (tmp_path / "schema.sql").write_text(AFTER)
    words = ("schema", "plan", "schema.sql", "--rename", "public.t.mail=email", "--save", "plan.json")
    shown = pgwright(*words, folder=tmp_path, DATABASE_URL=first)
    assert "to carry it out: pgwright schema apply --plan plan.json" in shown.stdout
    file = tmp_path / "plan.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert f'"{conninfo_to_dict(first)["password"]}"' not in text
    assert str(conninfo_to_dict(first)["password"]) not in text
    assert '"sql": "ALTER TABLE public.t RENAME COLUMN mail TO email"' in text
    # What the source has become meanwhile is no matter.
    (tmp_path / "schema.sql").write_text("CREATE TABLE other (id int);")
    apply = ("schema", "apply", "--plan", "plan.json", "--yes")
    refused = pgwright(*apply, folder=tmp_path, DATABASE_URL=first)
    assert refused.returncode == 3
    assert "--allow deletes-data" in refused.stderr
    # Another database in the same state, a copy for example, is brought to the same end.
    for url in (first, second):
        done = pgwright(*apply, "--allow", "deletes-data", folder=tmp_path, DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
        assert "rehearsed on scratch when it was made" in done.stdout
        assert _run(url, "SELECT to_jsonb(t) FROM t") == [({"id": 1, "email": "a@b"},)]
    again = pgwright(*apply, "--json", folder=tmp_path, DATABASE_URL=first)
    assert json.loads(again.stdout)["steps"] == 0
    back = pgwright(
        "schema", "resume", "--undo", "--allow", "deletes-data", "--yes", folder=tmp_path, DATABASE_URL=first
    )
    assert back.returncode == 0, back.stderr


def test_a_plan_that_does_not_fit_is_refused(database: str, tmp_path: Path) -> None:
    _run(database, BEFORE)
    (tmp_path / "schema.sql").write_text(AFTER)
    words = ("schema", "plan", "schema.sql", "--no-rehearsal", "--no-owner", "--save", "plan.json")
    assert pgwright(*words, folder=tmp_path, DATABASE_URL=database).returncode == 0
    file = tmp_path / "plan.json"
    text = file.read_text()

    def refused(said: str, *more: str) -> str:
        apply = ("schema", "apply", "--plan", "plan.json", "--yes", "--allow", "deletes-data", *more)
        done = pgwright(*apply, folder=tmp_path, DATABASE_URL=database)
        assert done.returncode in {2, 3, 4}
        assert said in done.stderr
        assert _run(database, "SELECT gone FROM t") == [("x",)]
        return done.stderr

    file.write_text(text.replace("DROP COLUMN gone", "DROP COLUMN mail"))
    assert "nothing was changed" in refused("error[PW308]: plan.json was edited")
    file.write_text(text.replace('"made_by": "', '"made_by": "9.'))
    refused("plan.json was written by pgwright 9.")
    file.write_text(text[:-300])
    refused("is no plan that pgwright saved")
    file.unlink()
    refused("plan.json cannot be read: No such file")
    # What an editor does to white space is no edit.
    file.write_text(json.dumps(json.loads(text)))
    refused("--plan goes without AFTER", "--exclude", "public.x")
    _run(database, "ALTER TABLE t ADD late int")
    stale = refused("error[PW301]: the database changed since the plan was made")
    assert "pgwright schema plan schema.sql --no-owner --save plan.json" in stale
