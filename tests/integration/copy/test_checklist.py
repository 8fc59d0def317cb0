"""`pgwright copy --check`: what stands in the way, and what mends it."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from pgwright.model.finding import Severity
from pgwright.transfer.copy.checklist import checklist
from pgwright.transfer.copy.choice import Choice
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.servers.running import Server


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())


def test_each_point_has_its_mend(
    server_18: Server, server_12: Server, make_database: MakeDatabase, tmp_path: Path
) -> None:
    source, target = make_database(server_18), make_database(server_12)
    name = psycopg.conninfo.conninfo_to_dict(source)["dbname"]
    there = psycopg.conninfo.conninfo_to_dict(target)["dbname"]
    execute(
        source,
        "CREATE EXTENSION vector",
        f"CREATE ROLE {name}",
        "CREATE TABLE guarded (id int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE guarded OWNER TO {name}",
        f"CREATE ROLE {name}_reader LOGIN PASSWORD 'x'",
    )
    execute(target, "CREATE TABLE mine ()", f"ALTER DATABASE {there} SET default_transaction_read_only = on")
    parts = psycopg.conninfo.conninfo_to_dict(source)
    limited = f"postgresql://{name}_reader:x@{parts['host']}:{parts['port']}/{name}"
    try:
        found = {finding.key: finding for finding in checklist(limited, target, Choice(), jobs=200)}
        critical = {key for key, finding in found.items() if finding.severity is Severity.CRITICAL}
        assert critical == {
            "copy_read_only:target",
            "copy_extension:vector",
            f"copy_role:{name}",
            "copy_privilege:source",
            "copy_row_security:source",
            "copy_connections:source",
            "copy_connections:target",
            "copy_target:target",
        }
        assert found["copy_version:target"].severity is Severity.WARNING
        assert f"GRANT pg_read_all_data TO {name}_reader" in str(found["copy_privilege:source"].hint)
        execute(source, f"GRANT pg_read_all_data TO {name}_reader")
        again = {finding.key: finding for finding in checklist(limited, target, Choice(), jobs=2)}
        assert "BYPASSRLS" in str(again["copy_row_security:source"].hint)
        done = pgwright("copy", source, target, "--check", "--json", cwd=tmp_path)
        assert done.returncode == 1
        assert f"copy_role:{name}" in {finding["key"] for finding in json.loads(done.stdout)["findings"]}
    finally:
        execute(source, f"DROP OWNED BY {name}, {name}_reader; DROP ROLE {name}, {name}_reader")


def test_nothing_in_the_way(server_18: Server, make_database: MakeDatabase, tmp_path: Path) -> None:
    source, target = make_database(server_18), make_database(server_18)
    execute(source, "CREATE TABLE t (id int)")
    done = pgwright("copy", source, target, "--check", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "nothing stands in the way" in done.stdout
    execute(target, "CREATE TABLE t (id int)")
    done = pgwright("copy", source, target, "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert "critical: the target is not empty" in done.stdout and "--existing" in done.stdout
