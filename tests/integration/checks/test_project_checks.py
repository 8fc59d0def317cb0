"""Checks that need the project: migrations, extensions, drift; and the runner itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pgwright.checks import Check, Scope, run_checks
from pgwright.checks.run import examine, situation_of
from pgwright.config import Database, Project
from pgwright.model.finding import Severity
from tests.servers.running import Server

REVISION = '"""{id}."""\nrevision = "{id}"\ndown_revision = {down!r}\nSQL = "{sql}"\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s/db\n")
    versions = tmp_path / "db" / "versions"
    versions.mkdir(parents=True)
    down = None
    for id, sql in (("one", ""), ("two", "CREATE EXTENSION pg_trgm"), ("three", "CREATE EXTENSION no_such")):
        (versions / f"{id}.py").write_text(REVISION.format(id=id, down=down, sql=sql))
        down = id
    return Project(root=tmp_path, name="shop", migrations="alembic:alembic.ini")


def at(url: str, revision: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS alembic_version (version_num text PRIMARY KEY)")
        conn.execute("DELETE FROM alembic_version")
        conn.execute("INSERT INTO alembic_version VALUES (%s)", [revision])


def test_pending_migrations(database: str, project: Project) -> None:
    (finding,) = run_checks(database, project, only=["pending_migrations"]).findings
    assert finding.evidence["pending"] == ["one", "two", "three"]
    assert finding.hint == "pgwright migrate upgrade"
    at(database, "two")
    (finding,) = run_checks(database, project, only=["pending_migrations"]).findings
    assert finding.message.startswith("1 migration not applied (three)")
    at(database, "three")
    assert run_checks(database, project, only=["pending_migrations"]).findings == ()
    at(database, "from_the_future")
    found = run_checks(database, project, only=["pending_migrations"]).findings
    assert "unknown revision" in {f.subject for f in found}


def test_lost_alembic_version(database: str, project: Project) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("CREATE TABLE users (id int PRIMARY KEY)")
    (finding,) = run_checks(database, project, only=["pending_migrations"]).findings
    assert finding.subject == "alembic_version"
    assert finding.hint and "pgwright migrate repair" in finding.hint


def test_two_heads(database: str, project: Project) -> None:
    text = REVISION.format(id="other", down="one", sql="")
    (project.root / "db" / "versions" / "other.py").write_text(text)
    found = run_checks(database, project, only=["pending_migrations"]).findings
    assert "heads" in {f.subject for f in found}


def test_unreadable_migrations_are_skipped_and_not_fine(database: str, project: Project) -> None:
    (project.root / "db" / "versions" / "bad.py").write_text("(")
    (finding,) = run_checks(database, project, only=["pending_migrations"]).findings
    assert finding.severity is Severity.SKIPPED
    assert "bad.py is not valid Python" in finding.message


def test_extension_missing_from_server_and_from_database(
    each_server: Server, make_database: Callable[[Server], str], project: Project
) -> None:
    url = make_database(each_server)
    found = run_checks(url, project, only=["extension_missing"]).findings
    # pg_trgm comes with a pending migration, but no migration can create what the server lacks.
    assert [(f.subject, f.severity) for f in found] == [("no_such", Severity.CRITICAL)]
    assert found[0].hint and f"postgresql-{each_server.version}-no-such" in found[0].hint
    at(url, "three")
    found = run_checks(url, project, only=["extension_missing"]).findings
    assert {f.subject: f.hint for f in found}["pg_trgm"] == "CREATE EXTENSION IF NOT EXISTS pg_trgm;"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION pg_trgm")
    assert {f.subject for f in run_checks(url, project, only=["extension_missing"]).findings} == {"no_such"}


def test_schema_drift(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id int PRIMARY KEY, email text);")
    project = Project(root=tmp_path, name="shop", models="file:schema.sql")
    with psycopg.connect(database) as conn:
        conn.execute("CREATE TABLE users (id int PRIMARY KEY)")
    (finding,) = run_checks(database, project, only=["schema_drift"]).findings
    assert finding.evidence["objects"] == ["public.users"]
    assert finding.hint and finding.hint.startswith("pgwright schema diff")
    with psycopg.connect(database) as conn:
        conn.execute("ALTER TABLE users ADD COLUMN email text")
    assert run_checks(database, project, only=["schema_drift"]).findings == ()


def test_without_a_project_its_checks_do_not_apply(database: str) -> None:
    only = ["pending_migrations", "extension_missing", "schema_drift"]
    assert run_checks(database, only=only).findings == ()


def test_an_unreachable_server_is_a_finding() -> None:
    report = run_checks("postgresql://jo:hidden-word@127.0.0.1:1/app")
    assert [f.check for f in report.findings] == ["server_unreachable"]
    assert report.worst is Severity.CRITICAL
    assert "hidden-word" not in str(report)


def test_one_failing_check_stops_no_other(database: str) -> None:
    def fault(*_: object) -> tuple[()]:
        raise ZeroDivisionError

    def make(id: str, **more: object) -> Check:
        facts = {"id": id, "title": id, "scope": Scope.SERVER, "severity": Severity.INFO, "evaluate": fault}
        return Check(**{**facts, **more})  # type: ignore[arg-type]

    last = make("last", evaluate=lambda *_: [make("last").finding("x", "seen")])
    with psycopg.connect(database, autocommit=True) as conn:
        situation = situation_of(conn, None, url=database)
        report = examine(situation, [make("faulty"), make("lost", query="no_such_file"), last])
    assert [(f.check, str(f.severity)) for f in report.findings] == [
        ("last", "info"),
        ("faulty", "skipped"),
        ("lost", "skipped"),
    ]


def test_a_slow_query_is_cut_short_and_said(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgwright.checks.run.STATEMENT_TIMEOUT", 0.5)
    monkeypatch.setattr("pgwright.observe.fetch.load_sql", lambda *_: "SELECT pg_sleep(60)")
    (finding,) = run_checks(database, only=["no_primary_key"]).findings
    assert finding.severity is Severity.SKIPPED
    assert "takes longer" in finding.message


def test_no_time_left_is_said(database: str) -> None:
    report = run_checks(database, only=["no_primary_key", "invalid_index"], budget=-1)
    assert {f.severity for f in report.findings} == {Severity.SKIPPED}
    assert report.checked == ()


def test_the_callers_transaction_and_timeouts_survive(database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("CREATE TABLE mine (a int)")
        report = run_checks(conn, only=["no_primary_key"])
        assert [f.subject for f in report.findings] == ["public.mine"]
        conn.execute("SELECT * FROM mine")
        assert conn.execute("SHOW statement_timeout").fetchone() == ("0",)


def test_ignored_findings_are_counted_apart(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("CREATE TABLE one (a int); CREATE TABLE two (a int)")
    project = Project(
        root=tmp_path,
        name="p",
        ignore=("no_primary_key:public.o*",),
        databases=(Database(name="default", url=database),),
    )
    report = run_checks(database, project, only=["no_primary_key"])
    assert [f.subject for f in report.findings] == ["public.two"]
    assert [f.key for f in report.ignored] == ["no_primary_key:public.one"]
