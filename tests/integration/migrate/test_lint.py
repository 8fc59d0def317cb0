"""`pgwright migrate lint`: what is seen on scratch, joined with what is live."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psycopg

from tests.integration.migrate.projects import alembic_project, django_project, write_revision
from tests.integration.schema.command import pgwright

FIRST = """
op.execute("CREATE TABLE big (a int, b int, c text); CREATE TABLE small (a int)")
op.execute("CREATE TYPE mood AS ENUM ('good')")
op.execute("CREATE INDEX of_new ON big (a)")
"""
SECOND = """
op.execute("CREATE INDEX of_big ON big (a)")
op.execute("ALTER TABLE big ALTER COLUMN a TYPE bigint")
op.execute("ALTER TABLE small ALTER COLUMN a TYPE bigint")
op.execute("UPDATE big SET c = 'x'")
op.execute("CREATE INDEX wide ON big " + "(a, b, c, a)")
op.execute("ALTER TYPE mood ADD VALUE 'bad'")
op.execute("CREATE TABLE fresh (a int)")
op.execute("CREATE INDEX of_fresh ON fresh (a)")
op.execute("ALTER TABLE big RENAME COLUMN b TO {long}")
""".format(long="b" * 70)


def lint(folder: Path, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    return pgwright("migrate", "lint", *words, folder=folder, DATABASE_URL=url)


def test_findings_join_scratch_with_live(tmp_path: Path, database: str) -> None:
    """Locks and rewrites are observed, sizes are live, and new tables disturb nobody."""
    alembic_project(tmp_path, [("0001", None, FIRST, "pass")])
    assert pgwright("migrate", "upgrade", folder=tmp_path, DATABASE_URL=database).returncode == 0
    nothing = lint(tmp_path, database)
    assert nothing.returncode == 0 and "nothing to lint" in nothing.stdout
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO big SELECT n FROM generate_series(1, 20000) n")
        conn.execute("ANALYZE")
    write_revision(tmp_path, "0002", "0001", SECOND)

    done = lint(tmp_path, database, "--json")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["findings"]
    by_rule: dict[str, list[dict[str, object]]] = {}
    for finding in found:
        by_rule.setdefault(str(finding["check"]), []).append(finding)
    rewrites = {str(f["evidence"]["tables"]): f["severity"] for f in by_rule["table_rewrite"]}  # type: ignore[index]
    assert rewrites == {"['public.big']": "warning", "['public.small']": "info"}
    assert "20,000 rows" in str(by_rule["table_rewrite"])
    for rule in ("backfill", "no_way_back", "long_identifier", "wide_index", "enum_value_unplaced"):
        assert rule in by_rule, rule
    assert "unchecked_code" in by_rule  # the computed index
    indexes = str(by_rule["require-concurrent-index-creation"])
    assert "of_big" in indexes and "autocommit_block" in indexes and "SHARE was seen on public.big" in indexes
    assert "fresh" not in indexes and "of_new" not in indexes


def test_comments_formats_and_missing_database(tmp_path: Path) -> None:
    """Comments accept with a reason; without a database the newest is linted; other programs can read it."""
    alembic_project(tmp_path, [("0001", None, FIRST, "pass")])
    path = write_revision(
        tmp_path, "0002", "0001", 'op.execute("ALTER TABLE big ALTER COLUMN a TYPE bigint")'
    )
    text = path.read_text()
    path.write_text(
        text + "# pgwright: ignore=table_rewrite because it is small\n"
        "# pgwright: ignore=backfill because of nothing\n# pgwright: ignore=no_way_back\n"
    )
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    done = lint(tmp_path, nowhere, "--format", "sarif")
    rules = [result["ruleId"] for result in json.loads(done.stdout)["runs"][0]["results"]]
    assert done.returncode == 1
    assert "table_rewrite" not in rules and {"unused_ignore", "ignore_without_reason", "no_way_back"} <= set(
        rules
    )
    assert "database_unreachable" in rules
    annotated = lint(tmp_path, nowhere, "--format", "github").stdout
    assert (
        "::warning file=alembic/versions/0002.py,line=" in annotated and "title=unused_ignore::" in annotated
    )

    for words in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    assert "nothing to lint" in lint(tmp_path, nowhere, "--since", "HEAD").stdout
    write_revision(tmp_path, "0003", "0002", 'op.execute("SELECT broken")')
    failing = lint(tmp_path, nowhere, "--since", "HEAD")
    assert failing.returncode == 1 and "fails_on_scratch" in failing.stdout
    unknown = lint(tmp_path, nowhere, "nonsense")
    assert unknown.returncode == 2 and "pgwright migrate history" in unknown.stderr


def test_django_is_linted_too(tmp_path: Path, database: str) -> None:
    """Python that cannot be checked needs a sign-off; what Django would run is judged."""
    first = 'migrations.RunSQL("CREATE TABLE big (a int)", "DROP TABLE big"),'
    second = (
        'migrations.RunSQL("CREATE INDEX of_big ON big (a)", "DROP INDEX of_big"),\n'
        "migrations.RunPython(print),\n"
        "# pgwright: checked because it does nothing\nmigrations.RunPython(migrations.RunPython.noop),"
    )
    django_project(tmp_path, {"0001_first": (True, first), "0002_second": (True, second)})
    done = lint(tmp_path, database, "shop.0002_second", "--json")
    assert done.returncode == 1, done.stderr
    found = [f["check"] for f in json.loads(done.stdout)["findings"]]
    assert found.count("unchecked_code") == 1 and found.count("no_way_back") == 2
    assert "AddIndexConcurrently" in done.stdout
